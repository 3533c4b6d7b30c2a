import {
  type AddressSpace,
  describe,
  FREED,
  isDestroyed,
  joinMemory,
  LIVE,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  type PageOwner,
  repeatedRefusal,
  requireOptions,
  requireStack,
  StateTable,
} from "@morph/memory";
import { WORD_INDEX } from "./layout.ts";
import { CONTRACT, LAYERS, type PoolOptions, requireSlabBytes, requireSlotSize } from "./options.ts";
import type { SizeClassStats } from "./size-classes.ts";

/** What a pool holds now; plain numbers. */
export interface PoolStats extends SizeClassStats {
  /** Bytes of the table that knows which slots are live. */
  tableBytes: number;
  /** Bytes of pages and tables taken from the memory: `slabBytes + tableBytes`. */
  footprint: number;
}

/**
 * Slots of one size. Slabs are cut from the memory's pages and brought into use from the front; freed slots form a list, each
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
  /** The next slot that was never used, and the end of the slab it is in. */
  private cursor = 0;
  private slabEnd = 0;
  /** Slots brought into use so far: all but the rest of the newest slab. */
  private extended = 0;
  private slabs = 0;
  /** Slots ever handed out and ever taken back; those in use are the difference. Both wrap around. */
  private allocated = 0;
  private freed = 0;
  /** A slot handed out is LIVE, one on the free list is FREED, at its first granule; all else is 0. */
  private readonly states: StateTable;
  private destroyed = false;
  /** What `allocated` was when a slot was refused. */
  private refusedAt = -1;
  /** The memory's releases when it had pages, but no place for a table that covers them. */
  private tableRefusedAt = -1;
  private readonly slabPages: number;
  private readonly slotsPerSlab: number;
  /** The id under which the memory knows this pool's pages. */
  readonly owner: number;

  /**
   * Takes no slab before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract
   */
  constructor(options: PoolOptions) {
    requireOptions(options, ["slotSize", "memory", "slabBytes"]);
    requireStack(LAYERS);
    const { slotSize, memory = new LinearMemory(), slabBytes = PAGE_BYTES } = options;
    requireSlotSize(slotSize);
    requireSlabBytes(slabBytes);
    this.slotSize = slotSize;
    this.shift = 31 - Math.clz32(slotSize & -slotSize);
    this.slabPages = slabBytes / PAGE_BYTES;
    this.slotsPerSlab = Math.floor(slabBytes / slotSize);
    this.memory = memory;
    this.states = new StateTable(memory, this.shift);
    const asOwner: PageOwner = {
      name: "pool",
      contractVersion: CONTRACT,
      allocator: this,
      viewsChanged: () => {
        this.i32 = this.states.i32 = memory.i32;
      },
      suspend: (suspended) => {
        this.i32 = this.states.i32 = suspended ? new Int32Array(0) : memory.i32;
      },
    };
    this.owner = joinMemory(memory, asOwner);
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
    // True also when the list is empty: 0 lies below `lo`. Both sides are unsigned, so that one comparison does.
    if (granule >= this.granules >>> 0) return this.allocSlow() >>> 0;
    // `&` changes nothing, but V8 then knows that the index is not negative, and extends no sign.
    const word = (this.table & WORD_INDEX) + (granule >>> 4);
    const free = 2 << (granule << 1);
    const states = this.i32[word] as number;
    // Not free: a write after free broke the link that led here, or the view is detached.
    if ((states & free) === 0) return this.allocSlow() >>> 0;
    this.i32[word] = states ^ (free | (free >>> 1));
    this.head = this.i32[p >>> 2] as number;
    this.allocated = (this.allocated + 1) | 0;
    return p >>> 0;
  }

  /**
   * As {@link alloc}, but 0 when the memory is full, without the cost of an exception. O(1).
   * @throws ERR_MORPH_DESTROYED
   */
  tryAlloc(): number {
    return this.prepare() ? this.alloc() : 0;
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
    const word = (this.table & WORD_INDEX) + (granule >>> 4);
    const live = 1 << (granule << 1);
    const states = this.i32[word] as number;
    if ((states & live) === 0) return void this.freeSlow(pointer);
    this.i32[word] = states ^ (live | (live << 1));
    this.i32[p >>> 2] = this.head;
    this.head = p;
    this.freed = (this.freed + 1) | 0;
  }

  /** Whether `pointer` is a live slot of this pool: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    this.look();
    return this.isSlotPointer(pointer) && this.states.get(pointer | 0) === LIVE;
  }

  /** The pointers of all live slots, ascending. Do not allocate or free while walking. O(pages + slots). */
  *liveObjects(): Generator<number, void, undefined> {
    this.requireAlive();
    this.look();
    for (const slab of this.slabPointers()) {
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        if (this.states.covers(p | 0) && this.states.get(p | 0) === LIVE) yield p;
        // Whoever walks may let someone else grow the memory, or end the pool.
        this.requireAlive();
        this.look();
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
    requireStack(LAYERS);
    const empty = [...this.slabPointers()].filter((slab) => !this.hasLive(slab));
    if (empty.length === 0) return 0;
    this.unlink(
      new Set(empty.flatMap((slab) => Array.from({ length: this.slabPages }, (_, i) => slab / PAGE_BYTES + i))),
    );
    for (const slab of empty) {
      for (let p = slab, end = this.lastSlot(slab); p <= end; p += this.slotSize) {
        if (this.states.get(p | 0) === FREED) this.extended--;
        this.states.set(p | 0, 0);
      }
      if (this.cursor >>> 0 >= slab && this.cursor >>> 0 < slab + this.slabPages * PAGE_BYTES) {
        this.cursor = this.slabEnd = 0;
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
    const slabBytes = this.slabs * this.slabPages * PAGE_BYTES;
    return {
      slotSize: this.slotSize,
      slots,
      used: this.used,
      free: slots - this.used,
      slabs: this.slabs,
      slabBytes,
      tableBytes: this.states.bytes,
      footprint: slabBytes + this.states.bytes,
    };
  }

  /**
   * Walks the whole structure: slabs, table, free list, counts. O(pages + slots).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address. A broken free list (a write
   *   after free) is rebuilt by the next `alloc` that meets it.
   */
  verify(): void {
    this.requireAlive();
    this.look();
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
    // In a growth listener, a slab for which the memory grew is not counted yet.
    const uncounted = this.i32.length === 0 ? 1 : 0;
    if (slabs !== this.slabs && slabs !== this.slabs + uncounted)
      throw broken(`${this.slabs} slabs are counted, the page map has ${slabs}`);
    if (live !== this.used) throw broken(`${this.used} slots are counted as used, the table has ${live}`);
    if (live + free !== this.extended)
      throw broken(`${this.extended} slots were brought into use, the table has ${live + free}`);
    let listed = 0;
    let before = 0;
    for (let p = this.head; p !== 0; p = this.states.i32[p >>> 2] as number) {
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
    requireStack(LAYERS);
    for (const slab of [...this.slabPointers()]) this.memory.release(slab, this.slabPages);
    this.forget();
  }

  /** Returns all pages to the memory; the memory itself stays. The pool refuses every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    if (isDestroyed(this.memory)) this.states.forget();
    else {
      this.refreshViews();
      requireStack(LAYERS);
      this.memory.unregister(this.owner);
    }
    this.forget();
    this.destroyed = true;
  }

  /** `using pool = new Pool(...)` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** A slot that was never handed out: calls nothing, so that it cannot fail half-way. */
  private allocSlow(): number {
    const p = this.cursor;
    // There are no free slots, and the newest slab has some that were never handed out.
    if (((this.allocated - this.freed) | 0) === this.extended && p !== this.slabEnd) {
      const shift = this.shift;
      const granule = ((p - this.lo) | 0) >>> shift;
      const word = (this.table & WORD_INDEX) + (granule >>> 4);
      const states = this.i32[word];
      // Not so when the view is detached.
      if (states !== undefined) {
        this.i32[word] = states | (1 << (granule << 1));
        this.head = 0;
        this.cursor = (p + this.slotSize) | 0;
        this.extended++;
        this.allocated = (this.allocated + 1) | 0;
        return p;
      }
    }
    return this.allocSlower();
  }

  private allocSlower(): number {
    this.requireAlive();
    if (this.refreshViews()) return this.alloc();
    // There are free slots, yet the list does not lead to one.
    if (this.used !== this.extended) this.relinkFree();
    else if (!this.prepare()) throw this.outOfMemory();
    return this.alloc();
  }

  /** Makes sure that `alloc` finds a slot. O(1), but for a new slab. @returns false when the memory is full */
  private prepare(): boolean {
    if (this.cursor !== this.slabEnd || this.used !== this.extended) return true;
    this.requireAlive();
    this.refreshViews();
    return this.addSlab();
  }

  private outOfMemory(): MorphError {
    const code = "ERR_MORPH_OUT_OF_MEMORY";
    const message = `no slab of ${this.slabPages} pages for slots of ${this.slotSize} bytes: the memory is full`;
    if (this.refusedAt === this.allocated) return repeatedRefusal(code, message);
    this.refusedAt = this.allocated;
    return new MorphError(code, message);
  }

  /** @returns false when the memory has no pages, or no room for the table; then nothing has changed */
  private addSlab(): boolean {
    if (this.memory.refuses(this.slabPages) || this.memory.releases === this.tableRefusedAt) return false;
    requireStack(LAYERS);
    const slab = this.memory.tryAcquire(this.slabPages, this.owner);
    if (slab === 0) return false;
    try {
      this.states.cover(slab, slab + this.slabPages * PAGE_BYTES);
    } catch (error) {
      this.memory.release(slab, this.slabPages);
      this.tableRefusedAt = this.memory.releases;
      if ((error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY") return false;
      throw error;
    }
    this.followTable();
    this.slabs++;
    this.cursor = slab | 0;
    this.slabEnd = (slab + this.slotsPerSlab * this.slotSize) | 0;
    return true;
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

  /** Starts an operation that only looks. It may run in a growth listener, where `this.i32` is empty. */
  private look(): void {
    if (this.i32.length === 0 && !this.destroyed) this.states.i32 = this.memory.i32;
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. */
  private refreshViews(): boolean {
    return this.i32.length === 0 && this.memory.refresh();
  }

  private get used(): number {
    return (this.allocated - this.freed) | 0;
  }

  // --- slabs -------------------------------------------------------------------------------------------------------

  /** Slabs in ascending order: the runs of this pool's pages, cut into slabs. One that is being added may not be in the table yet; it is left out. */
  private *slabPointers(): Generator<number, void, undefined> {
    const pages = this.memory.u8.length / PAGE_BYTES;
    for (let page = 0; page < pages; ) {
      const slab = page * PAGE_BYTES;
      if (this.memory.ownerOf(slab) === this.owner) {
        if (this.states.covers(this.lastSlot(slab) | 0)) yield slab;
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

  /** Forgets every slab, after it was given back. */
  private forget(): void {
    this.dropTable();
    this.head = this.cursor = this.slabEnd = this.extended = this.slabs = 0;
    this.allocated = this.freed;
  }

  // --- the free list -----------------------------------------------------------------------------------------------

  /** Takes the slots in some pages out of the list and keeps the order of the others. O(free). */
  private unlink(pages: Set<number>): void {
    let last = 0;
    let p = this.head;
    this.head = 0;
    // Where a write after free broke the list it ends early, or goes round; the next `alloc` that misses a slot rebuilds it.
    for (let left = this.extended - this.used; left > 0 && this.states.covers(p); left--) {
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

  /** Rebuilds the list from the table, lowest slot first: for when a write after free has broken it. */
  private relinkFree(): void {
    requireStack(LAYERS);
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
