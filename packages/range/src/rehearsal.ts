import { Space } from "./space.ts";

/** V8 makes machine code of a function after a dozen runs, of some later, because it does so with several together. */
const ROUNDS = 24;

let isRehearsed = false;

/**
 * Before the first use, runs what takes and gives ranges until V8 has machine code for it, which it keeps: from then on no function has to be compiled in the
 * middle of an operation, which would take 40 KiB of stack. See `stack.ts` of `@morph/memory`.
 */
export function rehearseOnce(): void {
  if (isRehearsed) return;
  isRehearsed = true;
  for (let round = 0; round < ROUNDS; round++) {
    const space = new Space();
    space.grow(100);
    // Every second one is free, which makes a tree of them; then they are cut, and merged on both sides.
    const ranges = Array.from({ length: 14 }, () => space.take(4));
    for (let i = 0; i < ranges.length; i += 2) space.give(ranges[i] as number);
    for (let i = 0; i < ranges.length; i += 2) ranges[i] = space.take(i % 4 === 0 ? 4 : 2);
    for (const range of ranges) space.give(range);
  }
}
