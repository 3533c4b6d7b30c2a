import { PAGE_BYTES } from "./address-space.ts";
import {
  FIRST_OWNER,
  FOREIGN,
  FREE,
  FULL_MAP,
  FULL_MAP_PAGES,
  HEADER_BYTES,
  LAYOUT_VERSION,
  MAGIC,
  MEMORY_ITSELF,
  SMALL_MAP,
  WORD,
} from "./header.ts";

/** Smallest side table in bytes; also the alignment of all. */
export const MIN_TABLE = 64;

/** Pages that the records of a memory of `pageCount` pages take at first: header, page map, first small tables. */
export function recordPages(pageCount: number): number {
  return Math.ceil((HEADER_BYTES + mapLengthFor(pageCount) * 4) / PAGE_BYTES);
}

function mapLengthFor(pageCount: number): number {
  return pageCount <= SMALL_MAP ? SMALL_MAP : FULL_MAP;
}

/** The memory's records in its own bytes (layout: `header.ts`): header words, page map, small side tables. */
export class Records {
  /** The memory, replaced whenever it grows. */
  i32: Int32Array;
  /** Word index of the header. */
  private readonly header: number;

  constructor(i32: Int32Array, firstPage: number) {
    this.i32 = i32;
    this.header = (firstPage * PAGE_BYTES) / 4;
  }

  /** Whether the bytes already hold a memory's records. */
  get present(): boolean {
    return this.get(WORD.magic) === MAGIC;
  }

  /**
   * Writes the records of a memory in which nothing is handed out yet.
   * @param untouched the first page that nobody can have written to
   */
  write(firstPage: number, pageCount: number, maxPages: number, untouched: number): void {
    const pages = recordPages(pageCount);
    const start = firstPage * PAGE_BYTES;
    const mapLength = mapLengthFor(pageCount);
    this.i32.fill(0, start / 4, (start + pages * PAGE_BYTES) / 4);
    this.set(WORD.version, LAYOUT_VERSION);
    this.set(WORD.firstPage, firstPage);
    this.set(WORD.pageCount, pageCount);
    this.set(WORD.maxPages, maxPages);
    this.set(WORD.map, start + HEADER_BYTES);
    this.set(WORD.mapLength, mapLength);
    this.set(WORD.nextOwner, FIRST_OWNER);
    this.set(WORD.untouched, untouched);
    this.set(WORD.firstFree, firstPage);
    this.set(WORD.tableNext, start + HEADER_BYTES + mapLength * 4);
    this.set(WORD.tableEnd, start + pages * PAGE_BYTES);
    this.setOwners(0, firstPage, FOREIGN);
    this.claim(firstPage, pages, MEMORY_ITSELF);
    this.set(WORD.magic, MAGIC);
  }

  get(word: number): number {
    return this.i32[this.header + word] as number;
  }

  set(word: number, value: number): void {
    this.i32[this.header + word] = value;
  }

  /** An owner id that nobody had before: threads that attach at the same moment get different ones. */
  takeOwner(): number {
    return Atomics.add(this.i32, this.header + WORD.nextOwner, 1);
  }

  // --- the page map ------------------------------------------------------------------------------------------------

  /** Owner of a page below `mapLength`. */
  owner(page: number): number {
    return this.i32[this.mapWord + page] as number;
  }

  /** Word index of the page map. */
  private get mapWord(): number {
    return this.get(WORD.map) >>> 2;
  }

  private setOwners(page: number, end: number, owner: number): void {
    const map = this.mapWord;
    // A call of `fill` takes longer than a few pages.
    if (end - page > 16) this.i32.fill(owner, map + page, map + end);
    else for (let word = map + page; word < map + end; word++) this.i32[word] = owner;
  }

  /** Whether `pages` pages from `page` on are all the same owner's. */
  isRunOf(page: number, pages: number, owner: number): boolean {
    if (page + pages > this.knownPages()) return false;
    const { i32 } = this;
    const map = this.mapWord;
    for (let word = map + page; word < map + page + pages; word++) if (i32[word] !== owner) return false;
    return true;
  }

  /** Pages that exist and that the map covers. */
  knownPages(): number {
    return Math.min(this.get(WORD.pageCount), this.get(WORD.mapLength));
  }

  /** The lowest run of `pages` free pages, or 0 when there is none. */
  findRun(pages: number): number {
    const end = this.knownPages();
    const { i32 } = this;
    const map = this.mapWord;
    let start = this.get(WORD.firstFree);
    while (start < end && i32[map + start] !== FREE) start++;
    this.set(WORD.firstFree, start);
    for (let page = start; page < end; page++) {
      if (i32[map + page] !== FREE) start = page + 1;
      else if (page + 1 - start === pages) return start;
    }
    return 0;
  }

  /** Free pages at the very end of the memory. */
  tailRun(): number {
    const count = this.get(WORD.pageCount);
    let page = this.knownPages();
    if (page < count) return 0;
    while (page > 0 && this.owner(page - 1) === FREE) page--;
    return count - page;
  }

  claim(page: number, pages: number, owner: number): void {
    this.setOwners(page, page + pages, owner);
    if (page + pages > this.get(WORD.untouched)) this.set(WORD.untouched, page + pages);
    const used = this.get(WORD.footprint) + pages;
    this.set(WORD.footprint, used);
    if (used > this.get(WORD.peakFootprint)) this.set(WORD.peakFootprint, used);
  }

  free(page: number, pages: number): void {
    this.setOwners(page, page + pages, FREE);
    this.set(WORD.footprint, this.get(WORD.footprint) - pages);
    if (page < this.get(WORD.firstFree)) this.set(WORD.firstFree, page);
  }

  /** The memory has grown to `pageCount` pages: those from `first` to `end` are ours, the other new ones foreign. */
  extend(first: number, end: number, pageCount: number): void {
    const known = this.knownPages();
    this.set(WORD.pageCount, pageCount);
    const mapped = this.knownPages();
    this.setOwners(known, Math.min(first, mapped), FOREIGN);
    this.setOwners(Math.max(known, end), mapped, FOREIGN);
  }

  /** Moves the page map to the last of the pages from `first` to `end`, just grown; there it covers all of 4 GiB. */
  moveMap(first: number, end: number): void {
    const oldMap = this.get(WORD.map) >>> 0;
    const oldLength = this.get(WORD.mapLength);
    const page = end - FULL_MAP_PAGES;
    const map = page * PAGE_BYTES;
    this.i32.fill(0, map / 4, map / 4 + FULL_MAP);
    this.i32.copyWithin(map / 4, oldMap / 4, oldMap / 4 + oldLength);
    this.set(WORD.map, map);
    this.set(WORD.mapLength, FULL_MAP);
    // Of the pages beyond the old map only the new ones are ours.
    const count = this.get(WORD.pageCount);
    this.setOwners(oldLength, Math.min(first, count), FOREIGN);
    this.setOwners(Math.max(oldLength, end), count, FOREIGN);
    this.pushTable(oldMap, oldLength * 4);
    this.claim(page, FULL_MAP_PAGES, MEMORY_ITSELF);
  }

  // --- small side tables: sizes are powers of two, each with a list of free ones -------------------------------------

  /** A small table of `bytes`, or 0 when a page must be added first. */
  popTable(bytes: number): number {
    const list = freeList(bytes);
    const head = this.get(list) >>> 0;
    if (head !== 0) {
      this.set(list, this.i32[head >>> 2] as number);
      return head;
    }
    const next = this.get(WORD.tableNext) >>> 0;
    if (next + bytes > this.get(WORD.tableEnd) >>> 0) return 0;
    this.set(WORD.tableNext, next + bytes);
    return next;
  }

  /** Nothing below is a side table: there are the header and the first page map, or a module's pages. */
  lowestTable(): number {
    return this.header * 4 + HEADER_BYTES;
  }

  pushTable(pointer: number, bytes: number): void {
    const list = freeList(bytes);
    this.i32[pointer >>> 2] = this.get(list);
    this.set(list, pointer);
  }

  /** Small tables come from this page from now on; what is left of the one before goes to the lists. */
  addTablePage(pointer: number): void {
    let next = this.get(WORD.tableNext) >>> 0;
    let room = (this.get(WORD.tableEnd) >>> 0) - next;
    while (room >= MIN_TABLE) {
      const bytes = 1 << (31 - Math.clz32(room));
      this.pushTable(next, bytes);
      next += bytes;
      room -= bytes;
    }
    this.set(WORD.tableNext, pointer);
    this.set(WORD.tableEnd, pointer + PAGE_BYTES);
  }
}

function freeList(bytes: number): number {
  return WORD.freeTables + (25 - Math.clz32(bytes));
}
