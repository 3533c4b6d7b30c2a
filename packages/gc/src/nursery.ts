/*
 * Where objects are born: one range of addresses, cut into blocks. Each kind bumps a cursor through a block of its own; a large object without pointers has blocks
 * in a row. A minor collection copies what is alive to other blocks of the nursery, or to the old space when it is large or survived before, and has all other blocks
 * back at once.
 */

import { MorphError, PAGE_BYTES } from "@morph/memory";
import type { Kinds } from "./kinds.ts";
import {
  BITMAP_WORDS,
  BLOCK_BYTES,
  BLOCK_MASK,
  BLOCK_SHIFT,
  CURSOR,
  FLAGS,
  HOLES,
  KIND,
  LANE,
  LIMIT,
  LIVE,
  LOGGED,
  MARKS,
  NEXT,
  NURSERY_BASE,
  NURSERY_BYTES,
  OLD_CURSOR,
  PAGE_BLOCKS,
  SEGMENT_PAGES,
  SLOT_BYTES,
  SLOTS,
  START,
  STATE,
  SURVIVED,
  SURVIVOR,
  TOP,
  TYPE,
  WORD_SHIFT,
  YOUNG,
  YOUNG_FREE,
  YOUNG_LARGE,
  YOUNG_REST,
} from "./layout.ts";
import { countBits, testBit } from "./old-space.ts";
import { pagesOf } from "./options.ts";
import { Pretenuring } from "./pretenuring.ts";
import { blank, type Space } from "./space.ts";
import type { Allocated } from "./statistics.ts";
import type { SurvivorSpace } from "./tracer.ts";

/** The part of the nursery that is kept for survivors at least, and at most: a sixteenth, a half. */
const LEAST_RESERVE_SHIFT = 4;
const MOST_RESERVE_SHIFT = 1;
/** Blocks of the nursery that are used however long minor collections take, and before the first one has shown that: 256 KiB, 1 MiB. */
const LEAST_BLOCKS = 64;
const FIRST_BLOCKS = 256;
/** A large object may take such a part of the blocks that are used before the next minor collection: a sixteenth. */
const MOST_LARGE_SHIFT = 4;
/** Of what survived once, such a part survives again where it might as well have become old at once; when that was a thirty-second of the nursery. */
const MOSTLY = 0.8;
const MUCH_SHIFT = 5;
const COLLECTIONS_WITHOUT_AGING = 14;
/** Times as long as a minor collection should take. */
const MUCH_TOO_LATE = 3;
/** How much longer than the quickest of late collections one may take before that is how long they take now. */
const SLOWER = 1.02;

/** No pointer, and as an offset outside of most memories. */
const POISON = -1;
/** How many blocks further the first free one is each time. */
const TURN = 7;

/** The blocks of the nursery. */
export class Nursery implements SurvivorSpace {
  /** Number of the first block, and how many there are. */
  readonly first: number;
  readonly blocks: number;
  /** How many are free, and how many of these are kept for survivors, or withheld. */
  freeCount = 0;
  private reserve: number;
  /** Free blocks that are not used because minor collections took too long; and whether the last one did. */
  private withheld: number;
  private wasLate = false;
  /** Blocks that a large object may take. */
  private mostLarge = 0;
  private readonly pretenuring: Pretenuring;
  /** Blocks that survivors took in the collection under way. */
  private survivorBlocks = 0;
  /** Milliseconds of a minor collection for each object it copied or looked at. */
  private msOfWork = Number.POSITIVE_INFINITY;
  /** Bytes that had survived before, where they alone become old; and collections in which all survivors become old. */
  private survivedBefore = 0;
  private untilAging = 0;
  /** From this block on, none was ever used. */
  private touched: number;
  /** Numbers of the free blocks: the lowest last. */
  private readonly free: Int32Array;
  private readonly space: Space;
  private readonly kinds: Kinds;
  /** Whether survivors stay here while they leave room. */
  private readonly keeps: boolean;
  private turn = 0;

  /**
   * @param keeps whether survivors stay here while they leave room
   * @param usesAll whether all of it is used before the first collection, however long that takes
   * @throws ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(space: Space, kinds: Kinds, bytes: number, keeps = false, usesAll = false) {
    this.space = space;
    this.kinds = kinds;
    this.keeps = keeps;
    // Whole segments, so that no block of the old space shares one.
    const pointer = space.takePages(pagesOf(bytes), SEGMENT_PAGES);
    if (pointer === 0) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `no room for a nursery of ${bytes} bytes`);
    }
    this.first = pointer >>> BLOCK_SHIFT;
    this.blocks = (bytes / PAGE_BYTES) * PAGE_BLOCKS;
    this.reserve = this.blocks >>> LEAST_RESERVE_SHIFT;
    this.free = new Int32Array(this.blocks);
    this.pretenuring = new Pretenuring(this.blocks);
    // How much survives is not known yet.
    this.withheld = usesAll ? 0 : Math.max(0, this.blocks - FIRST_BLOCKS);
    this.touched = this.first;
    space.i32[space.control + NURSERY_BASE] = pointer;
    space.i32[space.control + NURSERY_BYTES] = bytes;
    for (let block = this.first + this.blocks - 1; block >= this.first; block--) this.giveBack(block);
    this.setReserve();
  }

  private giveBack(block: number): void {
    blank(this.space.i32, this.space.recordAt(block), YOUNG_FREE);
    this.free[this.freeCount++] = block;
  }

  /**
   * Overwrites the free blocks that were ever used, for tests, and has the lowest taken in another order each time: who uses a pointer that a collection has made void does not find the object as
   * it was, nor the object again that moved back. O(bytes).
   */
  poison(): void {
    const { i32 } = this.space;
    const words = BLOCK_BYTES >>> WORD_SHIFT;
    const from = Math.max(0, this.freeCount - LEAST_BLOCKS);
    const lowest = this.free.slice(from, this.freeCount);
    this.turn = (this.turn + TURN) | 0;
    for (let i = 0; i < lowest.length; i++) this.free[from + i] = lowest[(i + this.turn) % lowest.length] as number;
    for (let i = 0; i < this.freeCount; i++) {
      const block = this.free[i] as number;
      if (block >= this.touched) continue;
      const first = (block << BLOCK_SHIFT) >>> WORD_SHIFT;
      i32.fill(POISON, first, first + words);
    }
  }

  /** Whether there are so many blocks, and it is not time to collect. O(1). */
  hasRoom(count: number): boolean {
    return this.freeCount - count >= this.reserve;
  }

  /**
   * Whether a new large object of so many blocks should be born here: when it is not too large, and of a size most of which die young. O(1).
   * @param always also those of other sizes, for tests, whose collections come so often that most survive
   */
  wantsLarge(count: number, always: boolean): boolean {
    return count <= this.mostLarge && (always || !this.pretenuring.takesOld(count));
  }

  /** Gives a kind a block to bump through, cleared; false when it is time to collect. O(1). */
  open(kind: number): boolean {
    if (!this.hasRoom(1)) return false;
    const pointer = this.take(kind);
    const { space } = this;
    space.clear(pointer, BLOCK_BYTES);
    space.i32[kind + CURSOR] = pointer;
    space.i32[kind + LIMIT] = this.endOf(kind, pointer);
    return true;
  }

  openSurvivors(kind: number): boolean {
    if (this.freeCount === 0) return false;
    const pointer = this.take(kind);
    const { i32 } = this.space;
    const record = this.space.recordOf(pointer);
    i32[record + FLAGS] = SURVIVED;
    i32[kind + SURVIVOR] = pointer;
    i32[kind + SURVIVOR + 1] = this.endOf(kind, pointer);
    this.survivorBlocks++;
    return true;
  }

  /**
   * Blocks in a row for a large object without pointers: their pointer, or 0 when it is time to collect, or no free ones lie in a row because some objects had to stay. O(blocks).
   * @param cleared whether the object is to be zeroed
   */
  openLarge(kind: number, count: number, cleared: boolean): number {
    const at = this.hasRoom(count) ? this.findRun(count) : -1;
    if (at < 0) return 0;
    const first = this.free[at + count - 1] as number;
    if (at + count < this.freeCount) this.free.copyWithin(at, at + count, this.freeCount);
    this.freeCount -= count;
    this.touched = Math.max(this.touched, first + count);
    this.pretenuring.noteYoung(count);
    const { space } = this;
    for (let i = 0; i < count; i++) {
      const record = space.recordAt(first + i);
      space.i32[record + KIND] = kind;
      space.i32[record + STATE] = i === 0 ? YOUNG_LARGE : YOUNG_REST;
      space.i32[record + NEXT] = i === 0 ? count : i;
    }
    const pointer = first << BLOCK_SHIFT;
    if (cleared) space.clear(pointer, count * BLOCK_BYTES);
    return pointer;
  }

  /** Where in the list of free blocks so many stand that lie in a row, the lowest possible; or -1. O(blocks), O(count) as a rule. */
  private findRun(count: number): number {
    let found = 0;
    for (let at = this.freeCount - 1; at >= 0; at--) {
      found = found > 0 && this.free[at] === (this.free[at + 1] as number) + 1 ? found + 1 : 1;
      if (found === count) return at;
    }
    return -1;
  }

  movedLarge(count: number): void {
    this.pretenuring.noteMoved(count);
  }

  private take(kind: number): number {
    const block = this.free[--this.freeCount] as number;
    if (block >= this.touched) this.touched = block + 1;
    const { i32 } = this.space;
    const record = this.space.recordAt(block);
    const pointer = block << BLOCK_SHIFT;
    i32[record + KIND] = kind;
    i32[record + STATE] = YOUNG;
    i32[record + TOP] = this.endOf(kind, pointer);
    return pointer;
  }

  private endOf(kind: number, pointer: number): number {
    const { i32 } = this.space;
    return (pointer + Math.imul(i32[kind + SLOT_BYTES] as number, i32[kind + SLOTS] as number)) | 0;
  }

  /** Closes the cursors of all kinds, so that each block knows where its objects end. O(kinds). */
  close(at: number): void {
    const { space } = this;
    const { i32 } = space;
    for (const kind of this.kinds.all) {
      const cursor = i32[kind + at] as number;
      const limit = i32[kind + at + 1] as number;
      if ((cursor | limit) !== 0 && cursor !== limit) {
        i32[space.recordOf((limit - 1) | 0) + TOP] = cursor;
      }
      i32[kind + at] = 0;
      i32[kind + at + 1] = 0;
    }
  }

  /**
   * Says of each block in use where its survivors go. O(blocks).
   * @param promoteAll to the old space, also those that have not survived before
   */
  condemn(promoteAll: boolean): void {
    this.close(CURSOR);
    const keeps = this.keeps && this.survivorBlocks <= this.blocks >>> 1;
    this.survivorBlocks = 0;
    this.survivedBefore = 0;
    const once = promoteAll || (this.untilAging > 0 && !keeps);
    if (this.untilAging > 0) this.untilAging--;
    for (let block = this.first; block < this.first + this.blocks; block++) {
      const { i32 } = this.space;
      const record = this.space.recordAt(block);
      const state = i32[record + STATE] as number;
      // To copy a large one twice costs more than it is worth.
      if (state === YOUNG_LARGE || state === YOUNG_REST) i32[record + LANE] = OLD_CURSOR;
      if (state !== YOUNG) continue;
      const survived = ((i32[record + FLAGS] as number) & SURVIVED) !== 0;
      if (survived && !once)
        this.survivedBefore += ((i32[record + TOP] as number) - (i32[record + START] as number)) | 0;
      i32[record + LANE] = once || (survived && !keeps) ? OLD_CURSOR : SURVIVOR;
    }
  }

  /**
   * Learns how much became old: where most of what survived once survives again, copying it twice is in vain, and survivors become old at once for some time. The same for large
   * objects of each size. O(1).
   */
  learn(promotedBytes: number): void {
    const isMuch = this.survivedBefore >= (this.blocks * BLOCK_BYTES) >>> MUCH_SHIFT;
    if (isMuch && promotedBytes > this.survivedBefore * MOSTLY) this.untilAging = COLLECTIONS_WITHOUT_AGING;
    this.pretenuring.learn();
  }

  /** Adds the objects that were allocated since the last collection. O(blocks). */
  countNew(allocated: Allocated): void {
    const { i32 } = this.space;
    for (let block = this.first; block < this.first + this.blocks; block++) {
      const record = this.space.recordAt(block);
      if (i32[record + STATE] !== YOUNG || ((i32[record + FLAGS] as number) & SURVIVED) !== 0) continue;
      const kind = i32[record + KIND] as number;
      const type = i32[kind + TYPE] as number;
      const bytes = this.handedOut(block, record);
      allocated.add(type, bytes / (i32[kind + SLOT_BYTES] as number), bytes);
    }
  }

  /** Bytes of a block's slots that were handed out. */
  private handedOut(block: number, record: number): number {
    const { i32 } = this.space;
    const kind = i32[record + KIND] as number;
    const start = block << BLOCK_SHIFT;
    const limit = i32[kind + LIMIT] as number;
    const open = limit !== 0 && ((limit - 1) ^ start) >>> BLOCK_SHIFT === 0;
    return ((open ? (i32[kind + CURSOR] as number) : (i32[record + TOP] as number)) - start) >>> 0;
  }

  /** Has the blocks back that were condemned, but for those with objects that had to stay. O(blocks). */
  release(): void {
    this.close(SURVIVOR);
    const { i32 } = this.space;
    this.freeCount = 0;
    for (let block = this.first + this.blocks - 1; block >= this.first; block--) {
      const record = this.space.recordAt(block);
      if (i32[record + STATE] === YOUNG_FREE) {
        this.free[this.freeCount++] = block;
        continue;
      }
      if (i32[record + LANE] === 0) continue;
      let pinned = this.ofFirst(block, record, LOGGED);
      for (let word = 0; word < BITMAP_WORDS; word++) pinned |= i32[record + LOGGED + word] as number;
      if (pinned === 0) {
        this.giveBack(block);
        continue;
      }
      i32[record + LANE] = 0;
      i32[record + FLAGS] = SURVIVED | HOLES;
      for (let word = record + LOGGED; word < record + LOGGED + BITMAP_WORDS; word++) {
        i32[word + (LIVE - LOGGED)] = i32[word] as number;
        i32[word + (MARKS - LOGGED)] = 0;
        i32[word] = 0;
      }
    }
    this.setReserve();
  }

  /** Of a further block of a large object: a word of the first one's record. Of others, 0. A walk that changes records has to come to the first block last. */
  private ofFirst(block: number, record: number, word: number): number {
    const { i32 } = this.space;
    if (i32[record + STATE] !== YOUNG_REST) return 0;
    return i32[this.space.recordAt(block - (i32[record + NEXT] as number)) + word] as number;
  }

  private setReserve(): void {
    const least = this.blocks >>> LEAST_RESERVE_SHIFT;
    const wanted = Math.max(least, this.survivorBlocks + (this.survivorBlocks >>> 1));
    const reserve = Math.min(wanted, this.blocks >>> MOST_RESERVE_SHIFT, this.freeCount >>> MOST_RESERVE_SHIFT);
    // Survivors may take more than what is used now: some blocks there must be in any case.
    this.reserve = Math.max(reserve, Math.min(reserve + this.withheld, this.freeCount - LEAST_BLOCKS / 2));
    this.mostLarge = (this.freeCount - this.reserve) >>> MOST_LARGE_SHIFT;
  }

  /**
   * Lets minor collections come earlier, or later again, by how long one takes that does so much: as much less of the nursery is used as that is too long, when it is much or happens
   * twice in a row, and a fourth more when it is less than half of what it may. What the clock says may be the time of other programs, so the quickest of late counts. O(1).
   * @param work objects copied and looked at
   * @param fixed the same of what does not depend on the nursery: where that is more, less of it would not help
   */
  adapt(ms: number, targetMs: number, work: number, fixed: number): void {
    if (work > 0) this.msOfWork = Math.min(this.msOfWork * SLOWER, ms / work);
    const expected = this.msOf(work);
    const used = this.blocks - this.withheld;
    const isLate = expected > targetMs && work > fixed;
    if (isLate && (this.wasLate || expected > MUCH_TOO_LATE * targetMs)) {
      const less = Math.max(LEAST_BLOCKS, Math.ceil((used * targetMs) / expected));
      this.withheld = this.blocks - less;
    } else if (expected < targetMs / 2) this.withheld = Math.max(0, this.blocks - used - (used >>> 2));
    this.wasLate = isLate;
    this.setReserve();
  }

  /** How long a minor collection takes that does so much, by what is known. O(1). @param work objects copied and looked at */
  msOf(work: number): number {
    return work === 0 ? 0 : work * this.msOfWork;
  }

  /** After a full collection that marked young objects too, because the old space had no room for them: frees the others. O(blocks). */
  sweep(): void {
    const { i32 } = this.space;
    this.freeCount = 0;
    for (let block = this.first + this.blocks - 1; block >= this.first; block--) {
      const record = this.space.recordAt(block);
      let live = this.ofFirst(block, record, MARKS);
      for (let word = record + MARKS; word < record + MARKS + BITMAP_WORDS; word++) {
        i32[word + (LIVE - MARKS)] = i32[word] as number;
        live |= i32[word] as number;
        i32[word] = 0;
      }
      if (live === 0) this.giveBack(block);
      else i32[record + FLAGS] = SURVIVED | HOLES;
    }
    this.setReserve();
  }

  /** Whether a slot of a block holds an object. O(1). @param at the slot's place in its block */
  isLive(record: number, pointer: number): boolean {
    const { i32 } = this.space;
    const at = pointer & BLOCK_MASK;
    if (((i32[record + FLAGS] as number) & HOLES) !== 0) return testBit(i32, record + LIVE, at);
    const kind = i32[record + KIND] as number;
    const cursor = i32[kind + CURSOR] as number;
    const limit = i32[kind + LIMIT] as number;
    const open = (cursor | limit) !== 0 && ((limit - 1) ^ pointer) >>> BLOCK_SHIFT === 0;
    const end = open ? cursor : (i32[record + TOP] as number);
    return (end - (pointer - at)) >>> 0 > at;
  }

  /** Bytes of the blocks at the end that were never used: addresses, and no more. O(1). */
  get untouchedBytes(): number {
    return (this.first + this.blocks - this.touched) * BLOCK_BYTES;
  }

  /** Bytes in use, in whole blocks but for the objects that had to stay. O(blocks). */
  usedBytes(): number {
    const { i32 } = this.space;
    let bytes = 0;
    for (let block = this.first; block < this.first + this.blocks; block++) {
      const record = this.space.recordAt(block);
      const state = i32[record + STATE] as number;
      if (state === YOUNG_LARGE || state === YOUNG_REST) bytes += BLOCK_BYTES;
      if (state !== YOUNG) continue;
      const kind = i32[record + KIND] as number;
      const slot = i32[kind + SLOT_BYTES] as number;
      if (((i32[record + FLAGS] as number) & HOLES) !== 0) {
        for (let word = 0; word < BITMAP_WORDS; word++) bytes += countBits(i32[record + LIVE + word] as number) * slot;
        continue;
      }
      bytes += this.handedOut(block, record);
    }
    return bytes;
  }
}
