import { type LinearMemory, PAGE_BYTES } from "@morph/memory";

/*
 * A V1 page's descriptor, MphPage in C; malloc'd there, a slot of a page of the memory here:
 *
 *   start 8 ┬ used 8 ┬ flags 8 ┬ last access 8 ┬ next 8 ┬ swap id 8 ┬ live bytes 8 ┬ size 8 ┬ free list 8
 */

/** Bytes of a descriptor. */
export const DESCRIPTOR_BYTES = 72;

export const PAGE_START = 0;
export const PAGE_USED = 8;
export const PAGE_FLAGS = 16;
export const PAGE_LAST_ACCESS = 24;
export const PAGE_NEXT = 32;
export const PAGE_SWAP_ID = 40;
export const PAGE_LIVE = 48;
export const PAGE_SIZE = 56;
export const PAGE_FREE_LIST = 64;

/** Descriptors, last freed first reused. */
export class Descriptors {
  private readonly memory: LinearMemory;
  private readonly owner: number;
  private readonly spare: number[] = [];
  private next = 0;
  private end = 0;

  /** @param owner the id under which the memory knows the pages */
  constructor(memory: LinearMemory, owner: number) {
    this.memory = memory;
    this.owner = owner;
  }

  /** A descriptor, all 0. O(1). @throws ERR_MORPH_OUT_OF_MEMORY */
  take(): number {
    let descriptor = this.spare.pop();
    if (descriptor === undefined) {
      if (this.end - this.next < DESCRIPTOR_BYTES) {
        this.next = this.memory.acquire(1, this.owner);
        this.end = this.next + PAGE_BYTES;
      }
      descriptor = this.next;
      this.next += DESCRIPTOR_BYTES;
    }
    this.memory.i32.fill(0, descriptor / 4, (descriptor + DESCRIPTOR_BYTES) / 4);
    return descriptor;
  }

  /** Takes a descriptor back. O(1). */
  give(descriptor: number): void {
    this.spare.push(descriptor);
  }
}
