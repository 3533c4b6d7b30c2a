/**
 * Milliseconds that this process has computed. Pauses in milliseconds cannot be told from those of a busy machine by a clock on the wall; these processes run
 * with `--single-threaded`, so that V8's other threads are not counted.
 */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Lets all code here, the collector's too, take its times from that clock. */
export const useCpuClock = (): void => {
  Object.defineProperty(globalThis, "performance", { value: { now: cpuMs } });
};

/** A quantile of some figures, 0 to 1. */
export const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN;
