import { type Collector, LAYOUT } from "@morph/gc";
import { joinMemory, type LinearMemory } from "@morph/memory";
import { RuntimeFailure } from "../failure.ts";
import { Footprint } from "../footprint.ts";
import type { Regions } from "../regions.ts";
import { MOST_HELD, RootStacks } from "../roots.ts";

const MIB = 1_048_576;
/** Bytes that a stack has for use at least when it becomes current, and of which more is cleared at a time than is needed. */
const STEP = 4096;
/** What lies above the top and is cleared by each collection is at most so much, or half of the stack. */
const MOST_ABOVE = 262_144;
/** The roots' own bytes are the stack's. */
const ROOT_BYTES = 0;

/**
 * A thread's shadow stack.
 *
 *   base | pointers | top | zeros | limit | not in use | end
 */
interface ShadowStack {
  readonly base: number;
  top: number;
  /** The end for generated code, which asks for more. */
  limit: number;
  readonly end: number;
}

/**
 * The roots where objects move. Variables whose addresses were pushed, and what runtime functions hold, are cells of the collector. Generated code has a shadow stack: each Morph
 * thread its own, of which the current one stands in the collector's control table, and the others are cells.
 */
export class GcRoots extends RootStacks {
  /** The most that stacks took. */
  peakStackBytes = 0;
  private readonly memory: LinearMemory;
  private readonly collector: Collector;
  private readonly regions: Regions;
  private readonly owner: number;
  private readonly heldCells: number;
  /** How often each slot is pushed, in all threads. */
  private readonly pushed: Map<number, number> = new Map();
  /** The shadow stacks, by thread. */
  private readonly shadows: Map<number, ShadowStack> = new Map();
  private readonly threadBytes: number;
  /** Word index of the control table. */
  private readonly control: number;

  /** @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY */
  constructor(memory: LinearMemory, collector: Collector, regions: Regions, stackBytes: number = MIB) {
    super(new Footprint(ROOT_BYTES));
    this.memory = memory;
    this.collector = collector;
    this.regions = regions;
    this.control = collector.control / 4;
    this.threadBytes = Math.min(stackBytes, MIB);
    const view = (): void => {
      const { buffer } = memory.u8;
      // A memory that is destroyed has none.
      if (buffer.byteLength === 0) this.held = new Int32Array(0);
      else if (this.heldCells !== undefined) this.held = new Int32Array(buffer, this.heldCells, MOST_HELD);
    };
    this.owner = joinMemory(memory, { name: "n0-runtime", contractVersion: 1, viewsChanged: view });
    try {
      this.heldCells = memory.acquireTable(MOST_HELD * 4);
      view();
      collector.addRoot(this.heldCells, MOST_HELD);
      this.newShadow(this.thread, stackBytes);
      this.enterShadow(this.thread);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  // --- variables -----------------------------------------------------------------------------------------------------------

  override push(slot: number): void {
    this.add(slot);
    super.push(slot);
  }

  override pushFrame(address: number, count: number): void {
    for (let i = 0; i < count; i++) this.add(address + i * 8);
    super.pushFrame(address, count);
  }

  override pop(count: number): void {
    const dropped = Math.min(Math.max(count, 0), this.count);
    for (let i = this.count - dropped; i < this.count; i++) this.remove(this.slots[i] as number);
    super.pop(count);
  }

  private add(slot: number): void {
    const address = slot >>> 0;
    const times = this.pushed.get(address) ?? 0;
    if (times === 0) this.collector.addRoot(address);
    this.pushed.set(address, times + 1);
  }

  private remove(slot: number): void {
    const address = slot >>> 0;
    const times = this.pushed.get(address) as number;
    if (times > 1) {
      this.pushed.set(address, times - 1);
      return;
    }
    this.pushed.delete(address);
    this.collector.removeRoot(address);
  }

  /** Lets go of the last `count` held pointers: their cells keep nothing alive any more. */
  override release(count: number): void {
    const { held } = this;
    for (let i = 0; i < count; i++) held[--this.heldCount] = 0;
  }

  // --- threads and shadow stacks ---------------------------------------------------------------------------------------------

  override newThread(): number {
    const thread = super.newThread();
    this.newShadow(thread, this.threadBytes);
    return thread;
  }

  override switchThread(thread: number): number {
    const previous = super.switchThread(thread);
    if (thread === previous) return previous;
    this.leaveShadow(previous);
    this.enterShadow(thread);
    return previous;
  }

  override endThread(thread: number): void {
    const { slots, depth } = this.requireOther(thread);
    for (let i = 0; i < depth; i++) this.remove(slots[i] as number);
    super.endThread(thread);
    const shadow = this.shadows.get(thread) as ShadowStack;
    if (shadow.top !== shadow.base) this.collector.removeRoot(shadow.base);
    this.regions.release(shadow.base);
    this.shadows.delete(thread);
  }

  /** Puts a pointer on the current shadow stack. @returns the address of its word. @throws the failure `stack` */
  pushReference(pointer: number): number {
    const { i32 } = this.memory;
    const top = (i32[this.control + LAYOUT.STACK_TOP] as number) >>> 0;
    if (top + 4 > (i32[this.control + LAYOUT.STACK_LIMIT] as number) >>> 0) this.growStack(top + 4);
    i32[top >>> 2] = pointer;
    i32[this.control + LAYOUT.STACK_TOP] = top + 4;
    return top;
  }

  /**
   * Makes room on the current shadow stack, zeros. O(bytes), O(1) in the mean.
   * @param end of the frame that does not fit
   * @throws the failure `stack`
   */
  growStack(end: number): void {
    const shadow = this.shadows.get(this.thread) as ShadowStack;
    const needed = end >>> 0;
    if (needed > shadow.end) throw new RuntimeFailure("stack", "stack overflow");
    const doubled = shadow.base + 2 * (this.limit() - shadow.base);
    this.setLimit(shadow, Math.min(Math.max(needed + STEP, doubled), shadow.end));
  }

  /** To be called when objects have moved: what lies above the top is cleared now, and gets little where it was much. */
  lowerLimit(): void {
    const shadow = this.shadows.get(this.thread) as ShadowStack;
    const top = (this.memory.i32[this.control + LAYOUT.STACK_TOP] as number) >>> 0;
    const above = this.limit() - top;
    if (above <= MOST_ABOVE || above <= (top - shadow.base) / 2) return;
    this.stackBytes();
    this.memory.i32[this.control + LAYOUT.STACK_LIMIT] = top + STEP;
  }

  /** Bytes of stacks up to their limits. O(threads). */
  stackBytes(): number {
    let bytes = 0;
    for (const [thread, { base, limit }] of this.shadows)
      bytes += (thread === this.thread ? this.limit() : limit) - base;
    if (bytes > this.peakStackBytes) this.peakStackBytes = bytes;
    return bytes;
  }

  /** Gives back what is not the collector's. */
  destroy(): void {
    if (this.heldCells !== undefined) this.memory.releaseTable(this.heldCells, MOST_HELD * 4);
    this.memory.unregister(this.owner);
  }

  private newShadow(thread: number, bytes: number): void {
    const base = this.regions.acquire(bytes, false);
    this.shadows.set(thread, { base, top: base, limit: base, end: base + bytes });
  }

  /** Makes a thread's stack the collector's. */
  private enterShadow(thread: number): void {
    const shadow = this.shadows.get(thread) as ShadowStack;
    if (shadow.top !== shadow.base) this.collector.removeRoot(shadow.base);
    const { i32 } = this.memory;
    i32[this.control + LAYOUT.STACK_BASE] = shadow.base;
    i32[this.control + LAYOUT.STACK_TOP] = shadow.top;
    // What lies above is old: pointers that no collection has updated.
    i32[this.control + LAYOUT.STACK_LIMIT] = shadow.top;
    this.setLimit(shadow, Math.min(shadow.top + STEP, shadow.end));
  }

  private leaveShadow(thread: number): void {
    const shadow = this.shadows.get(thread) as ShadowStack;
    this.stackBytes();
    shadow.top = (this.memory.i32[this.control + LAYOUT.STACK_TOP] as number) >>> 0;
    shadow.limit = this.limit();
    if (shadow.top !== shadow.base) this.collector.addRoot(shadow.base, (shadow.top - shadow.base) / 4);
  }

  private limit(): number {
    return (this.memory.i32[this.control + LAYOUT.STACK_LIMIT] as number) >>> 0;
  }

  /** Raises the limit of the current stack, and clears what is gained. */
  private setLimit(shadow: ShadowStack, limit: number): void {
    const { i32 } = this.memory;
    i32.fill(0, this.limit() >>> 2, limit >>> 2);
    i32[this.control + LAYOUT.STACK_LIMIT] = limit;
    shadow.limit = limit;
  }
}
