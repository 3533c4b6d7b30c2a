import {
  type AddressSpace,
  describe,
  FREED,
  joinMemory,
  LIVE,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  requireOptions,
  StateTable,
  TABLE_STATE_BYTES,
} from "@morph/memory";
import { CONTRACT, type PoolOptions, requireSlabBytes, requireSlotSize } from "./options.ts";

/** What a pool holds now; plain numbers. */
export interface PoolStats {
  /** Bytes of a slot. */
  slotSize: number;
  /** Slots in all slabs: `used + free`. */
  slots: number;
  /** Slots handed out. */
  used: number;
  /** Slots that the pool can hand out without another slab. */
  free: number;
  /** Slabs taken from the memory. */
  slabs: number;
  /** Bytes of those slabs. */
  bytes: number;
  /** Bytes of the table that knows which slots are live. */
  tableBytes: number;
}

/** Bytes that {@link Pool.saveState} writes. */
export const POOL_STATE_BYTES: number = TABLE_STATE_BYTES + 24;

/**
 * Slots of one size. Slabs are cut from the memory's pages and carved from the front; freed slots form a list, each
 * holding the pointer of the next, last freed first reused. `alloc` and `free` are O(1), and `free` refuses, exactly
 * and always, everything that is not the pointer of a live slot of this pool.
 */
export class Pool {
  /** Where the slots lie. */
  readonly memory: AddressSpace;
  /** Bytes of every slot. */
  readonly slotSize: number;

  // The hot fields. Pointers are kept signed: they stay small integers above 2 GiB too.
  private i32: Int32Array;
  /** Lowest pointer the table covers. */
  private lo = 0;
  /** log2 of the granule. */
  private readonly shift: number;
  /** Granules the table covers; 0 makes every check fail, before the first slab and after `destroy`. */
  private granules = 0;
  /** Word index of the table. */
  private table = 0;
  /** First slot of the free list, 0 when it is empty. */
  private head = 0;
  // The fifth to seventh field are ones that no hot path writes: V8 takes a write to them for one to a typed array's length and
  // base, which lie at the same offsets, and loads those again.
  /** The next slot to carve, and the end of the slab it is in. */
  private cursor = 0;
  private carveEnd = 0;
  /** Slots carved so far: all but the rest of the newest slab. */
  private carved = 0;
  private slabs = 0;
  private usedSlots = 0;
  /** A slot handed out is LIVE, one on the free list is FREED, at its first granule; all else is 0. */
  private readonly states: StateTable;
  private destroyed = false;
  private readonly slabPages: number;
  private readonly slotsPerSlab: number;
  /** The id under which the memory knows this pool's pages. */
  readonly owner: number;

  /**
   * Takes no slab before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract
   */
  constructor(options: PoolOptions) {
    requireOptions(options);
    const { slotSize, memory = new LinearMemory(), slabBytes = PAGE_BYTES } = options;
    requireSlotSize(slotSize);
    requireSlabBytes(slabBytes);
    this.slotSize = slotSize;
    this.shift = 31 - Math.clz32(slotSize & -slotSize);
    this.slabPages = slabBytes / PAGE_BYTES;
    this.slotsPerSlab = Math.floor(slabBytes / slotSize);
    this.memory = memory;
    this.states = new StateTable(memory, this.shift);
    const viewsChanged = () => {
      this.i32 = this.states.i32 = memory.i32;
    };
    this.owner = joinMemory(memory, { name: "pool", contractVersion: CONTRACT, viewsChanged }, options.owner);
    // Another thread may have grown the memory since the table took its view. Assigned only once, until the memory grows: where the
    // pool is a constant, V8 then takes this for one, too.
    this.i32 = this.states.i32 = memory.i32;
  }

  /**
   * Hands out a slot; its bytes are whatever they were. O(1), but for a new slab now and then.
   * @returns its pointer
   * @throws ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alloc(): number {
    const p = this.head;
    const offset = (p - this.lo) | 0;
    const shift = this.shift;
    const granule = ((offset >>> shift) | (offset << (32 - shift))) >>> 0;
    // Also when the list is empty: 0 lies below `lo`.
    // Both sides unsigned, so that one comparison does.
    if (granule >= this.granules >>> 0) return this.allocSlow() >>> 0;
    // `&` changes nothing, but V8 then knows that the index is not negative, and extends no sign.
    const word = (this.table & 0x3fff_ffff) + (granule >>> 4);
    const free = 2 << (granule << 1);
    const states = this.i32[word] as number;
    // Not free: a write after free broke the link that led here, or the view is detached.
    if ((states & free) === 0) return this.allocSlow() >>> 0;
    this.i32[word] = states ^ (free | (free >>> 1));
    this.head = this.i32[p >>> 2] as number;
    this.usedSlots = (this.usedSlots + 1) | 0;
    return p >>> 0;
  }

  /**
   * Hands out `count` slots that lie side by side, for those who keep free slots of their own. O(count).
   * @param count slots, 1 to as many as a slab has
   * @returns pointer of the lowest; the others follow, `slotSize` bytes apart
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY (single slots may still be free), ERR_MORPH_DESTROYED
   */
  allocRun(count: number): number {
    this.requireAlive();
    this.refreshViews();
    if (!Number.isInteger(count) || count < 1 || count > this.slotsPerSlab) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `count: expected an integer from 1 to ${this.slotsPerSlab}, got ${describe(count)}`,
      );
    }
    const bytes = count * this.slotSize;
    while (((this.carveEnd - this.cursor) | 0) < bytes) {
      this.freeUncarved();
      this.nextSlab();
    }
    const first = this.cursor;
    this.states.setEach(first, this.slotSize, count, LIVE);
    this.cursor = (first + bytes) | 0;
    this.carved += count;
    this.usedSlots += count;
    return first >>> 0;
  }

  /**
   * Takes a slot back; it is the next one handed out. O(1).
   * @param pointer as `alloc` returned it
   * @throws ERR_MORPH_DOUBLE_FREE when the slot is free already; ERR_MORPH_INVALID_POINTER for anything else that is
   *   not a live slot's pointer; ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    if (typeof pointer !== "number") return void this.freeSlow(pointer);
    const p = pointer | 0;
    const offset = (p - this.lo) | 0;
    const shift = this.shift;
    const granule = ((offset >>> shift) | (offset << (32 - shift))) >>> 0;
    if (p >>> 0 !== pointer || granule >= this.granules >>> 0) return void this.freeSlow(pointer);
    const word = (this.table & 0x3fff_ffff) + (granule >>> 4);
    const live = 1 << (granule << 1);
    const states = this.i32[word] as number;
    if ((states & live) === 0) return void this.freeSlow(pointer);
    this.i32[word] = states ^ (live | (live << 1));
    this.i32[p >>> 2] = this.head;
    this.head = p;
    this.usedSlots = (this.usedSlots - 1) | 0;
  }

  /** Whether `pointer` is a live slot of this pool: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    this.refreshViews();
    return this.isSlotPointer(pointer) && this.states.get(pointer | 0) === LIVE;
  }

  /** The pointers of all live slots, ascending. Do not allocate or free while walking. O(pages + slots). */
  *liveSlots(): Generator<number, void, undefined> {
    this.refreshViews();
    for (const slab of this.slabPointers()) {
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        if (this.states.get(p | 0) === LIVE) yield p;
        // Whoever walks may let someone else grow the memory.
        this.refreshViews();
      }
    }
  }

  /**
   * Returns slabs in which nothing is live to the memory. O(pages + slots).
   * @returns the bytes returned
   */
  trim(): number {
    this.requireAlive();
    this.refreshViews();
    const empty = [...this.slabPointers()].filter((slab) => !this.hasLive(slab));
    if (empty.length === 0) return 0;
    this.unlink(
      new Set(empty.flatMap((slab) => Array.from({ length: this.slabPages }, (_, i) => slab / PAGE_BYTES + i))),
    );
    for (const slab of empty) {
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        if (this.states.get(p | 0) === FREED) this.carved--;
        this.states.set(p | 0, 0);
      }
      if (this.cursor >>> 0 >= slab && this.cursor >>> 0 < slab + this.slabPages * PAGE_BYTES) {
        this.cursor = this.carveEnd = 0;
      }
      this.memory.release(slab, this.slabPages);
    }
    this.slabs -= empty.length;
    if (this.slabs === 0) this.dropTable();
    return empty.length * this.slabPages * PAGE_BYTES;
  }

  /** What the pool holds. O(1). */
  stats(): PoolStats {
    const slots = this.slabs * this.slotsPerSlab;
    return {
      slotSize: this.slotSize,
      slots,
      used: this.usedSlots,
      free: slots - this.usedSlots,
      slabs: this.slabs,
      bytes: this.slabs * this.slabPages * PAGE_BYTES,
      tableBytes: this.states.bytes,
    };
  }

  /**
   * Walks the whole structure: slabs, table, free list, counts. O(pages + slots).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address. A broken free list (a write
   *   after free) is mended by the next `alloc` that meets it.
   */
  verify(): void {
    this.requireAlive();
    this.refreshViews();
    let live = 0;
    let free = 0;
    let slabs = 0;
    for (const slab of this.slabPointers()) {
      slabs++;
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        const state = this.states.get(p | 0);
        if (state === LIVE) live++;
        else if (state === FREED) free++;
      }
    }
    if (slabs !== this.slabs) throw broken(`${this.slabs} slabs are counted, the page map has ${slabs}`);
    if (live !== this.usedSlots) throw broken(`${this.usedSlots} slots are counted as used, the table has ${live}`);
    if (live + free !== this.carved) throw broken(`${this.carved} slots are carved, the table has ${live + free}`);
    let listed = 0;
    let before = 0;
    for (let p = this.head; p !== 0; p = this.i32[p >>> 2] as number) {
      if (listed === free || !this.states.covers(p) || this.states.get(p) !== FREED) {
        throw broken(
          `the free list leads from ${describe(before >>> 0)} to ${describe(p >>> 0)}, which is not a free slot of it`,
        );
      }
      listed++;
      before = p;
    }
    if (listed !== free) throw broken(`the free list ends at ${before >>> 0} after ${listed} of ${free} slots`);
  }

  /** Frees every slot and returns all slabs to the memory. O(pages). */
  reset(): void {
    this.requireAlive();
    this.refreshViews();
    for (const slab of [...this.slabPointers()]) this.memory.release(slab, this.slabPages);
    this.dropTable();
    this.head = this.cursor = this.carveEnd = this.carved = this.usedSlots = this.slabs = 0;
  }

  /**
   * Writes what this object knows into {@link POOL_STATE_BYTES} bytes of the memory, so that the same pool in another thread can
   * go on from there. The caller sees to it that one thread at a time uses the pool. O(1).
   */
  saveState(pointer: number): void {
    this.states.saveState(pointer);
    const at = (pointer + TABLE_STATE_BYTES) / 4;
    this.i32[at] = this.head;
    this.i32[at + 1] = this.usedSlots;
    this.i32[at + 2] = this.cursor;
    this.i32[at + 3] = this.carveEnd;
    this.i32[at + 4] = this.carved;
    this.i32[at + 5] = this.slabs;
  }

  /** Takes over what {@link saveState} wrote there, in whichever thread. O(1). */
  loadState(pointer: number): void {
    this.states.loadState(pointer);
    this.followTable();
    const at = (pointer + TABLE_STATE_BYTES) / 4;
    this.head = this.i32[at] as number;
    this.usedSlots = this.i32[at + 1] as number;
    this.cursor = this.i32[at + 2] as number;
    this.carveEnd = this.i32[at + 3] as number;
    this.carved = this.i32[at + 4] as number;
    this.slabs = this.i32[at + 5] as number;
  }

  /** Returns all pages to the memory; the memory itself stays. The pool refuses every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    this.refreshViews();
    this.destroyed = true;
    this.dropTable();
    this.head = this.cursor = this.carveEnd = this.carved = this.usedSlots = this.slabs = 0;
    this.memory.unregister(this.owner);
  }

  /** `using pool = new Pool(...)` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  private allocSlow(): number {
    this.requireAlive();
    if (this.refreshViews()) return this.alloc();
    if (this.usedSlots !== this.carved) {
      // There are free slots, yet the list does not lead to one.
      this.relinkFree();
      return this.alloc();
    }
    this.head = 0;
    if (this.cursor === this.carveEnd) this.nextSlab();
    return this.carve() >>> 0;
  }

  /** Cuts a slot off the newest slab, which has one. */
  private carve(): number {
    const p = this.cursor;
    this.cursor = (p + this.slotSize) | 0;
    this.carved++;
    this.usedSlots++;
    this.states.set(p, LIVE);
    return p;
  }

  /** Puts the slots of the newest slab that were never handed out on the free list, the lowest first. */
  private freeUncarved(): void {
    const slots = ((this.carveEnd - this.cursor) | 0) / this.slotSize;
    for (let i = slots - 1; i >= 0; i--) {
      const p = (this.cursor + i * this.slotSize) | 0;
      this.states.set(p, FREED);
      this.push(p);
    }
    this.carved += slots;
    this.cursor = this.carveEnd;
  }

  private nextSlab(): void {
    do {
      this.memory.atomically(() => this.addSlab());
      // Growth listeners, called since, may have used the slab up, or destroyed the pool.
      this.requireAlive();
    } while (this.cursor === this.carveEnd);
  }

  private addSlab(): void {
    const slab = this.memory.acquire(this.slabPages, this.owner);
    try {
      this.states.cover(slab, slab + this.slabPages * PAGE_BYTES);
    } catch (error) {
      this.memory.release(slab, this.slabPages);
      throw error;
    }
    this.followTable();
    this.slabs++;
    this.cursor = slab | 0;
    this.carveEnd = (slab + this.slotsPerSlab * this.slotSize) | 0;
  }

  private freeSlow(pointer: number): void {
    this.requireAlive();
    if (this.refreshViews()) return void this.free(pointer);
    if (this.isSlotPointer(pointer) && this.states.get(pointer | 0) === FREED) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the slot at ${pointer} is free already`);
    }
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `expected the pointer of a live ${this.slotSize}-byte slot, got ${describe(pointer)}`,
    );
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the pool was destroyed");
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. */
  private refreshViews(): boolean {
    return this.i32.length === 0 && this.memory.refresh();
  }

  // --- slabs -------------------------------------------------------------------------------------------------------

  /** Slabs in ascending order: the runs of this pool's pages, cut into slabs. */
  private *slabPointers(): Generator<number, void, undefined> {
    const pages = this.memory.u8.length / PAGE_BYTES;
    for (let page = 0; page < pages; ) {
      if (this.memory.ownerOf(page * PAGE_BYTES) === this.owner) {
        yield page * PAGE_BYTES;
        page += this.slabPages;
      } else {
        page++;
      }
    }
  }

  private lastSlot(slab: number): number {
    return slab + (this.slotsPerSlab - 1) * this.slotSize;
  }

  private hasLive(slab: number): boolean {
    for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
      if (this.states.get(p | 0) === LIVE) return true;
    }
    return false;
  }

  // --- the table of states -----------------------------------------------------------------------------------------

  private isSlotPointer(pointer: number): boolean {
    return typeof pointer === "number" && (pointer | 0) >>> 0 === pointer && this.states.covers(pointer | 0);
  }

  /** Copies where the table lies into the hot fields. */
  private followTable(): void {
    const { lo, granules, word } = this.states;
    this.lo = lo;
    this.granules = granules;
    this.table = word;
  }

  private dropTable(): void {
    this.states.drop();
    this.followTable();
  }

  // --- the free list -----------------------------------------------------------------------------------------------

  /** Takes the slots in some pages out of the list and keeps the order of the others. O(free). */
  private unlink(pages: Set<number>): void {
    let last = 0;
    let p = this.head;
    this.head = 0;
    // Where a write after free broke the list it ends early, or goes round; the next `alloc` that misses a slot mends it.
    for (let left = this.carved - this.usedSlots; left > 0 && this.states.covers(p); left--) {
      if (this.states.get(p) !== FREED) break;
      const next = this.i32[p >>> 2] as number;
      if (!pages.has(p >>> 16)) {
        if (last === 0) this.head = p;
        else this.i32[last >>> 2] = p;
        last = p;
      }
      p = next;
    }
    if (last !== 0) this.i32[last >>> 2] = 0;
  }

  /** Makes the list anew from the table, lowest slot first: for when a write after free has broken it. */
  private relinkFree(): void {
    this.head = 0;
    for (const slab of [...this.slabPointers()].reverse()) {
      for (let p = this.lastSlot(slab); p >= slab; p -= this.slotSize) {
        if (this.states.get(p | 0) === FREED) this.push(p | 0);
      }
    }
  }

  private push(p: number): void {
    this.i32[p >>> 2] = this.head;
    this.head = p;
  }
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the pool is broken: ${what}`);
}
