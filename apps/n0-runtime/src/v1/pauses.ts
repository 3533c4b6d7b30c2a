import type { CollectionTimes } from "../allocator.ts";

/** Classes of lengths: up to 2^22 microseconds, and the rest. */
const CLASSES = 24;
const MICROSECONDS = 1000;

/** How often and how long a program stood still. */
export class Pauses {
  private count = 0;
  private totalMs = 0;
  private maxMs = 0;
  private readonly lengths: number[] = new Array<number>(CLASSES).fill(0);

  /** Notes a pause. */
  note(ms: number): void {
    this.count++;
    this.totalMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
    const length = Math.min(32 - Math.clz32(ms * MICROSECONDS), CLASSES - 1);
    this.lengths[length]!++;
  }

  /** What was noted; see `CollectionStats`. */
  stats(): CollectionTimes & { readonly pauses: readonly number[] } {
    const { count, totalMs, maxMs, lengths } = this;
    return { count, totalMs, maxMs, pauses: [...lengths] };
  }
}
