import { requireStack, type StackGuard } from "@morph/memory";
import type { Chunks } from "./chunks.ts";
import type { HugeObjects } from "./huge-objects.ts";
import { GRANULE_BYTES, PAGE_GRANULES } from "./layout.ts";
import type { Pages } from "./pages.ts";
import type { Slabs } from "./slabs.ts";
import { LAYERS } from "./stack.ts";

// A constant: see `StackGuard`.
const needStack = requireStack;

/**
 * Finds chunks and huge objects when no bin has a chunk: among chunks that wait for their size, in empty slabs, in pages of the memory, among
 * chunks that the bins hide, and in pages that other parts of the heap do not need, in this order. A search that found nothing is not
 * repeated before something is freed, so that a refusal costs little.
 */
export class Supply {
  private readonly chunks: Chunks;
  private readonly pages: Pages;
  private readonly huge: HugeObjects;
  private readonly slabs: Slabs;
  private readonly slow: StackGuard;
  /** The count of releases at the last trim: until it changes there is nothing to return. */
  private trimmedAt = -1;
  /** Whether the last {@link takeHuge} returned a chunk. */
  isChunk = false;
  private readonly refusedChunk: Refusal;
  private readonly refusedHuge: Refusal;

  constructor(chunks: Chunks, pages: Pages, huge: HugeObjects, slabs: Slabs, slow: StackGuard) {
    this.chunks = chunks;
    this.pages = pages;
    this.huge = huge;
    this.slabs = slabs;
    this.slow = slow;
    this.refusedChunk = new Refusal(chunks, pages);
    this.refusedHuge = new Refusal(chunks, pages);
  }

  /**
   * Takes a chunk at a multiple of `align` granules, at most a page. O(1), but for new pages and before a refusal.
   * @returns its first granule; -1 when there is no room
   */
  takeChunk(granules: number, align: number): number {
    this.slow.require(granules);
    const { chunks, pages } = this;
    // Slabs are to lie where other chunks leave most room, so that waiting chunks are merged first.
    if (align > 1) chunks.coalesceWaiting();
    let granule = this.take(granules, align);
    if (granule >= 0) return granule;
    const { releases } = chunks;
    chunks.coalesceWaiting();
    this.slabs.dropEmpty();
    if (releases !== chunks.releases) granule = this.take(granules, align);
    if (granule >= 0) return granule;
    if (pages.grow(granules, align)) granule = this.take(granules, align);
    if (granule >= 0) return granule;
    if (this.refusedChunk.holds(granules, align)) return -1;
    // What follows is seldom called. Each step until here leaves the heap whole.
    needStack(LAYERS);
    granule = chunks.search(granules, align);
    if (granule < 0 && this.trim() > 0 && pages.grow(granules, align)) {
      granule = this.take(granules, align);
      if (granule < 0) granule = chunks.search(granules, align);
    }
    if (granule < 0 && pages.growBetween(granules, align)) granule = chunks.search(granules, align);
    if (granule < 0) this.refusedChunk.note(granules, align);
    return granule;
  }

  /**
   * Takes a run of pages, or a chunk where there is no run: at a multiple of `align` pages. O(pages of the memory).
   * @returns its pointer, 0 when there is no room; `isChunk` tells which it is
   */
  takeHuge(granules: number, pages: number, align: number): number {
    const { chunks } = this;
    this.isChunk = false;
    let pointer = this.pages.takeHuge(pages, align);
    if (pointer !== 0) return pointer;
    this.slow.require(pages);
    // A chunk may lie across pages. A trim would return some of them, and make it smaller.
    chunks.coalesceWaiting();
    this.slabs.dropEmpty();
    if (this.refusedHuge.holds(granules, align)) return 0;
    needStack(LAYERS);
    const granuleAlign = align === 1 ? 1 : align * PAGE_GRANULES;
    let granule = chunks.search(granules, granuleAlign);
    if (granule < 0 && this.trim() > 0) pointer = this.pages.takeHuge(pages, align);
    if (granule < 0 && pointer === 0 && this.pages.growBetween(granules, granuleAlign)) {
      granule = chunks.search(granules, granuleAlign);
    }
    if (granule < 0) {
      if (pointer === 0) this.refusedHuge.note(granules, align);
      return pointer;
    }
    this.isChunk = true;
    return granule * GRANULE_BYTES;
  }

  /** Returns all pages without a live object, and tables without use. O(bins + MiB of addresses). @returns their bytes */
  trim(): number {
    const { chunks } = this;
    chunks.coalesceWaiting();
    this.slabs.dropEmpty();
    let bytes = this.huge.dropTable();
    if (this.trimmedAt !== chunks.releases) bytes += this.pages.releaseAll();
    this.trimmedAt = chunks.releases;
    return bytes + this.pages.dropRecords();
  }

  private take(granules: number, align: number): number {
    return align === 1 ? this.chunks.take(granules) : this.chunks.takeAligned(granules, align);
  }
}

/** What was not found last, and all that decides on it: as long as that is the same, it will not be found. */
class Refusal {
  private granules = Number.POSITIVE_INFINITY;
  private align = 1;
  private releases = 0;
  private inMemory = 0;
  private footprint = 0;
  private maxBytes = 0;
  private readonly chunks: Chunks;
  private readonly pages: Pages;

  constructor(chunks: Chunks, pages: Pages) {
    this.chunks = chunks;
    this.pages = pages;
  }

  note(granules: number, align: number): void {
    this.granules = granules;
    this.align = align;
    this.releases = this.chunks.releases;
    this.inMemory = this.pages.releasesOfMemory;
    this.footprint = this.pages.footprint;
    this.maxBytes = this.pages.maxBytes;
  }

  /** Whether so much, at such a place, was not found before, and nothing has changed. O(1). */
  holds(granules: number, align: number): boolean {
    return (
      granules >= this.granules &&
      align >= this.align &&
      this.releases === this.chunks.releases &&
      this.inMemory === this.pages.releasesOfMemory &&
      this.footprint === this.pages.footprint &&
      this.maxBytes === this.pages.maxBytes
    );
  }
}
