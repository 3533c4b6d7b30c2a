import {
  type AddressSpace,
  describe,
  MorphError,
  PAGE_BYTES,
  requireOptions,
  requireStack,
  requireStatePlace,
} from "@morph/memory";
import {
  ALLOCATED,
  CURSOR,
  END,
  EXTENDED,
  FREES,
  HINT,
  PAGES,
  RECORD_WORDS,
  ROUND_UP,
  SIZE_CLASSES_STATE_BYTES,
  SLABS,
  SLOT_WORDS,
  SPARE,
  UNUSED,
  WORD_INDEX,
} from "./layout.ts";
import { LAYERS, requireSizeClasses, requireSlabBytes } from "./options.ts";

/*
 * The free slots of several size classes, in the words of one side table, so that the hot paths of whoever uses them read one
 * `Int32Array` and no object of a class:
 *
 *   table     no class │ class 0 │ class 1 │ ... │ class of 1 to 8 bytes │ 9 to 16 │ ... │ the largest size
 *             a record of 8 words each            a word each: where the record of the class that serves them starts
 *
 *   record    head ───> slot ───> slot ───> 0     the free list: slots that were freed, the last one first, then those of the run
 *             cursor ─────────────────> end       the free run: slots side by side that are not written to before they go on the list
 *             slots allocated and freed so far, slots on the list or in use, slabs, words of a slot
 *
 *   map       a word for each unit of the memory: the record of the class whose slots lie in it, 0 where there are none. A unit is a
 *             page, or a slab where slabs are smaller than a page: then the classes share pages
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
 * An allocator of its own takes a slot off the list, and puts it there, in its own hot paths: see `SizeClasses`. It also knows which slots
 * are live; the engine asks for that when it makes a list again, see `Liveness`.
 */

/** Bytes of the address space. */
const ALL_BYTES = 2 ** 32;

/** Slots of the run that go on the list at a time: so many that it is seldom, so few that fresh memory is touched shortly before it is used. */
const RUN_SLOTS = 64;
const RUN_WORDS = 4096;

/** Least bytes of a slab. */
const LEAST_SLAB_BYTES = 4096;

/** What {@link SizeClasses} asks the allocator that uses it. */
export interface Liveness {
  /**
   * Whether live slots are known by words of their own that are signed with the engine's key: then `reset` keeps the pages, `trim` leaves the key
   * as it is, and slots that are neither live nor signed as free are left alone when fewer are free than look so. Otherwise liveness is exact.
   */
  readonly signsWithKey?: boolean;
  /** How many slots of a class are live, for allocators that do not count them in its record. */
  used?(index: number): number;
  /** Whether the slot at a word index is live. */
  isLive(slot: number): boolean;
  /** Called before pages and tables of so many bytes are taken: whether they may be. Without it they always may. */
  mayTake?(bytes: number): boolean;
  /** Called before slots from one pointer to another are handed out. @throws ERR_MORPH_OUT_OF_MEMORY; then nothing has changed */
  cover(start: number, end: number): void;
  /** Called when there are no slabs any more: no slot is live. */
  drop(): void;
}

/** How to make {@link SizeClasses}. */
export interface SizeClassesOptions {
  /** The memory to take pages from. */
  memory: AddressSpace;
  /** The id under which it knows the allocator that does. */
  owner: number;
  /** Bytes of each class's slots: ascending multiples of 8, at most half a slab. */
  sizes: readonly number[];
  /** Bytes of a slab: whole pages, 64 KiB to 4 MiB, or a power of two from 4 KiB to 32 KiB, of which several share a page. */
  slabBytes: number;
  /** What the allocator knows of its slots. */
  liveness: Liveness;
  /** Whether another thread made the tables: then {@link SizeClasses.loadState} has to follow. */
  attach?: boolean;
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

/** What the size classes hold together; plain numbers. */
export interface SizeClassesStats {
  /** Each size class, smallest first. */
  classes: SizeClassStats[];
  /** Slots in all slabs: `used + free`. */
  slots: number;
  /** Slots handed out. */
  used: number;
  /** Slots that can be handed out without another slab. */
  free: number;
  /** Slabs of all classes. */
  slabs: number;
  /** Bytes of those slabs. */
  slabBytes: number;
  /** Bytes of the tables. */
  tableBytes: number;
  /** Bytes of pages and tables taken from the memory. */
  footprint: number;
}

/**
 * The free slots of some size classes: the engine of {@link PoolManager}, for allocators that know by themselves which slots are live. Such an
 * allocator calls {@link extend} and {@link prepare} when a list is empty; its hot paths read and write the words themselves:
 *
 *     record = i32[bySize + ((size + ROUND_UP) >>> 3)]      the class of a size; records of larger classes follow, 8 words each
 *     slot = i32[record] & 0x3fff_ffff               the head of the free list, 0 when it is empty
 *     link = i32[slot], signature = i32[slot + 1]    free when signature === (link ^ slot ^ key), and only then
 *     i32[record] = link, i32[record + 1] += 1       takes it; i32[record + 2] += 1 counts one that is put back, unless
 *                                                    `Liveness.used` counts them
 */
export class SizeClasses {
  /** The memory; the allocator replaces it when the views change. */
  i32: Int32Array;
  /** Word index of the records by size: that of `(size + ROUND_UP) >>> 3`. Size 0 has one whose list is empty for ever. */
  bySize = 0;
  /** Word index of the units' words. */
  map = 0;
  /** How many units there are. */
  mapLength = 0;
  /** What free slots are signed with. */
  key: number;
  /** Bytes of each class's slots, smallest first. */
  readonly sizes: readonly number[];
  /** Bytes of a unit of the map. */
  readonly unitBytes: number;
  /** Words of a record: that of the next larger class lies so much further on. */
  readonly recordWords: number = RECORD_WORDS;
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number = SIZE_CLASSES_STATE_BYTES;
  private readonly memory: AddressSpace;
  private readonly owner: number;
  private readonly liveness: Liveness;
  private readonly slabBytes: number;
  /** Pointer of the table; 0 until {@link loadState}, where another thread made it. */
  private table = 0;
  /** The memory's releases when it had pages, but no place for a table that covers them. */
  private tableRefusedAt = -1;
  private readonly tableBytes: number;
  /** Words of the classes' records, which end at {@link bySize}; and the largest size. */
  private readonly recordsWords: number;
  private readonly largest: number;
  /** Word indexes of the records, smallest class first. */
  private records: readonly number[] = [];

  /** @throws ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_INVALID_CONFIG */
  constructor(options: SizeClassesOptions) {
    requireOptions(options, ["memory", "owner", "sizes", "slabBytes", "liveness", "attach"]);
    const { memory, owner, sizes, slabBytes, liveness, attach = false } = options;
    if (typeof memory?.acquireTable !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `memory: expected a LinearMemory, got ${describe(memory)}`);
    }
    requireLiveness(liveness);
    requireSizeClasses(sizes);
    requireSlabBytes(slabBytes, LEAST_SLAB_BYTES);
    if ((sizes.at(-1) as number) > slabBytes / 2) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `slabBytes: ${slabBytes} hold fewer than two of the largest slots`,
      );
    }
    this.memory = memory;
    this.i32 = memory.i32;
    this.owner = owner;
    this.sizes = [...sizes];
    this.liveness = liveness;
    this.slabBytes = slabBytes;
    this.unitBytes = Math.min(slabBytes, PAGE_BYTES);
    this.key = newKey();
    this.recordsWords = sizes.length * RECORD_WORDS;
    this.largest = sizes.at(-1) as number;
    const words = this.recordsWords + RECORD_WORDS + this.largest / 8 + 1;
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

  /** Bytes of pages and tables taken from the memory; also while the view is closed. O(1). */
  get footprint(): number {
    const pages = this.isLoaded ? (this.memory.i32[this.none + PAGES] as number) : 0;
    return pages * PAGE_BYTES + this.tablesBytes;
  }

  /** Slots taken back so far, of all classes: while it is the same number, no slab has become empty. Wraps around. O(classes). */
  get freed(): number {
    return this.records.reduce((sum, record) => (sum + this.i32[record + FREES]!) | 0, 0);
  }

  /** The record of the class that serves so many bytes, 1 to the largest. O(1). @throws ERR_MORPH_INVALID_SIZE for others */
  recordOf(size: number): number {
    if (!Number.isInteger(size) || size < 1 || size > this.largest) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `size: expected an integer from 1 to ${this.largest}, got ${describe(size)}`,
      );
    }
    return this.i32[this.bySize + ((size + ROUND_UP) >>> 3)] as number;
  }

  /** The record of the class in whose slab a pointer lies; 0 when it is in none. O(1). */
  recordAt(pointer: number): number {
    const unit = typeof pointer === "number" ? Math.floor(pointer / this.unitBytes) : -1;
    return unit >= 0 && unit < this.mapLength ? (this.i32[this.map + unit] as number) : 0;
  }

  /** Bytes of a record's slots. O(1). @throws ERR_MORPH_INVALID_POINTER when it is no class's record */
  slotSize(record: number): number {
    this.requireRecord(record);
    return (this.i32[record + SLOT_WORDS] as number) * 4;
  }

  /** Whether the head of the list is a free slot that can be handed out. O(1). @throws as {@link slotSize} */
  isReady(record: number): boolean {
    this.requireRecord(record);
    const head = this.head(record);
    return head !== 0 && this.isSigned(head) && !this.liveness.isLive(head);
  }

  /**
   * Puts the next slots of the run on the list, when that is empty. Calls nothing, so that a full stack cannot stop it half-way. O(1).
   * @returns false when there is no run, when slots are missing on the list, or when it is no class's record, as while the view is closed
   */
  extend(record: number): boolean {
    if (!this.isRecord(record)) return false;
    const { i32, key } = this;
    const cursor = i32[record + CURSOR] as number;
    const end = i32[record + END] as number;
    if (cursor === end || (i32[record]! & WORD_INDEX) !== 0 || this.missesSlots(record)) return false;
    const words = i32[record + SLOT_WORDS] as number;
    // At least one slot, however large.
    const most = Math.min(Math.max((RUN_WORDS / words) | 0, 1), RUN_SLOTS);
    const slots = Math.min(((end - cursor) / words) | 0, most);
    const last = (cursor + (slots - 1) * words) | 0;
    // The lowest comes first.
    for (let slot = cursor; slot < last; ) {
      const next = (slot + words) | 0;
      const link = next | UNUSED;
      i32[slot] = link;
      i32[slot + 1] = link ^ slot ^ key;
      slot = next;
    }
    i32[last] = UNUSED;
    i32[last + 1] = UNUSED ^ last ^ key;
    i32[record + CURSOR] = last + words;
    i32[record + EXTENDED]! += slots;
    i32[record] = cursor;
    return true;
  }

  /**
   * Makes sure that the head of the list can be handed out. O(1), but for a new slab, and for a list that something wrote over.
   * @returns false when the memory is full
   * @throws as {@link slotSize}
   */
  prepare(record: number): boolean {
    if (this.isReady(record)) return true;
    // Nothing but a write into a free slot makes the list lead elsewhere, or end early.
    if (this.head(record) !== 0 || this.missesSlots(record)) this.relink(record);
    if (this.head(record) !== 0 || this.extend(record) || (this.addSlab(record) && this.extend(record))) return true;
    if (this.used(record) === this.i32[record + EXTENDED]) return false;
    this.relink(record);
    return this.head(record) !== 0;
  }

  /** Whether no slot of a class is free, and the memory has no pages for another slab. O(1). @throws as {@link slotSize} */
  isFull(record: number): boolean {
    this.requireRecord(record);
    return (
      this.used(record) === this.i32[record + EXTENDED] &&
      this.i32[record + CURSOR] === this.i32[record + END] &&
      this.i32[this.none + SPARE] === 0 &&
      this.memory.refuses(this.pageBytes / PAGE_BYTES)
    );
  }

  /** The pointers of all slots in use, ascending. O(pages + slots). */
  *liveObjects(): Generator<number, void, undefined> {
    for (const slab of this.slabs()) {
      const record = this.recordAt(slab);
      const words = this.slotSize(record) / 4;
      for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
        if (!this.isInRun(record, slot) && this.liveness.isLive(slot)) yield slot * 4;
      }
    }
  }

  /** Whether a slot of a class starts at a pointer, live or free. O(1), O(pages) where slabs are larger than a page. */
  isSlot(pointer: number): boolean {
    const record = this.recordAt(pointer);
    if (record === 0) return false;
    const bytes = this.slotSize(record);
    const slab = this.slabAt(pointer);
    return (pointer - slab) % bytes === 0 && pointer + bytes <= slab + this.slabBytes;
  }

  /**
   * Whether a pointer is that of a slot which is not live, but was in use before. O(1), O(pages) where slabs are larger than a page.
   */
  wasFreed(pointer: number): boolean {
    if (typeof pointer !== "number") return false;
    const slot = pointer / 4;
    return (
      this.isSlot(pointer) &&
      !this.isInRun(this.recordAt(pointer), slot) &&
      !this.liveness.isLive(slot) &&
      !this.isUnused(slot)
    );
  }

  /** Whether the slot at a word index is signed as a free one. O(1). */
  isSigned(slot: number): boolean {
    if (typeof slot !== "number") return false;
    return this.i32[slot + 1] === ((this.i32[slot] as number) ^ slot ^ this.key);
  }

  /**
   * Takes slabs in which no slot is in use from their classes, returns pages without a slab to the memory, and makes the lists again, so that the
   * lowest slot comes first. O(pages + slots), mostly O(pages + slabs) where no slab is empty.
   * @returns the bytes of those slabs, or of the pages where they are more
   */
  trim(): number {
    requireStack(LAYERS);
    if (!this.hasEmptySlab()) return this.releaseSpare();
    const slabs = this.slabsByRecord();
    const tests = new Map(this.records.map((record) => [record, this.freeTest(record, slabs.get(record)!)]));
    const empty = new Set([...this.slabs()].filter((slab) => this.isEmpty(slab, tests.get(this.recordAt(slab))!)));
    if (empty.size === 0) return this.releaseSpare();
    const { i32 } = this;
    for (const slab of empty) {
      const record = this.recordAt(slab);
      const words = i32[record + SLOT_WORDS] as number;
      const end = this.endOf(slab, words);
      const hasRun = i32[record + END] === end;
      i32[record + EXTENDED]! -= ((hasRun ? (i32[record + CURSOR] as number) : end) - slab / 4) / words;
      if (hasRun) i32[record + CURSOR] = i32[record + END] = 0;
      i32[record + SLABS]! -= 1;
      this.setSlab(slab, 0);
      i32[this.none + SPARE]! += this.slabBytes / this.unitBytes;
    }
    const released = this.releaseSpare();
    const key = this.liveness.signsWithKey === true ? this.key : newKey();
    for (const [record, all] of slabs) {
      this.link(
        record,
        key,
        all.filter((slab) => !empty.has(slab)),
        tests.get(record)!,
      );
    }
    this.key = key;
    if (this.records.every((record) => i32[record + SLABS] === 0)) this.liveness.drop();
    return Math.max(released, empty.size * this.slabBytes);
  }

  /**
   * Frees every slot. The pages go back to the memory; where live slots are signed with the key, so that no table has to be made again for
   * them, those that were in use since the last time stay until the next {@link trim}, for slabs of whichever class asks first. O(pages).
   */
  reset(): void {
    requireStack(LAYERS);
    const { i32, none } = this;
    const keepsPages = this.liveness.signsWithKey === true;
    if (keepsPages) this.releaseSpare();
    i32.fill(0, this.map, this.map + this.mapLength);
    i32[none + SPARE] = (i32[none + PAGES]! * PAGE_BYTES) / this.unitBytes;
    i32[none + HINT] = 0;
    for (const record of this.records) {
      i32[record + FREES] = i32[record + ALLOCATED]!;
      for (const word of [0, CURSOR, END, EXTENDED, SLABS]) i32[record + word] = 0;
    }
    if (!keepsPages) this.releaseSpare();
    this.key = newKey();
    this.liveness.drop();
  }

  /** Gives the tables back; {@link AddressSpace.unregister} does so with the slabs. O(1). */
  destroy(): void {
    this.liveness.drop();
    this.memory.releaseTable(this.table, this.tableBytes);
    if (this.mapLength > 0) this.memory.releaseTable(this.map * 4, this.mapBytes);
    this.forget();
  }

  /** Forgets the tables, for a memory that is gone. O(1). */
  forget(): void {
    this.table = this.bySize = this.map = this.mapLength = 0;
    this.records = [];
  }

  /** Writes where the tables lie to {@link stateBytes} bytes, for the same size classes in another thread. O(1). @throws ERR_MORPH_INVALID_POINTER when they are not in the memory */
  saveState(pointer: number): void {
    requireStatePlace(this.memory, pointer, SIZE_CLASSES_STATE_BYTES);
    this.i32.set([this.table, this.map, this.mapLength, this.key], pointer / 4);
  }

  /** Takes over what {@link saveState} wrote there. O(classes). @throws ERR_MORPH_INVALID_POINTER as that */
  loadState(pointer: number): void {
    requireStatePlace(this.memory, pointer, SIZE_CLASSES_STATE_BYTES);
    const word = (place: number): number => this.i32[pointer / 4 + place] as number;
    this.setTable(word(0) >>> 0);
    this.map = word(1);
    this.mapLength = word(2);
    this.key = word(3);
  }

  /** What the classes hold; also while the view is closed. O(classes). */
  stats(): SizeClassesStats {
    // A memory that was destroyed has no views any more.
    const i32 = this.isLoaded ? this.memory.i32 : this.i32;
    const { tablesBytes: tableBytes, footprint } = this;
    const sums: SizeClassesStats = {
      classes: [],
      slots: 0,
      used: 0,
      free: 0,
      slabs: 0,
      slabBytes: 0,
      tableBytes,
      footprint,
    };
    const { sizes, records } = this;
    for (let i = 0; i < sizes.length; i++) {
      const slotSize = sizes[i] as number;
      const record = records[i] ?? 0;
      const slabs = record === 0 ? 0 : (i32[record + SLABS] as number);
      // Most programs use few classes.
      if (slabs === 0) {
        sums.classes.push({ slotSize, slots: 0, used: 0, free: 0, slabs: 0, slabBytes: 0 });
        continue;
      }
      const used = this.usedOf(i);
      const slots = slabs * Math.floor(this.slabBytes / slotSize);
      const slabBytes = slabs * this.slabBytes;
      sums.classes.push({ slotSize, slots, used, free: slots - used, slabs, slabBytes });
      sums.slots += slots;
      sums.used += used;
      sums.free += slots - used;
      sums.slabs += slabs;
      sums.slabBytes += slabBytes;
    }
    return sums;
  }

  /**
   * Walks slabs, lists and counts. O(pages + slots).
   * @returns the first thing wrong, if there is one
   */
  damage(): string | undefined {
    const counts = new Map(this.records.map((record) => [record, { slabs: 0, live: 0, extended: 0 }]));
    for (const slab of this.slabs()) {
      const record = this.recordAt(slab);
      const count = counts.get(record);
      if (count === undefined || this.memory.ownerOf(slab) !== this.owner) return `the slab at ${slab} has no owner`;
      count.slabs++;
      const words = this.slotSize(record) / 4;
      for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
        if (this.isInRun(record, slot)) continue;
        count.extended++;
        if (this.liveness.isLive(slot)) count.live++;
      }
    }
    for (const [record, { slabs, live, extended }] of counts) {
      const size = this.slotSize(record);
      const compare = (what: string, counted: number, there: number): string | undefined =>
        counted === there ? undefined : `${counted} ${what} of ${size} bytes are counted, there are ${there}`;
      const damage =
        compare("slabs", this.i32[record + SLABS]!, slabs) ??
        compare("used slots", this.used(record), live) ??
        compare("used and free slots", this.i32[record + EXTENDED]!, extended) ??
        this.damageOfList(record, extended - live);
      if (damage !== undefined) return damage;
    }
    return undefined;
  }

  private damageOfList(record: number, free: number): string | undefined {
    const list = `the free list of ${this.slotSize(record)} bytes`;
    let listed = 0;
    let before = 0;
    for (let slot = this.head(record); slot !== 0; slot = this.i32[slot]! & WORD_INDEX) {
      if (listed === free || this.recordAt(slot * 4) !== record || !this.isSigned(slot) || this.liveness.isLive(slot)) {
        return `${list} leads from ${before * 4} to ${slot * 4}, which is not a free slot of it`;
      }
      listed++;
      before = slot;
    }
    return listed === free ? undefined : `${list} ends at ${before * 4} after ${listed} of ${free} slots`;
  }

  /** Makes a list again from what is free. O(pages + slots of the class). */
  private relink(record: number): void {
    requireStack(LAYERS);
    const slabs = [...this.slabs()].filter((slab) => this.recordAt(slab) === record);
    this.link(record, this.key, slabs, this.freeTest(record, slabs));
  }

  /** Makes a list of the slots in some slabs that are free, lowest slot first, signed with a key. O(slots). */
  private link(record: number, key: number, slabs: readonly number[], isFree: (slot: number) => boolean): void {
    const { i32 } = this;
    const words = i32[record + SLOT_WORDS] as number;
    let head = 0;
    let listed = 0;
    for (const slab of slabs.toReversed()) {
      for (let slot = this.endOf(slab, words) - words; slot >= slab / 4; slot -= words) {
        if (this.isInRun(record, slot) || !isFree(slot)) continue;
        const link = this.isUnused(slot) ? head | UNUSED : head;
        i32[slot] = link;
        i32[slot + 1] = link ^ slot ^ key;
        head = slot;
        listed++;
      }
    }
    i32[record] = head;
    // What is left alone is on no list any more.
    i32[record + EXTENDED] = this.used(record) + listed;
  }

  /** What tells the free slots of a class, which has some slabs, but for those of its run. O(1), O(slots) unless liveness is exact. */
  private freeTest(record: number, slabs: readonly number[]): (slot: number) => boolean {
    const { liveness } = this;
    const looksFree = (slot: number): boolean => !liveness.isLive(slot);
    if (liveness.signsWithKey !== true) return looksFree;
    let count = 0;
    const words = this.slotSize(record) / 4;
    for (const slab of slabs) {
      for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
        if (!this.isInRun(record, slot) && looksFree(slot)) count++;
      }
    }
    // Otherwise something wrote over what tells that a slot is live: it may be any that is not signed.
    return count === this.i32[record + EXTENDED]! - this.used(record)
      ? looksFree
      : (slot) => looksFree(slot) && this.isSigned(slot);
  }

  /** Gives a class a slab as its run. @returns false when the memory has no pages, or no room for the tables; then nothing has changed */
  private addSlab(record: number): boolean {
    if (this.i32[this.none + SPARE] === 0 && !this.takePages()) return false;
    const { i32, map, none, unitBytes, slabBytes } = this;
    const unit = this.spareUnit();
    const cursor = (unit * unitBytes) / 4;
    const end = this.endOf(unit * unitBytes, i32[record + SLOT_WORDS] as number);
    const next = unit + slabBytes / unitBytes;
    // Nothing is called from here on, so that a full stack cannot stop it half-way.
    for (let i = unit; i < next; i++) i32[map + i] = record;
    i32[none + HINT] = next;
    i32[none + SPARE]! -= next - unit;
    i32[record + SLABS]! += 1;
    i32[record + CURSOR] = cursor;
    i32[record + END] = end;
    return true;
  }

  /** The first unit of a slab that no class has; there is one. */
  private spareUnit(): number {
    const { i32, map, memory, owner, unitBytes } = this;
    let unit = i32[this.none + HINT] as number;
    while (i32[map + unit] !== 0 || memory.ownerOf(unit * unitBytes) !== owner) unit++;
    return unit;
  }

  /** Takes pages for a slab, or for several that share one. @returns false when that was refused; then nothing has changed */
  private takePages(): boolean {
    const { memory, pageBytes: bytes } = this;
    const pages = bytes / PAGE_BYTES;
    if (memory.refuses(pages) || memory.releases === this.tableRefusedAt) return false;
    requireStack(LAYERS);
    const mapBytes = this.mapBytesFor(bytes);
    if (this.liveness.mayTake?.(bytes + mapBytes) === false) return false;
    const start = memory.tryAcquire(pages, this.owner);
    if (start === 0) return false;
    try {
      this.coverMap((start + bytes) / this.unitBytes);
      this.liveness.cover(start, start + bytes);
    } catch (error) {
      memory.release(start, pages);
      this.tableRefusedAt = memory.releases;
      if ((error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY") return false;
      throw error;
    }
    const { i32, none } = this;
    i32[none + PAGES]! += pages;
    i32[none + SPARE]! += bytes / this.unitBytes;
    i32[none + HINT] = start / this.unitBytes;
    return true;
  }

  /**
   * Returns the pages in which there is no slab to the memory, neighbours at once. O(pages).
   * @returns their bytes
   */
  private releaseSpare(): number {
    const { i32, none, memory } = this;
    if (i32[none + SPARE] === 0) return 0;
    const end = this.mapLength * this.unitBytes;
    let bytes = 0;
    for (let page = 0, next = 0; page < end; page = next) {
      next = page + PAGE_BYTES;
      if (!this.isSpare(page)) continue;
      while (next < end && this.isSpare(next)) next += PAGE_BYTES;
      memory.release(page, (next - page) / PAGE_BYTES);
      i32[none + PAGES]! -= (next - page) / PAGE_BYTES;
      i32[none + SPARE]! -= (next - page) / this.unitBytes;
      bytes += next - page;
    }
    i32[none + HINT] = 0;
    return bytes;
  }

  /** Whether a page was taken from the memory, and no slab lies in it. */
  private isSpare(page: number): boolean {
    if (this.memory.ownerOf(page) !== this.owner) return false;
    const unit = this.map + page / this.unitBytes;
    for (let i = 0; i < PAGE_BYTES / this.unitBytes; i++) if (this.i32[unit + i] !== 0) return false;
    return true;
  }

  /** Bytes by which the map may grow for so many more bytes of pages. */
  private mapBytesFor(bytes: number): number {
    const units = (this.memory.u8.length + bytes) / this.unitBytes;
    return units <= this.mapLength ? 0 : this.memory.tableBytes(this.wantedMap(units) * 4);
  }

  /** Words of a map that has to have so many: half as many more, so that it moves seldom. */
  private wantedMap(units: number): number {
    return Math.min(Math.ceil(units * 1.5), ALL_BYTES / this.unitBytes);
  }

  /** Makes the map cover so many units, if need be by moving to a larger table. @throws ERR_MORPH_OUT_OF_MEMORY */
  private coverMap(units: number): void {
    if (units <= this.mapLength) return;
    const bytes = this.memory.tableBytes(this.wantedMap(units) * 4);
    const table = this.memory.acquireTable(bytes);
    const { i32, map, mapBytes } = this;
    if (mapBytes > 0) {
      i32.copyWithin(table / 4, map, map + this.mapLength);
      this.memory.releaseTable(map * 4, mapBytes);
    }
    this.map = (table / 4) | 0;
    this.mapLength = (bytes / 4) | 0;
  }

  private get mapBytes(): number {
    return this.mapLength * 4;
  }

  private get tablesBytes(): number {
    return this.isLoaded ? this.tableBytes + this.mapBytes : 0;
  }

  /** Bytes of pages that are taken at a time. */
  private get pageBytes(): number {
    return Math.max(this.slabBytes, PAGE_BYTES);
  }

  /** Word index of the record of no class. */
  private get none(): number {
    return this.table / 4;
  }

  private used(record: number): number {
    return this.usedOf((record - this.records[0]!) / RECORD_WORDS);
  }

  private usedOf(index: number): number {
    const { liveness } = this;
    if (liveness.used !== undefined) return liveness.used(index);
    const { i32 } = this.memory;
    const record = this.records[index]!;
    return (i32[record + ALLOCATED]! - i32[record + FREES]!) | 0;
  }

  /** Whether slots are missing on a list that is empty, because something wrote over a link. Only where the record counts them: it is asked often. */
  private missesSlots(record: number): boolean {
    const { i32, liveness } = this;
    return (
      liveness.used === undefined && ((i32[record + ALLOCATED]! - i32[record + FREES]!) | 0) !== i32[record + EXTENDED]
    );
  }

  private isRecord(record: number): boolean {
    const back = typeof record === "number" ? this.bySize - record : 0;
    return back > 0 && back <= this.recordsWords && back % RECORD_WORDS === 0;
  }

  private requireRecord(record: number): void {
    if (this.isRecord(record)) return;
    throw new MorphError("ERR_MORPH_INVALID_POINTER", `record: expected a class's, got ${describe(record)}`);
  }

  private setTable(pointer: number): void {
    this.table = pointer;
    this.records = this.sizes.map((_, i) => (pointer / 4 + (i + 1) * RECORD_WORDS) | 0);
    this.bySize = (pointer / 4 + (this.sizes.length + 1) * RECORD_WORDS) | 0;
  }

  private head(record: number): number {
    return (this.i32[record] as number) & WORD_INDEX;
  }

  /** Whether a free slot was never in use. */
  private isUnused(slot: number): boolean {
    return this.isSigned(slot) && (this.i32[slot]! & UNUSED) !== 0;
  }

  private isInRun(record: number, slot: number): boolean {
    return slot >= this.i32[record + CURSOR]! && slot < this.i32[record + END]!;
  }

  private setSlab(slab: number, record: number): void {
    const unit = this.map + slab / this.unitBytes;
    this.i32.fill(record, unit, unit + this.slabBytes / this.unitBytes);
  }

  /** The slabs of each class, ascending. */
  private slabsByRecord(): Map<number, number[]> {
    const slabs = new Map<number, number[]>(this.records.map((record) => [record, []]));
    for (const slab of this.slabs()) slabs.get(this.recordAt(slab))!.push(slab);
    return slabs;
  }

  /** The pointers of the slabs, ascending. */
  private *slabs(): Generator<number, void, undefined> {
    const units = this.slabBytes / this.unitBytes;
    for (let unit = 0; unit < this.mapLength; ) {
      if (this.i32[this.map + unit] === 0) unit++;
      else {
        yield unit * this.unitBytes;
        unit += units;
      }
    }
  }

  /** The slab in which a pointer lies; there is one. */
  private slabAt(pointer: number): number {
    if (this.slabBytes <= PAGE_BYTES) return pointer - (pointer % this.slabBytes);
    let last = 0;
    for (const slab of this.slabs()) {
      if (slab > pointer) break;
      last = slab;
    }
    return last;
  }

  /** Word index of the end of a slab's last slot. */
  private endOf(slab: number, words: number): number {
    return slab / 4 + Math.floor(this.slabBytes / 4 / words) * words;
  }

  /** Whether there is a slab without a live slot, as far as that can be told without counting. */
  private hasEmptySlab(): boolean {
    const { i32, map, unitBytes, liveness } = this;
    const looksFree = (slot: number): boolean => !liveness.isLive(slot);
    let left = 0;
    for (const record of this.records) left += i32[record + SLABS] as number;
    for (let unit = 0; left > 0 && unit < this.mapLength; unit++) {
      if (i32[map + unit] === 0) continue;
      if (this.isEmpty(unit * unitBytes, looksFree)) return true;
      unit += this.slabBytes / unitBytes - 1;
      left--;
    }
    return false;
  }

  private isEmpty(slab: number, isFree: (slot: number) => boolean): boolean {
    const record = this.recordAt(slab);
    const words = this.slotSize(record) / 4;
    for (let slot = slab / 4, end = this.endOf(slab, words); slot < end; slot += words) {
      if (!isFree(slot) && !this.isInRun(record, slot)) return false;
    }
    return true;
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG */
function requireLiveness(liveness: Liveness): void {
  for (const name of ["isLive", "cover", "drop"] as const) {
    if (typeof liveness?.[name] === "function") continue;
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `liveness: expected an object with a function ${name}, got ${describe(liveness)}`,
    );
  }
}

/** A random number that is odd, which no slot's word index is: bytes that are all the same are no free slot's. */
function newKey(): number {
  return (Math.random() * 2 ** 32) | 1;
}
