import { describe, MorphError } from "@morph/memory";
import type { Footprint } from "./footprint.ts";

/** Addresses of variables. */
export interface Stack {
  slots: Int32Array;
  depth: number;
}

/** Pointers that runtime functions hold at most at a time. */
export const MOST_HELD = 16;

/**
 * The roots: for each Morph thread a stack of addresses of variables that hold pointers, and one more of pointers that a
 * runtime function holds while it allocates.
 */
export class RootStacks {
  /** The current thread's stack. */
  protected slots: Int32Array = new Int32Array(1024);
  protected count = 0;
  protected thread = 0;
  private nextThread = 1;
  /** The stacks of the other threads. */
  protected readonly others: Map<number, Stack> = new Map();
  /** Pointers that the running runtime function holds. */
  held: Int32Array = new Int32Array(MOST_HELD);
  heldCount = 0;
  private readonly footprint: Footprint;

  /** @param footprint where the roots are counted */
  constructor(footprint: Footprint) {
    this.footprint = footprint;
  }

  /** Roots of the current thread. */
  get depth(): number {
    return this.count;
  }

  /** O(1), but for growth. */
  push(slot: number): void {
    const depth = this.count;
    if (depth === this.slots.length) this.grow();
    this.slots[depth] = slot;
    this.count = depth + 1;
    this.footprint.roots++;
  }

  /** Pushes `count` slots, 8 bytes apart; none when it is negative. O(count). */
  pushFrame(address: number, count: number): void {
    if (count <= 0) return;
    const depth = this.count;
    while (depth + count > this.slots.length) this.grow();
    const { slots } = this;
    for (let i = 0; i < count; i++) slots[depth + i] = address + i * 8;
    this.count = depth + count;
    this.footprint.roots += count;
  }

  /** Drops the last `count`; stops silently at none. O(1). */
  pop(count: number): void {
    const dropped = Math.min(Math.max(count, 0), this.count);
    this.footprint.note();
    this.count -= dropped;
    this.footprint.roots -= dropped;
  }

  /** Keeps a pointer alive until {@link release}. @returns where it is held: an index of {@link held} */
  hold(pointer: number): number {
    const place = this.heldCount++;
    this.held[place] = pointer;
    return place;
  }

  /** Lets go of the last `count` held pointers. */
  release(count: number): void {
    this.heldCount -= count;
  }

  /** A stack for a new Morph thread. */
  newThread(): number {
    const thread = this.nextThread++;
    this.others.set(thread, { slots: new Int32Array(64), depth: 0 });
    return thread;
  }

  /** Makes another thread's stack current. @returns the thread whose stack was. @throws ERR_MORPH_INVALID_CONFIG */
  switchThread(thread: number): number {
    const previous = this.thread;
    if (thread === previous) return previous;
    const stack = this.requireOther(thread);
    this.others.delete(thread);
    this.others.set(previous, { slots: this.slots, depth: this.count });
    this.slots = stack.slots;
    this.count = stack.depth;
    this.thread = thread;
    return previous;
  }

  /** Forgets a thread that is not current, and its roots. @throws ERR_MORPH_INVALID_CONFIG */
  endThread(thread: number): void {
    const { depth } = this.requireOther(thread);
    this.footprint.note();
    this.footprint.roots -= depth;
    this.others.delete(thread);
  }

  /** Every thread's stack. */
  *stacks(): Generator<Stack> {
    yield { slots: this.slots, depth: this.count };
    yield* this.others.values();
  }

  protected requireOther(thread: number): Stack {
    const stack = this.others.get(thread);
    if (stack === undefined) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `thread: expected one that lives and is not current, got ${describe(thread)}`,
      );
    }
    return stack;
  }

  private grow(): void {
    const larger = new Int32Array(this.slots.length * 2);
    larger.set(this.slots);
    this.slots = larger;
  }
}
