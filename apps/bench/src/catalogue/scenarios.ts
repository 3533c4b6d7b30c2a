import { traces } from "./traces.js";

/** What a scenario does; the worker and the C program each have one loop for each kind. */
export type Kind =
  | "batch"
  | "fresh"
  | "lifo"
  | "random"
  // The same of sizes that pools do not serve.
  | "random-large"
  | "grow"
  | "arena"
  | "replay"
  | "slots"
  // C code, in a WebAssembly module or native.
  | "c-calls"
  | "c-program"
  // Objects with a type, through a context.
  | "typed-batch"
  | "typed-lifo"
  | "objects"
  | "objects-fresh"
  | "locked"
  | "statistics"
  | "reuse";

/** One workload. The numbers are passed to every contender, native ones too, so that nobody can run another size. */
export interface Scenario {
  readonly id: string;
  /** A few words for an axis. */
  readonly name: string;
  readonly title: string;
  /** One sentence for the reader of the table. */
  readonly what: string;
  /** Scenarios of one group are interleaved with each other: they are compared with each other. */
  readonly group: string;
  readonly kind: Kind;
  /** Bytes asked for; 0 where the sizes vary. */
  readonly size: number;
  /**
   * Where `size` is 0: several sizes, one after the other, each for a whole batch; of a random replacement and of what grows
   * the smallest and the largest.
   */
  readonly sizes?: readonly number[];
  /** Objects allocated before any is freed. */
  readonly batch: number;
  /** How often that is done in one repetition. */
  readonly times: number;
  /** Other objects of the same size that stay live meanwhile. */
  readonly resident: number;
  /** Objects live in a random replacement; types in use where statistics are asked for. */
  readonly live: number;
  /** Threads that do the work at once. */
  readonly workers: number;
  /** Path of the trace, for a replay. */
  readonly trace?: string;
  /** Whether our memory starts small and has grown before anything is timed. */
  readonly grown?: boolean;
  /** So many times as many fresh processes: where contenders lie closer together than one's processes do. */
  readonly processFactor?: number;
}

const MILLION = 1_000_000;
const base = { size: 64, batch: 1, times: 1, resident: 0, live: 0, workers: 1 } as const;

/** The original's third benchmark. */
const FORTY_THOUSAND = { size: 0, sizes: [16, 24, 32, 512], batch: 10_000 } as const;

/** Every scenario, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  {
    ...base,
    id: "batch64",
    name: "64 B, 50,000 at a time",
    title: "50,000 x 64 B allocated, then freed in the same order (steady state)",
    what: "ns for one allocation and its free; the memory has been used before",
    group: "batch64",
    kind: "batch",
    batch: 50_000,
  },
  {
    ...base,
    id: "batch64-1m",
    name: "64 B, 50,000 at a time, 1 M live",
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
    name: "64 B, fresh memory",
    title: "50,000 x 64 B allocated, then freed, on memory never touched before",
    what: "ns for one allocation and its free, growth and first touch of the pages included",
    group: "fresh64",
    kind: "fresh",
    batch: 50_000,
  },
  {
    ...base,
    id: "rounds100",
    name: "64 B, 100 at a time",
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
    name: "64 B, one at a time",
    title: "64 B allocated and freed at once, again and again",
    what: "ns for one allocation and its free",
    group: "lifo64",
    kind: "lifo",
    times: 100_000,
  },
  {
    ...base,
    id: "lifo64-1m",
    name: "64 B, one at a time, 1 M live",
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
    name: "random sizes, 10,000 live",
    title: "random replacement of 16 to 256 B, 10,000 live",
    what: "ns for one free and the allocation that takes its place",
    group: "random",
    kind: "random",
    size: 0,
    sizes: [16, 256],
    times: 65_536,
    live: 10_000,
  },
  {
    ...base,
    id: "random1m",
    name: "random sizes, 1 M live",
    title: "random replacement of 16 to 256 B, 1,000,000 live",
    what: "ns for one free and the allocation that takes its place",
    group: "random",
    kind: "random",
    size: 0,
    sizes: [16, 256],
    times: 131_072,
    live: MILLION,
  },
  {
    ...base,
    id: "arena48",
    name: "48 B, freed in bulk",
    title: "48 B allocated on touched pages, freed in bulk outside the timing",
    what: "ns for one allocation",
    group: "arena48",
    kind: "arena",
    size: 48,
    batch: 100_000,
  },
  {
    ...base,
    id: "random4k",
    name: "random sizes to 4 KiB",
    title: "random replacement of 16 B to 4 KiB, 10,000 live",
    what: "ns for one free and the allocation that takes its place",
    group: "random4k",
    kind: "random-large",
    size: 0,
    sizes: [16, 4096],
    times: 65_536,
    live: 10_000,
  },
  {
    ...base,
    id: "grow16m",
    name: "a buffer that grows",
    title: "realloc of a buffer from 16 B to 16 MiB by doubling; after each step each cache line is written to",
    what: "ns for one step, the writes included, which are most of it",
    group: "grow16m",
    kind: "grow",
    size: 0,
    sizes: [16, 16 * 1024 * 1024],
    processFactor: 3,
  },
  ...traces,
  {
    ...base,
    id: "slots",
    name: "1 M slots of 64 B",
    title: "1,048,576 live objects of 64 B",
    what: "bytes taken for them, everything counted",
    group: "slots",
    kind: "slots",
    batch: 1_048_576,
  },
  {
    ...base,
    id: "c-calls",
    name: "C, calls of 64 B",
    title: "a C module allocates 64 B and frees it at once, again and again",
    what: "ns for one call, malloc or free; the empty import is what the border of the module takes of it",
    group: "c-calls",
    kind: "c-calls",
    times: 100_000,
  },
  {
    ...base,
    id: "c-program",
    name: "C, a program",
    title: "a C program: a hash map, a tree, strings, sorting; each time in a new instance",
    what: "ns for one of its calls of malloc, free, realloc and the like, all else that it does included",
    group: "c-program",
    kind: "c-program",
    size: 0,
    // How many it makes; looked at before it is timed.
    times: 165_416,
  },
  {
    ...base,
    id: "context48",
    name: "context, 48 B, 50,000 at a time",
    title: "50,000 typed objects of 48 B allocated, then freed in the same order, through a context",
    what: "ns for one allocation and its free, header, checks and statistics included; malloc does none of these",
    group: "context48",
    kind: "typed-batch",
    size: 48,
    batch: 50_000,
  },
  {
    ...base,
    id: "context48-lifo",
    name: "context, 48 B, one at a time",
    title: "a typed object of 48 B allocated and freed at once, again and again, through a context",
    what: "ns for one allocation and its free, header, checks and statistics included; malloc does none of these",
    group: "context48",
    kind: "typed-lifo",
    size: 48,
    times: 100_000,
  },
  {
    ...base,
    ...FORTY_THOUSAND,
    id: "objects40k",
    name: "40,000 objects, steady",
    title: "40,000 typed objects, 10,000 each of 16, 24, 32 and 512 B (steady state)",
    what: "ns for one allocation; the context is reset between rounds, outside the timing",
    group: "objects40k",
    kind: "objects",
  },
  {
    ...base,
    ...FORTY_THOUSAND,
    id: "objects40k-fresh",
    name: "40,000 objects, fresh memory",
    title: "the same in a new context, on memory never touched before",
    what: "ns for one allocation, growth and first touch of the pages included",
    group: "objects40k-fresh",
    kind: "objects-fresh",
  },
  ...[1, 2, 4].map(
    (workers): Scenario => ({
      ...base,
      id: `locked${workers}`,
      name: `locked context, ${workers === 1 ? "1 worker" : `${workers} workers`}`,
      title: `one context, its lock, and ${workers === 1 ? "1 worker" : `${workers} workers`}: random replacement of 1 to 240 B`,
      what: "ns for one free and the allocation that takes its place, all workers together",
      group: "locked",
      kind: "locked",
      size: 240,
      times: 10_000,
      workers,
    }),
  ),
  {
    ...base,
    id: "stats16",
    name: "statistics asked for",
    title: "the statistics of a context with 16 types in use",
    what: "ns for one stats(); C copies its counters, ours makes an object of them",
    group: "stats16",
    kind: "statistics",
    size: 48,
    times: 1_000,
    live: 16,
  },
  {
    ...base,
    id: "chess",
    name: "slots reused",
    title: "30 moves of 12 B made, undone in reverse, and made again",
    what: "no time: the share of the moves that got their old place back",
    group: "chess",
    kind: "reuse",
    size: 12,
    batch: 30,
  },
];

/** Whether rounds are timed, or only memory is counted. */
export const isTimed = (scenario: Scenario): boolean => scenario.kind !== "slots" && scenario.kind !== "reuse";

/** Whether a million objects have to be made before anything is timed. */
export const isLarge = ({ resident, live }: Scenario): boolean => resident + live >= MILLION;

/** Whether memory is reported. */
export const isCounted = ({ kind }: Scenario): boolean =>
  kind === "slots" || kind === "replay" || kind === "objects" || kind === "c-program";

/** Whether it is measured in new processes too, which have done nothing before. */
export const isMeasuredCold = ({ kind }: Scenario): boolean => kind === "replay" || kind === "c-program";

const CONTEXT_KINDS: readonly Kind[] = [
  "typed-batch",
  "typed-lifo",
  "objects",
  "objects-fresh",
  "locked",
  "statistics",
  "reuse",
];

/** Whether it is of objects with a type, so that the reference for its ratios is a context too. */
export const isOfContext = (scenario: Scenario): boolean => CONTEXT_KINDS.includes(scenario.kind);
