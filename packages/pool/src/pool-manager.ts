import {
  type AddressSpace,
  describe,
  joinMemory,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  type PageOwner,
  requireOptions,
  requireStack,
} from "@morph/memory";
import { CONTRACT, type PoolManagerOptions, requireSizeClasses, requireSlabBytes, STACK_CALLS } from "./options.ts";
import { freesOf, joinPools, POOL_STATE_BYTES, Pool, type PoolStats, SUSPENDED } from "./pool.ts";

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

/** A pool for each size class, behind one `alloc(size)` and a `free(pointer)` that needs no size. */
export class PoolManager {
  /** Where the slots lie. */
  readonly memory: AddressSpace;

  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number;
  /** Owner id of the first pool; the others follow it. */
  readonly firstOwner: number;

  private readonly pools: Pool[];
  /** The pool with an owner id, by its distance from the first one's; nothing where an id is somebody else's. */
  private readonly poolOfOwner: (Pool | undefined)[];
  /** The pool that serves a size, by `(size + 7) >>> 3`; no pool serves 0. */
  private readonly poolOfSize: (Pool | undefined)[];
  // The page map says whose page a pointer lies in; see `AddressSpace.pageMap`.
  private i32: Int32Array;
  private pageMap: number;
  private pageMapLength: number;
  private destroyed = false;
  /** How often slots had been taken back when slabs without a live slot were last looked for in vain. */
  private freesInVain = -1;
  /** The manager owns no pages; it registers to hear of growth. */
  private readonly owner: number;
  /** The ids under which the memory knows the pools and the manager. */
  readonly owners: readonly number[];

  /**
   * Takes no slab before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract
   */
  constructor(options: PoolManagerOptions = {}) {
    requireOptions(options, ["memory", "sizeClasses", "slabBytes", "owner"]);
    const { memory = new LinearMemory(), sizeClasses = DEFAULT_CLASSES, slabBytes = PAGE_BYTES } = options;
    requireSizeClasses(sizeClasses);
    requireSlabBytes(slabBytes);
    requireStack(STACK_CALLS + 10);
    this.memory = memory;
    const { owner } = options;
    this.pools = [];
    try {
      for (const [i, slotSize] of sizeClasses.entries()) {
        this.pools.push(
          new Pool({ slotSize, slabBytes, memory, ...(owner === undefined ? {} : { owner: owner + i }) }),
        );
      }
      const asOwner: PageOwner = {
        name: "pool",
        contractVersion: CONTRACT,
        viewsChanged: () => this.followViews(),
        suspend: (suspended) => {
          this.i32 = suspended ? SUSPENDED : memory.i32;
        },
      };
      this.owner = joinMemory(memory, asOwner, owner === undefined ? undefined : owner + sizeClasses.length);
    } catch (error) {
      // What another thread's manager owns stays its own.
      if (owner === undefined) for (const pool of this.pools) pool.destroy();
      throw error;
    }
    this.firstOwner = this.pools[0]!.owner;
    this.owners = [...this.pools.map((pool) => pool.owner), this.owner];
    this.poolOfOwner = [];
    for (const pool of this.pools) {
      while (this.poolOfOwner.length < pool.owner - this.firstOwner) this.poolOfOwner.push(undefined);
      this.poolOfOwner.push(pool);
    }
    this.stateBytes = this.pools.length * POOL_STATE_BYTES;
    this.poolOfSize = [undefined];
    for (const pool of this.pools) {
      while (this.poolOfSize.length <= pool.slotSize / 8) this.poolOfSize.push(pool);
    }
    joinPools(this.pools, () => this.relieve());
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
    const pool = this.poolOfSize[(size + 7) >>> 3];
    if (pool === undefined || (size | 0) !== size) return this.refuseSize(size);
    return pool.alloc();
  }

  /**
   * As {@link alloc}, but 0 when the memory is full, without the cost of an exception. O(1).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_DESTROYED
   */
  tryAlloc(size: number): number {
    return this.poolFor(size).tryAlloc();
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

  /** Index of the class that serves `size` bytes: with the default classes 1 to 16 is 0, 257 is -1 (none). O(classes). */
  sizeClassIndex(size: number): number {
    if (!Number.isInteger(size) || size < 1) return -1;
    return this.pools.findIndex((pool) => size <= pool.slotSize);
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
  *liveObjects(): Generator<number, void, undefined> {
    for (const pool of this.pools) yield* pool.liveObjects();
  }

  /**
   * Returns slabs in which nothing is live to the memory. O(pages + slots).
   * @returns the bytes returned
   */
  trim(): number {
    this.requireAlive();
    requireStack(STACK_CALLS + 10);
    return this.pools.reduce((bytes, pool) => bytes + pool.trim(), 0);
  }

  /** What the pools hold. O(classes). */
  stats(): PoolManagerStats {
    const sums: PoolManagerStats = { classes: [], slots: 0, used: 0, free: 0, slabs: 0, bytes: 0, tableBytes: 0 };
    for (const pool of this.pools) {
      const stats = pool.stats();
      sums.classes.push(stats);
      sums.slots += stats.slots;
      sums.used += stats.used;
      sums.free += stats.free;
      sums.slabs += stats.slabs;
      sums.bytes += stats.bytes;
      sums.tableBytes += stats.tableBytes;
    }
    return sums;
  }

  /**
   * Walks every pool. O(pages + slots).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong; see {@link Pool.verify}
   */
  verify(): void {
    this.requireAlive();
    for (const pool of this.pools) pool.verify();
  }

  /** Frees every slot and returns all slabs to the memory. O(pages). */
  reset(): void {
    this.requireAlive();
    requireStack(STACK_CALLS + 10);
    for (const pool of this.pools) pool.reset();
  }

  /**
   * Writes {@link stateBytes} bytes from which the same manager in another thread goes on; see {@link Pool.saveState}. O(classes).
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DESTROYED
   */
  saveState(pointer: number): void {
    this.requireAlive();
    requireStack(STACK_CALLS + 10);
    for (let i = 0; i < this.pools.length; i++) this.pools[i]!.saveState(pointer + i * POOL_STATE_BYTES);
  }

  /**
   * Takes over what {@link saveState} wrote there, in whichever thread. O(classes).
   * @throws ERR_MORPH_INVALID_POINTER when that is not this manager's state, ERR_MORPH_DESTROYED
   */
  loadState(pointer: number): void {
    this.requireAlive();
    requireStack(STACK_CALLS + 10);
    // The other thread may have moved the page map without a growth that this one has not seen.
    this.followViews();
    for (let i = 0; i < this.pools.length; i++) this.pools[i]!.loadState(pointer + i * POOL_STATE_BYTES);
  }

  /** Returns all pages to the memory; the memory itself stays. The manager refuses every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    requireStack(STACK_CALLS + 10);
    for (const pool of this.pools) pool.destroy();
    this.memory.unregister(this.owner);
    this.destroyed = true;
  }

  /** `using pools = new PoolManager()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Returns slabs without a live slot before a pool is refused one; whether there were any. */
  private relieve(): boolean {
    const frees = freesOf(this.pools);
    if (frees === this.freesInVain) return false;
    if (this.trim() > 0) return true;
    this.freesInVain = frees;
    return false;
  }

  private followViews(): void {
    const { memory } = this;
    this.i32 = memory.i32;
    this.pageMap = (memory.pageMap / 4) | 0;
    this.pageMapLength = memory.pageMapLength;
  }

  /** The pool whose page `pointer` lies in. */
  private poolOf(pointer: number): Pool | undefined {
    if (typeof pointer !== "number") return undefined;
    const page = pointer >>> 16;
    if (page >= this.pageMapLength) return undefined;
    // 0, nobody's, also when the view is detached.
    const owner = (this.i32[(this.pageMap + page) & 0x3fff_ffff] as number) | 0;
    // A lower one than the first is a very large index.
    const index = (owner - this.firstOwner) >>> 0;
    return index < this.poolOfOwner.length ? this.poolOfOwner[index] : undefined;
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
