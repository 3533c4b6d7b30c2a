import { describe, joinMemory, type LinearMemory, MorphError, PAGE_BYTES } from "@morph/memory";

/** Pages outside both allocators, for stacks, globals and literals. */
export class Regions {
  /** Bytes of all regions' pages. */
  bytes = 0;
  private readonly memory: LinearMemory;
  private readonly owner: number;
  /** Pages of each region, by pointer. */
  private readonly pages: Map<number, number> = new Map();

  constructor(memory: LinearMemory) {
    this.memory = memory;
    this.owner = joinMemory(memory, { name: "n0-runtime", contractVersion: 1, viewsChanged: () => {} });
  }

  /** @param zeroed whether its bytes have to be 0. @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY */
  acquire(bytes: number, zeroed: boolean): number {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes >= 2 ** 32) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `bytes: expected 1 to 2^32 - 1, got ${describe(bytes)}`);
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const pointer = this.memory.acquire(pages, this.owner);
    if (zeroed) this.memory.u8.fill(0, pointer, pointer + bytes);
    this.pages.set(pointer, pages);
    this.bytes += pages * PAGE_BYTES;
    return pointer;
  }

  /** @throws ERR_MORPH_INVALID_POINTER */
  release(pointer: number): void {
    const pages = this.pages.get(pointer >>> 0);
    if (pages === undefined) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected a region's pointer, got ${describe(pointer)}`);
    }
    this.memory.release(pointer >>> 0, pages);
    this.pages.delete(pointer >>> 0);
    this.bytes -= pages * PAGE_BYTES;
  }

  /** Gives all pages back. */
  destroy(): void {
    this.pages.clear();
    this.memory.unregister(this.owner);
  }
}
