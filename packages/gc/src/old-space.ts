/*
 * Where objects live that survived twice, or once when they are large; large ones with pointers from the start. They do not move, but for `compaction.ts`. Slots are handed out in runs: free slots in a
 * row, all of which count as live while the run is open; so a promotion is a bump of the kind's cursor. Sweeping a block makes its mark bits its live bits.
 */

import type { Kinds } from "./kinds.ts";
import {
  AVAILABLE,
  BIT_SHIFT,
  BITMAP_WORDS,
  BITS_OF_2,
  BITS_OF_4,
  BITS_OF_8,
  BLOCK_BYTES,
  BLOCK_MASK,
  BLOCK_SHIFT,
  BYTE_ONES,
  FLAGS,
  GRANULE_SHIFT,
  HIGH_BYTE_SHIFT,
  KIND,
  LARGE,
  LARGE_REST,
  LIVE,
  LOGGED,
  MARKS,
  NEXT,
  OLD,
  OLD_BLOCK,
  OLD_CURSOR,
  SEGMENT_BLOCK_MASK,
  SEGMENT_BLOCKS,
  SLOT_BYTES,
  SLOTS,
  SPARSE,
  START,
  STATE,
  SWEPT,
  USED,
  WORD_BITS_SHIFT,
} from "./layout.ts";
import { blank, type Space } from "./space.ts";

/** Blocks that one request for room sweeps at most before it takes a new block. */
const SWEEP_FOR_ROOM = 32;

/** Of the blocks that a sweep finds, so many are noted of which three quarters or less are live. */
const MOST_SPARSE = 8_192;
const QUARTERS = 4;
const SPARSE_QUARTERS = 3;

/** Slots and large objects of the old space. */
export class OldSpace {
  /** Bytes of live slots and open runs, in 8s. */
  used = 0;
  /** Whether a major collection marks: what is born now is marked. */
  marking = false;
  /** Whether all is marked and sparse blocks are being emptied: what is not marked may lead to blocks that were. */
  emptying = false;
  /** Whether there are blocks to sweep: those whose `SWEPT` flag is not `cycle`. */
  sweeping = false;
  /** 0 or `SWEPT`. */
  cycle = 0;
  /** Bytes, in 8s, that the last sweep, or the one under way, has freed. */
  freed = 0;
  /** Bytes, in 8s, of the blocks that were ever taken. */
  taken = 0;
  /** Numbers of blocks that the last sweep left sparse; see `evacuation.ts`. */
  readonly sparse: number[] = [];
  private sweepAt = 0;
  private readonly space: Space;
  private readonly kinds: Kinds;

  constructor(space: Space, kinds: Kinds) {
    this.space = space;
    this.kinds = kinds;
  }

  // --- room ------------------------------------------------------------------------------------------------------------------

  /** Opens the next run of a kind's free slots; its cursor is at the limit. Whether there is room. O(slots of a block) as a rule. */
  openRun(kind: number): boolean {
    const { space } = this;
    let record = space.i32[kind + OLD_BLOCK] as number;
    let from = space.i32[kind + OLD_CURSOR] as number;
    for (;;) {
      if (record !== 0 && this.findRun(kind, record, from)) return true;
      record = this.nextBlock(kind);
      if (record === 0) return false;
      from = space.i32[record + START] as number;
    }
  }

  /** Opens the first run of free slots in a block, from a slot on. */
  private findRun(kind: number, record: number, from: number): boolean {
    const { i32 } = this.space;
    const start = i32[record + START] as number;
    const bytes = i32[kind + SLOT_BYTES] as number;
    const end = Math.imul(bytes, i32[kind + SLOTS] as number);
    let at = (from - start) | 0;
    while (at < end && testBit(i32, record + LIVE, at)) at += bytes;
    if (at >= end) return false;
    let limit = at;
    while (limit < end && !testBit(i32, record + LIVE, limit)) {
      setBit(i32, record + LIVE, limit);
      if (this.marking) setBit(i32, record + MARKS, limit);
      limit += bytes;
    }
    i32[kind + OLD_BLOCK] = record;
    i32[kind + OLD_CURSOR] = (start + at) | 0;
    i32[kind + OLD_CURSOR + 1] = (start + limit) | 0;
    this.used += (limit - at) >>> GRANULE_SHIFT;
    return true;
  }

  /** A block with free slots, from the kind's list, by sweeping, or new; 0 where there is no room. */
  private nextBlock(kind: number): number {
    const { space } = this;
    let record = this.takeAvailable(kind);
    if (record === 0 && this.sweeping) {
      this.sweep(SWEEP_FOR_ROOM);
      record = this.takeAvailable(kind);
    }
    if (record !== 0) return record;
    let pointer = space.takeBlock();
    if (pointer === 0 && this.sweeping) {
      this.sweepAll();
      record = this.takeAvailable(kind);
      if (record !== 0) return record;
      pointer = space.takeBlock();
    }
    if (pointer === 0) return 0;
    record = space.recordOf(pointer);
    blank(space.i32, record, OLD);
    space.i32[record + KIND] = kind;
    space.i32[record + FLAGS] = this.cycle;
    this.taken += BLOCK_BYTES >>> GRANULE_SHIFT;
    return record;
  }

  private takeAvailable(kind: number): number {
    const { i32 } = this.space;
    let record = i32[kind + AVAILABLE] as number;
    // What is to be emptied is not filled.
    while (record !== 0 && ((i32[record + FLAGS] as number) & SPARSE) !== 0) record = i32[record + NEXT] as number;
    i32[kind + AVAILABLE] = record === 0 ? 0 : (i32[record + NEXT] as number);
    return record;
  }

  /** Puts a block with free slots on its kind's list. */
  list(record: number): void {
    const { i32 } = this.space;
    const kind = i32[record + KIND] as number;
    i32[record + NEXT] = i32[kind + AVAILABLE] as number;
    i32[kind + AVAILABLE] = record;
  }

  /** Closes the open runs: what is left of them is free again. O(kinds). */
  closeRuns(): void {
    for (const kind of this.kinds.all) {
      const { i32 } = this.space;
      const record = i32[kind + OLD_BLOCK] as number;
      if (record === 0) continue;
      const bytes = i32[kind + SLOT_BYTES] as number;
      const start = i32[record + START] as number;
      const at = ((i32[kind + OLD_CURSOR] as number) - start) | 0;
      const limit = ((i32[kind + OLD_CURSOR + 1] as number) - start) | 0;
      for (let each = at; each < limit; each += bytes) {
        clearBit(i32, record + LIVE, each);
        clearBit(i32, record + MARKS, each);
      }
      this.used -= (limit - at) >>> GRANULE_SHIFT;
      i32[kind + OLD_BLOCK] = 0;
      i32[kind + OLD_CURSOR] = 0;
      i32[kind + OLD_CURSOR + 1] = 0;
      // Its free slots may lie before the run too, when compaction emptied them; the list finds all.
      if (limit > at || limit < BLOCK_BYTES) this.list(record);
    }
  }

  /** Marks what is left of the open runs, when marking starts: what is born in them now is marked. O(kinds). */
  markRuns(): void {
    const { i32 } = this.space;
    for (const kind of this.kinds.all) {
      const record = i32[kind + OLD_BLOCK] as number;
      if (record === 0) continue;
      const bytes = i32[kind + SLOT_BYTES] as number;
      const start = i32[record + START] as number;
      const limit = ((i32[kind + OLD_CURSOR + 1] as number) - start) | 0;
      for (let at = ((i32[kind + OLD_CURSOR] as number) - start) | 0; at < limit; at += bytes) {
        setBit(i32, record + MARKS, at);
      }
    }
  }

  /** A large object, zeroed unless it need not be; 0 where there is no room. O(bytes). @param mayGrow whether pages may be taken for it */
  allocLarge(kind: number, bytes: number, mayGrow: boolean, cleared: boolean): number {
    const { space } = this;
    const count = Math.ceil(bytes / BLOCK_BYTES);
    const pointer = space.takeBlocks(count, mayGrow);
    if (pointer === 0) return 0;
    if (cleared) space.clear(pointer, count * BLOCK_BYTES);
    const first = pointer >>> BLOCK_SHIFT;
    for (let i = 0; i < count; i++) {
      const record = space.recordAt(first + i);
      blank(space.i32, record, i === 0 ? LARGE : LARGE_REST);
      space.i32[record + KIND] = kind;
      space.i32[record + NEXT] = i === 0 ? count : i;
      space.i32[record + FLAGS] = this.cycle;
    }
    const { i32 } = space;
    const record = space.recordAt(first);
    i32[record + LIVE] = 1;
    i32[record + USED] = 1;
    if (this.marking) i32[record + MARKS] = 1;
    this.used += (count * BLOCK_BYTES) >>> GRANULE_SHIFT;
    return pointer;
  }

  // --- sweeping ----------------------------------------------------------------------------------------------------------------

  /** Starts to sweep, when marking has ended. O(kinds). */
  startSweep(): void {
    const { i32 } = this.space;
    this.closeRuns();
    for (const kind of this.kinds.all) i32[kind + AVAILABLE] = 0;
    this.cycle ^= SWEPT;
    this.sweeping = true;
    this.freed = 0;
    this.sparse.length = 0;
    this.sweepAt = this.space.lowBlock;
  }

  /** Sweeps so many blocks; whether there are more. O(count). */
  sweep(count: number): boolean {
    const { space } = this;
    let left = count;
    while (left > 0 && this.sweeping) {
      const at = this.sweepAt;
      if (at >= space.highBlock) {
        this.sweeping = false;
        break;
      }
      const record = space.recordAt(at);
      if (record === 0) {
        this.sweepAt = (at | SEGMENT_BLOCK_MASK) + 1;
        left--;
        continue;
      }
      this.sweepAt = at + 1;
      const state = space.i32[record + STATE] as number;
      if (state === OLD || state === LARGE) {
        this.sweepBlock(record);
        left--;
      }
      if (((at + 1) & SEGMENT_BLOCK_MASK) === 0) space.releasePages((at / SEGMENT_BLOCKS) | 0, false);
    }
    return this.sweeping;
  }

  sweepAll(): void {
    while (this.sweep(SEGMENT_BLOCKS)) {}
  }

  /** Frees what is not marked in a block, unless it was swept. O(1). */
  sweepBlock(record: number): void {
    const { space } = this;
    const { i32 } = space;
    const flags = i32[record + FLAGS] as number;
    if ((flags & SWEPT) === this.cycle) return;
    i32[record + FLAGS] = (flags & ~SWEPT) | this.cycle;
    const kind = i32[record + KIND] as number;
    if (i32[record + STATE] === LARGE) {
      if (i32[record + MARKS] === 0) this.freeLarge(record);
      else i32[record + MARKS] = 0;
      return;
    }
    let before = 0;
    let after = 0;
    for (let word = record + MARKS; word < record + MARKS + BITMAP_WORDS; word++) {
      const marks = i32[word] as number;
      const live = word + (LIVE - MARKS);
      before += countBits(i32[live] as number);
      after += countBits(marks);
      i32[live] = marks;
      i32[word + (LOGGED - MARKS)] = (i32[word + (LOGGED - MARKS)] as number) & marks;
      i32[word] = 0;
    }
    const freed = Math.imul(before - after, i32[kind + SLOT_BYTES] as number) >>> GRANULE_SHIFT;
    this.used -= freed;
    this.freed += freed;
    i32[record + USED] = after;
    const block = (i32[record + START] as number) >>> BLOCK_SHIFT;
    const slots = i32[kind + SLOTS] as number;
    if (after === 0) space.freeBlock(block);
    else if (after < slots) {
      this.list(record);
      if (after * QUARTERS <= slots * SPARSE_QUARTERS && this.sparse.length < MOST_SPARSE) this.sparse.push(block);
    }
  }

  private freeLarge(record: number): void {
    const { space } = this;
    const count = space.i32[record + NEXT] as number;
    const first = (space.i32[record + START] as number) >>> BLOCK_SHIFT;
    for (let block = first; block < first + count; block++) space.freeBlock(block);
    const granules = (count * BLOCK_BYTES) >>> GRANULE_SHIFT;
    this.used -= granules;
    this.freed += granules;
  }

  /**
   * Whether a slot of the old space holds an object, as far as is known: it is not in an open run, and not among what marking found dead. O(1).
   * @param at the slot's place in its block
   */
  isLive(record: number, at: number): boolean {
    const { i32 } = this.space;
    const flags = i32[record + FLAGS] as number;
    const byMarks = this.emptying || (this.sweeping && (flags & SWEPT) !== this.cycle);
    if (!testBit(i32, record + (byMarks ? MARKS : LIVE), at)) return false;
    const kind = i32[record + KIND] as number;
    if (i32[kind + OLD_BLOCK] !== record) return true;
    const open = (i32[kind + OLD_CURSOR] as number) & BLOCK_MASK;
    const left = ((i32[kind + OLD_CURSOR + 1] as number) - (i32[kind + OLD_CURSOR] as number)) | 0;
    return left === 0 || at < open || at >= open + left;
  }
}

/** Whether the object at a pointer is marked. O(1). */
export function isMarked(space: Space, pointer: number): boolean {
  return testBit(space.i32, space.recordOf(pointer) + MARKS, pointer & BLOCK_MASK);
}

/** A bit of a block's bitmap, by the place of its slot in the block. */
export function testBit(i32: Int32Array, bits: number, at: number): boolean {
  return ((i32[bits + (at >>> (BIT_SHIFT + WORD_BITS_SHIFT))] as number) & (1 << (at >>> BIT_SHIFT))) !== 0;
}

export function setBit(i32: Int32Array, bits: number, at: number): void {
  const word = bits + (at >>> (BIT_SHIFT + WORD_BITS_SHIFT));
  i32[word] = (i32[word] as number) | (1 << (at >>> BIT_SHIFT));
}

export function clearBit(i32: Int32Array, bits: number, at: number): void {
  const word = bits + (at >>> (BIT_SHIFT + WORD_BITS_SHIFT));
  i32[word] = (i32[word] as number) & ~(1 << (at >>> BIT_SHIFT));
}

/** How many bits of a word are set. */
export function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & BITS_OF_2);
  const nibbles = (pairs & BITS_OF_4) + ((pairs >>> 2) & BITS_OF_4);
  return Math.imul((nibbles + (nibbles >>> 4)) & BITS_OF_8, BYTE_ONES) >>> HIGH_BYTE_SHIFT;
}

/** Slots of a block that hold an object, dead ones included. */
export function liveSlots(i32: Int32Array, record: number): number {
  let count = 0;
  for (let word = 0; word < BITMAP_WORDS; word++) count += countBits(i32[record + LIVE + word] as number);
  return count;
}
