/*
 * Empties blocks of the old space that are hardly used, while the program runs. A major collection that starts chooses them. While it marks, words that lead to
 * them are noted (`incoming.ts`); barriers do so for what is stored meanwhile. When all is marked, each minor collection, which leaves the nursery
 * empty, is followed by a step: the objects of some blocks move, and what leads to them follows. Before the sweep the blocks are free.
 */
import { now } from "./clock.ts";
import {
  BITMAP_WORDS,
  BLOCK_BYTES,
  BLOCK_MASK,
  BLOCK_SHIFT,
  EMPTIED,
  FLAGS,
  GRANULE_SHIFT,
  KIND,
  LIVE,
  LOGGED,
  MARKS,
  OLD,
  OLD_BLOCK,
  OLD_CURSOR,
  POINTERS,
  SLOT_BYTES,
  SLOTS,
  SPARSE,
  START,
  STATE,
  USED,
  WORD_SHIFT,
} from "./layout.ts";
import { liveSlots, testBit } from "./old-space.ts";
import type { Parts } from "./parts.ts";
import { FORWARD } from "./tracer.ts";

/** It is worth it when so many bytes are in free slots, at least. */
const LEAST_WASTE = 262_144;
/** And more than such a part of the bytes in use; where little room is left, as a part of them: so much. */
const MUCH_WASTE = 1;
const WASTE_WHERE_SCARCE = 0.125;
const SCARCE = 0.3;
/** Part of the room that is left which moving objects may take; and which has to be left to go on. */
const ROOM_TO_MOVE = 0.5;
const ROOM_TO_LEAVE = 0.25;
/** Blocks that a step empties, about; and the least that is allocated between two. */
const STEP_BLOCKS = 16;
const LEAST_BETWEEN = 32;
/** Blocks are chosen by how many quarters are live: one at most, then two, then three. */
const QUARTERS = 4;

/** Emptying blocks a few at a time. */
export class Evacuation {
  /** Whether blocks are chosen. */
  active = false;
  /** Numbers of the chosen blocks, and which is next. */
  private chosen: number[] = [];
  private at = 0;
  /** Bytes of room at which no more is moved. */
  private leave = 0;
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Bytes for which there is room in blocks that are free, or are not there yet. */
  private get room(): number {
    const { space } = this.parts;
    return space.freeBlocks * BLOCK_BYTES + space.left;
  }

  /** Whether much is in free slots, as a part of what is in use, and that matters. O(1). */
  get isWorthIt(): boolean {
    const { space, old } = this.parts;
    const used = old.used * (1 << GRANULE_SHIFT);
    const waste = (space.allBlocks - space.freeBlocks) * BLOCK_BYTES - used;
    if (waste < LEAST_WASTE) return false;
    return waste > used * MUCH_WASTE || (this.room < used * SCARCE && waste > used * WASTE_WHERE_SCARCE);
  }

  /** Blocks that the program should allocate at most before the next step: all steps are to be done before there is no room, were all of that to stay. O(1). */
  get between(): number {
    const steps = Math.ceil((this.chosen.length - this.at) / STEP_BLOCKS);
    return Math.max(LEAST_BETWEEN, Math.min(this.parts.nursery.blocks, this.room / BLOCK_BYTES / steps));
  }

  /** Chooses blocks among those that the last sweep left sparse. Whether there are some. O(sparse blocks). @param always also where it is not worth it, for tests */
  choose(always: boolean): boolean {
    const { space, old, incoming } = this.parts;
    if (!always && !this.isWorthIt) return false;
    const { i32 } = space;
    const byQuarters: { record: number; block: number; live: number }[][] = [[], [], [], []];
    for (const block of old.sparse) {
      const record = space.recordAt(block);
      if (record === 0 || i32[record + STATE] !== OLD) continue;
      const kind = i32[record + KIND] as number;
      if (i32[kind + OLD_BLOCK] === record) continue;
      const live = liveSlots(i32, record);
      const quarter = Math.ceil((live * QUARTERS) / (i32[kind + SLOTS] as number)) - 1;
      byQuarters[quarter]?.push({ record, block, live });
    }
    old.sparse.length = 0;
    byQuarters.length = QUARTERS - 1;
    let left = this.room * ROOM_TO_MOVE;
    let objects = 0;
    for (const { record, block, live } of byQuarters.flat()) {
      left -= live * (i32[(i32[record + KIND] as number) + SLOT_BYTES] as number);
      if (left < 0) break;
      objects += live;
      i32[record + FLAGS] = (i32[record + FLAGS] as number) | SPARSE;
      this.chosen.push(block);
    }
    this.active = this.chosen.length > 0;
    if (this.active && !incoming.begin(this.chosen.length, objects)) this.finish();
    this.leave = this.room * ROOM_TO_LEAVE;
    return this.active;
  }

  /**
   * Empties blocks for so long, but one at least; all is marked, and the nursery is empty.
   * @returns whether there are more
   */
  step(budgetMs: number): boolean {
    const { space } = this.parts;
    const until = now() + budgetMs;
    const emptied: number[] = [];
    for (; this.at < this.chosen.length; this.at++) {
      const record = space.recordAt(this.chosen[this.at] as number);
      if (((space.i32[record + FLAGS] as number) & SPARSE) === 0) continue;
      // A free block has room for all objects of another.
      if (this.room < this.leave || (space.freeBlocks === 0 && !space.grow(1))) this.at = this.chosen.length;
      else if (emptied.length > 0 && now() > until) break;
      else {
        this.empty(record);
        emptied.push(record);
      }
    }
    if (emptied.length > 0) this.follow(emptied);
    return this.at < this.chosen.length;
  }

  /** Moves the objects of a block, and lets the words that lead to them follow. */
  private empty(record: number): void {
    const { space, old, tracer, incoming, statistics } = this.parts;
    const kind = space.i32[record + KIND] as number;
    const bytes = space.i32[kind + SLOT_BYTES] as number;
    const end = Math.imul(bytes, space.i32[kind + SLOTS] as number);
    const start = space.i32[record + START] as number;
    for (let at = 0; at < end; at += bytes) {
      if (!testBit(space.i32, record + MARKS, at)) continue;
      if (space.i32[kind + OLD_CURSOR] === space.i32[kind + OLD_CURSOR + 1]) old.openRun(kind);
      const { i32 } = space;
      const to = i32[kind + OLD_CURSOR] as number;
      i32[kind + OLD_CURSOR] = (to + bytes) | 0;
      const source = (start + at) >>> WORD_SHIFT;
      i32.copyWithin(to >>> WORD_SHIFT, source, source + (bytes >>> WORD_SHIFT));
      i32[source] = to;
    }
    const { i32 } = space;
    i32[record + FLAGS] = (i32[record + FLAGS] as number) | EMPTIED;
    statistics.emptiedBlocks++;
    incoming.each(record, (word) => {
      const value = i32[word] as number;
      if ((value ^ start) >>> BLOCK_SHIFT === 0 && testBit(i32, record + MARKS, value & BLOCK_MASK)) {
        i32[word] = i32[value >>> WORD_SHIFT] as number;
      }
    });
    if (i32[kind + POINTERS] === 0) return;
    // Pointers from one of the objects to another follow as well; and what leads from them to blocks that are emptied later stands elsewhere now.
    for (let at = 0; at < end; at += bytes) {
      if (testBit(i32, record + MARKS, at)) tracer.moved(i32[(start + at) >>> WORD_SHIFT] as number, kind);
    }
  }

  /** Lets roots and handles follow; nothing leads to these blocks then. */
  private follow(records: readonly number[]): void {
    const { space, old, tracer, roots, handles } = this.parts;
    tracer.begin(FORWARD);
    roots.each((word) => tracer.visit(word));
    handles.eachStrong(false, (pointer) => tracer.forwarded(pointer));
    handles.eachWeak(false, (pointer) => tracer.forwarded(pointer));
    const { i32 } = space;
    for (const record of records) {
      const bytes = i32[(i32[record + KIND] as number) + SLOT_BYTES] as number;
      old.used -= Math.imul(liveSlots(i32, record), bytes) >>> GRANULE_SHIFT;
      for (const bits of [MARKS, LOGGED, LIVE]) i32.fill(0, record + bits, record + bits + BITMAP_WORDS);
      i32[record + USED] = 0;
    }
  }

  /** Frees the emptied blocks, and lets the others be; the lists of free slots are void then, so sweeping must start. O(blocks). */
  finish(): void {
    const { space, incoming } = this.parts;
    for (const block of this.chosen) {
      const record = space.recordAt(block);
      const flags = space.i32[record + FLAGS] as number;
      if ((flags & EMPTIED) !== 0) space.freeBlock(block);
      else if ((flags & SPARSE) !== 0) incoming.spare(record);
    }
    if (incoming.noting) incoming.finish();
    this.chosen = [];
    this.at = 0;
    this.active = false;
  }
}
