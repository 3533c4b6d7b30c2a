/*
 * Follows pointers. A minor collection copies young objects out of blocks with a `LANE` and leaves in the first word of each where it went; the bit in `MARKS`
 * says so. A major one sets bits. Both keep what is still to be looked at on one stack, the minor's above the major's; what finds no place there is found again
 * by its block's flag, so that a full stack costs time and nothing else.
 *
 *   stack entry   | pointer | kind |     of a large object: pointer of one of its blocks
 */

import type { Incoming } from "./incoming.ts";
import {
  ARRAY_HEADER_BYTES,
  ARRAY_HEADER_WORDS,
  BIT_SHIFT,
  BIT_WORD_MASK,
  BIT_WORD_SHIFT,
  BLOCK_BYTES,
  BLOCK_MASK,
  BLOCK_SHIFT,
  CARD_BYTES,
  COPY_OVERFLOW,
  COPY_OVERFLOWED,
  EMPTIED,
  ENTRY_WORDS,
  FLAGS,
  KIND,
  LANE,
  LARGE,
  LARGE_REST,
  LOGGED,
  MARK_BASE,
  MARK_CURSOR,
  MARK_LIMIT,
  MARK_OVERFLOW,
  MARK_OVERFLOWED,
  MARKS,
  NEXT,
  NURSERY_BASE,
  NURSERY_BYTES,
  OFFSETS,
  OLD,
  OLD_CURSOR,
  POINTERS,
  RECORD_MASK,
  RECORD_SHIFT,
  SEGMENT_SHIFT,
  SLOT_BYTES,
  SLOTS,
  START,
  STATE,
  STRIDE,
  SURVIVOR,
  WORD_SHIFT,
  YOUNG,
} from "./layout.ts";
import { type OldSpace, testBit } from "./old-space.ts";
import type { Remembered } from "./remembered.ts";
import type { Space } from "./space.ts";

/** Who hands out slots for survivors in the nursery. */
export interface SurvivorSpace {
  /** Gives a kind's survivor cursor a new block; false where the nursery has none. */
  openSurvivors(kind: number): boolean;
  /** Learns that a large object of so many blocks became old. */
  movedLarge(count: number): void;
}

/** What `visit` does with a pointer. */
export const COPY = 0;
export const MARK = 1;
/** Follows a pointer into an emptied block to where the object went. */
export const FORWARD = 2;
/** Notes the words that lead to blocks which are to be emptied. */
const NOTE = 3;

/** Objects up to so many bytes are copied word by word, larger ones at once. */
const COPY_WORDS = 32;
/** What a block of a large object, or one that overflowed, counts of a budget in objects. */
const BLOCK_COST = 128;
const WORD_BYTES = 4;
/** What a small object counts: 1, and 1 more for so many bytes, as a shift. */
const OBJECT_COST = 1;
const COST_SHIFT = 6;
/**
 * Bytes of the stack of objects that are still to be looked at, before the first major collection and then, and of what only minor collections use, however
 * full it is: at most, and as parts of the nursery, which tells how large the program is. Each may overflow.
 */
const FIRST_STACK_BYTES = 16_384;
const MOST_STACK_BYTES = 196_608;
const STACK_SHIFT = 2;
const MOST_COPY_BYTES = 65_536;
const COPY_SHIFT = 6;

/** Follows pointers. */
export class Tracer {
  mode: number = MARK;
  /** Addresses of the nursery, signed. While marking: of what is not marked. */
  base = 0;
  span = 0;
  /** Whether the object that was scanned last has a pointer to a young one. */
  private foundYoung = false;
  /** Word indexes: the next entry of the stack, its end. */
  private top = 0;
  private end = 0;
  /** Bytes of small objects copied in the nursery and to the old space, of large ones, objects copied, and those that should have become old and had no room there; of one collection. */
  survivedBytes = 0;
  promotedBytes = 0;
  largeBytes = 0;
  copiedObjects = 0;
  youngObjects = 0;
  /** Objects that were marked. */
  markedObjects = 0;
  private overflowAt = 0;
  /** What marking took, in budgets of {@link drainMarks}. */
  markedCost = 0;
  /** Bytes of the stack that major collections have, and of what only minor ones use. */
  private readonly markBytes: number;
  private readonly copyBytes: number;
  private isEnlarged = false;
  private readonly survivors: SurvivorSpace;
  private readonly space: Space;
  private readonly old: OldSpace;
  private readonly remembered: Remembered;
  private readonly incoming: Incoming;
  private readonly directory: number;

  /** @throws ERR_MORPH_OUT_OF_MEMORY */
  constructor(space: Space, old: OldSpace, remembered: Remembered, incoming: Incoming, survivors: SurvivorSpace) {
    this.space = space;
    this.old = old;
    this.remembered = remembered;
    this.incoming = incoming;
    this.survivors = survivors;
    this.directory = space.directory;
    const nurseryBytes = space.i32[space.control + NURSERY_BYTES] as number;
    this.copyBytes = Math.min(MOST_COPY_BYTES, nurseryBytes >>> COPY_SHIFT);
    this.markBytes = Math.min(MOST_STACK_BYTES, nurseryBytes >>> STACK_SHIFT);
    this.placeStack(space.requireTable(FIRST_STACK_BYTES + this.copyBytes), FIRST_STACK_BYTES);
    this.setNursery();
  }

  private placeStack(stack: number, bytes: number): void {
    const { i32, control } = this.space;
    i32[control + MARK_BASE] = stack;
    i32[control + MARK_CURSOR] = stack;
    i32[control + MARK_LIMIT] = (stack + bytes) | 0;
  }

  /** Takes the stack of major collections, unless that was done or there is no room; the stack of now has to be empty. O(bytes). */
  enlargeStack(): void {
    if (this.isEnlarged) return;
    const { space } = this;
    const first = space.i32[space.control + MARK_BASE] as number;
    const stack = space.takeTable(this.markBytes + this.copyBytes);
    if (stack === 0) return;
    space.dropTable(first);
    this.placeStack(stack, this.markBytes);
    this.isEnlarged = true;
  }

  /** Takes the nursery's addresses from the control table: those are not marked. */
  setNursery(): void {
    const { i32, control } = this.space;
    this.base = i32[control + NURSERY_BASE] as number;
    this.span = i32[control + NURSERY_BYTES] as number;
  }

  /** Takes the stack's cursor from the control table, where barriers of generated code have it. */
  begin(mode: number): void {
    const { i32, control } = this.space;
    this.mode = mode;
    this.top = (i32[control + MARK_CURSOR] as number) >>> WORD_SHIFT;
    const more = mode === COPY ? this.copyBytes : 0;
    this.end = ((i32[control + MARK_LIMIT] as number) + more) >>> WORD_SHIFT;
  }

  /** Puts the cursor back. */
  finish(): void {
    const { i32, control } = this.space;
    i32[control + MARK_CURSOR] = this.top << WORD_SHIFT;
  }

  // --- one pointer -----------------------------------------------------------------------------------------------------------

  /** Does with the pointer in a word what the mode says. */
  visit(word: number): void {
    const value = this.space.i32[word] as number;
    if (value === 0) return;
    if (this.mode === MARK) this.mark(value);
    else if (this.mode === FORWARD) this.space.i32[word] = this.forwarded(value);
    else if (this.mode === NOTE) this.incoming.note(word, value);
    else if ((value - this.base) >>> 0 < this.span) this.copyAt(word, value);
  }

  private copyAt(word: number, value: number): void {
    const to = this.copy(value);
    this.space.i32[word] = to;
    if ((to - this.base) >>> 0 < this.span) this.foundYoung = true;
  }

  /** Marks an object, and puts it on the stack when it has pointers. Young ones are not marked. */
  mark(pointer: number): void {
    if ((pointer - this.base) >>> 0 < this.span) return;
    const { i32 } = this.space;
    const records = (i32[this.directory + (pointer >>> SEGMENT_SHIFT)] as number) | 0;
    if (records === 0) return;
    const record = records + ((pointer >>> RECORD_SHIFT) & RECORD_MASK);
    const word = record + MARKS + ((pointer >>> BIT_WORD_SHIFT) & BIT_WORD_MASK);
    const bits = i32[word] as number;
    const bit = 1 << (pointer >>> BIT_SHIFT);
    if ((bits & bit) !== 0) return;
    i32[word] = bits | bit;
    this.markedObjects++;
    const kind = i32[record + KIND] as number;
    if ((i32[kind + POINTERS] as number) !== 0) this.push(pointer, kind, record);
  }

  private push(pointer: number, kind: number, record: number): void {
    const { i32 } = this.space;
    const top = this.top;
    if (top === this.end) {
      this.overflow(record);
      return;
    }
    i32[top] = pointer;
    i32[top + 1] = kind;
    this.top = top + ENTRY_WORDS;
  }

  /** Notes for a block that it has an object which found no place on the stack. */
  private overflow(record: number): void {
    const { i32, control } = this.space;
    const copying = this.mode === COPY;
    i32[record + FLAGS] = (i32[record + FLAGS] as number) | (copying ? COPY_OVERFLOW : MARK_OVERFLOW);
    i32[control + (copying ? COPY_OVERFLOWED : MARK_OVERFLOWED)] = 1;
  }

  /** Where a young object is now: copies it unless that was done, or it lies where this collection puts survivors. */
  copy(pointer: number): number {
    const { space } = this;
    let { i32 } = space;
    const record =
      (i32[this.directory + (pointer >>> SEGMENT_SHIFT)] as number) + ((pointer >>> RECORD_SHIFT) & RECORD_MASK);
    const lane = i32[record + LANE] as number;
    if (lane === 0) return pointer;
    const word = record + MARKS + ((pointer >>> BIT_WORD_SHIFT) & BIT_WORD_MASK);
    const bits = i32[word] as number;
    const bit = 1 << (pointer >>> BIT_SHIFT);
    if ((bits & bit) !== 0) return this.copied(pointer, word, bit);
    const kind = i32[record + KIND] as number;
    let cursor = kind + lane;
    if (i32[cursor] === i32[cursor + 1]) {
      const at = this.room(kind, lane);
      if (at === 0) return this.withoutSlot(pointer, record, word, bit, kind);
      cursor = kind + at;
      ({ i32 } = space);
    }
    const to = i32[cursor] as number;
    const bytes = i32[kind + SLOT_BYTES] as number;
    i32[cursor] = (to + bytes) | 0;
    const words = bytes >>> WORD_SHIFT;
    const source = pointer >>> WORD_SHIFT;
    const target = to >>> WORD_SHIFT;
    if (words <= COPY_WORDS) for (let i = 0; i < words; i++) i32[target + i] = i32[source + i] as number;
    else i32.copyWithin(target, source, source + words);
    i32[word] = bits | bit;
    i32[source] = to;
    this.copiedObjects++;
    if (cursor === kind + OLD_CURSOR) this.promotedBytes += bytes;
    else this.survivedBytes += bytes;
    if ((i32[kind + POINTERS] as number) !== 0) {
      const top = this.top;
      if (top === this.end) this.overflow(space.recordOf(to));
      else {
        i32[top] = to;
        i32[top + 1] = kind;
        this.top = top + ENTRY_WORDS;
      }
    }
    return to;
  }

  /** Where an object goes for which there is no slot: a large one has none. */
  private withoutSlot(pointer: number, record: number, word: number, bit: number, kind: number): number {
    const isLarge = this.space.i32[kind + SLOT_BYTES] === 0;
    return isLarge ? this.copyLarge(pointer, record, word, bit, kind) : this.pin(pointer, record, word, bit, kind);
  }

  /** Moves a large object, which has no pointers, to the old space. */
  private copyLarge(pointer: number, record: number, word: number, bit: number, kind: number): number {
    const { space, old } = this;
    const count = space.i32[record + NEXT] as number;
    const bytes = count * BLOCK_BYTES;
    let to = old.allocLarge(kind, bytes, true, false);
    if (to === 0 && old.sweeping) {
      old.sweepAll();
      to = old.allocLarge(kind, bytes, true, false);
    }
    if (to === 0) return this.pin(pointer, record, word, bit, kind);
    const { i32 } = space;
    const source = pointer >>> WORD_SHIFT;
    i32.copyWithin(to >>> WORD_SHIFT, source, source + (bytes >>> WORD_SHIFT));
    i32[word] = (i32[word] as number) | bit;
    i32[source] = to;
    this.copiedObjects++;
    this.largeBytes += bytes;
    this.survivors.movedLarge(count);
    return to;
  }

  /** Where an object went that was looked at before. */
  private copied(pointer: number, word: number, bit: number): number {
    const { i32 } = this.space;
    return ((i32[word + (LOGGED - MARKS)] as number) & bit) !== 0 ? pointer : (i32[pointer >>> WORD_SHIFT] as number);
  }

  /** Makes room for small survivors: where it is now, as an offset in the kind's record, or 0. An object becomes old early when the nursery is full. */
  private room(kind: number, lane: number): number {
    if (lane === SURVIVOR && this.survivors.openSurvivors(kind)) return SURVIVOR;
    const { i32 } = this.space;
    if (i32[kind + SLOT_BYTES] === 0) return 0;
    if (i32[kind + OLD_CURSOR] !== i32[kind + OLD_CURSOR + 1] || this.old.openRun(kind)) return OLD_CURSOR;
    if (i32[kind + SURVIVOR] === i32[kind + SURVIVOR + 1] && !this.survivors.openSurvivors(kind)) return 0;
    this.youngObjects++;
    return SURVIVOR;
  }

  /** Lets an object stay where it is, for there is no room anywhere. */
  private pin(pointer: number, record: number, word: number, bit: number, kind: number): number {
    const { i32 } = this.space;
    i32[word] = (i32[word] as number) | bit;
    i32[word + (LOGGED - MARKS)] = (i32[word + (LOGGED - MARKS)] as number) | bit;
    this.youngObjects++;
    if ((i32[kind + POINTERS] as number) !== 0) this.push(pointer, kind, record);
    return pointer;
  }

  /** Where an object of the old space is now; see `compaction.ts` and `evacuation.ts`. */
  forwarded(pointer: number): number {
    const { i32 } = this.space;
    const record = this.space.recordOf(pointer);
    if (record === 0 || ((i32[record + FLAGS] as number) & EMPTIED) === 0) return pointer;
    const gone = testBit(i32, record + MARKS, pointer & BLOCK_MASK);
    return gone ? (i32[pointer >>> WORD_SHIFT] as number) : pointer;
  }

  // --- one object ------------------------------------------------------------------------------------------------------------

  /** Visits all pointers of a small object, or of one block of a large one. */
  scan(pointer: number, kind: number): void {
    const { i32 } = this.space;
    const first = pointer >>> WORD_SHIFT;
    if ((i32[kind + SLOT_BYTES] as number) === 0) this.scanLarge(pointer, kind);
    else if ((i32[kind + STRIDE] as number) === 0) this.visitElement(first, kind);
    else {
      const end = first + this.arrayWords(first, kind);
      if (i32[kind + STRIDE] === WORD_BYTES) {
        this.visitWords(first + ARRAY_HEADER_WORDS, end);
        return;
      }
      const step = (i32[kind + STRIDE] as number) >>> WORD_SHIFT;
      for (let element = first + ARRAY_HEADER_WORDS; element < end; element += step) this.visitElement(element, kind);
    }
  }

  /** Words of a small array with pointers, up to its last element's end. A length that a program has overwritten must not lead out of the slot. */
  private arrayWords(first: number, kind: number): number {
    const { i32 } = this.space;
    const step = (i32[kind + STRIDE] as number) >>> WORD_SHIFT;
    const most = (((i32[kind + SLOT_BYTES] as number) >>> WORD_SHIFT) - ARRAY_HEADER_WORDS) | 0;
    const length = i32[first] as number;
    const words = Math.imul(length, step);
    return ARRAY_HEADER_WORDS + (length >>> 0 <= most && words <= most ? words : most - (most % step));
  }

  /** Visits the pointers of an object that is no array, or of an element. */
  private visitElement(first: number, kind: number): void {
    const { i32 } = this.space;
    const count = i32[kind + POINTERS] as number;
    const offsets = i32[kind + OFFSETS] as number;
    if (this.mode === COPY) {
      for (let i = 0; i < count; i++) {
        const word = first + (this.space.i32[offsets + i] as number);
        const value = this.space.i32[word] as number;
        if ((value - this.base) >>> 0 < this.span) this.copyAt(word, value);
      }
    } else if (this.mode === MARK) {
      for (let i = 0; i < count; i++) {
        const value = i32[first + (i32[offsets + i] as number)] as number;
        if (value !== 0) this.mark(value);
      }
    } else for (let i = 0; i < count; i++) this.visit(first + (i32[offsets + i] as number));
  }

  /** Visits words all of which are pointers: an array's, or a part of one. */
  private visitWords(from: number, to: number): void {
    const { i32 } = this.space;
    if (this.mode === COPY) {
      for (let word = from; word < to; word++) {
        const value = this.space.i32[word] as number;
        if ((value - this.base) >>> 0 < this.span) this.copyAt(word, value);
      }
    } else if (this.mode === MARK) {
      for (let word = from; word < to; word++) {
        const value = i32[word] as number;
        if (value !== 0) this.mark(value);
      }
    } else for (let word = from; word < to; word++) this.visit(word);
  }

  /** Visits the pointers in one block of a large object, and puts the next block on the stack when the major collection came here. */
  private scanLarge(at: number, kind: number): void {
    const { space } = this;
    const record = space.recordOf(at);
    const part = space.i32[record + STATE] === LARGE_REST ? (space.i32[record + NEXT] as number) : 0;
    const object = (at - part * BLOCK_BYTES) | 0;
    if (this.mode === MARK && part + 1 < (space.i32[space.recordOf(object) + NEXT] as number)) {
      this.push((at + BLOCK_BYTES) | 0, kind, space.recordOf((at + BLOCK_BYTES) | 0));
    }
    this.scanRange(object, kind, part * BLOCK_BYTES, (part + 1) * BLOCK_BYTES);
  }

  /** Visits the pointers of a large object from one offset up to another. */
  private scanRange(object: number, kind: number, from: number, to: number): void {
    const { i32 } = this.space;
    const count = i32[kind + POINTERS] as number;
    const offsets = i32[kind + OFFSETS] as number;
    const stride = i32[kind + STRIDE] as number;
    const start = object >>> WORD_SHIFT;
    if (stride === 0) {
      this.visitOffsets(object, 0, offsets, count, from, to);
      return;
    }
    // A length that a program has overwritten must not lead out of the blocks.
    const bytes = (i32[this.space.recordOf(object) + NEXT] as number) * BLOCK_BYTES;
    const most = Math.floor((bytes - ARRAY_HEADER_BYTES) / stride);
    const length = Math.min((i32[start] as number) >>> 0, most, Math.ceil((to - ARRAY_HEADER_BYTES) / stride));
    if (stride === WORD_BYTES) {
      const first = Math.max(ARRAY_HEADER_WORDS, from >>> WORD_SHIFT);
      this.visitWords(start + first, start + ARRAY_HEADER_WORDS + length);
      return;
    }
    for (let each = Math.max(0, Math.floor((from - ARRAY_HEADER_BYTES) / stride)); each < length; each++) {
      this.visitOffsets(object, ARRAY_HEADER_BYTES + each * stride, offsets, count, from, to);
    }
  }

  /** Visits those pointers of an element, `element` bytes behind the object's beginning, that lie between two offsets of the object. The offsets of a type ascend. */
  private visitOffsets(
    object: number,
    element: number,
    offsets: number,
    count: number,
    from: number,
    to: number,
  ): void {
    const start = object >>> WORD_SHIFT;
    let low = 0;
    for (let high = count; low < high; ) {
      const middle = (low + high) >>> 1;
      if (element + (this.space.i32[offsets + middle] as number) * WORD_BYTES < from) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < count; i++) {
      const offset = element + (this.space.i32[offsets + i] as number) * WORD_BYTES;
      if (offset >= to) return;
      this.visit(start + (offset >>> WORD_SHIFT));
    }
  }

  /** Visits the words of a card in an array of pointers: what lies behind the last element is 0. */
  private scanCard(card: number, record: number): void {
    const first = card >>> WORD_SHIFT;
    const isHead = this.space.i32[record + STATE] === LARGE && (card & BLOCK_MASK) === 0;
    this.visitWords(isHead ? first + ARRAY_HEADER_WORDS : first, first + CARD_BYTES / WORD_BYTES);
  }

  /** Scans an entry of the remembered list; whether it has a pointer to a young object still. */
  scanOld(entry: number, record: number): boolean {
    this.foundYoung = false;
    const { i32 } = this.space;
    const kind = i32[record + KIND] as number;
    if (i32[record + STATE] === OLD) this.scan(entry, kind);
    else if (i32[kind + STRIDE] === WORD_BYTES) this.scanCard(entry, record);
    else {
      const part = i32[record + STATE] === LARGE_REST ? (i32[record + NEXT] as number) : 0;
      const from = part * BLOCK_BYTES + (entry & BLOCK_MASK);
      this.scanRange((entry - from) | 0, kind, from, from + CARD_BYTES);
    }
    return this.foundYoung;
  }

  /** Notes what in an old object leads to blocks that are to be emptied. */
  private note(pointer: number, kind: number): void {
    const { mode } = this;
    this.mode = NOTE;
    this.scan(pointer, kind);
    this.mode = mode;
  }

  /** The same for an object that has moved out of such a block; its pointers to others of that block follow. */
  moved(pointer: number, kind: number): void {
    this.mode = FORWARD;
    this.scan(pointer, kind);
    this.note(pointer, kind);
  }

  // --- the stack -------------------------------------------------------------------------------------------------------------

  /** Scans copied objects until there are none. @param base the stack's top when the collection began, a word index */
  drainCopies(base: number): void {
    const { space } = this;
    for (;;) {
      while (this.top !== base) {
        const top = this.top - ENTRY_WORDS;
        this.top = top;
        this.scanCopy(space.i32[top] as number, space.i32[top + 1] as number);
      }
      if (space.i32[space.control + COPY_OVERFLOWED] === 0) return;
      this.rescanCopies(base);
    }
  }

  get stackTop(): number {
    return this.top;
  }

  private scanCopy(pointer: number, kind: number): void {
    this.foundYoung = false;
    this.scan(pointer, kind);
    if ((pointer - this.base) >>> 0 < this.span) return;
    if (this.foundYoung) this.remembered.add(pointer, this.space.recordOf(pointer));
    if (this.incoming.noting) this.note(pointer, kind);
  }

  /** Finds the copies that found no place on the stack: all of a block with the flag are scanned, some again. */
  private rescanCopies(base: number): void {
    const { space } = this;
    space.i32[space.control + COPY_OVERFLOWED] = 0;
    for (let block = space.lowBlock; block < space.highBlock; block++) {
      const record = space.recordAt(block);
      if (record === 0) continue;
      const flags = space.i32[record + FLAGS] as number;
      if ((flags & COPY_OVERFLOW) === 0) continue;
      space.i32[record + FLAGS] = flags & ~COPY_OVERFLOW;
      const kind = space.i32[record + KIND] as number;
      const start = space.i32[record + START] as number;
      const bytes = space.i32[kind + SLOT_BYTES] as number;
      const end = Math.imul(bytes, space.i32[kind + SLOTS] as number);
      const young = space.i32[record + STATE] === YOUNG;
      for (let at = 0; at < end; at += bytes) {
        const pointer = (start + at) | 0;
        if (young ? this.isCopy(record, kind, pointer) : this.old.isLive(record, at)) this.scanCopy(pointer, kind);
        while (this.top !== base) {
          const top = this.top - ENTRY_WORDS;
          this.top = top;
          this.scanCopy(space.i32[top] as number, space.i32[top + 1] as number);
        }
      }
    }
  }

  /** Whether a young slot holds an object that this collection put, or left, there. */
  private isCopy(record: number, kind: number, pointer: number): boolean {
    const { i32 } = this.space;
    if ((i32[record + LANE] as number) !== 0) return testBit(i32, record + LOGGED, pointer & BLOCK_MASK);
    const cursor = i32[kind + SURVIVOR] as number;
    if (cursor === 0) return true;
    const isOpen = ((cursor - 1) ^ pointer) >>> BLOCK_SHIFT === 0;
    return !isOpen || pointer >>> 0 < cursor >>> 0;
  }

  /**
   * Marks on. @param budget objects of less than 64 bytes, about
   * @returns what is left of the budget; below 0 when it did not suffice to mark all
   */
  drainMarks(budget: number): number {
    const { space } = this;
    const { i32, control } = space;
    const base = (i32[control + MARK_BASE] as number) >>> WORD_SHIFT;
    let left = budget;
    for (;;) {
      while (this.top !== base) {
        if (left < 0) return left;
        const top = this.top - ENTRY_WORDS;
        this.top = top;
        const kind = i32[top + 1] as number;
        const bytes = i32[kind + SLOT_BYTES] as number;
        const cost = bytes === 0 ? BLOCK_COST : OBJECT_COST + (bytes >>> COST_SHIFT);
        left -= cost;
        this.markedCost += cost;
        if (this.incoming.noting) this.note(i32[top] as number, kind);
        this.scan(i32[top] as number, kind);
      }
      if (i32[control + MARK_OVERFLOWED] === 0) return Math.max(left, 0);
      if (left < 0) return left;
      this.rescanMarks();
      left -= BLOCK_COST;
    }
  }

  /** Scans the marked objects of the next block with the flag. */
  private rescanMarks(): void {
    const { space } = this;
    const { i32, control } = space;
    for (let step = space.highBlock - space.lowBlock; step >= 0; step--) {
      if (this.overflowAt < space.lowBlock || this.overflowAt >= space.highBlock) this.overflowAt = space.lowBlock;
      const record = space.recordAt(this.overflowAt);
      this.overflowAt++;
      if (record === 0) continue;
      const flags = i32[record + FLAGS] as number;
      if ((flags & MARK_OVERFLOW) === 0) continue;
      i32[record + FLAGS] = flags & ~MARK_OVERFLOW;
      const kind = i32[record + KIND] as number;
      const state = i32[record + STATE] as number;
      const { noting } = this.incoming;
      if (state === LARGE || state === LARGE_REST) {
        if (noting) this.note(i32[record + START] as number, kind);
        this.scan(i32[record + START] as number, kind);
        return;
      }
      const bytes = i32[kind + SLOT_BYTES] as number;
      const end = Math.imul(bytes, i32[kind + SLOTS] as number);
      for (let at = 0; at < end; at += bytes) {
        if (!testBit(i32, record + MARKS, at)) continue;
        // Free slots of an open run are marked too, and hold what was there before.
        if (state === OLD && !this.old.isLive(record, at)) continue;
        if (noting) this.note(((i32[record + START] as number) + at) | 0, kind);
        this.scan(((i32[record + START] as number) + at) | 0, kind);
      }
      return;
    }
    i32[control + MARK_OVERFLOWED] = 0;
  }
}
