import { type LinearMemory, PAGE_BYTES } from "@morph/memory";
import { DESCRIPTOR_BYTES } from "./layout.ts";

/** The descriptors of V1's pages, last freed first reused. */
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
