import type { Blocks } from "./blocks.ts";
import { GRANULE_BYTES, PAGE_GRANULES } from "./layout.ts";
import type { Pages } from "./pages.ts";
import type { Runs } from "./runs.ts";
import type { Slabs } from "./slabs.ts";
import { requireStack } from "./stack.ts";

const needStack = requireStack;

/**
 * Where room comes from when no bin has any: blocks that wait for their size, slabs that are empty, pages of the memory, blocks
 * that the bins hide, and pages that come back from elsewhere in the heap, in this order. What was in vain is not tried again
 * before something is freed, so that a refusal costs little.
 */
export class Room {
  private readonly blocks: Blocks;
  private readonly pages: Pages;
  private readonly runs: Runs;
  private readonly slabs: Slabs;
  /** The count of releases at which nothing was left to return. */
  private trimmedAt = -1;
  /** Whether the last {@link takeRun} gave a block. */
  isBlock = false;

  constructor(blocks: Blocks, pages: Pages, runs: Runs, slabs: Slabs) {
    this.blocks = blocks;
    this.pages = pages;
    this.runs = runs;
    this.slabs = slabs;
  }

  /**
   * Takes a block at a multiple of `align` granules, at most a page. O(1), but for new pages and before a refusal.
   * @returns its first granule; -1 when there is no room
   */
  takeBlock(granules: number, align: number): number {
    needStack(granules);
    const { blocks, pages } = this;
    // Slabs are to be where blocks leave most room, so that what waits comes first.
    if (align > 1) blocks.releaseWaiting();
    let granule = this.take(granules, align);
    if (granule >= 0) return granule;
    const { releases } = blocks;
    blocks.releaseWaiting();
    this.slabs.dropEmpty();
    if (releases !== blocks.releases) granule = this.take(granules, align);
    if (granule < 0 && pages.grow(granules, align)) granule = this.take(granules, align);
    if (granule < 0) granule = blocks.search(granules, align);
    if (granule < 0 && this.trim() > 0 && pages.grow(granules, align)) {
      granule = this.take(granules, align);
      if (granule < 0) granule = blocks.search(granules, align);
    }
    return granule >= 0 || !pages.growBetween(granules, align) ? granule : blocks.search(granules, align);
  }

  /**
   * Takes a run of pages, or a block where there is no run: at a multiple of `align` pages. O(pages of the memory).
   * @returns its pointer, 0 when there is no room; `isBlock` tells which it is
   */
  takeRun(granules: number, pages: number, align: number): number {
    const { blocks } = this;
    this.isBlock = false;
    needStack(pages);
    let pointer = this.pages.takeRun(pages, align);
    if (pointer !== 0) return pointer;
    const granuleAlign = align === 1 ? 1 : align * PAGE_GRANULES;
    // A block that lies across pages. To return its pages would make it smaller.
    blocks.releaseWaiting();
    this.slabs.dropEmpty();
    let granule = blocks.search(granules, granuleAlign);
    if (granule < 0 && this.trim() > 0) pointer = this.pages.takeRun(pages, align);
    if (granule < 0 && pointer === 0 && this.pages.growBetween(granules, granuleAlign)) {
      granule = blocks.search(granules, granuleAlign);
    }
    if (granule < 0) return pointer;
    this.isBlock = true;
    return granule * GRANULE_BYTES;
  }

  /** Returns all pages without a live object, and tables without use. O(bins + MiB of addresses). @returns their bytes */
  trim(): number {
    const { blocks } = this;
    blocks.releaseWaiting();
    this.slabs.dropEmpty();
    let bytes = this.runs.dropTable();
    if (this.trimmedAt !== blocks.releases) bytes += this.pages.giveBackAll();
    this.trimmedAt = blocks.releases;
    return bytes + this.pages.dropRecords();
  }

  private take(granules: number, align: number): number {
    return align === 1 ? this.blocks.take(granules) : this.blocks.takeAligned(granules, align);
  }
}
