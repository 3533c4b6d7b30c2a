import { xorshift } from "./xorshift.js";

/** Rounds of each process: `series[process][round]`. */
export type Series = readonly (readonly number[])[];

/** A figure with the interval it lies in. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;
const SEED = 12_345;

/** The value below which that share of the values lies, linearly interpolated. NaN for no values. */
export const quantile = (values: readonly number[], share: number): number => {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
};

/** The middle value. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The middle value of a few, with the lowest and the highest: too few to draw an interval from. */
export const rangeOf = (values: readonly number[]): Estimate => ({
  value: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
});

/** The median of the processes' medians: a process that fell into a slow cluster counts once, not once a round. */
export const medianOfProcesses = (series: Series): number =>
  median(series.filter((rounds) => rounds.length > 0).map(median));

/** The range that holds 80 % of all rounds. */
export const spread = (series: Series): { low: number; high: number } => {
  const all = series.flat();
  return { low: quantile(all, 0.1), high: quantile(all, 0.9) };
};

/** Computes one series from several, round by round; rounds that are missing in one are left out. */
export const paired = (combine: (...values: number[]) => number, ...all: readonly Series[]): Series =>
  (all[0] ?? []).map((rounds, process) =>
    rounds
      .map((_, round) => all.map((series) => series[process]?.[round]))
      .filter((values): values is number[] => values.every((value) => value !== undefined))
      .map((values) => combine(...values)),
  );

/**
 * The median of the processes' medians with a 95 % bootstrap interval. Processes are drawn first, then rounds within
 * each, so that what differs between processes widens the interval.
 */
export const estimate = (series: Series): Estimate => {
  const processes = series.filter((rounds) => rounds.length > 0);
  const value = medianOfProcesses(processes);
  if (processes.length === 0) return { value, low: value, high: value };
  const next = xorshift(SEED);
  const draw = <T>(from: readonly T[]): T[] => from.map(() => from[next() % from.length]!);
  const medians = Array.from({ length: RESAMPLES }, () => medianOfProcesses(draw(processes).map(draw)));
  return { value, low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
};

/** How many times as fast `contender` is as `base`, paired by round. */
export const timesAsFast = (base: Series, contender: Series): Estimate =>
  estimate(paired((slow, fast) => slow! / fast!, base, contender));
