import * as WORD from "./head-words.ts";
import { GRANULE_BYTES } from "./layout.ts";
import type { Records } from "./records.ts";

/** Words of an entry: the owner's id, and a number that stands for its kind. */
const ENTRY_WORDS = 2;

/** FNV-1a starts with the one and multiplies by the other. */
const FNV_BASIS = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

/** Entries of the first table. */
const LEAST = GRANULE_BYTES / (ENTRY_WORDS * 4);

/**
 * The allocators that have joined a memory and not left, in all threads. They are noted in a side table, so that an allocator that continues one
 * of another thread is refused unless that one is there and of the same kind.
 */
export class Members {
  private readonly records: Records;

  constructor(records: Records) {
    this.records = records;
  }

  /** Bytes of the table that one more member needs; 0 when there is room. O(1). */
  get missingBytes(): number {
    const capacity = this.records.get(WORD.memberCapacity);
    if (this.count < capacity) return 0;
    return Math.max(LEAST, capacity * 2) * ENTRY_WORDS * 4;
  }

  /** Bytes of the table that would do when a quarter of this one is used; 0 when more is. O(1). */
  get shorterBytes(): number {
    const capacity = this.records.get(WORD.memberCapacity);
    return capacity === LEAST || this.count * 4 > capacity ? 0 : (capacity / 2) * ENTRY_WORDS * 4;
  }

  /** Moves to a table of zeros that has room for all. O(members). */
  moveTo(table: number, bytes: number): void {
    const { records } = this;
    const old = records.get(WORD.memberTable);
    const oldWords = records.get(WORD.memberCapacity) * ENTRY_WORDS;
    records.i32.copyWithin(table / 4, old, old + this.count * ENTRY_WORDS);
    records.set(WORD.memberTable, table / 4);
    records.set(WORD.memberCapacity, bytes / 4 / ENTRY_WORDS);
    if (oldWords > 0) records.releaseTable(old * 4, oldWords * 4);
  }

  /** How many members there are. O(1). */
  get count(): number {
    return this.records.get(WORD.members);
  }

  /** Notes a member; the table has room for it. O(1). */
  add(id: number, name: string): void {
    const { records, count } = this;
    const word = this.wordOf(count);
    records.i32[word] = id;
    records.i32[word + 1] = kindOf(name);
    records.set(WORD.members, count + 1);
  }

  /** Forgets a member, if it is there. O(members). */
  remove(id: number): void {
    const index = this.indexOf(id);
    if (index < 0) return;
    const { records } = this;
    const last = this.count - 1;
    records.i32.copyWithin(this.wordOf(index), this.wordOf(last), this.wordOf(last + 1));
    records.set(WORD.members, last);
  }

  /** Whether a member is there. O(members). */
  has(id: number): boolean {
    return this.indexOf(id) >= 0;
  }

  /** Whether a member is there and of this kind. O(members). */
  hasKind(id: number, name: string): boolean {
    const index = this.indexOf(id);
    return index >= 0 && this.records.i32[this.wordOf(index) + 1] === kindOf(name);
  }

  private indexOf(id: number): number {
    for (let index = this.count - 1; index >= 0; index--) {
      if (this.records.i32[this.wordOf(index)] === id) return index;
    }
    return -1;
  }

  private wordOf(index: number): number {
    return this.records.get(WORD.memberTable) + index * ENTRY_WORDS;
  }
}

/** A number for an allocator's kind (FNV-1a, 32 bits). */
function kindOf(name: string): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), FNV_PRIME);
  return hash;
}
