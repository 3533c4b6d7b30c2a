import { type AddressSpace, MorphError, PAGE_BYTES } from "@morph/memory";
import type { Chunks } from "./chunks.ts";
import { GOLDEN, HUGE_CAPACITY, HUGE_COUNT, HUGE_PAGES, HUGE_TABLE, HUGE_USED } from "./layout.ts";

/** Entries of the first table. */
const LEAST = 8;

/**
 * The huge objects: each is a run of pages of the memory and nothing else. They need no records, so that one can grow as far as the pages behind it
 * are free, and its pages are released at once when it is freed. A hash table in a side table has them: open addressing from the page number on, two
 * words an entry, page and pages. An entry with 0 pages is of an object that was freed.
 *
 * Where the table lies, and the counts, are words of the control table.
 */
export class HugeObjects {
  private readonly memory: AddressSpace;
  private readonly chunks: Chunks;

  constructor(memory: AddressSpace, chunks: Chunks) {
    this.memory = memory;
    this.chunks = chunks;
  }

  /** Pages of all huge objects. O(1). */
  get pages(): number {
    return this.get(HUGE_PAGES);
  }

  /** Bytes of the hash table. O(1). */
  get tableBytes(): number {
    const capacity = this.get(HUGE_CAPACITY);
    return capacity === 0 ? 0 : this.memory.tableBytes(capacity * 8);
  }

  /** Pages of the huge object at a pointer; 0 when one was freed there, -1 when there never was one. O(1). */
  find(pointer: number): number {
    if (pointer % PAGE_BYTES !== 0) return -1;
    const entry = this.entryOf(pointer / PAGE_BYTES);
    return entry === 0 || this.chunks.i32[entry] === 0 ? -1 : (this.chunks.i32[entry + 1] as number);
  }

  /** Bytes of the larger table that one more entry needs; 0 when there is room for it. O(1). */
  missingTableBytes(): number {
    if (this.get(HUGE_USED) * 2 < this.get(HUGE_CAPACITY)) return 0;
    // At least twice the live ones. Entries of freed ones are not kept.
    let wanted = LEAST;
    while (wanted < (this.get(HUGE_COUNT) + 1) * 4) wanted *= 2;
    return wanted * 8;
  }

  /** Moves all live ones to a table of zeros. O(huge objects). */
  moveTo(table: number, bytes: number): void {
    const old = this.get(HUGE_TABLE);
    const capacity = this.get(HUGE_CAPACITY);
    this.set(HUGE_TABLE, (table / 4) | 0);
    this.set(HUGE_CAPACITY, bytes / 8);
    this.set(HUGE_USED, 0);
    this.set(HUGE_COUNT, 0);
    this.set(HUGE_PAGES, 0);
    for (let entry = old; entry < old + capacity * 2; entry += 2) {
      const pages = this.chunks.i32[entry + 1] as number;
      if (pages !== 0) this.add(this.chunks.i32[entry] as number, pages);
    }
    if (capacity !== 0) this.memory.releaseTable(old * 4, capacity * 8);
  }

  /** Notes a huge object; the table has room for it. O(1) on average. */
  add(page: number, pages: number): void {
    const entry = this.entryOf(page);
    if (this.chunks.i32[entry] === 0) this.set(HUGE_USED, this.get(HUGE_USED) + 1);
    this.chunks.i32[entry] = page;
    this.chunks.i32[entry + 1] = pages;
    this.set(HUGE_COUNT, this.get(HUGE_COUNT) + 1);
    this.set(HUGE_PAGES, this.get(HUGE_PAGES) + pages);
  }

  /** Notes another size of a huge object, 0 when it was freed. O(1) on average. */
  resize(page: number, pages: number): void {
    const entry = this.entryOf(page);
    this.set(HUGE_PAGES, this.get(HUGE_PAGES) + pages - (this.chunks.i32[entry + 1] as number));
    this.chunks.i32[entry + 1] = pages;
    if (pages === 0) this.set(HUGE_COUNT, this.get(HUGE_COUNT) - 1);
  }

  /** Pointer and pages of each, ascending. O(n log n). */
  list(): [pointer: number, pages: number][] {
    const { i32 } = this.chunks;
    const found: [number, number][] = [];
    const table = this.get(HUGE_TABLE);
    for (let entry = table; entry < table + this.get(HUGE_CAPACITY) * 2; entry += 2) {
      const pages = i32[entry + 1] as number;
      if (pages !== 0) found.push([(i32[entry] as number) * PAGE_BYTES, pages]);
    }
    return found.sort(([a], [b]) => a - b);
  }

  /** Releases the table when no huge object is live. O(1). @returns its bytes */
  dropTable(): number {
    const bytes = this.get(HUGE_COUNT) === 0 ? this.tableBytes : 0;
    if (bytes > 0) this.clear();
    return bytes;
  }

  /** Releases the table and forgets all. O(1). */
  clear(): void {
    const capacity = this.get(HUGE_CAPACITY);
    if (capacity !== 0) this.memory.releaseTable(this.get(HUGE_TABLE) * 4, capacity * 8);
    for (const word of [HUGE_TABLE, HUGE_CAPACITY, HUGE_USED, HUGE_COUNT, HUGE_PAGES]) this.set(word, 0);
  }

  /** @throws ERR_MORPH_INVALID_POINTER when a huge object's pages are not the heap's, or its table or counts are wrong */
  verify(owner: number): void {
    const table = this.get(HUGE_TABLE);
    const capacity = this.get(HUGE_CAPACITY);
    let used = 0;
    for (let entry = table; entry < table + capacity * 2; entry += 2) if (this.chunks.i32[entry] !== 0) used++;
    if ((capacity & (capacity - 1)) !== 0 || used !== this.get(HUGE_USED) || used * 2 > capacity) {
      throw broken(`in the table of its large objects: ${used} of ${capacity} entries are used`);
    }
    const runs = this.list();
    let pages = 0;
    for (const [pointer, count] of runs) {
      pages += count;
      if (this.find(pointer) !== count) throw broken(`at ${pointer}: the table does not lead to the large object`);
      for (let p = pointer; p < pointer + count * PAGE_BYTES; p += PAGE_BYTES) {
        if (this.memory.ownerOf(p) !== owner) throw broken(`at ${p}: the page is not the heap's`);
      }
    }
    const count = this.get(HUGE_COUNT);
    if (runs.length !== count || pages !== this.pages) {
      throw broken(
        `in its large objects: ${count} of ${this.pages} pages are counted, their table has ${runs.length} of ${pages}`,
      );
    }
  }

  /** The entry of a page, or the free one where it belongs; 0 when there is no table. */
  private entryOf(page: number): number {
    const mask = this.get(HUGE_CAPACITY) - 1;
    if (mask < 0) return 0;
    const table = this.get(HUGE_TABLE);
    for (let i = Math.imul(page, GOLDEN) >>> 16; ; i++) {
      const entry = table + (i & mask) * 2;
      const found = this.chunks.i32[entry];
      if (found === page || found === 0) return entry;
    }
  }

  private get(word: number): number {
    return this.chunks.i32[this.chunks.control + word] as number;
  }

  private set(word: number, value: number): void {
    this.chunks.i32[this.chunks.control + word] = value;
  }
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the heap is broken ${what}`);
}
