import type { AllocatorStats } from "n0-runtime";
import type { ContenderName } from "./contenders.js";

/** One contender in one program. Times are the best of several runs, in milliseconds; sizes are bytes. */
export interface Side {
  readonly contender: ContenderName;
  /** What could not be measured, and why: "stopped after 3 s". */
  note?: string;
  /** Of the run, on a new memory; of plain objects, on the engine's heap as the runs before left it. Absent when it was stopped. */
  wholeMs?: number;
  /** Of the collector: of a run in the memory of the runs before, which is how plain objects run. Absent where there are none to compare. */
  againMs?: number;
  /** Of the first run of a process, for which neither memory nor machine code is there. */
  firstMs?: number;
  /** Absent of plain objects, which nobody counts. */
  allocations?: number;
  payload?: number;
  /** Of plain objects: what the heap holds at most, live or not yet collected, beyond what it held before the program. */
  peakFootprint?: number;
  /** Of plain objects: the same of the pages that the engine took for its heap. */
  peakCommitted?: number;
  collections?: AllocatorStats["collections"];
  freeListSteps?: number | undefined;
  output?: string;
  /** Of the recorded calls, V1's clock off; absent when they were not replayed: see `replayNote`. */
  allocatorMs?: number;
  collectionMs?: number;
  replayNote?: string;
}

/** A program and how everybody did in it. */
export interface Comparison {
  readonly id: string;
  readonly what: string;
  readonly style?: string | undefined;
  readonly lines?: number | undefined;
  readonly sourceBytes?: number | undefined;
  /** In the order of the tables. */
  readonly sides: readonly Side[];
  /** Whether all that ended printed the same; undefined when fewer than two did. */
  readonly equalOutput?: boolean | undefined;
  /** Count of recorded allocations by payload bytes. */
  readonly histogram?: Readonly<Record<number, number>> | undefined;
}

/** A contender's side; undefined where it has none. */
export const sideOf = ({ sides }: Comparison, contender: ContenderName): Side | undefined =>
  sides.find((side) => side.contender === contender);

/** A contender's side, if it ended. */
const ended = (comparison: Comparison, contender: ContenderName): Side | undefined => {
  const side = sideOf(comparison, contender);
  return side?.note === undefined ? side : undefined;
};

/** The whole time of one that ended. */
export const wholeMsOf = (comparison: Comparison, contender: ContenderName): number | undefined =>
  ended(comparison, contender)?.wholeMs;

/** How many times the whole time on plain objects a contender takes: the collector in memory that it has used before, as they do; V1 and V2 on a new one. */
export const timesPlain = (comparison: Comparison, contender: ContenderName): number | undefined => {
  const side = ended(comparison, contender);
  const time = contender === "gc" ? side?.againMs : side?.wholeMs;
  const plain = wholeMsOf(comparison, "plain");
  return time === undefined || plain === undefined ? undefined : time / plain;
};

/** The same of the first run of a process. */
export const timesPlainAtFirst = (comparison: Comparison, contender: ContenderName): number | undefined => {
  const [time, plain] = [ended(comparison, contender)?.firstMs, ended(comparison, "plain")?.firstMs];
  return time === undefined || plain === undefined ? undefined : time / plain;
};
