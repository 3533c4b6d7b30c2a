/*
 * The collector's part of the memory: pages, cut into blocks of 4 KiB, and the records of these (`layout.ts` draws them). Pointers are signed here,
 * as in all files of the package but `collector.ts`.
 */
import { type AddressSpace, PAGE_BYTES } from "@morph/memory";
import {
  BITMAP_WORDS,
  BLOCK_SHIFT,
  CONTROL_BYTES,
  DIRECTORY,
  DIRECTORY_BYTES,
  DIRECTORY_WORDS,
  FLAGS,
  FREE,
  FREE_HIGH,
  FREE_LOW,
  HALF_BLOCKS,
  KIND,
  LANE,
  LIVE,
  LOGGED,
  MARKS,
  NEXT,
  OWN_PAGES,
  PAGE_BLOCKS,
  PAGE_SHIFT,
  RECORD_MASK,
  RECORD_SHIFT,
  RECORD_WORDS,
  RECORD_WORDS_SHIFT,
  SEGMENT_BLOCK_MASK,
  SEGMENT_BLOCKS,
  SEGMENT_HEAD_WORDS,
  SEGMENT_PAGE_MASK,
  SEGMENT_PAGES,
  SEGMENT_SHIFT,
  SEGMENT_TABLE_BYTES,
  START,
  STATE,
  TOP,
  USED,
  WORD_BITS,
  WORD_SHIFT,
} from "./layout.ts";

/** The blocks of a page, as bits of a half segment. */
const PAGE_BITS = (1 << PAGE_BLOCKS) - 1;
/** Free blocks that are kept although their pages could go back, as many as the old space grows by at least before a major collection; and the part of all blocks: an eighth. */
const KEPT_BLOCKS = 512;
const KEPT_SHIFT = 3;
/** Pages are taken several at a time, so many or a sixteenth of what there are. */
const MAX_STEP_PAGES = 16;
const STEP_SHIFT = 4;

/** Pages, blocks and records. */
export class Space {
  readonly memory: AddressSpace;
  /** The id under which the memory knows the pages. */
  readonly owner: number;
  /** The view of now; without elements while growth listeners run, and after {@link close}. */
  i32: Int32Array;
  /** Word indexes of the control table and the directory. */
  readonly control: number;
  readonly directory: number;
  /** Segments that are, or were, in use: these and what lies between. */
  lowSegment: number = DIRECTORY_WORDS;
  highSegment = -1;
  /** Blocks of the old space that are free, and all; without the nursery. */
  freeBlocks = 0;
  allBlocks = 0;
  /** Bytes of pages and tables. */
  footprint = 0;
  peakFootprint = 0;
  tableBytes = 0;
  private readonly maxBytes: number;
  /** No segment before this one has a free block. */
  private hint = 0;
  /** The segment where blocks in a row were found last: the next search goes on there. */
  private runHint = 0;
  private readonly tables: Map<number, number> = new Map();

  /** @throws ERR_MORPH_OUT_OF_MEMORY; then it has nothing */
  constructor(memory: AddressSpace, owner: number, maxBytes: number) {
    this.memory = memory;
    this.owner = owner;
    this.maxBytes = maxBytes;
    this.i32 = new Int32Array(0);
    this.control = this.requireTable(CONTROL_BYTES) >>> WORD_SHIFT;
    try {
      this.directory = this.requireTable(DIRECTORY_BYTES) >>> WORD_SHIFT;
    } catch (error) {
      this.close();
      throw error;
    }
    this.i32[this.control + DIRECTORY] = this.directory << WORD_SHIFT;
  }

  /** Takes the memory's view of now, or none. */
  show(suspended: boolean): void {
    this.i32 = suspended ? new Int32Array(0) : this.memory.i32;
  }

  /** Word index of the record of the block that `pointer` lies in; 0 where there is none. O(1). */
  recordOf(pointer: number): number {
    const first = (this.i32[this.directory + (pointer >>> SEGMENT_SHIFT)] as number) | 0;
    return first === 0 ? 0 : first + ((pointer >>> RECORD_SHIFT) & RECORD_MASK);
  }

  /** The table that a pointer, from 0, leads into; 0 where there is none. O(tables). */
  tableAt(pointer: number): number {
    for (const [table, bytes] of this.tables) if (pointer >= table && pointer < table + bytes) return table;
    return 0;
  }

  /** Whether the program has said how many bytes there may be. O(1). */
  get isBounded(): boolean {
    return this.maxBytes !== Number.POSITIVE_INFINITY;
  }

  /** Bytes that can still be taken at most, for pages and tables: a bound, for the memory may be in pieces. O(1). */
  get left(): number {
    const { memory } = this;
    return Math.min(this.maxBytes - this.footprint, memory.maxPages * PAGE_BYTES - memory.footprint);
  }

  // --- tables --------------------------------------------------------------------------------------------------------------

  /** A zero-filled table, or 0 where there is no room. O(bytes). */
  takeTable(bytes: number): number {
    const size = this.memory.tableBytes(bytes);
    if (this.footprint + size > this.maxBytes) return 0;
    const pointer = this.memory.tryAcquireTable(bytes);
    this.i32 = this.memory.i32;
    if (pointer === 0) return 0;
    this.noteTable(pointer, bytes);
    return pointer | 0;
  }

  /** @throws ERR_MORPH_OUT_OF_MEMORY */
  requireTable(bytes: number): number {
    const pointer = this.memory.acquireTable(bytes);
    this.i32 = this.memory.i32;
    this.noteTable(pointer, bytes);
    return pointer | 0;
  }

  private noteTable(pointer: number, bytes: number): void {
    this.tables.set(pointer, bytes);
    this.count(this.memory.tableBytes(bytes));
    this.tableBytes += this.memory.tableBytes(bytes);
  }

  /** Gives a table back. */
  dropTable(pointer: number): void {
    const bytes = this.tables.get(pointer >>> 0) as number;
    this.tables.delete(pointer >>> 0);
    this.memory.releaseTable(pointer >>> 0, bytes);
    this.count(-this.memory.tableBytes(bytes));
    this.tableBytes -= this.memory.tableBytes(bytes);
  }

  /** Gives back all tables; the pages go with {@link AddressSpace.unregister}. */
  close(): void {
    for (const pointer of [...this.tables.keys()]) this.dropTable(pointer);
    this.show(true);
  }

  private count(bytes: number): void {
    this.footprint += bytes;
    if (this.footprint > this.peakFootprint) this.peakFootprint = this.footprint;
  }

  // --- pages ---------------------------------------------------------------------------------------------------------------

  /**
   * Takes pages and makes their records.
   * @param align the run starts at a multiple of so many pages
   * @returns pointer of the first, or 0 where there is no room
   */
  takePages(pages: number, align: number): number {
    if (this.footprint + pages * PAGE_BYTES > this.maxBytes) return 0;
    const pointer = this.memory.tryAcquire(pages, this.owner, align);
    this.i32 = this.memory.i32;
    if (pointer === 0) return 0;
    const first = pointer / PAGE_BYTES;
    for (let page = first; page < first + pages; page++) {
      if (!this.ownPage(page)) {
        for (let done = first; done < page; done++) this.disownPage(done);
        this.memory.release(pointer, pages);
        return 0;
      }
    }
    this.count(pages * PAGE_BYTES);
    return pointer | 0;
  }

  /** Notes a page in its segment, whose table is made when there is none. */
  private ownPage(page: number): boolean {
    const segment = page >>> (SEGMENT_SHIFT - PAGE_SHIFT);
    let records = this.i32[this.directory + segment] as number;
    if (records === 0) {
      const table = this.takeTable(SEGMENT_TABLE_BYTES);
      if (table === 0) return false;
      records = (table >>> WORD_SHIFT) + SEGMENT_HEAD_WORDS;
      this.i32[this.directory + segment] = records;
      if (segment < this.lowSegment) this.lowSegment = segment;
      if (segment > this.highSegment) this.highSegment = segment;
    }
    const i32 = this.i32;
    i32[records + OWN_PAGES] = (i32[records + OWN_PAGES] as number) | (1 << (page & SEGMENT_PAGE_MASK));
    const start = page * PAGE_BLOCKS;
    for (let block = start; block < start + PAGE_BLOCKS; block++) {
      const record = records + ((block & SEGMENT_BLOCK_MASK) << RECORD_WORDS_SHIFT);
      i32.fill(0, record, record + RECORD_WORDS);
      i32[record + START] = block << BLOCK_SHIFT;
    }
    return true;
  }

  private disownPage(page: number): void {
    const segment = page >>> (SEGMENT_SHIFT - PAGE_SHIFT);
    const records = this.i32[this.directory + segment] as number;
    const own = (this.i32[records + OWN_PAGES] as number) & ~(1 << (page & SEGMENT_PAGE_MASK));
    this.i32[records + OWN_PAGES] = own;
    const record = records + (((page * PAGE_BLOCKS) & SEGMENT_BLOCK_MASK) << RECORD_WORDS_SHIFT);
    this.i32.fill(0, record, record + PAGE_BLOCKS * RECORD_WORDS);
    if (own !== 0) return;
    this.i32[this.directory + segment] = 0;
    this.dropTable((records - SEGMENT_HEAD_WORDS) << WORD_SHIFT);
  }

  /** Gives back the pages of a segment all of whose blocks are free, as long as enough free blocks are left. O(1). */
  releasePages(segment: number, all: boolean): void {
    for (let page = 0; page < SEGMENT_PAGES; page++) {
      const kept = all ? 0 : KEPT_BLOCKS + ((this.allBlocks - this.freeBlocks) >>> KEPT_SHIFT);
      if (this.freeBlocks - PAGE_BLOCKS < kept) return;
      const records = this.i32[this.directory + segment] as number;
      if (records === 0) return;
      const word = records + (page < SEGMENT_PAGES / 2 ? FREE_LOW : FREE_HIGH);
      const bits = PAGE_BITS << ((page & 1) * PAGE_BLOCKS);
      if (((this.i32[word] as number) & bits) !== bits) continue;
      this.i32[word] = (this.i32[word] as number) & ~bits;
      this.freeBlocks -= PAGE_BLOCKS;
      this.allBlocks -= PAGE_BLOCKS;
      const number = segment * SEGMENT_PAGES + page;
      this.disownPage(number);
      this.memory.release(number * PAGE_BYTES, 1);
      this.i32 = this.memory.i32;
      this.count(-PAGE_BYTES);
    }
  }

  // --- blocks of the old space -----------------------------------------------------------------------------------------------

  /** A block for slots of the old space, the lowest that is free; 0 where there is no room. Its record is blank. O(1) as a rule. */
  takeBlock(): number {
    if (this.freeBlocks === 0 && !this.grow(1)) return 0;
    for (let segment = Math.max(this.hint, this.lowSegment); ; segment++) {
      this.hint = segment;
      const records = this.i32[this.directory + segment] as number;
      if (records === 0) continue;
      const low = this.i32[records + FREE_LOW] as number;
      const bits = low !== 0 ? low : (this.i32[records + FREE_HIGH] as number);
      if (bits === 0) continue;
      const bit = lowestBit(bits);
      this.i32[records + (low !== 0 ? FREE_LOW : FREE_HIGH)] = bits & ~(1 << bit);
      this.freeBlocks--;
      const block = low !== 0 ? bit : bit + HALF_BLOCKS;
      return (segment << SEGMENT_SHIFT) | (block << BLOCK_SHIFT);
    }
  }

  /** So many blocks in a row, or 0 where there is no room. O(segments), O(blocks) for more than 64. @param mayGrow whether pages may be taken */
  takeBlocks(count: number, mayGrow: boolean): number {
    if (count === 1 && (mayGrow || this.freeBlocks > 0)) return this.takeBlock();
    const found = count <= SEGMENT_BLOCKS && this.freeBlocks >= count ? this.findBlocks(count) : 0;
    if (found !== 0 || !mayGrow) return found;
    const pages = Math.ceil(count / PAGE_BLOCKS);
    const pointer = this.takePages(pages, 1);
    if (pointer === 0) return 0;
    this.allBlocks += pages * PAGE_BLOCKS;
    const first = pointer >>> BLOCK_SHIFT;
    for (let block = first + count; block < first + pages * PAGE_BLOCKS; block++) this.freeBlock(block);
    return pointer;
  }

  /** Blocks in a row among those that are free in a segment. O(segments) */
  private findBlocks(count: number): number {
    const { lowSegment, highSegment } = this;
    const first = Math.min(Math.max(this.runHint, lowSegment), highSegment);
    for (let segment = first; segment <= highSegment; segment++) {
      const found = this.findIn(segment, count);
      if (found !== 0) return found;
    }
    for (let segment = lowSegment; segment < first; segment++) {
      const found = this.findIn(segment, count);
      if (found !== 0) return found;
    }
    return 0;
  }

  private findIn(segment: number, count: number): number {
    const records = this.i32[this.directory + segment] as number;
    if (records === 0) return 0;
    const low = this.i32[records + FREE_LOW] as number;
    const high = this.i32[records + FREE_HIGH] as number;
    const block = (low | high) === 0 ? -1 : runOfBits(low, high, count);
    if (block < 0) return 0;
    this.i32[records + FREE_LOW] = low & ~bitsOf(block, count);
    this.i32[records + FREE_HIGH] = high & ~bitsOf(block - HALF_BLOCKS, count);
    this.freeBlocks -= count;
    this.runHint = segment;
    return (segment << SEGMENT_SHIFT) | (block << BLOCK_SHIFT);
  }

  /** Takes pages whose blocks are free. */
  grow(pages: number): boolean {
    const most = Math.min(MAX_STEP_PAGES, (this.allBlocks >>> STEP_SHIFT) >>> STEP_SHIFT);
    let got = Math.max(pages, most);
    let pointer = this.takePages(got, 1);
    if (pointer === 0 && got > pages) {
      got = pages;
      pointer = this.takePages(got, 1);
    }
    if (pointer === 0) return false;
    this.allBlocks += got * PAGE_BLOCKS;
    const first = pointer >>> BLOCK_SHIFT;
    for (let block = first; block < first + got * PAGE_BLOCKS; block++) this.freeBlock(block);
    return true;
  }

  /** Takes a block back, by its number. O(1). */
  freeBlock(block: number): void {
    const segment = block >>> (SEGMENT_SHIFT - BLOCK_SHIFT);
    const i32 = this.i32;
    const records = i32[this.directory + segment] as number;
    const place = block & SEGMENT_BLOCK_MASK;
    blank(i32, records + (place << RECORD_WORDS_SHIFT), FREE);
    const word = records + (place < HALF_BLOCKS ? FREE_LOW : FREE_HIGH);
    i32[word] = (i32[word] as number) | (1 << (place & (HALF_BLOCKS - 1)));
    this.freeBlocks++;
    if (segment < this.hint) this.hint = segment;
  }

  /** Fills bytes with 0; whole words. O(bytes). */
  clear(pointer: number, bytes: number): void {
    const word = pointer >>> WORD_SHIFT;
    this.i32.fill(0, word, word + (bytes >>> WORD_SHIFT));
  }

  /** Blocks from the first segment to the last, for walks: the record of a block, or 0 where the collector has none. O(1). */
  recordAt(block: number): number {
    const first = this.i32[this.directory + (block >>> (SEGMENT_SHIFT - BLOCK_SHIFT))] as number;
    return first === 0 ? 0 : first + ((block & SEGMENT_BLOCK_MASK) << RECORD_WORDS_SHIFT);
  }

  get lowBlock(): number {
    return this.lowSegment * SEGMENT_BLOCKS;
  }
  get highBlock(): number {
    return (this.highSegment + 1) * SEGMENT_BLOCKS;
  }
}

/** Makes a record that of an unused block. */
export function blank(i32: Int32Array, record: number, state: number): void {
  i32[record + KIND] = 0;
  i32[record + STATE] = state;
  i32[record + NEXT] = 0;
  i32[record + LANE] = 0;
  i32[record + TOP] = 0;
  i32[record + FLAGS] = 0;
  i32[record + USED] = 0;
  for (let word = 0; word < BITMAP_WORDS; word++) {
    i32[record + MARKS + word] = 0;
    i32[record + LOGGED + word] = 0;
    i32[record + LIVE + word] = 0;
  }
}

/** Place of the lowest bit of a word that is not 0. */
export function lowestBit(bits: number): number {
  return HALF_BLOCKS - 1 - Math.clz32(bits & -bits);
}

/**
 * The lowest place from which so many bits in a row are set in two words, 1 to 64, or -1: the words are and-ed with themselves, shifted, until each bit left starts
 * such a run.
 */
export function runOfBits(low: number, high: number, count: number): number {
  let starts = low;
  let highStarts = high;
  let have = 1;
  while (have < count && (starts | highStarts) !== 0) {
    // A shift by 32 would be none.
    const step = Math.min(have, count - have, WORD_BITS - 1);
    starts &= (starts >>> step) | (highStarts << (WORD_BITS - step));
    highStarts &= highStarts >>> step;
    have += step;
  }
  if (starts !== 0) return lowestBit(starts);
  return highStarts === 0 ? -1 : WORD_BITS + lowestBit(highStarts);
}

/** A word with so many bits set from a place on, as far as they are in it; the place may be outside. */
function bitsOf(place: number, count: number): number {
  const from = Math.max(place, 0);
  const bits = Math.min(place + count, WORD_BITS) - from;
  if (bits <= 0) return 0;
  return (-1 >>> (WORD_BITS - bits)) << from;
}
