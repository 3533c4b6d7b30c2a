import { type AddressSpace, BurstGuard, MorphError, PAGE_BYTES, repeatedRefusal, requireStack } from "@morph/memory";
import type { Chunks } from "./chunks.ts";
import type { HugeObjects } from "./huge-objects.ts";
import {
  CONTROL_BYTES,
  DIRECTORY_BYTES,
  GRANULE_BYTES,
  LARGEST,
  PAGE_GRANULES,
  POINTER,
  TABLE_BYTES,
  WHERE,
} from "./layout.ts";
import { LAYERS } from "./stack.ts";

// Constants, as the guards: see `BurstGuard`.
const needStack = requireStack;
const growing = /* @__PURE__ */ new BurstGuard(LAYERS);
const takingHuge = /* @__PURE__ */ new BurstGuard(LAYERS);
const resizingHuge = /* @__PURE__ */ new BurstGuard(LAYERS);

const SPANS_A_PAGE = 16;
/** The whole pages in a free chunk of so many granules, 1 MiB, are released without a trim. */
const RELEASE_GRANULES = 8192;

/** The pages of a heap. It takes as few from the memory as will do, and releases runs that become free. */
export class Pages {
  /** Pages of the space, and bytes of all tables. */
  count = 0;
  tableBytes = 0;
  /** The most bytes that the heap had at once. */
  peak = 0;
  /** The granule at which the pages end that were added last at the upper end; the memory may have free pages right behind it. */
  top = 0;
  /** Whether there may be records in which no span has an owner. */
  recordsUnused = false;

  /** The size that {@link growBetween} did not find last, and the counts at that time. */
  private vain: { granules: number; align: number; releases: number; inMemory: number; most: number } = {
    granules: 0,
    align: 0,
    releases: -1,
    inMemory: -1,
    most: 0,
  };

  private readonly memory: AddressSpace;
  private readonly owner: number;
  /** Bytes that the footprint never grows past. */
  maxBytes: number;
  private readonly chunks: Chunks;
  private readonly huge: HugeObjects;
  private readonly coalesced: (start: number) => void;

  constructor(memory: AddressSpace, owner: number, maxBytes: number, chunks: Chunks, huge: HugeObjects) {
    this.memory = memory;
    this.owner = owner;
    this.maxBytes = maxBytes;
    this.chunks = chunks;
    this.huge = huge;
    this.coalesced = (start) => this.releaseLarge(start);
  }

  /** Bytes of pages and tables taken from the memory now. O(1). */
  get footprint(): number {
    // Before `open` there is no control table to read.
    const runs = this.chunks.control === 0 ? 0 : this.huge.pages * PAGE_BYTES + this.huge.tableBytes;
    return this.count * PAGE_BYTES + this.tableBytes + runs;
  }

  /** Counts how often the memory got free pages. O(1). */
  get releasesOfMemory(): number {
    return this.memory.releases;
  }

  /**
   * Takes the tables that every heap has.
   * @throws ERR_MORPH_OUT_OF_MEMORY; then it has taken nothing
   */
  open(): void {
    if (DIRECTORY_BYTES + CONTROL_BYTES > this.maxBytes) throw this.refusal(DIRECTORY_BYTES + CONTROL_BYTES, false);
    const directory = this.memory.acquireTable(DIRECTORY_BYTES);
    try {
      this.chunks.control = (this.memory.acquireTable(CONTROL_BYTES) / 4) | 0;
    } catch (error) {
      this.memory.releaseTable(directory, DIRECTORY_BYTES);
      throw error;
    }
    this.chunks.directory = (directory / 4) | 0;
    this.took(DIRECTORY_BYTES + CONTROL_BYTES);
  }

  /** Forgets the space and its records, and empties the tables; the pages are the caller's. */
  clear(): void {
    const { i32, control, directory } = this.chunks;
    this.huge.clear();
    this.dropAllRecords();
    i32.fill(0, control, control + CONTROL_BYTES / 4);
    i32.fill(0, directory, directory + DIRECTORY_BYTES / 4);
  }

  /** Releases what {@link open} took, and all records. The pages are the caller's. */
  close(): void {
    this.huge.clear();
    this.dropAllRecords();
    this.memory.releaseTable(this.chunks.directory * 4, DIRECTORY_BYTES);
    this.memory.releaseTable(this.chunks.control * 4, CONTROL_BYTES);
    this.forget();
  }

  /** Forgets everything, when the memory is gone. */
  forget(): void {
    this.count = this.top = this.tableBytes = 0;
    this.chunks.directory = this.chunks.control = 0;
  }

  /**
   * Adds pages to the space so that a free chunk of that many granules is there, at a multiple of `align` granules, at most
   * a page. If the space ends with a free chunk that the memory can make longer, that saves pages. O(pages).
   * @returns false when there is no room; then the space is as it was
   */
  grow(granules: number, align: number): boolean {
    const start = (this.top - this.freeAtTop() + align - 1) & -align;
    const missing = Math.max(1, Math.ceil((start + granules - this.top) / PAGE_GRANULES));
    if (!this.fits(missing) || this.memory.refuses(missing)) return false;
    growing.require(granules);
    // Pages start at a multiple of every such alignment.
    const pages = Math.ceil(granules / PAGE_GRANULES);
    // A hole lower down is better, unless the free end makes the difference.
    if (missing < pages && this.addAtTop(missing)) return true;
    const pointer = this.takeWithRecords(pages);
    if (pointer === 0) return false;
    this.adopt(pointer, pages);
    const end = pointer / GRANULE_BYTES + pages * PAGE_GRANULES;
    if (end > this.top) this.top = end;
    return true;
  }

  /**
   * Adds free pages of the memory that lie next to free chunks, so that a free chunk of that many granules is there, at a multiple of `align`
   * granules. O(pages of the memory), O(1) when it found nothing before and nothing has become free since.
   * @returns false when there is no such place; then the space is as it was
   */
  growBetween(granules: number, align: number): boolean {
    if (granules <= PAGE_GRANULES || !this.mayHaveChanged(granules, align)) return false;
    const { memory } = this;
    const end = memory.u8.length / PAGE_BYTES;
    for (let page = memory.firstPage; page < end; page++) {
      const first = page;
      while (page < end && memory.ownerOf(page * PAGE_BYTES) === 0) page++;
      if (page > first && this.joinAround(first, page, granules, align)) return true;
    }
    this.vain = { granules, align, releases: this.chunks.releases, inMemory: memory.releases, most: this.mostPages };
    return false;
  }

  private mayHaveChanged(granules: number, align: number): boolean {
    const { vain } = this;
    if (vain.releases !== this.chunks.releases || vain.inMemory !== this.memory.releases) return true;
    return granules < vain.granules || align < vain.align || this.mostPages > vain.most;
  }

  /** Pages that may still be taken. */
  private get mostPages(): number {
    return Math.floor((this.maxBytes - this.footprint) / PAGE_BYTES);
  }

  /** Takes as many of the free pages from `first` to `end` as make a chunk with what is free before and behind them. */
  private joinAround(first: number, end: number, granules: number, align: number): boolean {
    const { chunks } = this;
    const before = chunks.before(first * PAGE_GRANULES);
    const isBeforeFree = before >= 0 && chunks.isFree(chunks.record(before >>> 5), before);
    const lowest = isBeforeFree ? before : first * PAGE_GRANULES;
    const after = chunks.spaceAt(end * PAGE_GRANULES);
    const isAfterFree = after !== 0 && chunks.isFree(after, end * PAGE_GRANULES);
    const highest = isAfterFree ? chunks.endOf(after, end * PAGE_GRANULES) : end * PAGE_GRANULES;
    // As low as possible uses what is free before the pages, as high as possible what is free behind them.
    const places = [Math.ceil(lowest / align) * align, Math.floor((highest - granules) / align) * align];
    for (const place of places) {
      if (place < lowest || place + granules > highest) continue;
      const from = Math.max(first, Math.floor(place / PAGE_GRANULES));
      const to = Math.min(end, Math.ceil((place + granules) / PAGE_GRANULES));
      if (from < to && this.takeAt(from, to - from)) return true;
    }
    return false;
  }

  private takeAt(page: number, pages: number): boolean {
    const pointer = page * PAGE_BYTES;
    if (!this.fits(pages)) return false;
    if (this.lacksRecords(pointer, pages) && !(this.addRecords(pointer, pages) && this.fits(pages))) return false;
    if (!this.memory.tryAcquireAt(pointer, pages, this.owner)) return false;
    this.adopt(pointer, pages);
    this.top = Math.max(this.top, (page + pages) * PAGE_GRANULES);
    return true;
  }

  /** Pages and the records for them. @returns their pointer; 0 when there is no room, nothing is taken then */
  private takeWithRecords(pages: number): number {
    if (!this.fits(pages)) return 0;
    let pointer = this.memory.tryAcquire(pages, this.owner);
    if (pointer === 0) return 0;
    let lacks = this.lacksRecords(pointer, pages);
    if (lacks) {
      // Tables first: behind the pages, they would be in the way of what wants to grow.
      this.memory.release(pointer, pages);
      needStack(LAYERS);
      if (!this.addRecords(pointer, pages) || !this.fits(pages)) return 0;
      pointer = this.memory.tryAcquire(pages, this.owner);
      if (pointer === 0) return 0;
      // The tables may have taken just those pages.
      lacks = this.lacksRecords(pointer, pages);
    }
    if (!lacks || (this.addRecords(pointer, pages) && this.fits(pages))) return pointer;
    this.memory.release(pointer, pages);
    return 0;
  }

  /** Makes the space longer at `top`, where a free or live chunk ends. @returns whether it could */
  addAtTop(pages: number): boolean {
    const last = (this.top - PAGE_GRANULES) * GRANULE_BYTES;
    if (!this.fits(pages) || this.memory.ownerOf(last) !== this.owner) return false;
    const pointer = this.top * GRANULE_BYTES;
    const lacks = this.lacksRecords(pointer, pages);
    if (lacks) needStack(LAYERS);
    else growing.require(pages);
    if (!this.memory.tryExtend(last, 1, pages)) return false;
    if (lacks && !(this.addRecords(pointer, pages) && this.fits(pages))) {
      this.memory.release(pointer, pages);
      return false;
    }
    this.adopt(pointer, pages);
    this.top += pages * PAGE_GRANULES;
    return true;
  }

  /**
   * Releases the pages of a free chunk that has just grown, when it is a large one. O(1), O(pages) when it is.
   * @param granule where it starts; -1 for none
   */
  releaseLarge(granule: number): void {
    const { freeSize } = this.chunks;
    if (granule < 0 || freeSize < RELEASE_GRANULES) return;
    try {
      needStack(LAYERS);
    } catch {
      // The caller has freed an object, so that it may not throw: the pages stay.
      return;
    }
    this.releasePages(granule, freeSize);
  }

  /** Coalesces the chunks that wait for their size. Called when no object is live. O(sizes). */
  coalesceWaiting(): void {
    this.chunks.coalesceWaiting(this.coalesced);
  }

  /** Releases the whole pages in a free chunk. O(pages). @returns their bytes */
  releasePages(granule: number, granules: number): number {
    const first = Math.ceil(granule / PAGE_GRANULES);
    const pages = Math.floor((granule + granules) / PAGE_GRANULES) - first;
    if (pages <= 0) return 0;
    this.chunks.removeSpans(granule, first * SPANS_A_PAGE, pages * SPANS_A_PAGE);
    this.memory.release(first * PAGE_BYTES, pages);
    this.recordsUnused = true;
    this.count -= pages;
    if ((first + pages) * PAGE_GRANULES === this.top) this.top = first * PAGE_GRANULES;
    return pages * PAGE_BYTES;
  }

  /** Releases the whole pages in all free chunks. O(bins + pages released). @returns their bytes */
  releaseAll(): number {
    this.chunks.coalesceWaiting();
    this.chunks.binVictim();
    const { i32 } = this.chunks;
    let bytes = 0;
    // A chunk with a whole page in it is the largest of the span that it starts in.
    for (const record of this.chunks.spansWithFree(PAGE_GRANULES)) {
      const granule = ((i32[record + POINTER] as number) >>> 7) + (i32[record + WHERE] as number);
      bytes += this.releasePages(granule, i32[record + LARGEST] as number);
    }
    return bytes;
  }

  /**
   * Takes a run of pages for a huge object, at a multiple of `align` pages. O(pages).
   * @returns its pointer; 0 when there is no room, nothing is taken then
   */
  takeHuge(pages: number, align: number): number {
    // A refusal that repeats another asks for no table.
    if (this.memory.refuses(pages) || !this.fits(pages)) return 0;
    takingHuge.require(pages);
    const mayHave = this.reserveHuge() && this.fits(pages);
    const pointer = mayHave ? this.memory.tryAcquire(pages, this.owner, align) : 0;
    if (pointer === 0) return 0;
    this.huge.add(pointer / PAGE_BYTES, pages);
    this.chunks.zeroedFrom = Math.ceil(this.memory.zeroedFrom / GRANULE_BYTES);
    this.took(0);
    takingHuge.ran();
    return pointer;
  }

  private reserveHuge(): boolean {
    const bytes = this.huge.missingTableBytes();
    if (bytes > 0) {
      needStack(LAYERS);
      const table = this.acquireTable(bytes);
      if (table === 0) return false;
      this.huge.moveTo(table, bytes);
      this.took(0);
    }
    return true;
  }

  /** Gives a huge object another size in place, 0 to free it. O(pages). @returns whether it could; it can always make it shorter */
  resizeHuge(pointer: number, has: number, pages: number): boolean {
    if (pages > has && !this.fits(pages - has)) return false;
    resizingHuge.require(pages);
    if (pages < has) {
      this.memory.release(pointer + pages * PAGE_BYTES, has - pages);
    } else if (!this.memory.tryExtend(pointer, has, pages - has)) {
      return false;
    }
    this.huge.resize(pointer / PAGE_BYTES, pages);
    this.took(0);
    resizingHuge.ran();
    return true;
  }

  /** Releases tables that describe nothing. O(MiB of addresses). @returns their bytes */
  dropRecords(): number {
    if (!this.recordsUnused) return 0;
    this.recordsUnused = false;
    const bytes = this.chunks.dropRecords(false);
    this.tableBytes -= bytes;
    return bytes;
  }

  private dropAllRecords(): void {
    this.count = this.top = 0;
    this.tableBytes -= this.chunks.dropRecords(true);
  }

  /** Granules of the free chunk that ends at `top`. */
  private freeAtTop(): number {
    if (this.top === 0) return 0;
    const start = this.chunks.before(this.top);
    return start >= 0 && this.chunks.isFree(this.chunks.record(start >>> 5), start) ? this.top - start : 0;
  }

  /** Makes pages that have records a free part of the space. */
  private adopt(pointer: number, pages: number): void {
    this.count += pages;
    this.took(0);
    const end = pointer / GRANULE_BYTES + pages * PAGE_GRANULES;
    const zeroed = Math.min(end, Math.ceil(this.memory.zeroedFrom / GRANULE_BYTES));
    if (zeroed > pointer / GRANULE_BYTES && zeroed > this.chunks.fresh) this.chunks.fresh = zeroed;
    this.chunks.addSpans((pointer / PAGE_BYTES) * SPANS_A_PAGE, pages * SPANS_A_PAGE);
    growing.ran();
  }

  private lacksRecords(pointer: number, pages: number): boolean {
    const first = (pointer / PAGE_BYTES) * SPANS_A_PAGE;
    for (let span = first; span < first + pages * SPANS_A_PAGE; span += SPANS_A_PAGE) {
      if (this.chunks.record(span) === 0) return true;
    }
    return false;
  }

  /** Makes sure that pages have records. @returns false when there is no room; tables taken before that stay */
  private addRecords(pointer: number, pages: number): boolean {
    const first = (pointer / PAGE_BYTES) * SPANS_A_PAGE;
    for (let mib = first >>> 8; mib <= (first + pages * SPANS_A_PAGE - 1) >>> 8; mib++) {
      if (this.chunks.hasRecords(mib)) continue;
      const table = this.acquireTable(TABLE_BYTES);
      if (table === 0) return false;
      this.recordsUnused = true;
      this.chunks.addRecords(mib, (table / 4) | 0);
      this.took(TABLE_BYTES);
    }
    return true;
  }

  private acquireTable(bytes: number): number {
    return this.footprint + bytes > this.maxBytes ? 0 : this.memory.tryAcquireTable(bytes);
  }

  private took(tableBytes: number): void {
    this.tableBytes += tableBytes;
    if (this.footprint > this.peak) this.peak = this.footprint;
  }

  private fits(pages: number): boolean {
    return this.footprint + pages * PAGE_BYTES <= this.maxBytes;
  }

  /** The error for a request that found no room. */
  refusal(bytes: number, repeated: boolean): MorphError {
    const most = this.maxBytes === Number.POSITIVE_INFINITY ? "what the memory has" : this.maxBytes;
    const message = `no room for ${bytes} bytes: the heap has ${this.footprint} bytes and may have ${most}`;
    return repeated
      ? repeatedRefusal("ERR_MORPH_OUT_OF_MEMORY", message)
      : new MorphError("ERR_MORPH_OUT_OF_MEMORY", message);
  }
}
