import type { Task } from "./subject.js";

const MOST_REPETITIONS = 10_000;
/** V8 compiles what was called often enough, not what took long enough; the warm-up ends after this many times its length all the same. */
const WARM_OPERATIONS = 40_000;
const LONGEST_WARM_UP = 4;
const BRIEF_CALLS = 20_000;

/** One timed round. */
export interface Round {
  /** Nanoseconds for one operation. */
  readonly ns: number;
}

/**
 * V8 compiles a loop that is entered seldom and runs long by on-stack replacement (OSR), for a jump into its middle, and may never compile it as a
 * whole: each call then starts in the interpreter and jumps to that code, or does not. A context took 11 ns a pair in that code instead of 7, in some
 * processes and not in others. So each loop is called often before the measurement, each time for few operations.
 */
const callOften = ({ before, brief }: Task, ms: number): void => {
  const end = performance.now() + ms;
  for (let i = 0; brief !== undefined && i < BRIEF_CALLS && performance.now() < end; i++) {
    before?.();
    brief();
  }
};

/** A task that is ready for its rounds. */
export interface Rounds {
  readonly round: () => Round;
  /** About how long a round will take. */
  readonly roundMs?: number;
}

const repetitionOf = (task: Task) => (): number => {
  task.before?.();
  const start = performance.now();
  task.run();
  return performance.now() - start;
};

/** Does not warm the task up: the first round is the first time that its code runs. There is nothing to undo before it. */
export const cold = ({ operations, run }: Task): Rounds => {
  const repetition = repetitionOf({ operations, run });
  return { round: () => ({ ns: (repetition() * 1e6) / operations }) };
};

/** Runs a task: warms it up when made, then one round for each call. */
export const measure = (task: Task, warmMs: number, targetMs: number): Rounds => {
  const repetition = repetitionOf(task);
  callOften(task, warmMs);
  let fastest = Number.POSITIVE_INFINITY;
  const start = performance.now();
  const until = (ms: number): boolean => performance.now() < start + ms;
  let operations = 0;
  do {
    fastest = Math.min(fastest, repetition());
    operations += task.operations;
  } while (until(warmMs) || (operations < WARM_OPERATIONS && until(warmMs * LONGEST_WARM_UP)));
  const repetitions = Math.min(MOST_REPETITIONS, Math.max(1, Math.floor(targetMs / fastest)));

  const round = (): Round => {
    // Other contenders had the caches since the last round: one repetition brings them back, if it is a short one.
    if (fastest < targetMs) repetition();
    let elapsed = 0;
    for (let i = 0; i < repetitions; i++) elapsed += repetition();
    return { ns: (elapsed * 1e6) / (repetitions * task.operations) };
  };
  return { round, roundMs: repetitions * fastest };
};
