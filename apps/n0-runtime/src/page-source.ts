import type { LinearMemory } from "@morph/memory";

/** Bytes of a V1 page. */
export const V1_PAGE_BYTES = 4096;
/** V1 pages in one of the memory's pages. */
const PER_PAGE = 16;

/**
 * What mmap was for V1: runs of zeroed 4 KiB pages, cut from the memory's pages of 64 KiB. One bit for each 4 KiB page says that it
 * is ours and free; the lowest free run is taken first, and neighbours merge by themselves.
 */
export class PageSource {
  private readonly memory: LinearMemory;
  private readonly owner: number;
  private free: Uint32Array = new Uint32Array(64);
  /** No bit is set in the words below this one. */
  private lowest = 0;

  /** @param owner the id under which the memory knows the pages */
  constructor(memory: LinearMemory, owner: number) {
    this.memory = memory;
    this.owner = owner;
  }

  /** A run of zeroed pages. O(pages of the memory) at worst. @throws ERR_MORPH_OUT_OF_MEMORY */
  take(pages: number): number {
    const run = pages === 1 ? this.findOne() : this.findRun(pages);
    const first = run >= 0 ? run : this.acquire(pages);
    this.mark(first, pages, false);
    const pointer = first * V1_PAGE_BYTES;
    this.memory.u8.fill(0, pointer, pointer + pages * V1_PAGE_BYTES);
    return pointer;
  }

  /** Takes a run back. O(pages). */
  give(pointer: number, pages: number): void {
    this.mark(pointer / V1_PAGE_BYTES, pages, true);
  }

  /** Whether the page is one of these, handed out. O(1). */
  isTaken(pointer: number): boolean {
    const page = Math.floor(pointer / V1_PAGE_BYTES);
    return this.memory.ownerOf(pointer) === this.owner && ((this.free[page >>> 5] ?? 0) & (1 << (page & 31))) === 0;
  }

  private findOne(): number {
    const { free } = this;
    let word = this.lowest;
    while (word < free.length && free[word] === 0) word++;
    this.lowest = word;
    if (word === free.length) return -1;
    const bits = free[word] as number;
    return word * 32 + 31 - Math.clz32(bits & -bits);
  }

  private findRun(pages: number): number {
    const { free } = this;
    let length = 0;
    for (let word = this.lowest; word < free.length; word++) {
      const bits = free[word] as number;
      if (bits === 0) {
        length = 0;
        continue;
      }
      for (let bit = 0; bit < 32; bit++) {
        length = (bits >>> bit) & 1 ? length + 1 : 0;
        if (length === pages) return word * 32 + bit + 1 - pages;
      }
    }
    return -1;
  }

  /** Pages from the memory; what a run leaves of them is free. */
  private acquire(pages: number): number {
    const count = Math.ceil(pages / PER_PAGE);
    const first = this.memory.acquire(count, this.owner) / V1_PAGE_BYTES;
    const words = Math.ceil((first + count * PER_PAGE) / 32);
    if (words > this.free.length) {
      const larger = new Uint32Array(Math.max(words, this.free.length * 2));
      larger.set(this.free);
      this.free = larger;
    }
    this.mark(first, count * PER_PAGE, true);
    return first;
  }

  private mark(first: number, pages: number, free: boolean): void {
    for (let page = first; page < first + pages; page++) {
      const bit = 1 << (page & 31);
      if (free) this.free[page >>> 5]! |= bit;
      else this.free[page >>> 5]! &= ~bit;
    }
    if (free && first >>> 5 < this.lowest) this.lowest = first >>> 5;
  }
}
