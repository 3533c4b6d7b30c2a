import { PAGE_BYTES } from "./address-space.ts";
import { describe, MorphError } from "./errors.ts";
import {
  BESIDE,
  BITS,
  DIRTY,
  FIRST,
  GRANULE_BYTES,
  GRANULES,
  GUARD_BYTES,
  LARGE,
  MEMORY_HEAD_BYTES,
  NEXT,
  PAGES,
  REGION_HEAD_BYTES,
  THEIRS,
  USED,
} from "./layout.ts";

/*
 * Side tables lie apart from everything that allocators hand out: in runs of pages that no allocator had before, so that a write
 * through a stale pointer does not reach them, and behind guard bytes that are never handed out, so that a write a little past an object does
 * not reach them either.
 *
 *   region                                                                              region's end
 *   ┌───────────┬─────────┬───────────────┬───────────────┬──────────────────────────┬───────────┐
 *   │ guard     │ head    │ used: one bit │ start: one    │ granules of 64 bytes,    │ guard     │
 *   │ 1 KiB     │ 64 bytes│ a granule     │ bit a granule │ of which tables are made │ 1 KiB     │
 *   └───────────┴─────────┴───────────────┴───────────────┴──────────────────────────┴───────────┘
 *
 * In the first region the memory's head takes the place of the guard. A table that needs more than half a page gets a region of its own.
 */

/** Most pages of a region that several tables share. */
const MAX_SHARED_PAGES = 16;

/** Granules of the largest table that shares a region. */
const LARGEST_SHARED = PAGE_BYTES / 2 / GRANULE_BYTES;

/** The regions of a memory; see above. Regions are named by the pointer of their head, 0 is none. */
export class TableRegions {
  /** The memory, replaced whenever it grows. */
  i32: Int32Array;
  /** The first region, which is never released. */
  readonly first: number;

  constructor(i32: Int32Array, first: number) {
    this.i32 = i32;
    this.first = first;
  }

  /**
   * Makes a region of a run of pages. O(pages).
   * @param zeroed whether the pages hold zeros
   * @param large whether it is for one large table
   * @returns the region
   */
  add(pointer: number, pages: number, zeroed: boolean, large: boolean): number {
    const reserved = pointer + MEMORY_HEAD_BYTES === this.first ? MEMORY_HEAD_BYTES : GUARD_BYTES;
    const head = pointer + reserved;
    const { granules, bitWords } = layoutOf(pages, reserved);
    const bits = head + REGION_HEAD_BYTES;
    this.i32.fill(0, head / 4, bits / 4 + bitWords * 2);
    this.set(head, PAGES, pages);
    this.set(head, GRANULES, granules);
    this.set(head, DIRTY, zeroed ? 0 : granules);
    this.set(head, LARGE, large ? 1 : 0);
    this.set(head, BESIDE, 0);
    this.set(head, THEIRS, 0);
    this.set(head, BITS, bits / 4);
    this.set(head, FIRST, bits + Math.ceil((bitWords * 8) / GRANULE_BYTES) * GRANULE_BYTES);
    if (head !== this.first) {
      this.set(head, NEXT, this.get(this.first, NEXT));
      this.set(this.first, NEXT, head);
    }
    return head;
  }

  /** A zero-filled table of `granules`, or 0 when no region has room for it. O(regions + granules of one). */
  take(granules: number): number {
    for (let head = this.first; head !== 0; head = this.get(head, NEXT) >>> 0) {
      if (this.get(head, GRANULES) - this.get(head, USED) < granules) continue;
      if (this.get(head, LARGE) === 1 && this.get(head, USED) > 0) continue;
      const granule = this.findFree(head, granules);
      if (granule >= 0) return this.claim(head, granule, granules);
    }
    return 0;
  }

  /**
   * Takes back a table.
   * @returns the region when nothing is left in it and it is no region any more, else 0
   * @throws ERR_MORPH_DOUBLE_FREE, ERR_MORPH_INVALID_POINTER; then nothing has changed
   */
  release(pointer: number, granules: number): number {
    const { head, granule } = this.placeOf(pointer);
    if (granule < 0 || granule % 1 !== 0 || this.sizeAt(head, granule) !== granules) {
      const free = granule >= 0 && granule % 1 === 0 && !this.isUsed(head, granule);
      throw new MorphError(
        free ? "ERR_MORPH_DOUBLE_FREE" : "ERR_MORPH_INVALID_POINTER",
        `expected the pointer of a table of ${granules * GRANULE_BYTES} bytes, got ${describe(pointer)}`,
      );
    }
    this.setStart(head, granule, 0);
    this.setUsed(head, granule, granule + granules, false);
    const used = this.get(head, USED) - granules;
    this.set(head, USED, used);
    if (used > 0 || head === this.first) return 0;
    let before = this.first;
    while (this.get(before, NEXT) >>> 0 !== head) before = this.get(before, NEXT) >>> 0;
    this.set(before, NEXT, this.get(head, NEXT));
    return head;
  }

  /** Whether a table starts at a pointer. O(regions). */
  has(pointer: number): boolean {
    const { head, granule } = this.placeOf(pointer);
    return granule >= 0 && granule % 1 === 0 && this.isStart(head, granule);
  }

  /** The region in whose tables a pointer lies, and its granule; which is -1 when there is none. */
  private placeOf(pointer: number): { head: number; granule: number } {
    const head = typeof pointer === "number" ? this.regionOf(pointer) : 0;
    return { head, granule: head === 0 ? -1 : (pointer - (this.get(head, FIRST) >>> 0)) / GRANULE_BYTES };
  }

  private claim(head: number, granule: number, granules: number): number {
    const pointer = (this.get(head, FIRST) >>> 0) + granule * GRANULE_BYTES;
    const end = granule + granules;
    const dirty = Math.min(this.get(head, DIRTY), end);
    if (dirty > granule) this.i32.fill(0, pointer / 4, pointer / 4 + ((dirty - granule) * GRANULE_BYTES) / 4);
    this.set(head, DIRTY, Math.max(this.get(head, DIRTY), end));
    this.set(head, USED, this.get(head, USED) + granules);
    this.setStart(head, granule, 1);
    this.setUsed(head, granule, end, true);
    return pointer;
  }

  /** The first of the lowest so many free granules in a row; -1 when there are none. */
  private findFree(head: number, granules: number): number {
    const count = this.get(head, GRANULES);
    const bits = this.get(head, BITS);
    let start = 0;
    for (let granule = 0; granule < count; granule++) {
      if ((granule & 31) === 0 && this.i32[bits + (granule >>> 5)] === -1) {
        granule += 31;
        start = granule + 1;
      } else if (this.isUsed(head, granule)) start = granule + 1;
      else if (granule + 1 - start === granules) return start;
    }
    return -1;
  }

  /** The region in whose tables a pointer lies, or 0. */
  private regionOf(pointer: number): number {
    for (let head = this.first; head !== 0; head = this.get(head, NEXT) >>> 0) {
      const first = this.get(head, FIRST) >>> 0;
      if (pointer >= first && pointer < first + this.get(head, GRANULES) * GRANULE_BYTES) return head;
    }
    return 0;
  }

  /** Granules of the table that starts at a granule, 0 when none does. */
  private sizeAt(head: number, granule: number): number {
    if (!this.isStart(head, granule)) return 0;
    const count = this.get(head, GRANULES);
    const bits = this.get(head, BITS);
    const starts = bits + Math.ceil(count / 32);
    let end = granule + 1;
    while (end < count && this.isUsed(head, end) && !this.isStart(head, end)) {
      // Whole words at once: a large table has a million granules.
      const word = end >>> 5;
      end += (end & 31) === 0 && this.i32[bits + word] === -1 && this.i32[starts + word] === 0 ? 32 : 1;
    }
    return Math.min(end, count) - granule;
  }

  private isUsed(head: number, granule: number): boolean {
    return (((this.i32[this.get(head, BITS) + (granule >>> 5)] as number) >>> granule) & 1) === 1;
  }

  private isStart(head: number, granule: number): boolean {
    return (((this.i32[this.startWord(head, granule)] as number) >>> granule) & 1) === 1;
  }

  private setUsed(head: number, granule: number, end: number, used: boolean): void {
    const bits = this.get(head, BITS);
    let at = granule;
    while (at < end) {
      const words = (at & 31) === 0 ? (end - at) >>> 5 : 0;
      if (words > 0) this.i32.fill(used ? -1 : 0, bits + (at >>> 5), bits + (at >>> 5) + words);
      else this.setBit(bits + (at >>> 5), at, used ? 1 : 0);
      at += Math.max(words * 32, 1);
    }
  }

  private setStart(head: number, granule: number, bit: number): void {
    this.setBit(this.startWord(head, granule), granule, bit);
  }

  private startWord(head: number, granule: number): number {
    return this.get(head, BITS) + Math.ceil(this.get(head, GRANULES) / 32) + (granule >>> 5);
  }

  private setBit(word: number, granule: number, bit: number): void {
    this.i32[word] = ((this.i32[word] as number) & ~(1 << granule)) | (bit << granule);
  }

  /** A word of a region's head (`layout.ts`). O(1). */
  get(head: number, word: number): number {
    return this.i32[head / 4 + word] as number;
  }

  /** Sets one. O(1). */
  set(head: number, word: number, value: number): void {
    this.i32[head / 4 + word] = value;
  }
}

/** Whether a table of so many granules gets a region of its own. */
export function isLarge(granules: number): boolean {
  return granules > LARGEST_SHARED;
}

/** Granules of a table of `bytes`. */
export function granulesOf(bytes: number): number {
  return Math.ceil(bytes / GRANULE_BYTES);
}

/**
 * Pages of the region that is made when no region has room for a table: as many as a large table needs, else a quarter of all regions'
 * pages, so that there are few regions and little of them is empty.
 */
export function pagesOfRegion(granules: number, regionPages: number): { pages: number; least: number } {
  let least = 1;
  while (layoutOf(least, GUARD_BYTES).granules < granules) {
    least += Math.max(1, Math.floor(((granules - layoutOf(least, GUARD_BYTES).granules) * GRANULE_BYTES) / PAGE_BYTES));
  }
  if (isLarge(granules)) return { pages: least, least };
  return { pages: Math.max(least, Math.min(regionPages >>> 2, MAX_SHARED_PAGES)), least };
}

function layoutOf(pages: number, reserved: number): { granules: number; bitWords: number } {
  const room = pages * PAGE_BYTES - reserved - REGION_HEAD_BYTES - GUARD_BYTES;
  // Two bits beside each granule; rounded up to whole words, and these to a whole granule.
  let granules = Math.floor(room / (GRANULE_BYTES + 0.25));
  const bytes = (count: number): number => Math.ceil((Math.ceil(count / 32) * 8) / GRANULE_BYTES) * GRANULE_BYTES;
  while (granules * GRANULE_BYTES + bytes(granules) > room) granules--;
  return { granules, bitWords: Math.ceil(granules / 32) };
}
