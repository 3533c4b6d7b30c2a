import { PAGE_BYTES } from "./address-space.ts";
import * as WORD from "./head-words.ts";
import {
  BESIDE,
  FIRST_OWNER,
  FOREIGN,
  FREE,
  FRESH,
  LAYOUT_VERSION,
  MAGIC,
  MEMORY_HEAD_BYTES,
  MEMORY_ITSELF,
  PAGES,
  SPARE,
  THEIRS,
  UNCLEARED,
} from "./layout.ts";
import { granulesOf, pagesOfRegion, TableRegions } from "./table-regions.ts";

/** One page in so many is kept for side tables: a heap's records, of which a region of one page holds three, take one in 48. */
const TABLE_SHARE = 48;
/** In a small memory it is one; where there are fewer pages than eight, none. */
const LEAST_SHARED_PAGES = 8;
/** Of the pages beyond 256 MiB a smaller share is kept, just what a heap's records take of them. */
const LARGE_PAGES = 4096;
const LARGE_SHARE = 64;

/** Entries that a page map has at least, as the memory grows: 64 MiB, 512 MiB, 4 GiB. */
const MAP_LENGTHS: readonly number[] = [1024, 8192, 65536];

/** More pages than a memory can have. */
const FULL_MEMORY = 65537;

/** Pages that the records of a memory of `pageCount` pages take at first: the memory's head, the page map, the first small tables. */
export function recordPages(pageCount: number, maxPages: number): number {
  // The first table of the members lies there, too.
  return pagesOfRegion(granulesOf(mapLengthFor(pageCount, maxPages) * 4) + 1, 0).least;
}

/** Entries of a page map that covers `pageCount` pages. */
export function mapLengthFor(pageCount: number, maxPages: number): number {
  const length = MAP_LENGTHS.find((entries) => entries >= pageCount) as number;
  return Math.max(Math.min(length, maxPages), pageCount);
}

/** The memory's records in its own bytes (layout: `layout.ts`): head words, page map, table regions. */
export class Records {
  /** The side tables. */
  readonly tables: TableRegions;
  private view: Int32Array;
  /** Word index of the memory's head. */
  private readonly head: number;

  constructor(i32: Int32Array, firstPage: number) {
    this.view = i32;
    this.head = (firstPage * PAGE_BYTES) / 4;
    this.tables = new TableRegions(i32, firstPage * PAGE_BYTES + MEMORY_HEAD_BYTES);
  }

  /** The memory; it is set whenever it grows. */
  get i32(): Int32Array {
    return this.view;
  }
  set i32(i32: Int32Array) {
    this.view = this.tables.i32 = i32;
  }

  /** Whether the bytes already hold a memory's records. */
  get present(): boolean {
    return this.get(WORD.magic) === MAGIC;
  }

  /**
   * Writes the records of a memory in which nothing is handed out yet.
   * @param foreign whether the memory was made elsewhere, so that its pages may have been written to
   */
  write(firstPage: number, pageCount: number, maxPages: number, exactGrowth: boolean, foreign: boolean): void {
    const zeroed = !foreign;
    const pages = recordPages(pageCount, maxPages);
    const start = firstPage * PAGE_BYTES;
    this.view.fill(0, start / 4, (start + MEMORY_HEAD_BYTES) / 4);
    this.set(WORD.version, LAYOUT_VERSION);
    this.set(WORD.firstPage, firstPage);
    this.set(WORD.pageCount, pageCount);
    this.set(WORD.maxPages, maxPages);
    this.set(WORD.exactGrowth, exactGrowth ? 1 : 0);
    this.set(WORD.foreign, foreign ? 1 : 0);
    this.set(WORD.nextOwner, FIRST_OWNER);
    this.set(WORD.nextThread, 1);
    this.set(WORD.firstFree, firstPage);
    this.set(WORD.searchStart, firstPage);
    this.tables.add(start, pages, zeroed, false);
    const mapLength = mapLengthFor(pageCount, maxPages);
    this.set(WORD.map, this.tables.take(granulesOf(mapLength * 4)));
    this.set(WORD.mapLength, mapLength);
    this.setOwners(0, firstPage, FOREIGN);
    this.setOwners(firstPage, pageCount, zeroed ? FRESH : UNCLEARED);
    this.set(WORD.neverUsed, pageCount - firstPage);
    this.claimRegion(firstPage, pages);
    this.set(WORD.magic, MAGIC);
  }

  get(word: number): number {
    return this.view[this.head + word] as number;
  }

  set(word: number, value: number): void {
    this.view[this.head + word] = value;
  }

  /** Word index of a head word in the memory, for atomic access. */
  at(word: number): number {
    return this.head + word;
  }

  // --- the page map ------------------------------------------------------------------------------------------------

  /** What the map says of a page below `mapLength`. */
  owner(page: number): number {
    return this.view[this.mapWord + page] as number;
  }

  /** Word index of the page map. */
  private get mapWord(): number {
    return this.get(WORD.map) >>> 2;
  }

  private setOwners(page: number, end: number, owner: number): void {
    const map = this.mapWord;
    // A call of `fill` takes longer than a few pages.
    if (end - page > 16) this.view.fill(owner, map + page, map + end);
    else for (let word = map + page; word < map + end; word++) this.view[word] = owner;
  }

  /** Whether `pages` pages from `page` on are all the same owner's. */
  isRunOf(page: number, pages: number, owner: number): boolean {
    if (page + pages > this.knownPages()) return false;
    const { view } = this;
    const map = this.mapWord;
    for (let word = map + page; word < map + page + pages; word++) if (view[word] !== owner) return false;
    return true;
  }

  /** Whether `pages` pages from `page` on are all free for allocators. */
  isFreeRun(page: number, pages: number): boolean {
    if (page + pages > this.knownPages()) return false;
    const { view } = this;
    const map = this.mapWord;
    for (let word = map + page; word < map + page + pages; word++) if (!isFree(view[word] as number)) return false;
    return true;
  }

  /** Whether allocators may have just these pages now. O(pages). */
  isFreeForAllocators(page: number, pages: number): boolean {
    if (page + pages > this.knownPages()) return false;
    let left = this.leftBesideTables(pages);
    for (let each = page; each < page + pages; each++) {
      const owner = this.owner(each);
      if (!isFree(owner) && owner !== SPARE) return false;
      if (owner !== FREE && --left < 0) return false;
    }
    return true;
  }

  /** Pages that exist and that the map covers. */
  knownPages(): number {
    return Math.min(this.get(WORD.pageCount), this.get(WORD.mapLength));
  }

  /** The lowest run of `pages` free pages at a multiple of `align` pages, or 0 when there is none. */
  findRun(pages: number, align: number): number {
    const unfit = this.get(WORD.unfit);
    if (unfit !== 0 && pages >= unfit) return 0;
    let found = this.findRunFrom(pages, align);
    if (found === 0 && this.get(WORD.searchStart) !== this.get(WORD.firstPage)) {
      // The pages before the search's start are used when nothing else is left.
      this.set(WORD.searchStart, this.get(WORD.firstPage));
      this.set(WORD.firstFree, this.get(WORD.firstPage));
      found = this.findRunFrom(pages, align);
    }
    if (found === 0 && align === 1) this.set(WORD.unfit, Math.min(pages, FULL_MEMORY));
    return found;
  }

  /**
   * Keeps some of the pages that were never handed out for side tables, so that no table has to lie where objects were. It is called when the first
   * table is asked for. The kept pages are counted with the pages of table regions.
   */
  keepForTables(): void {
    if (this.get(WORD.tablePages) !== 0) return;
    const pages = this.unused();
    const inLarge = Math.max(0, pages - LARGE_PAGES);
    const share = Math.ceil((pages - inLarge) / TABLE_SHARE + inLarge / LARGE_SHARE);
    this.set(WORD.tablePages, pages < LEAST_SHARED_PAGES ? -1 : this.get(WORD.regionPages) + share);
  }

  /**
   * Keeps as many pages as before although a region of so many was made, as far as there are others.
   * @returns how many of the region's pages are not of those that were kept
   */
  private keepBeside(pages: number): number {
    const { kept } = this;
    if (kept + pages <= 0) return 0;
    const beside = Math.min(pages, Math.max(0, this.unused() - kept));
    this.set(WORD.tablePages, this.get(WORD.tablePages) + beside);
    return beside;
  }

  /**
   * How many of a run of `pages` may be such as no allocator had before. In a large memory a run longer than all that is kept for tables may take
   * what is kept: there it is the program's only large object.
   */
  leftBesideTables(pages: number): number {
    const { kept } = this;
    // `isLarge` first, so that it is compiled when `noteKept` calls it, after a change.
    const any = kept <= 0 || (this.isLarge && pages > kept);
    // Someone else's growth may have taken of what was kept, too.
    return any ? Number.POSITIVE_INFINITY : Math.max(0, this.unused() - kept);
  }

  /** Keeps nothing for tables any more when such a run took what was kept. */
  noteKept(): void {
    const { kept } = this;
    if (kept > 0 && this.unused() < kept && this.isLarge) this.set(WORD.tablePages, -1);
  }

  private get isLarge(): boolean {
    return this.get(WORD.maxPages) > LARGE_PAGES;
  }

  /** Pages that are kept for tables now. */
  private get kept(): number {
    return this.get(WORD.tablePages) - this.get(WORD.regionPages);
  }

  /** Pages that no allocator had yet, there or to be grown. */
  private unused(): number {
    return this.get(WORD.neverUsed) + this.get(WORD.spare) + this.get(WORD.maxPages) - this.get(WORD.pageCount);
  }

  /** The lowest run of free pages that allocators had before, but for `most` of them, or 0. */
  findMostlyUsedRun(pages: number, align: number, most: number): number {
    const end = this.knownPages();
    let start = alignUp(this.get(WORD.firstPage), align);
    let neverUsed = 0;
    for (let page = start; page < end; page++) {
      const owner = this.owner(page);
      if (isNeverUsed(owner)) neverUsed++;
      if (!isFree(owner)) {
        start = alignUp(page + 1, align);
        page = start - 1;
        neverUsed = 0;
      } else if (page + 1 - start === pages) {
        if (neverUsed <= most) return start;
        const next = Math.min(start + align, page + 1);
        neverUsed -= this.neverUsedIn(start, next - start);
        start += align;
        page = Math.max(page, start - 1);
      }
    }
    return 0;
  }

  /** How many pages of a run were never handed out. */
  neverUsedIn(page: number, pages: number): number {
    let count = 0;
    for (let each = page; each < page + pages; each++) if (isNeverUsed(this.owner(each))) count++;
    return count;
  }

  /** The same for the last pages of the memory. */
  neverUsedInTail(pages: number): number {
    return this.neverUsedIn(this.get(WORD.pageCount) - pages, pages);
  }

  /** The lowest run of free pages and of spare pages of table regions, which allocators get last; 0 when there is none. */
  findRunWithSpare(pages: number, align: number): number {
    if (this.get(WORD.spare) === 0) return 0;
    const end = this.knownPages();
    let start = alignUp(this.get(WORD.firstPage), align);
    for (let page = start; page < end; page++) {
      const owner = this.owner(page);
      if (!isFree(owner) && owner !== SPARE) start = alignUp(page + 1, align);
      else if (page + 1 - start === pages) return start;
    }
    return 0;
  }

  private findRunFrom(pages: number, align: number): number {
    const end = this.knownPages();
    const { view } = this;
    const map = this.mapWord;
    let start = this.get(WORD.firstFree);
    while (start < end && !isFree(view[map + start] as number)) start++;
    this.set(WORD.firstFree, start);
    start = alignUp(start, align);
    for (let page = start; page < end; page++) {
      if (!isFree(view[map + page] as number)) start = alignUp(page + 1, align);
      else if (page + 1 - start === pages) return start;
    }
    return 0;
  }

  /** Where a table region of `pages` may lie, or 0: never where an allocator's pages were. */
  findRegion(pages: number): number {
    if (this.get(WORD.spare) >= pages) {
      const page = this.findLowest(pages, this.knownPages(), (owner) => owner === SPARE);
      if (page !== 0) return page;
    }
    const aside = this.get(WORD.searchStart);
    const page = this.findLowest(pages, aside, isNeverUsed) || this.findHighestNeverUsed(pages);
    if (page !== 0 || this.get(WORD.spare) === 0) return page;
    return this.findLowest(pages, this.knownPages(), isForRegions);
  }

  /** The lowest run of pages that were never handed out, or 0. */
  findLowestNeverUsed(pages: number): number {
    return this.get(WORD.neverUsed) < pages ? 0 : this.findLowest(pages, this.knownPages(), isNeverUsed);
  }

  private findLowest(pages: number, end: number, isWanted: (owner: number) => boolean): number {
    for (let page = this.get(WORD.firstPage), run = 0; page < end; page++) {
      run = isWanted(this.owner(page)) ? run + 1 : 0;
      if (run === pages) return page + 1 - pages;
    }
    return 0;
  }

  /** The highest run that was never handed out, or 0: there it is out of the way of runs that grow. */
  private findHighestNeverUsed(pages: number): number {
    if (this.get(WORD.neverUsed) < pages) return 0;
    for (let page = this.knownPages() - 1, run = 0; page >= this.get(WORD.firstPage); page--) {
      run = isNeverUsed(this.owner(page)) ? run + 1 : 0;
      if (run === pages) return page;
    }
    return 0;
  }

  /** Free pages at the very end of the memory. */
  tailRun(): number {
    return this.tail(isFree);
  }

  /** Free and spare pages at the very end of the memory. */
  tailRunWithSpare(): number {
    return this.tail((owner) => isFree(owner) || owner === SPARE);
  }

  /** Pages at the very end of the memory that a table region may have. */
  tailRunForRegion(): number {
    return this.tail(isForRegions);
  }

  private tail(isWanted: (owner: number) => boolean): number {
    const count = this.get(WORD.pageCount);
    let page = this.knownPages();
    if (page < count) return 0;
    while (page > 0 && isWanted(this.owner(page - 1))) page--;
    return count - page;
  }

  /** The first of the pages at a run's end that hold zeros, because they were never handed out; the run's end when the last page is not one. */
  zeroedFrom(page: number, pages: number): number {
    let first = page + pages;
    while (first > page && this.owner(first - 1) === FRESH) first--;
    return first;
  }

  /** Gives free pages to an owner. */
  claim(page: number, pages: number, owner: number): void {
    let neverUsed = 0;
    let spare = 0;
    const { view } = this;
    const map = this.mapWord;
    for (let word = map + page; word < map + page + pages; word++) {
      const was = view[word] as number;
      if (was === FREE) continue;
      if (isNeverUsed(was)) neverUsed++;
      else if (was === SPARE) spare++;
    }
    this.setOwners(page, page + pages, owner);
    this.set(WORD.neverUsed, this.get(WORD.neverUsed) - neverUsed);
    this.set(WORD.spare, this.get(WORD.spare) - spare);
    const used = this.get(WORD.footprint) + pages;
    this.set(WORD.footprint, used);
    if (used > this.get(WORD.peakFootprint)) this.set(WORD.peakFootprint, used);
  }

  /** Makes an owner's pages free. */
  free(page: number, pages: number): void {
    this.setOwners(page, page + pages, FREE);
    this.set(WORD.footprint, this.get(WORD.footprint) - pages);
    if (page < this.get(WORD.firstFree)) this.set(WORD.firstFree, page);
    this.forgetRefusals();
  }

  private forgetRefusals(): void {
    this.set(WORD.releases, (this.get(WORD.releases) + 1) | 0);
    this.set(WORD.refused, 0);
    this.set(WORD.unfit, 0);
  }

  /** Notes that no run of so many pages can be had until something changes. */
  noteRefused(pages: number): void {
    const refused = this.get(WORD.refused);
    this.set(WORD.refused, Math.min(refused === 0 ? FULL_MEMORY : refused, pages, FULL_MEMORY));
  }

  /** Makes the pages of a table region spare, or free if allocators had them before. */
  private freeRegion(region: number): void {
    const page = Math.floor(region / PAGE_BYTES);
    const pages = this.tables.get(region, PAGES);
    this.set(WORD.regionPages, this.get(WORD.regionPages) - pages);
    if (this.get(WORD.tablePages) > 0) {
      this.set(WORD.tablePages, this.get(WORD.tablePages) - this.tables.get(region, BESIDE));
    }
    const theirs = this.tables.get(region, THEIRS) === 1;
    this.free(page, pages);
    if (theirs) return;
    this.setOwners(page, page + pages, SPARE);
    this.set(WORD.spare, this.get(WORD.spare) + pages);
  }

  /**
   * Makes a table region of free pages.
   * @param lasting whether it is for a table that its owner has from the start, whatever is allocated later: for that no kept pages are used, as
   *   long as there are others
   */
  addRegion(page: number, pages: number, large: boolean, lasting: boolean): void {
    const zeroed = this.zeroedFrom(page, pages) === page;
    const theirs = this.isTheirs(page, pages);
    this.claimRegion(page, pages);
    const region = this.tables.add(page * PAGE_BYTES, pages, zeroed, large);
    if (theirs) this.tables.set(region, THEIRS, 1);
    if (lasting) this.tables.set(region, BESIDE, this.keepBeside(pages));
  }

  private isTheirs(page: number, pages: number): boolean {
    for (let each = page; each < page + pages; each++) if (this.owner(each) === FREE) return true;
    return false;
  }

  /** Notes in the page map that free pages are a table region. */
  claimRegion(page: number, pages: number): void {
    this.claim(page, pages, MEMORY_ITSELF);
    this.set(WORD.regionPages, this.get(WORD.regionPages) + pages);
  }

  /** Notes that the memory has grown to `pageCount` pages: those from `first` to `end` are this memory's, other new ones are foreign. */
  extend(first: number, end: number, pageCount: number): void {
    const known = this.knownPages();
    this.set(WORD.pageCount, pageCount);
    this.mapNewPages(known, first, end);
    this.forgetRefusals();
  }

  /** Moves the page map into a longer table. Of the pages beyond the old one those from `first` to `end` are this memory's, the others foreign. */
  moveMap(map: number, mapLength: number, first: number, end: number): void {
    const oldMap = this.get(WORD.map) >>> 0;
    const oldLength = this.get(WORD.mapLength);
    this.view.copyWithin(map / 4, oldMap / 4, oldMap / 4 + oldLength);
    this.set(WORD.map, map);
    this.set(WORD.mapLength, mapLength);
    this.set(WORD.mapMoves, this.get(WORD.mapMoves) + 1);
    this.mapNewPages(Math.min(oldLength, this.get(WORD.pageCount)), first, end);
    this.releaseTable(oldMap, oldLength * 4);
  }

  /** Takes back a table; a region in which none is left becomes spare pages. @throws as {@link TableRegions.release} */
  releaseTable(pointer: number, bytes: number): void {
    const region = this.tables.release(pointer, granulesOf(bytes));
    if (region !== 0) this.freeRegion(region);
    else this.forgetRefusals();
  }

  private mapNewPages(from: number, first: number, end: number): void {
    const mapped = this.knownPages();
    const ours = Math.max(from, first);
    const oursEnd = Math.min(end, mapped);
    this.setOwners(from, Math.min(first, mapped), FOREIGN);
    this.setOwners(ours, oursEnd, FRESH);
    this.setOwners(Math.max(from, end), mapped, FOREIGN);
    this.set(WORD.neverUsed, this.get(WORD.neverUsed) + Math.max(0, oursEnd - ours));
  }
}

/** The next multiple of `align`. */
export function alignUp(page: number, align: number): number {
  return align === 1 ? page : Math.ceil(page / align) * align;
}

function isFree(owner: number): boolean {
  return owner === FREE || owner === FRESH || owner === UNCLEARED;
}

function isForRegions(owner: number): boolean {
  return owner === SPARE || isNeverUsed(owner);
}

function isNeverUsed(owner: number): boolean {
  return owner === FRESH || owner === UNCLEARED;
}
