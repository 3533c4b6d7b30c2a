import { type AddressSpace, joinMemory, type PageOwner, requireOptions, requireStack } from "@morph/memory";
import { CONTRACT, DEFAULT_CLASSES, type PoolsOptions, STACK_CALLS } from "./options.ts";
import { Pool, type PoolStats } from "./pool.ts";
import type { PoolManagerStats } from "./pool-manager.ts";

/** What some pools hold now; plain numbers. */
export interface PoolsStats extends PoolManagerStats {
  /** Each pool, smallest slots first. */
  classes: PoolStats[];
}

/**
 * A pool for each of the default size classes, for a context that keeps free slots of its own. No slab is refused to one of them while another has
 * one without a live slot. It goes when the context stands on `SizeClasses`.
 */
export class Pools {
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number;
  /** Owner id of the first pool; the others follow it. */
  readonly firstOwner: number;
  /** The ids under which the memory knows the pools, and these together. */
  readonly owners: readonly number[];

  private readonly memory: AddressSpace;
  private readonly pools: Pool[] = [];
  private readonly owner: number;
  /** How often slots had been taken back when slabs without a live slot were last looked for in vain. */
  private freesInVain = -1;
  private destroyed = false;

  /** @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract */
  constructor(options: PoolsOptions) {
    requireOptions(options, ["memory", "owner"]);
    const { memory, owner } = options;
    requireStack(STACK_CALLS + 10);
    this.memory = memory;
    try {
      for (const [i, slotSize] of DEFAULT_CLASSES.entries()) {
        this.pools.push(new Pool({ slotSize, memory, ...(owner === undefined ? {} : { owner: owner + i }) }));
      }
      const asOwner: PageOwner = { name: "pool", contractVersion: CONTRACT, viewsChanged: () => undefined };
      this.owner = joinMemory(memory, asOwner, owner === undefined ? undefined : owner + DEFAULT_CLASSES.length);
    } catch (error) {
      // What another thread's context owns stays its own.
      if (owner === undefined) for (const pool of this.pools) pool.destroy();
      throw error;
    }
    this.firstOwner = this.pools[0]!.owner;
    this.stateBytes = this.pools.length * this.pools[0]!.stateBytes;
    this.owners = [...this.pools.map((pool) => pool.owner), this.owner];
    Pool.join(this.pools, () => this.relieve());
  }

  /** The pool that serves `size` bytes, 1 to 256. O(classes). */
  poolFor(size: number): Pool {
    return this.pools.find((pool) => size <= pool.slotSize) as Pool;
  }

  /** What the pools hold. O(classes). */
  stats(): PoolsStats {
    const counts = { slots: 0, used: 0, free: 0, slabs: 0 };
    const sums: PoolsStats = { classes: [], ...counts, slabBytes: 0, tableBytes: 0, footprint: 0 };
    for (const pool of this.pools) {
      const stats = pool.stats();
      sums.classes.push(stats);
      sums.slots += stats.slots;
      sums.used += stats.used;
      sums.free += stats.free;
      sums.slabs += stats.slabs;
      sums.slabBytes += stats.slabBytes;
      sums.tableBytes += stats.tableBytes;
      sums.footprint += stats.footprint;
    }
    return sums;
  }

  /**
   * Walks every pool. O(pages + slots).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong; see {@link Pool.verify}
   */
  verify(): void {
    for (const pool of this.pools) pool.verify();
  }

  /**
   * Writes {@link stateBytes} bytes from which the same pools in another thread go on; see {@link Pool.saveState}. O(classes).
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DESTROYED
   */
  saveState(pointer: number): void {
    requireStack(STACK_CALLS + 10);
    for (let i = 0; i < this.pools.length; i++) this.pools[i]!.saveState(pointer + i * this.pools[i]!.stateBytes);
  }

  /**
   * Takes over what {@link saveState} wrote there, in whichever thread. O(classes).
   * @throws ERR_MORPH_INVALID_POINTER when that is not the state of these pools, ERR_MORPH_DESTROYED
   */
  loadState(pointer: number): void {
    requireStack(STACK_CALLS + 10);
    for (let i = 0; i < this.pools.length; i++) this.pools[i]!.loadState(pointer + i * this.pools[i]!.stateBytes);
  }

  /** Returns all pages to the memory; the memory itself stays. The pools refuse every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    requireStack(STACK_CALLS + 10);
    for (const pool of this.pools) pool.destroy();
    this.memory.unregister(this.owner);
    this.destroyed = true;
  }

  /** Returns slabs without a live slot before a pool is refused one; whether there were any. */
  private relieve(): boolean {
    const frees = Pool.freesOf(this.pools);
    if (frees === this.freesInVain) return false;
    if (this.pools.reduce((bytes, pool) => bytes + pool.trim(), 0) > 0) return true;
    this.freesInVain = frees;
    return false;
  }
}
