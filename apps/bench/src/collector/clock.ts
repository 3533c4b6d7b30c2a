import { existsSync, openSync, readSync } from "node:fs";

/** Milliseconds that this process has computed: a clock on the wall cannot tell a long run from a busy machine. It counts all threads; without V8's own, with `--single-threaded`, it is the program's. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Of the main thread of this process, where the system tells: nanoseconds that it has computed, and others. */
const SCHEDULED = "/proc/self/schedstat";
const [SPACE, DIGIT_0, NS_OF_MS] = [32, 48, 1e6];
const LONGEST = 64;

/** Milliseconds that the main thread has computed: what a program waits for, and not what V8 compiles meanwhile on other threads. On systems that do not tell, all threads count. */
export const mainThreadMs = (): (() => number) => {
  if (!existsSync(SCHEDULED)) return cpuMs;
  const file = openSync(SCHEDULED, "r");
  const text = Buffer.alloc(LONGEST);
  return () => {
    // It brings the figure in the file up to date.
    process.cpuUsage();
    const length = readSync(file, text, 0, LONGEST, 0);
    let ns = 0;
    for (let i = 0; i < length && text[i] !== SPACE; i++) ns = ns * 10 + text[i]! - DIGIT_0;
    return ns / NS_OF_MS;
  };
};

/** The pauses of a program. */
export interface Pauses {
  /** Their lengths so far, in milliseconds. */
  readonly lengths: number[];
  /** To be called after each call that may collect: what the collector took there, from its first look at the clock to its last, is a pause. */
  look(): void;
}

/** Lets all code here, the collector's too, take its times from the main thread's clock, and notes pauses. */
export const watchPauses = (): Pauses => {
  const read = mainThreadMs();
  const lengths: number[] = [];
  let first = 0;
  let last = 0;
  let isPause = false;
  const now = (): number => {
    last = read();
    if (!isPause) first = last;
    isPause = true;
    return last;
  };
  Object.defineProperty(globalThis, "performance", { value: { now } });
  return {
    lengths,
    look: () => {
      if (!isPause) return;
      isPause = false;
      lengths.push(last - first);
    },
  };
};

/** A quantile of some figures, 0 to 1. */
export const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN;
