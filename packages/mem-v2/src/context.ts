import { type AddressSpace, describe, FREED, joinMemory, LIVE, LinearMemory, MorphError } from "@morph/memory";
import { type Pool, PoolManager } from "@morph/pool";
import { ArenaObjects } from "./arena-objects.ts";
import { type ContextConfig, requireConfig } from "./config.ts";
import { formatStats } from "./format.ts";
import {
  FLAGS_SHIFT,
  GENERATION_SHIFT,
  HEADER_BYTES,
  IN_ARENA,
  MARK_BIT,
  type ObjectHeader,
  TYPE_MASK,
} from "./header.ts";
import { Mutex } from "./mutex.ts";
import {
  ARENA_BYTES,
  ARENA_OWNER,
  AT_ARENA,
  AT_MUTEX,
  AT_POOLS,
  AT_STATISTICS,
  AT_WORDS,
  DESTROYED,
  LIVE_BYTES,
  NAMES,
  PEAK_BYTES,
  POOLS_OWNER,
} from "./state-layout.ts";
import { type ContextStats, countReset, readCounters, TYPE_COUNTERS } from "./statistics.ts";
import { NAMES_BYTES, readTypeName, requireType, writeTypeName } from "./type-names.ts";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
const CONTRACT = 1;

/** What another thread needs to continue a context; can be posted to a worker. */
export interface ContextHandle {
  readonly wasm: WebAssembly.Memory;
  readonly firstPage: number;
  readonly state: number;
  readonly config: ContextConfig;
}

/**
 * Typed objects in linear memory: each has a 16-byte header with its size and type, small ones come from a pool, large
 * ones from an arena, and every one is counted. On shared memory several threads can use one context, one at a time: a
 * lock keeps them apart, and the context's whole state lies in the memory.
 */
export class MemoryContext {
  /** Where the objects lie. */
  readonly memory: AddressSpace;
  /** What it was made with. */
  readonly config: ContextConfig;

  // The hot fields.
  private i32: Int32Array;
  private f64: Float64Array;
  /** Index of the counters: four floats a type, see `statistics.ts`. */
  private readonly counters: number;
  private liveBytes = 0;
  private peakBytes = 0;
  /** Whether the lock must be taken first: on shared memory, until this thread holds it. */
  private guarded = false;

  /** Live bytes that lie in the arena. */
  private arenaBytes = 0;
  private readonly pools: PoolManager;
  private readonly arena: ArenaObjects;
  private readonly pool16: Pool;
  private readonly pool32: Pool;
  private readonly pool64: Pool;
  private readonly pool128: Pool;
  private readonly pool256: Pool;
  /** The lock of a context on shared memory; on unshared memory there is none. */
  private readonly mutex: Mutex | undefined;
  /** Pointer of the state in the memory, and word index of its words. */
  private readonly state: number;
  private readonly words: number;
  private readonly roots: number[] = [];
  private readonly owner: number;
  private destroyed = false;

  /**
   * @param config a preset, or one's own: `{ ...COMPILER, memory }`
   * @param state where the context lies that this one continues: use {@link MemoryContext.attach}
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION, ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(config: ContextConfig, state?: number) {
    requireConfig(config);
    const { memory = new LinearMemory(), ...rest } = config;
    this.config = rest;
    this.memory = memory;
    const attached = state !== undefined;
    const words = attached ? (state + AT_WORDS) / 4 : 0;
    const ownerOf = (word: number): number | undefined => (attached ? memory.i32[words + word] : undefined);
    const owner = ownerOf(POOLS_OWNER);
    this.pools = new PoolManager({ memory, ...(owner === undefined ? {} : { owner }) });
    this.pool16 = this.pools.poolFor(16);
    this.pool32 = this.pools.poolFor(32);
    this.pool64 = this.pools.poolFor(64);
    this.pool128 = this.pools.poolFor(128);
    this.pool256 = this.pools.poolFor(256);
    this.arena = new ArenaObjects(memory, ownerOf(ARENA_OWNER));
    this.state = state ?? memory.acquireTable(AT_POOLS + this.pools.stateBytes);
    this.words = (this.state + AT_WORDS) / 4;
    this.counters = ((this.state + AT_STATISTICS) / 8) | 0;
    this.owner = joinMemory(memory, {
      name: "mem-v2",
      contractVersion: CONTRACT,
      viewsChanged: () => {
        this.i32 = memory.i32;
        this.f64 = memory.f64;
        this.arena.viewsChanged(memory.i32);
      },
    });
    this.i32 = memory.i32;
    this.f64 = memory.f64;
    this.mutex = memory.shared ? new Mutex(memory.i32, this.state + AT_MUTEX) : undefined;
    if (!attached) {
      this.i32[this.words + POOLS_OWNER] = this.pools.firstOwner;
      this.i32[this.words + ARENA_OWNER] = this.arena.owner;
      if (this.mutex !== undefined) this.saveState();
    }
    this.guarded = this.mutex !== undefined;
  }

  /**
   * Continues a shared context in this thread.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION
   */
  static attach(handle: ContextHandle): MemoryContext {
    if (typeof handle?.state !== "number") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `handle: expected a context's handle, got ${describe(handle)}`);
    }
    const { wasm, firstPage, config, state } = handle;
    const memory = new LinearMemory({ wasm, firstPage, attach: true });
    return new MemoryContext({ ...config, memory }, state);
  }

  /** What {@link attach} needs in another thread. @throws ERR_MORPH_INVALID_CONFIG on unshared memory */
  handle(): ContextHandle {
    if (this.mutex === undefined) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "only a context on shared memory can be continued elsewhere");
    }
    const { wasm, firstPage } = this.memory;
    return { wasm, firstPage, state: this.state, config: this.config };
  }

  /**
   * Hands out an object; its bytes are whatever they were. O(1), but for new pages now and then.
   * @param size payload bytes, from 0 (a pointer of its own) to what the memory holds
   * @param typeId 0 to 127
   * @returns pointer of the payload, a multiple of 8
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_TYPE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alloc(size: number, typeId = 0): number {
    // Constants are written out here and in `free`: bundlers turn a module's `const` into `var`, which V8 loads and checks.
    // Both are as short as can be, with one way out: V8 inlines only so much code into a loop, the pool's included.
    let failure: unknown;
    try {
      const eighths = (size + 23) >>> 3;
      if (!this.guarded && size >>> 0 === size && eighths <= 32 && (typeId & 127) === typeId) {
        // Branches, not a table: the processor guesses them, where it would wait for the size, and in `free` for the header,
        // before it knew the pool.
        const pool =
          eighths <= 8
            ? eighths <= 4
              ? eighths <= 2
                ? this.pool16
                : this.pool32
              : this.pool64
            : eighths <= 16
              ? this.pool128
              : this.pool256;
        const block = pool.alloc();
        const { f64, i32 } = this;
        const type = this.counters + (typeId << 2);
        f64[type]!++;
        f64[type + 1]! += size;
        const live = this.liveBytes + size;
        this.liveBytes = live;
        if (live > this.peakBytes) this.peakBytes = live;
        const word = block >>> 2;
        i32[word] = size;
        i32[word + 1] = typeId;
        i32[word + 3] = ~(size ^ typeId);
        return block + 16;
      }
    } catch (error) {
      failure = error;
    }
    return this.allocSlow(size, typeId, failure);
  }

  /** As {@link alloc}, with the payload's bytes all 0. O(size). */
  allocZeroed(size: number, typeId = 0): number {
    const pointer = this.alloc(size, typeId);
    this.memory.u8.fill(0, pointer, pointer + size);
    return pointer;
  }

  /**
   * Frees an object. A small one's slot is reusable at once; a large one counts as freed, and its bytes come back with
   * {@link reset}. O(1).
   * @throws ERR_MORPH_DOUBLE_FREE; ERR_MORPH_INVALID_POINTER for anything else that is not a live object's pointer, or
   *   when something wrote over the object's header; ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    try {
      const block = pointer - 16;
      const word = block >>> 2;
      const { f64, i32 } = this;
      const size = i32[word] as number;
      const tag = i32[word + 1] as number;
      if (!this.guarded && typeof pointer === "number" && ~(size ^ tag) === i32[word + 3] && tag >>> 7 === 0) {
        // It may still be data that looks like a header: the pool takes nothing but its live slots.
        const eighths = (size + 23) >>> 3;
        const pool =
          eighths <= 8
            ? eighths <= 4
              ? eighths <= 2
                ? this.pool16
                : this.pool32
              : this.pool64
            : eighths <= 16
              ? this.pool128
              : this.pool256;
        pool.free(block);
        const type = this.counters + (tag << 2);
        f64[type + 2]!++;
        f64[type + 3]! += size;
        this.liveBytes -= size;
        return;
      }
    } catch {
      // Below.
    }
    this.freeSlow(pointer);
  }

  /** What the object's header says. O(1). @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE, ERR_MORPH_DESTROYED */
  headerOf(pointer: number): ObjectHeader {
    return this.exclusively(() => {
      const word = this.requireLive(pointer) / 4;
      const tag = this.i32[word + 1] as number;
      return {
        size: (this.i32[word] as number) >>> 0,
        typeId: tag & TYPE_MASK,
        marked: (tag & MARK_BIT) !== 0,
        generation: (tag >>> GENERATION_SHIFT) & 255,
        flags: tag >>> FLAGS_SHIFT,
      };
    });
  }

  /**
   * Names a type, for {@link formatStats}; a second name replaces the first.
   * @param name 1 to 63 bytes of UTF-8
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  registerType(id: number, name: string): void {
    requireType(id);
    this.exclusively(() => {
      if (this.names === 0) this.i32[this.words + NAMES] = this.memory.acquireTable(NAMES_BYTES);
      writeTypeName(this.memory, this.names, id, name);
    });
  }

  /** The name that {@link registerType} gave, or `undefined`. @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED */
  typeName(id: number): string | undefined {
    requireType(id);
    return this.exclusively(() => (this.names === 0 ? undefined : readTypeName(this.memory, this.names, id)));
  }

  /**
   * Pushes the address of a variable that holds a pointer, for a collector to start from. Nothing collects yet. Each
   * thread has a stack of its own.
   * @throws ERR_MORPH_INVALID_POINTER
   */
  pushRoot(slot: number): void {
    if (!Number.isInteger(slot) || slot < 1 || slot >= 2 ** 32) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `slot: expected 1 to 2^32 - 1, got ${describe(slot)}`);
    }
    this.roots.push(slot);
  }

  /** Drops the `count` roots pushed last. @throws ERR_MORPH_INVALID_SIZE when there are fewer; then it drops none */
  popRoots(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.roots.length) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `count: expected 0 to ${this.roots.length}, got ${describe(count)}`,
      );
    }
    this.roots.length -= count;
  }

  /** How many roots are pushed in this thread. */
  get rootCount(): number {
    return this.roots.length;
  }

  /** Drops every object, the pool's and the arena's; types, totals and the arena's blocks stay. O(pages). */
  reset(): void {
    this.exclusively(() => {
      this.pools.reset();
      this.arena.reset();
      countReset(this.f64, this.counters);
      this.liveBytes = this.arenaBytes = 0;
    });
  }

  /** What the context holds and has done, right after every operation. O(types). */
  stats(): ContextStats {
    return this.exclusively(() => ({
      mode: this.config.mode,
      ...readCounters(this.f64, this.counters),
      currentLive: this.liveBytes,
      peakLive: this.peakBytes,
      poolBytes: this.liveBytes - this.arenaBytes,
      arenaBytes: this.arenaBytes,
      heapBytes: 0,
      gcCount: 0,
      gcTimeUs: 0,
      gcPauseMaxUs: 0,
      gcPauseAvgUs: 0,
      footprint: this.memory.footprint,
      peakFootprint: this.memory.peakFootprint,
      pool: this.pools.stats(),
    }));
  }

  /** The statistics as text: mode, allocations, who serves them, the types with most bytes by name. */
  formatStats(): string {
    return formatStats(this.stats(), (id) => this.typeName(id));
  }

  /**
   * Walks every object and everything that keeps them. O(pages + objects).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(): void {
    this.exclusively(() => {
      this.pools.verify();
      this.arena.verify();
      let objects = 0;
      let bytes = 0;
      for (const block of this.liveBlocks()) {
        if (!this.isSealed(block / 4)) throw overwritten(block + HEADER_BYTES);
        objects++;
        bytes += (this.i32[block / 4] as number) >>> 0;
      }
      const { liveObjects } = readCounters(this.f64, this.counters);
      if (objects !== liveObjects || bytes !== this.liveBytes) {
        throw new MorphError(
          "ERR_MORPH_INVALID_POINTER",
          `the context is broken: ${liveObjects} objects of ${this.liveBytes} bytes are counted, ${objects} of ${bytes} are there`,
        );
      }
    });
  }

  /** Returns all pages to the memory; the memory itself stays. Every use from then on, in any thread, is refused. */
  destroy(): void {
    if (this.destroyed) return;
    this.exclusively(() => {
      this.pools.destroy();
      this.arena.destroy();
      if (this.names !== 0) this.memory.releaseTable(this.names, NAMES_BYTES);
      // Other threads still look here: a shared context's state stays behind.
      this.i32[this.words + DESTROYED] = 1;
      if (this.mutex === undefined) this.memory.releaseTable(this.state, AT_POOLS + this.pools.stateBytes);
    });
    this.destroyed = true;
    this.memory.unregister(this.owner);
  }

  /** `using ctx = new MemoryContext(COMPILER)` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** @param failure what the pool threw, if it was asked */
  private allocSlow(size: number, typeId: number, failure: unknown): number {
    if (this.guarded) return this.allocLocked(size, typeId);
    this.requireAlive();
    if (!Number.isInteger(size) || size < 0 || size > 2 ** 32 - HEADER_BYTES) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected 0 to 2^32 - 16, got ${describe(size)}`);
    }
    requireType(typeId);
    if (failure !== undefined && (failure as MorphError).code !== "ERR_MORPH_OUT_OF_MEMORY") throw failure;
    // A large object, or the pool cannot serve and the arena may still have room.
    return this.allocInArena(size, typeId);
  }

  private allocInArena(size: number, typeId: number): number {
    const block = this.arena.alloc(size + HEADER_BYTES);
    this.count(typeId, 0, size);
    this.liveBytes += size;
    this.arenaBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    const tag = typeId | (IN_ARENA << FLAGS_SHIFT);
    const word = block / 4;
    this.i32[word] = size;
    this.i32[word + 1] = tag;
    this.i32[word + 3] = ~(size ^ tag);
    return block + HEADER_BYTES;
  }

  private freeSlow(pointer: number): void {
    if (this.guarded) return void this.freeLocked(pointer);
    this.requireAlive();
    if (this.i32.length === 0 && this.memory.refresh()) return void this.free(pointer);
    const block = this.requireLive(pointer);
    const size = (this.i32[block / 4] as number) >>> 0;
    const tag = this.i32[block / 4 + 1] as number;
    // A sound header that sends a pool's object here, or an arena's to the pool, was not written by us.
    if (this.arena.stateOf(block) !== LIVE || tag >>> FLAGS_SHIFT !== IN_ARENA) throw overwritten(pointer);
    this.arena.free(block);
    this.count(tag & TYPE_MASK, 2, size);
    this.liveBytes -= size;
    this.arenaBytes -= size;
  }

  /** Counts an object of a type: as allocated (at 0) or freed (at 2). */
  private count(typeId: number, at: number, size: number): void {
    const counter = this.counters + typeId * TYPE_COUNTERS + at;
    this.f64[counter]!++;
    this.f64[counter + 1]! += size;
  }

  private isSealed(word: number): boolean {
    return ~((this.i32[word] as number) ^ (this.i32[word + 1] as number)) === this.i32[word + 3];
  }

  /** The block of a live object with a sound header. */
  private requireLive(pointer: number): number {
    const block = typeof pointer === "number" ? pointer - HEADER_BYTES : Number.NaN;
    const state = this.arena.stateOf(block);
    if (state === FREED) throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the object at ${pointer} is free already`);
    if (state !== LIVE && !this.pools.owns(block)) {
      // The pool says what is wrong with it, and never takes it.
      try {
        this.pools.free(block);
      } catch (error) {
        const { code } = error as MorphError;
        if (code === "ERR_MORPH_DOUBLE_FREE") throw new MorphError(code, `the object at ${pointer} is free already`);
      }
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `expected the pointer of a live object, got ${describe(pointer)}`,
      );
    }
    if (!this.isSealed(block / 4)) throw overwritten(pointer);
    return block;
  }

  private *liveBlocks(): Generator<number, void, undefined> {
    yield* this.pools.liveSlots();
    yield* this.arena.liveBlocks();
  }

  private get names(): number {
    return (this.i32[this.words + NAMES] as number) >>> 0;
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the context was destroyed");
  }

  // --- several threads ---------------------------------------------------------------------------------------------

  private allocLocked(size: number, typeId: number): number {
    this.enter();
    try {
      return this.alloc(size, typeId);
    } finally {
      this.leave();
    }
  }

  private freeLocked(pointer: number): void {
    this.enter();
    try {
      this.free(pointer);
    } finally {
      this.leave();
    }
  }

  /** Runs `action` while no other thread uses the context. */
  private exclusively<T>(action: () => T): T {
    this.enter();
    try {
      return action();
    } finally {
      this.leave();
    }
  }

  private enter(): void {
    this.requireAlive();
    const { mutex } = this;
    if (mutex === undefined) {
      if (this.i32.length === 0) this.memory.refresh();
      return;
    }
    mutex.lock();
    // Another thread may have grown the memory: its objects may lie beyond this thread's views.
    this.memory.refresh();
    if (this.i32[this.words + DESTROYED] === 1) {
      this.destroyed = true;
      mutex.unlock();
      this.requireAlive();
    }
    this.pools.loadState(this.state + AT_POOLS);
    this.arena.loadState(this.state + AT_ARENA);
    this.liveBytes = (this.i32[this.words + LIVE_BYTES] as number) >>> 0;
    this.peakBytes = (this.i32[this.words + PEAK_BYTES] as number) >>> 0;
    this.arenaBytes = (this.i32[this.words + ARENA_BYTES] as number) >>> 0;
    this.guarded = false;
  }

  private leave(): void {
    if (this.mutex === undefined) return;
    this.guarded = true;
    try {
      if (this.i32[this.words + DESTROYED] === 0) this.saveState();
    } finally {
      this.mutex.unlock();
    }
  }

  private saveState(): void {
    this.pools.saveState(this.state + AT_POOLS);
    this.arena.saveState(this.state + AT_ARENA);
    this.i32[this.words + LIVE_BYTES] = this.liveBytes;
    this.i32[this.words + PEAK_BYTES] = this.peakBytes;
    this.i32[this.words + ARENA_BYTES] = this.arenaBytes;
  }
}

function overwritten(pointer: number): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `something wrote over the header of the object at ${pointer}`);
}
