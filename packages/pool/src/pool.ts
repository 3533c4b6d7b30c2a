import { type AddressSpace, describe, joinMemory, LinearMemory, MorphError, PAGE_BYTES } from "@morph/memory";
import { CONTRACT, type PoolOptions, requireSlabBytes, requireSlotSize } from "./options.ts";
import { FREE, LIVE } from "./slab-table.ts";

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
  private usedSlots = 0;

  /** The next slot to carve, and the end of the slab it is in. */
  private cursor = 0;
  private carveEnd = 0;
  /** Slots carved so far: all but the rest of the newest slab. */
  private carved = 0;
  private slabs = 0;
  private tablePointer = 0;
  private tableSize = 0;
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
    const { slotSize, memory = new LinearMemory(), slabBytes = PAGE_BYTES } = options;
    requireSlotSize(slotSize);
    requireSlabBytes(slabBytes);
    this.slotSize = slotSize;
    this.shift = 31 - Math.clz32(slotSize & -slotSize);
    this.slabPages = slabBytes / PAGE_BYTES;
    this.slotsPerSlab = Math.floor(slabBytes / slotSize);
    this.memory = memory;
    this.owner = joinMemory(memory, {
      name: "pool",
      contractVersion: CONTRACT,
      viewsChanged: () => {
        this.i32 = memory.i32;
      },
    });
    this.i32 = memory.i32;
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
    if (granule >= this.granules) return this.allocSlow();
    const word = (this.table + (granule >>> 4)) | 0;
    const free = 2 << (granule << 1);
    const states = this.i32[word] as number;
    // Not free: a write after free broke the link that led here, or the view is detached.
    if ((states & free) === 0) return this.allocSlow();
    this.i32[word] = states ^ (free | (free >>> 1));
    this.head = this.i32[p >>> 2] as number;
    this.usedSlots++;
    return p >>> 0;
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
    if (p >>> 0 !== pointer || granule >= this.granules) return void this.freeSlow(pointer);
    const word = (this.table + (granule >>> 4)) | 0;
    const live = 1 << (granule << 1);
    const states = this.i32[word] as number;
    if ((states & live) === 0) return void this.freeSlow(pointer);
    this.i32[word] = states ^ (live | (live << 1));
    this.i32[p >>> 2] = this.head;
    this.head = p;
    this.usedSlots--;
  }

  /** Whether `pointer` is a live slot of this pool: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    this.refreshViews();
    return this.isSlotPointer(pointer) && this.state(pointer | 0) === LIVE;
  }

  /** The pointers of all live slots, ascending. Do not allocate or free while walking. O(pages + slots). */
  *liveSlots(): Generator<number, void, undefined> {
    this.refreshViews();
    for (const slab of this.slabPointers()) {
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        if (this.state(p | 0) === LIVE) yield p;
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
    for (const slab of empty) {
      // Without their marks the free list no longer leads to these slots.
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        if (this.state(p | 0) === FREE) this.carved--;
        this.setState(p | 0, 0);
      }
      if (this.cursor >>> 0 >= slab && this.cursor >>> 0 < slab + this.slabPages * PAGE_BYTES) {
        this.cursor = this.carveEnd = 0;
      }
      this.memory.release(slab, this.slabPages);
    }
    this.slabs -= empty.length;
    this.unlinkUnmarked();
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
      tableBytes: this.tableSize,
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
        const state = this.state(p | 0);
        if (state === LIVE) live++;
        else if (state === FREE) free++;
      }
    }
    if (slabs !== this.slabs) throw broken(`${this.slabs} slabs are counted, the page map has ${slabs}`);
    if (live !== this.usedSlots) throw broken(`${this.usedSlots} slots are counted as used, the table has ${live}`);
    if (live + free !== this.carved) throw broken(`${this.carved} slots are carved, the table has ${live + free}`);
    let listed = 0;
    let before = 0;
    for (let p = this.head; p !== 0; p = this.i32[p >>> 2] as number) {
      if (listed === free || !this.inTable(p) || this.state(p) !== FREE) {
        throw broken(
          `the free list leads from ${describe(before >>> 0)} to ${describe(p >>> 0)}, which is not a free slot of it`,
        );
      }
      listed++;
      before = p;
    }
    if (listed !== free) throw broken(`the free list ends at ${before >>> 0} after ${listed} of ${free} slots`);
  }

  /** Returns all pages to the memory; the memory itself stays. The pool refuses every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    this.refreshViews();
    this.dropTable();
    this.memory.unregister(this.owner);
    this.head = this.cursor = this.carveEnd = this.carved = this.usedSlots = this.slabs = 0;
    this.destroyed = true;
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
    if (this.cursor === this.carveEnd) this.addSlab();
    const p = this.cursor;
    this.cursor = (p + this.slotSize) | 0;
    this.carved++;
    this.usedSlots++;
    this.setState(p, LIVE);
    return p >>> 0;
  }

  private addSlab(): void {
    const slab = this.memory.acquire(this.slabPages, this.owner);
    try {
      this.cover(slab, slab + this.slabPages * PAGE_BYTES);
    } catch (error) {
      this.memory.release(slab, this.slabPages);
      throw error;
    }
    this.slabs++;
    this.cursor = slab | 0;
    this.carveEnd = (slab + this.slotsPerSlab * this.slotSize) | 0;
  }

  private freeSlow(pointer: number): void {
    this.requireAlive();
    if (this.refreshViews()) return void this.free(pointer);
    if (this.isSlotPointer(pointer) && this.state(pointer | 0) === FREE) {
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
      if (this.state(p | 0) === LIVE) return true;
    }
    return false;
  }

  // --- the table (picture: slab-table.ts) --------------------------------------------------------------------------

  private isSlotPointer(pointer: number): boolean {
    return typeof pointer === "number" && (pointer | 0) >>> 0 === pointer && this.inTable(pointer | 0);
  }

  private inTable(p: number): boolean {
    return this.granuleOf(p) < this.granules;
  }

  private granuleOf(p: number): number {
    const offset = (p - this.lo) | 0;
    return ((offset >>> this.shift) | (offset << (32 - this.shift))) >>> 0;
  }

  private state(p: number): number {
    const granule = this.granuleOf(p);
    return ((this.i32[this.table + (granule >>> 4)] as number) >>> (granule << 1)) & 3;
  }

  private setState(p: number, state: number): void {
    const granule = this.granuleOf(p);
    const word = this.table + (granule >>> 4);
    const bits = granule << 1;
    this.i32[word] = ((this.i32[word] as number) & ~(3 << bits)) | (state << bits);
  }

  /** Makes the table cover `start` to `end`, at the price of a larger one when it does not. */
  private cover(start: number, end: number): void {
    const oldLo = this.lo >>> 0;
    const oldEnd = oldLo + this.granules * 2 ** this.shift;
    if (this.granules > 0 && start >= oldLo && end <= oldEnd) return;

    // Whole words of the old table must land on whole words of the new one.
    const unit = Math.max(PAGE_BYTES, 16 << this.shift);
    const lo = Math.floor((this.granules > 0 ? Math.min(start, oldLo) : start) / unit) * unit;
    const span = Math.max(end, this.granules > 0 ? oldEnd : 0) - lo;
    // Room for half as much again; the table itself rounds up.
    const wanted = Math.ceil(Math.min(span * 1.5, 2 ** 32 - lo) / 2 ** this.shift / 4);
    const pointer = this.memory.acquireTable(wanted);
    const size = this.memory.tableBytes(wanted);
    if (this.granules > 0) {
      const shifted = (oldLo - lo) / 2 ** this.shift / 16;
      this.i32.copyWithin(pointer / 4 + shifted, this.table, this.table + Math.ceil(this.granules / 16));
    }
    this.dropTable();
    this.tablePointer = pointer;
    this.tableSize = size;
    // `| 0`: one stored heap number would turn a field into a double field for good.
    this.table = (pointer / 4) | 0;
    this.lo = lo | 0;
    this.granules = Math.min(size * 4, (2 ** 32 - lo) / 2 ** this.shift) | 0;
  }

  private dropTable(): void {
    if (this.tableSize > 0) this.memory.releaseTable(this.tablePointer, this.tableSize);
    this.granules = this.tableSize = this.tablePointer = this.table = this.lo = 0;
  }

  // --- the free list -----------------------------------------------------------------------------------------------

  /** Drops slots from the list whose mark was taken away, and keeps the order of the others. */
  private unlinkUnmarked(): void {
    const kept: number[] = [];
    let p = this.head;
    let steps = 0;
    const most = this.memory.u8.length / this.slotSize;
    while (p !== 0 && this.inTable(p) && steps++ < most) {
      if (this.state(p) === FREE) kept.push(p);
      p = this.i32[p >>> 2] as number;
    }
    this.head = 0;
    for (const slot of kept.reverse()) this.push(slot);
    if (kept.length !== this.carved - this.usedSlots) this.relinkFree();
  }

  /** Makes the list anew from the table, lowest slot first: for when a write after free has broken it. */
  private relinkFree(): void {
    this.head = 0;
    for (const slab of [...this.slabPointers()].reverse()) {
      for (let p = this.lastSlot(slab); p >= slab; p -= this.slotSize) {
        if (this.state(p | 0) === FREE) this.push(p | 0);
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
