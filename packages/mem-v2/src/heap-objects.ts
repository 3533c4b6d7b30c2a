import { Heap } from "@morph/heap";
import { type AddressSpace, type MorphError, requireStack } from "@morph/memory";
import type { LargeObjects } from "./large-objects.ts";
import { IN_HEAP } from "./layout.ts";
import { LAYERS } from "./stack.ts";

/** Large objects in a heap, which takes each back when it is freed. */
export class HeapObjects implements LargeObjects {
  readonly flag: number = IN_HEAP;
  readonly reusesTails: boolean = true;
  readonly owner: number;
  changes = 0;
  private readonly heap: Heap;
  private readonly shared: boolean;

  constructor(memory: AddressSpace, owner: number | undefined) {
    this.shared = memory.shared;
    this.heap = new Heap(owner === undefined ? { memory } : { memory, owner });
    this.owner = this.heap.owner;
  }

  get footprint(): number {
    return this.heap.stats().footprint;
  }

  /** The heap follows by itself. */
  setView(): void {}

  take(bytes: number): number {
    this.change();
    return this.heap.tryMalloc(bytes) | 0;
  }

  takeZeroed(bytes: number): number {
    this.change();
    return this.heap.tryCalloc(1, bytes) | 0;
  }

  free(block: number): void {
    this.change();
    this.heap.free(block >>> 0);
  }

  isLive(block: number): boolean {
    return this.heap.owns(block >>> 0);
  }

  wasFreed(block: number): boolean {
    try {
      this.heap.usableSize(block >>> 0);
      return false;
    } catch (error) {
      return (error as MorphError).code === "ERR_MORPH_DOUBLE_FREE";
    }
  }

  usableSize(block: number): number {
    return this.heap.usableSize(block >>> 0);
  }

  *blocks(): Generator<number, void, undefined> {
    for (const pointer of this.heap.liveObjects()) yield pointer | 0;
  }

  setLimit(bytes: number): void {
    this.heap.maxBytes = Math.max(1, bytes);
  }

  trim(): void {
    this.change();
    this.heap.trim();
  }

  reset(): void {
    this.change();
    this.heap.reset();
  }

  verify(): void {
    this.heap.verify();
  }

  saveState(pointer: number): void {
    this.heap.saveState(pointer);
  }

  loadState(pointer: number): void {
    this.heap.loadState(pointer);
  }

  destroy(): void {
    this.heap.destroy();
  }

  /** Every call changes what only this object knows of the heap; to save that for other threads must not fail for want of stack. */
  private change(): void {
    if (this.shared) requireStack(LAYERS);
    this.changes = (this.changes + 1) | 0;
  }
}
