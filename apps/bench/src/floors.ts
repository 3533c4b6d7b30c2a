import { BASELINE, BY_HAND, DECODER, REFERENCE, VIEW_ONCE } from "./catalogue/contenders.js";
import type { Scenario } from "./catalogue/scenario.js";
import { traces } from "./catalogue/traces.js";
import { type Entry, measured } from "./run/entry.js";
import { type Estimate, estimate, paired, type Series, timesAsFast } from "./stats.js";

/** What the project promises. Every other figure is measured; these are the only ones written down. */
export interface Floor {
  readonly what: string;
  readonly unit: string;
  /** Contenders and scenarios it needs. */
  readonly needs: readonly (readonly [contender: string, scenario: string])[];
  /** The measured figure has to reach this, ... */
  readonly atLeast?: number;
  /** ... or to stay within this. */
  readonly atMost?: number;
  /** Where the project wants to be. */
  readonly goal?: number;
  /** Computes the figure from the entries of `needs`, in that order. */
  measure(...entries: Entry[]): Estimate;
}

/** A floor and what came out. */
export interface Verdict {
  readonly floor: Floor;
  readonly held: boolean;
  readonly figure?: Estimate;
  /** Why it could not be measured; then it does not hold. */
  readonly problem?: string;
}

const SLOT_BYTES = 64 * 1024 * 1024;

const seriesOf = (entries: readonly Entry[]): Series[] => entries.map((entry) => entry.rounds);

const fasterThanMalloc = (
  what: string,
  contender: string,
  scenario: string,
  limits: Pick<Floor, "atLeast" | "goal">,
): Floor => ({
  what,
  unit: "times as fast as native malloc",
  needs: [
    [contender, scenario],
    [BASELINE, scenario],
  ],
  ...limits,
  measure: (ours, base) => timesAsFast(base!.rounds, ours!.rounds),
});

const slowDown = (what: string, contender: string, many: string, few: string, atMost: number): Floor => ({
  what,
  unit: "times the time with few live",
  needs: [
    [contender, many],
    [contender, few],
  ],
  atMost,
  measure: (...entries) => estimate(paired((more, less) => more! / less!, ...seriesOf(entries))),
});

const slowDownAgainstMalloc = (what: string, contender: string, many: string, few: string): Floor => ({
  what,
  unit: "times native malloc's own slow-down",
  needs: [
    [contender, many],
    [contender, few],
    [BASELINE, many],
    [BASELINE, few],
  ],
  atMost: 1,
  measure: (...entries) =>
    estimate(paired((more, less, baseMore, baseLess) => more! / less! / (baseMore! / baseLess!), ...seriesOf(entries))),
});

const nanoseconds = (what: string, contender: string, scenario: string, atMost: number): Floor => ({
  what,
  unit: "ns",
  needs: [[contender, scenario]],
  atMost,
  measure: (entry) => estimate(entry!.rounds),
});

const timesTheTime = (
  what: string,
  contender: string,
  other: string,
  scenario: string,
  unit: string,
  atMost: number,
): Floor => ({
  what,
  unit,
  needs: [
    [contender, scenario],
    [other, scenario],
  ],
  atMost,
  measure: (...entries) => estimate(paired((ours, theirs) => ours! / theirs!, ...seriesOf(entries))),
});

const againstReference = (what: string, contender: string, scenario: string, atMost: number): Floor =>
  timesTheTime(what, contender, REFERENCE, scenario, "times the C reference's time", atMost);

const againstIndexes = (what: string, contender: string, scenario: string, atMost: number): Floor =>
  timesTheTime(what, contender, BY_HAND, scenario, "times the time of indexes by hand", atMost);

const againstViewOnce = (what: string, contender: string, limits: Pick<Floor, "atMost" | "goal">): Floor => ({
  what,
  unit: "times the time of a view read once",
  needs: [
    [contender, "numbers20k"],
    [VIEW_ONCE, "numbers20k"],
  ],
  ...limits,
  measure: (...entries) => estimate(paired((ours, theirs) => ours! / theirs!, ...seriesOf(entries))),
});

const againstDecoder = (what: string, contender: string, scenario: string, atMost: number): Floor =>
  timesTheTime(what, contender, DECODER, scenario, "times TextDecoder's time", atMost);

const againstObjects = (what: string, contender: string, scenario: string, atMost: number): Floor =>
  timesTheTime(what, contender, "particle-objects", scenario, "times the time of plain objects", atMost);

/** Each trace's baseline, then each trace's contender, for `measure`. */
const replaysOf = (contender: string): Floor["needs"] => [
  ...traces.map(({ id }) => [BASELINE, id] as const),
  ...traces.map(({ id }) => [contender, id] as const),
];

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Entries as `replaysOf` asks for them, as pairs. */
const pairsOf = (entries: readonly Entry[]): [base: Entry, ours: Entry][] =>
  entries.slice(0, traces.length).map((base, i) => [base, entries[traces.length + i]!]);

const tracesTogether = (what: string, contender: string): Floor => ({
  what,
  unit: "times as fast as native malloc, geometric mean",
  needs: replaysOf(contender),
  atLeast: 1,
  goal: 1.5,
  measure: (...entries) =>
    estimate(
      paired(
        (...times) => geometricMean(traces.map((_, i) => times[i]! / times[traces.length + i]!)),
        ...seriesOf(entries),
      ),
    ),
});

const slowestTrace = (what: string, contender: string): Floor => ({
  what,
  unit: "times as fast as native malloc, the worst of them",
  needs: replaysOf(contender),
  atLeast: 0.85,
  measure: (...entries) =>
    pairsOf(entries)
      .map(([base, ours]) => timesAsFast(base.rounds, ours.rounds))
      .reduce((worst, one) => (one.value < worst.value ? one : worst)),
});

const utilizationOn = ({ id }: Scenario): Floor => ({
  what: `Heap, utilization on ${id}`,
  unit: "times glibc's utilization",
  needs: [
    ["heap-parameter", id],
    [BASELINE, id],
  ],
  atLeast: 1,
  measure: (ours, base) => {
    // Both have the same peak of live bytes.
    const value = (base!.ready.footprint ?? Number.NaN) / (ours!.ready.footprint ?? Number.NaN);
    return { value, low: value, high: value };
  },
});

/** All floors of `--check`. */
export const floors: readonly Floor[] = [
  fasterThanMalloc("Pool as a constant, 50,000 x 64 B", "pool-constant", "batch64", { atLeast: 2, goal: 3.1 }),
  fasterThanMalloc("Pool as a parameter, 50,000 x 64 B", "pool-parameter", "batch64", { atLeast: 1.5 }),
  fasterThanMalloc("PoolManager as a constant, 64 B, LIFO", "manager-constant", "lifo64", { atLeast: 1.3, goal: 1.5 }),
  fasterThanMalloc("PoolManager as a constant, 50,000 x 64 B", "manager-constant", "batch64", {
    atLeast: 1.3,
    goal: 1.5,
  }),
  fasterThanMalloc("PoolManager as a constant, random replacement", "manager-constant", "random10k", {
    atLeast: 1.2,
    goal: 1.5,
  }),
  fasterThanMalloc("PoolManager as a parameter, random replacement", "manager-parameter", "random10k", {
    atLeast: 1.2,
    goal: 1.5,
  }),
  nanoseconds("Arena as a constant, 48 B", "arena-constant", "arena48", 4),
  nanoseconds("Arena as a parameter, 48 B", "arena-parameter", "arena48", 4),
  slowDown("Pool as a constant, LIFO, 1,000,000 live", "pool-constant", "lifo64-1m", "lifo64", 1.5),
  slowDown("Pool as a parameter, LIFO, 1,000,000 live", "pool-parameter", "lifo64-1m", "lifo64", 1.5),
  slowDown("Pool as a constant, batch, 1,000,000 live", "pool-constant", "batch64-1m", "batch64", 1.5),
  slowDown("Pool as a parameter, batch, 1,000,000 live", "pool-parameter", "batch64-1m", "batch64", 1.5),
  slowDownAgainstMalloc(
    "PoolManager as a constant, 10,000 to 1,000,000 live",
    "manager-constant",
    "random1m",
    "random10k",
  ),
  slowDownAgainstMalloc(
    "PoolManager as a parameter, 10,000 to 1,000,000 live",
    "manager-parameter",
    "random1m",
    "random10k",
  ),
  {
    what: "Pool, 2^20 live slots of 64 B",
    unit: "times 64 MiB",
    needs: [["pool-parameter", "slots"]],
    atMost: 1.02,
    measure: (entry) => {
      const value = (entry!.ready.footprint ?? Number.NaN) / SLOT_BYTES;
      return { value, low: value, high: value };
    },
  },
  {
    what: "Pool in a bundle, a constant in a function, 50,000 x 64 B",
    unit: "times the time as a constant of a module",
    needs: [
      ["pool-bundled", "batch64"],
      ["pool-constant", "batch64"],
    ],
    atMost: 1.1,
    measure: (...entries) => estimate(paired((bundled, constant) => bundled! / constant!, ...seriesOf(entries))),
  },
  nanoseconds("Ranges, one goes and one comes, 50,000 live", "ranges", "ranges50k", 2_000),
  {
    what: "Ranges, two come for one that goes, 24 to 500 in 100,000",
    unit: "of the space in use at the first refusal",
    needs: [["ranges", "ranges-fill"]],
    atLeast: 0.95,
    measure: (entry) => {
      const value = entry!.ready.filled ?? Number.NaN;
      return { value, low: value, high: value };
    },
  },
  tracesTogether("Heap as a constant, the traces", "heap-constant"),
  tracesTogether("Heap as a parameter, the traces", "heap-parameter"),
  slowestTrace("Heap as a constant, each trace", "heap-constant"),
  slowestTrace("Heap as a parameter, each trace", "heap-parameter"),
  ...traces.map(utilizationOn),
  fasterThanMalloc("Heap as a constant, random replacement to 4 KiB", "heap-constant", "random4k", {
    atLeast: 1.2,
    goal: 1.5,
  }),
  fasterThanMalloc("Heap as a parameter, random replacement to 4 KiB", "heap-parameter", "random4k", {
    atLeast: 1.2,
    goal: 1.5,
  }),
  fasterThanMalloc("Heap, a buffer that grows to 16 MiB", "heap-parameter", "grow16m", { atLeast: 1 }),
  againstReference("Context as a constant, 50,000 x 48 B", "context-constant", "context48", 0.7),
  againstReference("Context as a parameter, 50,000 x 48 B", "context-parameter", "context48", 0.7),
  againstReference("Context as a constant, 48 B LIFO", "context-constant", "context48-lifo", 0.7),
  againstReference("Context as a parameter, 48 B LIFO", "context-parameter", "context48-lifo", 0.7),
  nanoseconds("stats() with 16 types in use", "context-parameter", "stats16", 2_000),
  againstReference("Context as a constant, 40,000 objects, steady", "context-constant", "objects40k", 1),
  againstReference("Context as a parameter, 40,000 objects, steady", "context-parameter", "objects40k", 1),
  againstReference("Context as a parameter, 40,000 objects, fresh", "context-parameter", "objects40k-fresh", 1.3),
  againstIndexes("Block, its view read once", "block-view", "numbers20k", 1.1),
  againstViewOnce("Memory, the view read for each number", "view-each", { atMost: 1.5 }),
  againstViewOnce("Shared memory, the view read for each number", "view-each-shared", { atMost: 2, goal: 1.5 }),
  // 0.9 of its speed, and half of it.
  ...["text16", "text-mixed16", "text16k", "text-mixed16k"].flatMap((id) => [
    againstDecoder(`readUtf8, ${id}`, "text-read", id, 1.11),
    againstDecoder(`readUtf8 from shared memory, ${id}`, "text-read-shared", id, 2),
  ]),
  againstIndexes("Struct, a field of 1 M through a cursor", "struct-cursor", "sum1m", 1.2),
  againstIndexes("Struct, a field of 1 M in an array", "struct-array", "sum1m", 1.2),
  againstObjects("Struct, a field of 1 M through a cursor", "struct-cursor", "sum1m", 1),
  againstObjects("Struct, a field of 1 M in an array", "struct-array", "sum1m", 1),
  againstObjects("Struct, a step of 20,000 through a cursor", "struct-cursor", "step20k", 1.2),
  againstObjects("Struct, a step of 20,000 in an array", "struct-array", "step20k", 1.2),
];

/** Whether the run needs that contender in that scenario to judge the floors. */
export const isNeeded = (contender: string, scenario: string): boolean =>
  floors.some(({ needs }) => needs.some(([who, where]) => who === contender && where === scenario));

/** The floors that can be judged from those scenarios; none named means all. */
export const floorsOf = (scenarioIds: readonly string[]): readonly Floor[] =>
  scenarioIds.length === 0
    ? floors
    : floors.filter(({ needs }) => needs.every(([, scenario]) => scenarioIds.includes(scenario)));

/** Judges one floor. One that cannot be measured does not hold. */
export const judge = (floor: Floor, entries: readonly Entry[]): Verdict => {
  const found: Entry[] = [];
  for (const [contender, scenario] of floor.needs) {
    const entry = measured(entries, contender, scenario);
    if (entry === undefined) {
      const known = entries.find((other) => other.contender.id === contender && other.scenario.id === scenario);
      return { floor, held: false, problem: `${contender} in ${scenario}: ${known?.note ?? "not measured"}` };
    }
    found.push(entry);
  }
  const figure = floor.measure(...found);
  const held =
    Number.isFinite(figure.value) &&
    figure.value >= (floor.atLeast ?? Number.NEGATIVE_INFINITY) &&
    figure.value <= (floor.atMost ?? Number.POSITIVE_INFINITY);
  return { floor, held, figure };
};
