/*
 * The remembered list: old objects with a pointer to a young one, each once, because a bit of its block says that it stands there. Of a large object it is the
 * card of 64 bytes that the pointer lies in. Where the list is full, only the bits tell; the next minor collection then looks at the bits of all blocks.
 */
import {
  BIT_SHIFT,
  BIT_WORD_MASK,
  BIT_WORD_SHIFT,
  CARD_BYTES,
  LOGGED,
  NURSERY_BYTES,
  OLD,
  REMEMBERED_BASE,
  REMEMBERED_CURSOR,
  REMEMBERED_LIMIT,
  REMEMBERED_OVERFLOW,
  STATE,
  WORD_SHIFT,
} from "./layout.ts";
import type { Space } from "./space.ts";

/** Bytes of the list at first, and at most: an entry for each 16 bytes of the nursery. */
const FIRST_LIST_BYTES = 16_384;
const MOST_LIST_BYTES = 262_144;
const LIST_SHIFT = 2;
const WORD_BYTES = 4;

/** The list and its bits. */
export class Remembered {
  private bytes = FIRST_LIST_BYTES;
  private readonly space: Space;

  /** @throws ERR_MORPH_OUT_OF_MEMORY */
  constructor(space: Space) {
    this.space = space;
    this.place(space.requireTable(this.bytes));
  }

  private place(list: number): void {
    const { i32, control } = this.space;
    i32[control + REMEMBERED_BASE] = list;
    i32[control + REMEMBERED_CURSOR] = list;
    i32[control + REMEMBERED_LIMIT] = (list + this.bytes) | 0;
  }

  /** Bytes of the entries. O(1). */
  get used(): number {
    const { i32, control } = this.space;
    return ((i32[control + REMEMBERED_CURSOR] as number) - (i32[control + REMEMBERED_BASE] as number)) | 0;
  }

  /** Whether entries found no place on it. O(1). */
  get isFull(): boolean {
    return this.space.i32[this.space.control + REMEMBERED_OVERFLOW] !== 0;
  }

  /** Empties the list, whose bits stay; it was full, so it becomes longer where there is room. O(bytes). */
  startAnew(): void {
    const { space } = this;
    const list = space.i32[space.control + REMEMBERED_BASE] as number;
    const most = (space.i32[space.control + NURSERY_BYTES] as number) >>> LIST_SHIFT;
    const bytes = Math.min(MOST_LIST_BYTES, most, this.bytes * 2);
    const longer = bytes > this.bytes ? space.takeTable(bytes) : 0;
    if (longer !== 0) {
      space.dropTable(list);
      this.bytes = bytes;
      this.place(longer);
    }
    const { i32, control } = space;
    i32[control + REMEMBERED_CURSOR] = i32[control + REMEMBERED_BASE] as number;
    i32[control + REMEMBERED_OVERFLOW] = 0;
  }

  /** Notes that an old object has a pointer to a young one, at `slot`. O(1). */
  note(object: number, slot: number): void {
    const record = this.space.recordOf(slot);
    const { i32 } = this.space;
    // Who calls the barrier may be wrong: what lies at the beginning of the memory is not to suffer.
    if (record === 0) return;
    this.add(i32[record + STATE] === OLD ? object : slot & -CARD_BYTES, record);
  }

  /** Puts an object, or a card of a large one, on the list unless it stands there. */
  add(entry: number, record: number): void {
    const { i32, control } = this.space;
    const word = record + LOGGED + ((entry >>> BIT_WORD_SHIFT) & BIT_WORD_MASK);
    const bits = i32[word] as number;
    const bit = 1 << (entry >>> BIT_SHIFT);
    if ((bits & bit) !== 0) return;
    i32[word] = bits | bit;
    const cursor = i32[control + REMEMBERED_CURSOR] as number;
    if (cursor === i32[control + REMEMBERED_LIMIT]) {
      i32[control + REMEMBERED_OVERFLOW] = 1;
      return;
    }
    i32[cursor >>> WORD_SHIFT] = entry;
    i32[control + REMEMBERED_CURSOR] = (cursor + WORD_BYTES) | 0;
  }

  /** Takes the bit of an entry away; who calls it takes it from the list. */
  forget(entry: number, record: number): void {
    const { i32 } = this.space;
    const word = record + LOGGED + ((entry >>> BIT_WORD_SHIFT) & BIT_WORD_MASK);
    i32[word] = (i32[word] as number) & ~(1 << (entry >>> BIT_SHIFT));
  }

  /** Whether an entry has its bit. */
  has(entry: number, record: number): boolean {
    const word = record + LOGGED + ((entry >>> BIT_WORD_SHIFT) & BIT_WORD_MASK);
    return ((this.space.i32[word] as number) & (1 << (entry >>> BIT_SHIFT))) !== 0;
  }
}
