import {
  type AddressSpace,
  describe,
  isDestroyed,
  joinMemory,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  type PageOwner,
  repeatedRefusal,
  requireOptions,
  requireStack,
  requireStatePlace,
  StateTable,
} from "@morph/memory";
import { ALLOCATED, FREES, GOLDEN, MURMUR, ROUND_UP, SIGNATURE, WORD_INDEX } from "./layout.ts";
import {
  CONTRACT,
  DEFAULT_CLASSES,
  LAYERS,
  type PoolManagerOptions,
  requireSizeClasses,
  requireSlabBytes,
} from "./options.ts";
import { type Liveness, SizeClasses, type SizeClassesStats } from "./size-classes.ts";

/** What a pool manager holds now; its tables know where slots are and which are live. */
export type PoolManagerStats = SizeClassesStats;

/** log2 of the granule of the state table: its two bits for 16 bytes are used as one for each 8. */
const GRANULE_SHIFT = 4;

/**
 * Small objects of any size: slots of several size classes behind one `alloc(size)` and a `free(pointer)` that needs no size. Which slots are
 * live is known outside of them, a bit for each 8 bytes of the address range they span: so `free` refuses, exactly and always, everything that is
 * not the pointer of a live slot, whatever was written to the slots. Where free slots come from: see `size-classes.ts`.
 */
export class PoolManager {
  /** Where the slots lie. */
  readonly memory: AddressSpace;
  /** The id under which the memory knows the slabs. */
  readonly owner: number;
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number;

  // The hot fields. What changes with each call lies in the memory. V8 folds a field that is assigned only once into the code, where the manager is a
  // constant, until the memory grows.
  private i32: Int32Array;
  /** The largest size. */
  private readonly largest: number;
  /** Lowest pointer that the live bits cover, signed, and how many of them there are; 0 makes every check fail. */
  private lo = 0;
  private granules = 0;
  /** Word index that the live bits would have if they started at pointer 0; modulo 2^30. */
  private liveBits = 0;
  /** Copies of the size classes' fields. */
  private bySize: number;
  private pages = 0;
  private key: number;
  private readonly classes: SizeClasses;
  private readonly live: StateTable;
  /** The count of frees at the last search that found no slab without a live slot. */
  private freedAtEmptyTrim = -1;
  /** The count of frees at the last refusal. */
  private refusedAt = -1;
  private destroyed = false;

  /**
   * Takes no slab before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract, ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(options: PoolManagerOptions = {}) {
    requireOptions(options, ["memory", "sizeClasses", "slabBytes", "owner"]);
    const { memory = new LinearMemory(), sizeClasses = DEFAULT_CLASSES, slabBytes = PAGE_BYTES } = options;
    requireSizeClasses(sizeClasses);
    requireSlabBytes(slabBytes);
    requireStack(LAYERS);
    this.memory = memory;
    this.largest = sizeClasses.at(-1) as number;
    this.live = new StateTable(memory, GRANULE_SHIFT);
    const asOwner: PageOwner = {
      name: "pool",
      contractVersion: CONTRACT,
      allocator: this,
      viewsChanged: () => this.setViews(memory.i32),
      suspend: (suspended) => {
        // Operations that only look use the other views.
        if (suspended) this.i32 = noView();
        else this.setViews(memory.i32);
      },
    };
    const attach = options.owner !== undefined;
    this.owner = joinMemory(memory, asOwner, options.owner);
    try {
      const { owner } = this;
      this.classes = new SizeClasses({
        memory,
        owner,
        sizes: sizeClasses,
        slabBytes,
        liveness: this.liveness(),
        attach,
      });
    } catch (error) {
      memory.unregister(this.owner);
      throw error;
    }
    this.stateBytes = this.live.stateBytes + this.classes.stateBytes + 4;
    this.bySize = this.classes.bySize;
    this.key = this.classes.key;
    this.i32 = this.live.i32 = this.classes.i32 = attach ? noView() : memory.i32;
  }

  /**
   * Hands out a slot of the smallest class that holds `size` bytes; its bytes are whatever they were. O(1), but for a
   * new slab now and then.
   * @param size bytes, 1 to the largest class
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alloc(size: number): number {
    // `& WORD_INDEX` changes no word index, but V8 then knows that it is not negative, and extends no sign. `!(slot < 1)` for `slot !== 0`:
    // of a branch V8 lays out first what is done when its condition is false, and hands out registers in that order.
    if (typeof size === "number" && size >>> 0 === size && size <= this.largest) {
      const { i32 } = this;
      const list = (i32[this.bySize + ((size + ROUND_UP) >>> 3)] as number) & WORD_INDEX;
      const slot = (i32[list] as number) & WORD_INDEX;
      if (!(slot < 1)) {
        const next = i32[slot] as number;
        const word = (this.liveBits + (slot >>> 6)) & WORD_INDEX;
        const states = i32[word] as number;
        const live = 1 << (slot >>> 1);
        // Only if something wrote over the slot it has another signature, or the list leads to a live slot.
        if (((i32[slot + SIGNATURE] as number) ^ next ^ slot ^ this.key) === 0 && (states & live) === 0) {
          i32[word] = states | live;
          i32[list] = next;
          const allocated = list + ALLOCATED;
          i32[allocated] = ((i32[allocated] as number) + 1) | 0;
          return (slot << 2) >>> 0;
        }
      }
    }
    return this.allocSlow(size) >>> 0;
  }

  /**
   * Like {@link alloc}, but returns 0 when the memory is full, without the cost of an exception. O(1).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_DESTROYED
   */
  tryAlloc(size: number): number {
    const record = this.requireRecord(size);
    return this.classes.isReady(record) || this.prepare(record) ? this.alloc(size) : 0;
  }

  /**
   * Takes a slot back; it is the next one of its class handed out. O(1).
   * @param pointer as `alloc` returned it
   * @throws ERR_MORPH_DOUBLE_FREE when the slot is free already; ERR_MORPH_INVALID_POINTER for anything else that is not a live slot's
   *   pointer; ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    if (typeof pointer === "number") {
      const p = pointer | 0;
      const offset = (p - this.lo) | 0;
      // Rotated, so that a misaligned pointer is past the last granule: one comparison checks range and alignment.
      const granule = ((offset >>> 3) | (offset << 29)) >>> 0;
      if (p >>> 0 === pointer && granule < this.granules) {
        const { i32 } = this;
        const slot = p >>> 2;
        const word = (this.liveBits + (slot >>> 6)) & WORD_INDEX;
        const states = i32[word] as number;
        const live = 1 << (slot >>> 1);
        if (!((states & live) === 0)) {
          i32[word] = states ^ live;
          const list = (i32[this.pages + (slot >>> 14)] as number) & WORD_INDEX;
          // Without the bit that says that the last slot handed out was never in use before.
          const next = (i32[list] as number) & WORD_INDEX;
          i32[slot] = next;
          i32[slot + SIGNATURE] = next ^ slot ^ this.key;
          i32[list] = slot;
          const freed = list + FREES;
          i32[freed] = ((i32[freed] as number) + 1) | 0;
          return;
        }
      }
    }
    this.freeSlow(pointer);
  }

  /** Index of the class that serves `size` bytes: with the default classes 1 to 16 is 0, 257 is -1 (none). O(classes). */
  sizeClassIndex(size: number): number {
    if (!Number.isInteger(size) || size < 1) return -1;
    return this.classes.sizes.findIndex((slotSize) => size <= slotSize);
  }

  /**
   * Bytes of the slot at `pointer`, all of which its owner may use. O(1).
   * @throws ERR_MORPH_INVALID_POINTER when `pointer` is not a live slot, ERR_MORPH_DESTROYED
   */
  usableSize(pointer: number): number {
    this.requireAlive();
    if (!this.owns(pointer)) throw notLive(pointer);
    return this.classes.slotSize(this.classes.recordAt(pointer));
  }

  /** Whether `pointer` is a live slot of this manager: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    this.look();
    if (typeof pointer !== "number" || pointer % 8 !== 0) return false;
    const granule = (pointer - (this.lo >>> 0)) / 8;
    return granule >= 0 && granule < this.granules && this.isLive(pointer / 4);
  }

  /** The pointers of all live slots, ascending. Do not allocate or free while walking. O(pages + slots). */
  *liveObjects(): Generator<number, void, undefined> {
    this.requireAlive();
    this.look();
    for (const pointer of this.classes.liveObjects()) {
      yield pointer;
      // The memory may have grown between two steps of the walk, or the manager ended.
      this.requireAlive();
      this.look();
    }
  }

  /**
   * Returns slabs in which nothing is live to the memory. O(pages + slots).
   * @returns the bytes returned
   */
  trim(): number {
    this.begin();
    const bytes = this.classes.trim();
    this.copyFields();
    return bytes;
  }

  /** What the manager holds. O(classes). */
  stats(): PoolManagerStats {
    const sums = this.classes.stats();
    sums.tableBytes += this.live.bytes;
    sums.footprint += this.live.bytes;
    return sums;
  }

  /**
   * Walks the whole structure: slabs, live bits, free lists, counts. O(pages + slots).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address. A broken free list (a write
   *   after free) is rebuilt by the next `alloc` that meets it.
   */
  verify(): void {
    this.requireAlive();
    this.look();
    this.requireLoaded();
    const damage = this.classes.damage();
    if (damage !== undefined) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `the pool manager is broken: ${damage}`);
    }
  }

  /** Frees every slot and returns all slabs to the memory. O(pages). */
  reset(): void {
    this.begin();
    this.classes.reset();
    this.copyFields();
  }

  /**
   * Writes {@link stateBytes} bytes from which the same manager in another thread goes on, with the option `owner`. The caller sees to it that one
   * thread at a time uses the manager. O(1).
   * @param pointer a multiple of 4, with so many bytes of the caller's behind it
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DESTROYED
   */
  saveState(pointer: number): void {
    this.begin();
    requireStatePlace(this.memory, pointer, this.stateBytes);
    this.live.saveState(pointer);
    this.classes.saveState(pointer + this.live.stateBytes);
    this.i32[(pointer + this.stateBytes) / 4 - 1] = this.stateSignature(pointer);
  }

  /**
   * Takes over what {@link saveState} wrote there, in any thread. O(classes).
   * @throws ERR_MORPH_INVALID_POINTER when that is not this manager's state, ERR_MORPH_DESTROYED
   */
  loadState(pointer: number): void {
    requireStack(LAYERS);
    this.requireAlive();
    this.refreshViews();
    requireStatePlace(this.memory, pointer, this.stateBytes);
    if (this.memory.i32[(pointer + this.stateBytes) / 4 - 1] !== this.stateSignature(pointer)) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected the saved state of this manager at ${pointer}`);
    }
    this.live.i32 = this.classes.i32 = this.memory.i32;
    this.live.loadState(pointer);
    this.classes.loadState(pointer + this.live.stateBytes);
    this.setViews(this.memory.i32);
    this.copyFields();
  }

  /**
   * Returns all pages to the memory; the memory itself stays. The manager refuses every use from then on.
   * @throws ERR_MORPH_BUSY in a growth listener
   */
  destroy(): void {
    if (this.destroyed) return;
    if (isDestroyed(this.memory)) {
      this.live.forget();
      this.classes.forget();
    } else {
      this.begin();
      this.memory.unregister(this.owner);
      this.classes.destroy();
    }
    this.copyFields();
    this.i32 = noView();
    this.destroyed = true;
  }

  /** `using pools = new PoolManager()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  private allocSlow(size: number): number {
    if (typeof size === "number" && size >>> 0 === size && size <= this.largest && size > 0) {
      if (this.classes.extend(this.i32[this.bySize + ((size + ROUND_UP) >>> 3)] as number)) return this.alloc(size);
    }
    return this.allocSlower(size);
  }

  private allocSlower(size: number): number {
    if (!this.prepare(this.requireRecord(size))) throw this.outOfMemory(size);
    return this.alloc(size);
  }

  /** Makes sure that the class has a slot to hand out. O(1), but for a new slab. @returns false when the memory is full */
  private prepare(record: number): boolean {
    // Refused again without a question for stack, which takes some microseconds.
    if (this.classes.isFull(record) && this.classes.freed === this.freedAtEmptyTrim) return false;
    this.begin();
    try {
      return this.classes.prepare(record) || (this.trimOnce() && this.classes.prepare(record));
    } finally {
      this.copyFields();
    }
  }

  /** Trims, unless nothing was freed since a trim that found nothing. @returns whether it returned any bytes */
  private trimOnce(): boolean {
    const { freed } = this.classes;
    if (freed === this.freedAtEmptyTrim) return false;
    if (this.classes.trim() > 0) return true;
    this.freedAtEmptyTrim = freed;
    return false;
  }

  private outOfMemory(size: number): MorphError {
    const code = "ERR_MORPH_OUT_OF_MEMORY";
    const message = `no slab for ${size} bytes: the memory is full`;
    const { freed } = this.classes;
    if (this.refusedAt === freed) return repeatedRefusal(code, message);
    this.refusedAt = freed;
    return new MorphError(code, message);
  }

  private freeSlow(pointer: number): void {
    if (this.i32.length === 0 && !this.destroyed) {
      this.requireUsable();
      return void this.free(pointer);
    }
    this.requireAlive();
    if (typeof pointer === "number" && this.classes.wasFreed(pointer)) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the slot at ${pointer} is free already`);
    }
    throw notLive(pointer);
  }

  /** The record of the class that serves `size` bytes. */
  private requireRecord(size: number): number {
    this.requireUsable();
    if (Number.isInteger(size) && size >= 1 && size <= this.largest) return this.classes.recordOf(size);
    throw new MorphError(
      "ERR_MORPH_INVALID_SIZE",
      `size: expected an integer from 1 to ${this.largest}, got ${describe(size)}`,
    );
  }

  /** Starts a slow path: after it the views are current, and no stack overflow comes in the middle. */
  private begin(): void {
    requireStack(LAYERS);
    this.requireUsable();
  }

  private requireUsable(): void {
    this.requireAlive();
    this.refreshViews();
    this.requireLoaded();
  }

  private requireLoaded(): void {
    if (this.classes.isLoaded) return;
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", "a manager with the option owner needs loadState first");
  }

  /** The word that only this manager's state at this very place has. */
  private stateSignature(pointer: number): number {
    return Math.imul(this.owner, GOLDEN) ^ Math.imul(this.largest, MURMUR) ^ pointer;
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the pool manager was destroyed");
  }

  /** Starts an operation that only looks. It may run in a growth listener, where `this.i32` is empty. */
  private look(): void {
    if (this.i32.length === 0 && this.classes.isLoaded) this.live.i32 = this.classes.i32 = this.memory.i32;
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. */
  private refreshViews(): boolean {
    return this.i32.length === 0 && this.memory.refresh();
  }

  private setViews(view: Int32Array): void {
    // The memory may grow while the constructor takes the classes' table: they find the views by themselves then.
    const classes: SizeClasses | undefined = this.classes;
    const i32 = classes?.isLoaded === true ? view : noView();
    this.i32 = this.live.i32 = i32;
    if (classes !== undefined) classes.i32 = i32;
  }

  /** Copies where the tables lie into the hot fields. */
  private copyFields(): void {
    const { live, classes } = this;
    this.lo = live.lo;
    this.granules = (live.granules * 2) | 0;
    this.liveBits = (live.word - (live.lo >>> 8)) & WORD_INDEX;
    this.bySize = classes.bySize;
    this.pages = classes.map;
    this.key = classes.key;
  }

  // --- which slots are live ----------------------------------------------------------------------------------------

  private liveness(): Liveness {
    return {
      isLive: (slot) => this.isLive(slot),
      cover: (start, end) => {
        this.live.cover(start, end);
        this.copyFields();
      },
      drop: () => this.live.drop(),
    };
  }

  /** Whether the slot at a word index is live, which lies within the live bits' range. */
  private isLive(slot: number): boolean {
    const states = this.live.i32[(this.liveBits + (slot >>> 6)) & WORD_INDEX] as number;
    return ((states >>> (slot >>> 1)) & 1) === 1;
  }
}

/** The view while a growth listener runs: an operation that wants to change something finds it empty, and asks the memory. */
function noView(): Int32Array {
  return new Int32Array(0);
}

function notLive(pointer: number): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `expected the pointer of a live slot, got ${describe(pointer)}`);
}
