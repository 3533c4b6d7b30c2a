import { type AddressSpace, type MorphError, PAGE_BYTES } from "@morph/memory";

/*
 * The free slots of several size classes, in the words of one side table, so that the hot paths of whoever uses them read one
 * `Int32Array` and no object of a class:
 *
 *   table     no class │ class 0 │ class 1 │ ... │ class of 1 to 8 bytes │ 9 to 16 │ ... │ the largest size
 *             a record of 8 words each            a word each: where the record of the class that serves them starts
 *
 *   record    head ───> slot ───> slot ───> 0     the free list: slots that were freed, the last one first, then those of the run
 *             cursor ─────────────────> end       the free run: slots side by side, which nobody touches before they go on the list
 *             slots allocated and freed so far, slots on the list or in use, slabs, words of a slot
 *
 *   pages     a word for each page of the memory: the record of the class whose slots lie in it, 0 where none has
 *
 *   a free slot   ┌──────┬───────────┬───────────
 *                 │ link │ signature │ as it was       link: bits 0 to 29 the next slot, bit 30 whether this one was never in use
 *                 └──────┴───────────┴───────────
 *
 * Records and slots are word indexes (pointer / 4): 30 bits, and nothing has to be computed to use one. The signature is
 * link ^ slot ^ key: a slot is taken off the list only when it has that itself, so that whatever users write into free slots, none but
 * a free slot is handed out. The key is a random number, and another one after each `trim` and `reset`, so that no bytes of slots from
 * before are taken for free ones.
 *
 * To take a slot off the list, and to put it there, is part of the user's own hot paths. So is to know which slots are live: here it is
 * asked for when a list has to be made anew, see `Liveness`.
 */

/** Places in a record. */
const ALLOCATED = 1;
const FREED = 2;
const CURSOR = 3;
const END = 4;
/** Slots that were on the list at least once: in use, or free; all but those of the run. */
const CARVED = 5;
const SLABS = 6;
const SLOT_WORDS = 7;
const RECORD_WORDS = 8;

/** Pages of 4 GiB. */
const MOST_PAGES = 0x1_0000;

/** The next slot in a link, or in a list's head. */
const NEXT = 0x3fff_ffff;
/** In a link: the slot was never in use. */
const UNUSED = 0x4000_0000;

/** Slots of the run that go on the list at a time: so many that it is seldom, so few that fresh memory is touched shortly before it is used. */
const RUN_SLOTS = 64;
const RUN_WORDS = 4096;

/** Bytes that {@link SizeClasses.saveState} writes. */
export const SIZE_CLASSES_STATE_BYTES = 16;

/** Who knows which slots are live. */
export interface Liveness {
  /** Whether the slot at a word index is live. */
  isLive(slot: number): boolean;
  /** Called before slots from one pointer to another are handed out. @throws ERR_MORPH_OUT_OF_MEMORY; then nothing has changed */
  cover(start: number, end: number): void;
  /** Called when there are no slabs any more: no slot is live. */
  drop(): void;
}

/** What a size class holds now; plain numbers. */
export interface SizeClassStats {
  /** Bytes of a slot. */
  slotSize: number;
  /** Slots in all slabs: `used + free`. */
  slots: number;
  /** Slots handed out. */
  used: number;
  /** Slots that can be handed out without another slab. */
  free: number;
  /** Slabs taken from the memory. */
  slabs: number;
  /** Bytes of those slabs. */
  slabBytes: number;
}

/** The free slots of some size classes; see above. */
export class SizeClasses {
  /** The memory; whoever owns the slots replaces it when the views change. */
  i32: Int32Array;
  /** Word index of the records by size: that of `(size + 7) >>> 3`. Size 0 has one whose list is empty for ever. */
  bySize = 0;
  /** Word index of the pages' words, and how many there are. */
  pages = 0;
  pageCount = 0;
  /** What free slots are signed with. */
  key: number;
  /** Bytes of each class's slots, smallest first. */
  readonly sizes: readonly number[];
  private readonly memory: AddressSpace;
  private readonly owner: number;
  private readonly liveness: Liveness;
  private readonly slabPages: number;
  /** Pointer of the table; 0 until {@link loadState}, where another thread made it. */
  private table = 0;
  private readonly tableBytes: number;
  /** Word indexes of the records, smallest class first. */
  private records: readonly number[] = [];

  /**
   * @param sizes bytes of each class's slots, ascending multiples of 8
   * @param attach whether another thread made the table: then {@link loadState} has to follow
   * @throws ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(
    memory: AddressSpace,
    owner: number,
    sizes: readonly number[],
    slabBytes: number,
    liveness: Liveness,
    attach: boolean,
  ) {
    this.memory = memory;
    this.i32 = memory.i32;
    this.owner = owner;
    this.sizes = sizes;
    this.liveness = liveness;
    this.slabPages = slabBytes / PAGE_BYTES;
    this.key = newKey();
    const words = (sizes.length + 1) * RECORD_WORDS + (sizes.at(-1) as number) / 8 + 1;
    this.tableBytes = memory.tableBytes(words * 4);
    if (attach) return;
    this.setTable(memory.acquireTable(this.tableBytes));
    this.i32 = memory.i32;
    this.i32[this.bySize] = this.table / 4;
    let size = 8;
    for (const [i, slotSize] of sizes.entries()) {
      const record = this.records[i]!;
      this.i32[record + SLOT_WORDS] = slotSize / 4;
      for (; size <= slotSize; size += 8) this.i32[this.bySize + size / 8] = record;
    }
  }

  /** Whether there is a table: not before {@link loadState}, where another thread made it. */
  get isLoaded(): boolean {
    return this.table !== 0;
  }

  /** Bytes of the tables. O(1). */
  get bytes(): number {
    return this.isLoaded ? this.tableBytes + this.pagesBytes : 0;
  }

  /** Slots taken back so far, of all classes: while it is the same number, no slab has become empty. Wraps around. O(classes). */
  get freed(): number {
    return this.records.reduce((sum, record) => (sum + this.i32[record + FREED]!) | 0, 0);
  }

  /** The record of the class that serves so many bytes, 1 to the largest. O(1). */
  recordOf(size: number): number {
    return this.i32[this.bySize + ((size + 7) >>> 3)] as number;
  }

  /** The record of the class in whose page a pointer lies; 0 when it is in none. O(1). */
  recordAt(pointer: number): number {
    const page = Math.floor(pointer / PAGE_BYTES);
    return page >= 0 && page < this.pageCount ? (this.i32[this.pages + page] as number) : 0;
  }

  /** Bytes of a record's slots. O(1). */
  slotSize(record: number): number {
    return (this.i32[record + SLOT_WORDS] as number) * 4;
  }

  /** Whether the head of the list is a free slot that can be handed out. O(1). */
  isReady(record: number): boolean {
    const head = this.head(record);
    return head !== 0 && this.isSigned(head) && !this.liveness.isLive(head);
  }

  /**
   * Puts the next slots of the run on the list, when that is empty. Calls nothing, so that a full stack cannot stop it half-way. O(1).
   * @returns false when there is no run, or when slots are missing on the list
   */
  carve(record: number): boolean {
    const { i32, key } = this;
    const cursor = i32[record + CURSOR] as number;
    const end = i32[record + END] as number;
    const inUse = (i32[record + ALLOCATED]! - i32[record + FREED]!) | 0;
    if (cursor === end || inUse !== i32[record + CARVED] || (i32[record]! & NEXT) !== 0) return false;
    const words = i32[record + SLOT_WORDS] as number;
    // At least one slot, however large.
    let stop = cursor + words;
    for (let more = RUN_SLOTS - 1; more > 0 && stop < end && stop - cursor < RUN_WORDS; more--) stop += words;
    // The lowest comes first.
    for (let slot = cursor; slot < stop; slot += words) {
      const link = (slot + words < stop ? slot + words : 0) | UNUSED;
      i32[slot] = link;
      i32[slot + 1] = link ^ slot ^ key;
    }
    i32[record + CURSOR] = stop;
    i32[record + CARVED] = (inUse + (stop - cursor) / words) | 0;
    i32[record] = cursor;
    return true;
  }

  /**
   * Makes sure that the head of the list can be handed out. O(1), but for a new slab, and for a list that something wrote over.
   * @returns false when the memory is full
   */
  prepare(record: number): boolean {
    if (this.isReady(record)) return true;
    // Nothing but a write into a free slot makes the list lead elsewhere, or end early.
    if (this.head(record) !== 0 || this.used(record) !== this.i32[record + CARVED]) this.relink(record, this.key);
    return this.head(record) !== 0 || this.carve(record) || (this.addSlab(record) && this.carve(record));
  }

  /** The pointers of all slots in use, ascending. O(pages + slots). */
  *liveObjects(): Generator<number, void, undefined> {
    for (const slab of this.slabs()) {
      const words = this.slotSize(this.recordAt(slab)) / 4;
      for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
        if (this.liveness.isLive(slot)) yield slot * 4;
      }
    }
  }

  /** Whether a pointer is that of a slot which is free, but was in use before. O(pages). */
  wasFreed(pointer: number): boolean {
    const record = this.recordAt(pointer);
    const slot = pointer / 4;
    if (record === 0 || !Number.isInteger(slot) || this.isInRun(record, slot) || this.liveness.isLive(slot))
      return false;
    const words = this.slotSize(record) / 4;
    for (const slab of this.slabs()) {
      if (slot < slab / 4 || slot >= this.endOf(slab, words)) continue;
      return (slot - slab / 4) % words === 0 && !this.isUnused(slot);
    }
    return false;
  }

  /**
   * Returns slabs in which no slot is in use to the memory, and makes the lists anew: the lowest slot comes first then. O(pages + slots).
   * @returns the bytes returned
   */
  trim(): number {
    const empty = [...this.slabs()].filter((slab) => this.isEmpty(slab));
    if (empty.length === 0) return 0;
    const { i32 } = this;
    for (const slab of empty) {
      const record = this.recordAt(slab);
      const words = i32[record + SLOT_WORDS] as number;
      const end = this.endOf(slab, words);
      const hasRun = i32[record + END] === end;
      i32[record + CARVED]! -= ((hasRun ? (i32[record + CURSOR] as number) : end) - slab / 4) / words;
      if (hasRun) i32[record + CURSOR] = i32[record + END] = 0;
      i32[record + SLABS]! -= 1;
      this.setPages(slab, 0);
      this.memory.release(slab, this.slabPages);
    }
    const key = newKey();
    for (const record of this.records) this.relink(record, key);
    this.key = key;
    if (this.records.every((record) => i32[record + SLABS] === 0)) this.liveness.drop();
    return empty.length * this.slabBytes;
  }

  /** Frees every slot and returns all slabs to the memory. O(pages). */
  reset(): void {
    for (const slab of [...this.slabs()]) {
      this.setPages(slab, 0);
      this.memory.release(slab, this.slabPages);
    }
    for (const record of this.records) {
      this.i32[record + FREED] = this.i32[record + ALLOCATED]!;
      for (const word of [0, CURSOR, END, CARVED, SLABS]) this.i32[record + word] = 0;
    }
    this.key = newKey();
    this.liveness.drop();
  }

  /** Gives the tables back; the slabs are whoever's who owns them. O(1). */
  destroy(): void {
    this.liveness.drop();
    this.memory.releaseTable(this.table, this.tableBytes);
    if (this.pageCount > 0) this.memory.releaseTable(this.pages * 4, this.pagesBytes);
    this.forget();
  }

  /** Forgets the tables, for a memory that is gone. O(1). */
  forget(): void {
    this.table = this.bySize = this.pages = this.pageCount = 0;
  }

  /** Writes where the tables lie to {@link SIZE_CLASSES_STATE_BYTES} bytes, for the same size classes in another thread. O(1). */
  saveState(pointer: number): void {
    this.i32.set([this.table, this.pages, this.pageCount, this.key], pointer / 4);
  }

  /** Takes over what {@link saveState} wrote there. O(classes). */
  loadState(pointer: number): void {
    const word = (place: number): number => this.i32[pointer / 4 + place] as number;
    this.setTable(word(0) >>> 0);
    this.pages = word(1);
    this.pageCount = word(2);
    this.key = word(3);
  }

  /** What each class holds, smallest first; also while the view is closed. O(classes). */
  stats(): SizeClassStats[] {
    return this.sizes.map((slotSize, i) => {
      const record = this.records[i]!;
      const word = (place: number): number => (this.isLoaded ? (this.memory.i32[record + place] as number) : 0);
      const slabs = word(SLABS);
      const slots = slabs * Math.floor(this.slabBytes / slotSize);
      const used = (word(ALLOCATED) - word(FREED)) | 0;
      return { slotSize, slots, used, free: slots - used, slabs, slabBytes: slabs * this.slabBytes };
    });
  }

  /**
   * Walks slabs, lists and counts. O(pages + slots).
   * @returns the first thing wrong, if there is one
   */
  damage(): string | undefined {
    const counts = new Map(this.records.map((record) => [record, { slabs: 0, live: 0, carved: 0 }]));
    for (const slab of this.slabs()) {
      const record = this.recordAt(slab);
      const count = counts.get(record);
      if (count === undefined || this.memory.ownerOf(slab) !== this.owner) return `the slab at ${slab} is nobody's`;
      count.slabs++;
      const words = this.slotSize(record) / 4;
      for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
        if (this.isInRun(record, slot)) continue;
        count.carved++;
        if (this.liveness.isLive(slot)) count.live++;
      }
    }
    for (const [record, { slabs, live, carved }] of counts) {
      const size = this.slotSize(record);
      const compare = (what: string, counted: number, there: number): string | undefined =>
        counted === there ? undefined : `${counted} ${what} of ${size} bytes are counted, there are ${there}`;
      const damage =
        compare("slabs", this.i32[record + SLABS]!, slabs) ??
        compare("used slots", this.used(record), live) ??
        compare("used and free slots", this.i32[record + CARVED]!, carved) ??
        this.damageOfList(record, carved - live);
      if (damage !== undefined) return damage;
    }
    return undefined;
  }

  private damageOfList(record: number, free: number): string | undefined {
    const list = `the free list of ${this.slotSize(record)} bytes`;
    let listed = 0;
    let before = 0;
    for (let slot = this.head(record); slot !== 0; slot = this.i32[slot]! & NEXT) {
      if (listed === free || this.recordAt(slot * 4) !== record || !this.isSigned(slot) || this.liveness.isLive(slot)) {
        return `${list} leads from ${before * 4} to ${slot * 4}, which is not a free slot of it`;
      }
      listed++;
      before = slot;
    }
    return listed === free ? undefined : `${list} ends at ${before * 4} after ${listed} of ${free} slots`;
  }

  /** Makes a list anew from what is not live, lowest slot first, signed with a key. O(pages + slots). */
  private relink(record: number, key: number): void {
    const { i32 } = this;
    const words = i32[record + SLOT_WORDS] as number;
    let head = 0;
    for (const slab of [...this.slabs()].reverse()) {
      if (this.recordAt(slab) !== record) continue;
      for (let slot = this.endOf(slab, words) - words; slot >= slab / 4; slot -= words) {
        if (this.isInRun(record, slot) || this.liveness.isLive(slot)) continue;
        const link = this.isUnused(slot) ? head | UNUSED : head;
        i32[slot] = link;
        i32[slot + 1] = link ^ slot ^ key;
        head = slot;
      }
    }
    i32[record] = head;
  }

  /** @returns false when the memory has no pages, or no room for the tables; then nothing has changed */
  private addSlab(record: number): boolean {
    if (this.memory.refuses(this.slabPages)) return false;
    const slab = this.memory.tryAcquire(this.slabPages, this.owner);
    if (slab === 0) return false;
    try {
      this.coverPages((slab + this.slabBytes) / PAGE_BYTES);
      this.liveness.cover(slab, slab + this.slabBytes);
    } catch (error) {
      this.memory.release(slab, this.slabPages);
      if ((error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY") return false;
      throw error;
    }
    const { i32 } = this;
    const words = i32[record + SLOT_WORDS] as number;
    this.setPages(slab, record);
    i32[record + SLABS]! += 1;
    i32[record + CURSOR] = slab / 4;
    i32[record + END] = this.endOf(slab, words);
    return true;
  }

  /** Makes the pages' words cover so many pages, if need be by moving to a larger table. @throws ERR_MORPH_OUT_OF_MEMORY */
  private coverPages(pageCount: number): void {
    if (pageCount <= this.pageCount) return;
    // Whatever pages the memory has now, and a quarter more, so that the table moves seldom.
    const wanted = Math.max(pageCount, Math.min(MOST_PAGES, Math.ceil((this.memory.u8.length / PAGE_BYTES) * 1.25)));
    const bytes = this.memory.tableBytes(wanted * 4);
    const table = this.memory.acquireTable(bytes);
    const { i32, pages, pagesBytes } = this;
    if (pagesBytes > 0) {
      i32.copyWithin(table / 4, pages, pages + this.pageCount);
      this.memory.releaseTable(pages * 4, pagesBytes);
    }
    this.pages = (table / 4) | 0;
    this.pageCount = (bytes / 4) | 0;
  }

  private get pagesBytes(): number {
    return this.pageCount * 4;
  }

  private get slabBytes(): number {
    return this.slabPages * PAGE_BYTES;
  }

  private used(record: number): number {
    return (this.i32[record + ALLOCATED]! - this.i32[record + FREED]!) | 0;
  }

  private setTable(pointer: number): void {
    this.table = pointer;
    this.records = this.sizes.map((_, i) => (pointer / 4 + (i + 1) * RECORD_WORDS) | 0);
    this.bySize = (pointer / 4 + (this.sizes.length + 1) * RECORD_WORDS) | 0;
  }

  private head(record: number): number {
    return (this.i32[record] as number) & NEXT;
  }

  private isSigned(slot: number): boolean {
    return this.i32[slot + 1] === ((this.i32[slot] as number) ^ slot ^ this.key);
  }

  /** Whether a free slot was never in use. */
  private isUnused(slot: number): boolean {
    return this.isSigned(slot) && (this.i32[slot]! & UNUSED) !== 0;
  }

  private isInRun(record: number, slot: number): boolean {
    return slot >= this.i32[record + CURSOR]! && slot < this.i32[record + END]!;
  }

  private setPages(slab: number, record: number): void {
    const page = this.pages + slab / PAGE_BYTES;
    this.i32.fill(record, page, page + this.slabPages);
  }

  /** The pointers of the slabs, ascending. Each is so many pages in a row. */
  private *slabs(): Generator<number, void, undefined> {
    for (let page = 0; page < this.pageCount; ) {
      if (this.i32[this.pages + page] === 0) page++;
      else {
        yield page * PAGE_BYTES;
        page += this.slabPages;
      }
    }
  }

  /** Word index of the end of a slab's last slot. */
  private endOf(slab: number, words: number): number {
    return slab / 4 + Math.floor(this.slabBytes / 4 / words) * words;
  }

  private isEmpty(slab: number): boolean {
    const words = this.slotSize(this.recordAt(slab)) / 4;
    for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
      if (this.liveness.isLive(slot)) return false;
    }
    return true;
  }
}

/** A random number that is odd, which no slot's word index is: bytes that are all the same are no free slot's. */
function newKey(): number {
  return (Math.random() * 2 ** 32) | 1;
}
