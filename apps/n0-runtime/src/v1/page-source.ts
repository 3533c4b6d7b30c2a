import type { LinearMemory } from "@morph/memory";
import { V1_PAGE_BYTES, V1_PAGES_A_PAGE } from "./layout.ts";

/** Longer runs than a page of the memory holds are all of one kind. */
const LONG = V1_PAGES_A_PAGE + 1;

/**
 * What mmap was for V1: runs of 4 KiB pages, cut from the memory's pages of 64 KiB. One bit for each 4 KiB page says that it
 * is ours and free; the lowest free run is taken first, and neighbours merge by themselves.
 */
export class PageSource {
  private readonly memory: LinearMemory;
  private readonly owner: number;
  private free: Uint32Array = new Uint32Array(64);
  /** By length, up to LONG: no free run of so many pages starts in the words below this one. */
  private readonly lowest: Uint32Array = new Uint32Array(LONG + 1);

  /** @param owner the id under which the memory knows the pages */
  constructor(memory: LinearMemory, owner: number) {
    this.memory = memory;
    this.owner = owner;
  }

  /**
   * A run of pages. O(pages of the memory) at worst.
   * @param bytes how many from its start on are zeroed; default all
   * @throws ERR_MORPH_OUT_OF_MEMORY
   */
  take(pages: number, bytes: number = pages * V1_PAGE_BYTES): number {
    const run = pages === 1 ? this.findOne() : this.findRun(pages);
    const first = run >= 0 ? run : this.acquire(pages);
    this.mark(first, pages, false);
    const pointer = first * V1_PAGE_BYTES;
    this.memory.u8.fill(0, pointer, pointer + bytes);
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
    const { free, lowest } = this;
    let word = lowest[1] as number;
    while (word < free.length && free[word] === 0) word++;
    lowest[1] = word;
    if (word === free.length) return -1;
    const bits = free[word] as number;
    return word * 32 + 31 - Math.clz32(bits & -bits);
  }

  private findRun(pages: number): number {
    const { free, lowest } = this;
    const kind = Math.min(pages, LONG);
    let length = 0;
    let least = free.length;
    let run = -1;
    for (let word = lowest[kind] as number; word < free.length && run < 0; word++) {
      const bits = free[word] as number;
      if (bits === 0) {
        length = 0;
        continue;
      }
      for (let bit = 0; bit < 32 && run < 0; bit++) {
        length = (bits >>> bit) & 1 ? length + 1 : 0;
        if (length === kind && least === free.length) least = (word * 32 + bit + 1 - kind) >>> 5;
        if (length === pages) run = word * 32 + bit + 1 - pages;
      }
    }
    lowest[kind] = least;
    return run;
  }

  /** Pages from the memory; what a run leaves of them is free. */
  private acquire(pages: number): number {
    const count = Math.ceil(pages / V1_PAGES_A_PAGE);
    const first = this.memory.acquire(count, this.owner) / V1_PAGE_BYTES;
    const words = Math.ceil((first + count * V1_PAGES_A_PAGE) / 32);
    if (words > this.free.length) {
      const larger = new Uint32Array(Math.max(words, this.free.length * 2));
      larger.set(this.free);
      this.free = larger;
    }
    this.mark(first, count * V1_PAGES_A_PAGE, true);
    return first;
  }

  private mark(first: number, pages: number, free: boolean): void {
    for (let page = first; page < first + pages; page++) {
      const bit = 1 << (page & 31);
      if (free) this.free[page >>> 5]! |= bit;
      else this.free[page >>> 5]! &= ~bit;
    }
    if (!free) return;
    // A run that is longer now may start up to LONG - 1 pages before.
    const word = Math.max(first - V1_PAGES_A_PAGE, 0) >>> 5;
    for (let kind = 1; kind <= LONG; kind++) this.lowest[kind] = Math.min(this.lowest[kind] as number, word);
  }
}
