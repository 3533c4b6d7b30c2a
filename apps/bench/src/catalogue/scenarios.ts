/** What a scenario does; the worker and the C program each have one loop for each kind. */
export type Kind = "batch" | "fresh" | "lifo" | "random" | "arena" | "replay" | "slots";

/** One workload. The numbers are passed to every contender, native ones too, so that nobody can run another size. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** One sentence for the reader of the table. */
  readonly what: string;
  /** Scenarios of one group are interleaved with each other: they are compared with each other. */
  readonly group: string;
  readonly kind: Kind;
  /** Bytes asked for; 0 where the sizes vary. */
  readonly size: number;
  /** Objects allocated before any is freed. */
  readonly batch: number;
  /** How often that is done in one repetition. */
  readonly times: number;
  /** Other objects of the same size that stay live meanwhile. */
  readonly resident: number;
  /** Objects live in a random replacement. */
  readonly live: number;
  /** Trace file, for a replay. */
  readonly trace?: string;
  /** Whether our memory starts small and has grown before anything is timed. */
  readonly grown?: boolean;
}

const MILLION = 1_000_000;
const base = { size: 64, batch: 1, times: 1, resident: 0, live: 0 } as const;

/** Every scenario, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  {
    ...base,
    id: "batch64",
    title: "50,000 x 64 B allocated, then freed in the same order (steady state)",
    what: "ns for one allocation and its free; the memory has been used before",
    group: "batch64",
    kind: "batch",
    batch: 50_000,
  },
  {
    ...base,
    id: "batch64-1m",
    title: "the same with 1,000,000 other objects of 64 B live",
    what: "ns for one allocation and its free",
    group: "batch64",
    kind: "batch",
    batch: 50_000,
    resident: MILLION,
  },
  {
    ...base,
    id: "fresh64",
    title: "50,000 x 64 B allocated, then freed, on memory never touched before",
    what: "ns for one allocation and its free, growth and first touch of the pages included",
    group: "fresh64",
    kind: "fresh",
    batch: 50_000,
  },
  {
    ...base,
    id: "rounds100",
    title: "1,000 x (100 allocations, then 100 frees) of 64 B",
    what: "ns for one allocation and its free",
    group: "rounds100",
    kind: "batch",
    batch: 100,
    times: 1_000,
  },
  {
    ...base,
    id: "lifo64",
    title: "64 B allocated and freed at once, again and again",
    what: "ns for one allocation and its free",
    group: "lifo64",
    kind: "lifo",
    times: 100_000,
  },
  {
    ...base,
    id: "lifo64-1m",
    title: "the same with 1,000,000 other objects of 64 B live",
    what: "ns for one allocation and its free",
    group: "lifo64",
    kind: "lifo",
    times: 100_000,
    resident: MILLION,
  },
  {
    ...base,
    id: "random10k",
    title: "random replacement of 16 to 256 B, 10,000 live",
    what: "ns for one free and the allocation that takes its place",
    group: "random",
    kind: "random",
    size: 0,
    times: 65_536,
    live: 10_000,
  },
  {
    ...base,
    id: "random1m",
    title: "random replacement of 16 to 256 B, 1,000,000 live",
    what: "ns for one free and the allocation that takes its place",
    group: "random",
    kind: "random",
    size: 0,
    times: 131_072,
    live: MILLION,
  },
  {
    ...base,
    id: "arena48",
    title: "48 B allocated on touched pages, freed in bulk outside the timing",
    what: "ns for one allocation",
    group: "arena48",
    kind: "arena",
    size: 48,
    batch: 100_000,
  },
  {
    ...base,
    id: "cc1",
    title: "replay of a real compiler's allocations (cc1)",
    what: "ns for one operation of the trace: allocate, reallocate or free",
    group: "cc1",
    kind: "replay",
    size: 0,
    trace: "cc1.rep.gz",
  },
  {
    ...base,
    id: "slots",
    title: "1,048,576 live objects of 64 B",
    what: "bytes taken for them, everything counted",
    group: "slots",
    kind: "slots",
    batch: 1_048_576,
  },
];

/** Whether rounds are timed, or only memory is counted. */
export const isTimed = (scenario: Scenario): boolean => scenario.kind !== "slots";
