import type { Entry } from "../run/entry.js";
import { type Estimate, rangeOf } from "../stats.js";

/** The first repetitions of some new processes. */
export interface Cold {
  /** Nanoseconds an operation. */
  readonly ns: Estimate;
  /** So many times native malloc's own first repetition. */
  readonly timesAsLong?: Estimate;
  readonly processesNs: readonly number[];
}

/** What was measured cold; undefined when nothing was. @param base the baseline's entry */
export const coldOf = (entry: Entry, base: Entry | undefined): Cold | undefined => {
  const { cold } = entry;
  if (cold.length === 0) return undefined;
  // Processes of one turn ran side by side in time, so they are compared with each other.
  const ratios = cold.flatMap((ns, i) => (base?.cold[i] === undefined ? [] : [ns / base.cold[i]]));
  return { ns: rangeOf(cold), processesNs: cold, ...(ratios.length > 0 && { timesAsLong: rangeOf(ratios) }) };
};
