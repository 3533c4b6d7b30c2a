import { type AddressSpace, describe, joinMemory, LinearMemory, MorphError, PAGE_BYTES } from "@morph/memory";
import { CONTRACT, type PoolManagerOptions, requireSizeClasses, requireSlabBytes } from "./options.ts";
import { Pool, type PoolStats } from "./pool.ts";

/** What a pool manager holds now; plain numbers. */
export interface PoolManagerStats {
  /** Each size class, smallest first. */
  classes: PoolStats[];
  /** Sums over the classes; see {@link PoolStats}. */
  slots: number;
  used: number;
  free: number;
  slabs: number;
  bytes: number;
  tableBytes: number;
}

const DEFAULT_CLASSES: readonly number[] = [16, 32, 64, 128, 256];

/** In the table from sizes to classes: no class serves this size. */
const NO_CLASS = 255;

/** A pool for each size class, behind one `alloc(size)` and a `free(pointer)` that needs no size. */
export class PoolManager {
  /** Where the slots lie. */
  readonly memory: AddressSpace;

  private readonly pools: Pool[];
  /** Index of the class that serves a size, by `(size + 7) >>> 3`. */
  private readonly classOfSize: Uint8Array;
  /** Owner id of the first pool; the others follow it. */
  private readonly firstOwner: number;

  // The page map says whose page a pointer lies in; see `AddressSpace.pageMap`.
  private i32: Int32Array;
  private pageMap: number;
  private pageMapLength: number;
  private destroyed = false;
  /** The manager owns no pages; it registers to hear of growth. */
  private readonly owner: number;

  /**
   * Takes no slab before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract
   */
  constructor(options: PoolManagerOptions = {}) {
    const { memory = new LinearMemory(), sizeClasses = DEFAULT_CLASSES, slabBytes = PAGE_BYTES } = options;
    requireSizeClasses(sizeClasses);
    requireSlabBytes(slabBytes);
    this.memory = memory;
    this.pools = sizeClasses.map((slotSize) => new Pool({ slotSize, slabBytes, memory }));
    this.firstOwner = this.pools[0]!.owner;
    this.classOfSize = new Uint8Array(sizeClasses.at(-1)! / 8 + 1).fill(NO_CLASS);
    for (let eighths = 1, index = 0; eighths < this.classOfSize.length; eighths++) {
      if (eighths * 8 > sizeClasses[index]!) index++;
      this.classOfSize[eighths] = index;
    }
    this.owner = joinMemory(memory, {
      name: "pool",
      contractVersion: CONTRACT,
      viewsChanged: () => {
        this.i32 = memory.i32;
        this.pageMap = (memory.pageMap / 4) | 0;
        this.pageMapLength = memory.pageMapLength;
      },
    });
    this.i32 = memory.i32;
    this.pageMap = (memory.pageMap / 4) | 0;
    this.pageMapLength = memory.pageMapLength;
  }

  /**
   * Hands out a slot of the smallest class that holds `size` bytes; its bytes are whatever they were. O(1), but for a
   * new slab now and then.
   * @param size bytes, 1 to the largest class
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alloc(size: number): number {
    if (typeof size !== "number") return this.refuseSize(size);
    const index = this.classOfSize[(size + 7) >>> 3] as number;
    if ((size | 0) !== size || !(index < this.pools.length)) return this.refuseSize(size);
    return this.pools[index]!.alloc();
  }

  /**
   * Takes a slot back; it is the next one of its class handed out. O(1).
   * @param pointer as `alloc` returned it
   * @throws ERR_MORPH_DOUBLE_FREE, ERR_MORPH_INVALID_POINTER, ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    const pool = this.poolOf(pointer);
    if (pool === undefined) return void this.freeSlow(pointer);
    pool.free(pointer);
  }

  /**
   * The pool of the class that serves `size`; its `alloc` is this one's without the size.
   * @throws ERR_MORPH_INVALID_SIZE
   */
  poolFor(size: number): Pool {
    const index = this.sizeClassIndex(size);
    return index < 0 ? this.refuseSize(size) : this.pools[index]!;
  }

  /** Index of the class that serves `size` bytes: with the default classes 1 to 16 is 0, 257 is -1 (none). O(1). */
  sizeClassIndex(size: number): number {
    if (typeof size !== "number") return -1;
    const index = this.classOfSize[(size + 7) >>> 3] as number;
    return (size | 0) === size && index < this.pools.length ? index : -1;
  }

  /**
   * Bytes of the slot at `pointer`, all of which its owner may use. O(1).
   * @throws ERR_MORPH_INVALID_POINTER when `pointer` is not a live slot, ERR_MORPH_DESTROYED
   */
  usableSize(pointer: number): number {
    this.requireAlive();
    this.refreshViews();
    const pool = this.poolOf(pointer);
    if (pool === undefined || !pool.owns(pointer)) throw notLive(pointer);
    return pool.slotSize;
  }

  /** Whether `pointer` is a live slot of this manager: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    this.refreshViews();
    return this.poolOf(pointer)?.owns(pointer) ?? false;
  }

  /** The pointers of all live slots, class by class, ascending in each. Do not allocate or free while walking. */
  *liveSlots(): Generator<number, void, undefined> {
    for (const pool of this.pools) yield* pool.liveSlots();
  }

  /**
   * Returns slabs in which nothing is live to the memory. O(pages + slots).
   * @returns the bytes returned
   */
  trim(): number {
    this.requireAlive();
    return this.pools.reduce((bytes, pool) => bytes + pool.trim(), 0);
  }

  /** What the pools hold. O(classes). */
  stats(): PoolManagerStats {
    const classes = this.pools.map((pool) => pool.stats());
    const sum = (of: (stats: PoolStats) => number): number => classes.reduce((total, stats) => total + of(stats), 0);
    return {
      classes,
      slots: sum((stats) => stats.slots),
      used: sum((stats) => stats.used),
      free: sum((stats) => stats.free),
      slabs: sum((stats) => stats.slabs),
      bytes: sum((stats) => stats.bytes),
      tableBytes: sum((stats) => stats.tableBytes),
    };
  }

  /**
   * Walks every pool. O(pages + slots).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong; see {@link Pool.verify}
   */
  verify(): void {
    this.requireAlive();
    for (const pool of this.pools) pool.verify();
  }

  /** Returns all pages to the memory; the memory itself stays. The manager refuses every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    for (const pool of this.pools) pool.destroy();
    this.memory.unregister(this.owner);
    this.destroyed = true;
  }

  /** `using pools = new PoolManager()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** The pool whose page `pointer` lies in. */
  private poolOf(pointer: number): Pool | undefined {
    if (typeof pointer !== "number") return undefined;
    const page = pointer >>> 16;
    if (page >= this.pageMapLength) return undefined;
    const index = (this.i32[this.pageMap + page] as number) - this.firstOwner;
    // Also when the view is detached: then `index` is not a number.
    return index >= 0 && index < this.pools.length ? this.pools[index] : undefined;
  }

  private freeSlow(pointer: number): void {
    this.requireAlive();
    if (this.refreshViews()) return void this.free(pointer);
    throw notLive(pointer);
  }

  private refuseSize(size: number): never {
    this.requireAlive();
    const largest = this.pools.at(-1)!.slotSize;
    throw new MorphError(
      "ERR_MORPH_INVALID_SIZE",
      `size: expected an integer from 1 to ${largest}, got ${describe(size)}`,
    );
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the pool manager was destroyed");
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. */
  private refreshViews(): boolean {
    return this.i32.length === 0 && this.memory.refresh();
  }
}

function notLive(pointer: number): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `expected the pointer of a live slot, got ${describe(pointer)}`);
}
