import { Arena, type ArenaMark } from "@morph/arena";
import { Heap } from "@morph/heap";
import {
  type AddressSpace,
  describe,
  FREED,
  joinMemory,
  LIVE,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  StateTable,
} from "@morph/memory";
import { type Pool, PoolManager } from "@morph/pool";
import { type ContextConfig, requireConfig } from "./config.ts";
import { formatStats } from "./format.ts";
import { FreeSlots, type SlotOwner } from "./free-slots.ts";
import {
  classOf,
  flagsOf,
  GENERATION_SHIFT,
  HEADER_BYTES,
  IN_ARENA,
  IN_HEAP,
  LARGEST_SMALL,
  MARK_BIT,
  MAX_TYPE,
  newKey,
  type ObjectHeader,
  overwritten,
  smallTag,
  typeOf,
} from "./header.ts";
import { Limit, ownMemory } from "./limit.ts";
import { Mutex } from "./mutex.ts";
import {
  AT_LARGE,
  AT_LISTS,
  AT_MUTEX,
  AT_NO_LISTS,
  AT_OBJECTS,
  AT_POOLS,
  AT_WORDS,
  CHUNK_CURSOR,
  CHUNK_LEFT,
  DESTROYED,
  KEY,
  LARGE_OWNER,
  LIVE_BYTES,
  NAMES,
  NEXT_CHUNK_BYTES,
  PEAK_BYTES,
  POOLS_OWNER,
  VERSION,
} from "./state-layout.ts";
import { type ContextStats, Statistics } from "./statistics.ts";
import { NAMES_BYTES, readTypeName, requireType, writeTypeName } from "./type-names.ts";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
const CONTRACT = 1;

/** log2 of the granule in which objects start. */
const GRANULE_SHIFT = 4;

/** Largest payload that is cut from a chunk of the arena. */
const LARGEST_CHUNKED = 2047;

/**
 * Bytes that are taken from the arena at a time, for several large objects: at first, and at most. Twice as many each time, so that this
 * is seldom, and little is left over.
 */
const FIRST_CHUNK_BYTES = 0x1000;
const MAX_CHUNK_BYTES = 0x1_0000;

/** What {@link MemoryContext.quick} may be. */
const NO = 0;
const TRYING = 1;
const MISSED = 2;

/** Live bytes may fall so far below their mark before it is lowered. */
const MAX_ROOM = 0x3fff_ffff;

/** What another thread needs to continue a context; can be posted to a worker. */
export interface ContextHandle {
  readonly wasm: WebAssembly.Memory;
  readonly firstPage: number;
  readonly state: number;
  readonly config: ContextConfig;
}

/**
 * Typed objects in linear memory: each has a 16-byte header with its size and type, small ones come from a pool, large
 * ones from an arena (in COMPILER mode) or a heap, and every one is counted. On shared memory several threads can use one context, one at a time: a
 * lock keeps them apart, and the context's whole state lies in the memory.
 */
export class MemoryContext {
  /** Where the objects lie. */
  readonly memory: AddressSpace;
  /** What it was made with, but for the memory and the listener. */
  readonly config: ContextConfig;

  // The hot fields. Pointers are kept signed: they stay small integers above 2 GiB too.
  /**
   * Live bytes as asked for are `mark - room`; both kept signed, as pointers are. The mark rises with them and does not fall, so that
   * it is their peak; it is lowered before the room could overflow, and `peakBefore` keeps the peak until then.
   */
  private room = 0;
  private mark = 0;
  // The fifth to seventh field assigned are ones that no hot path writes: V8 takes a write to them for one to a typed array's length and
  // base, which lie at the same offsets, and loads those again. The build assigns fields, and does not define those without a value.
  private peakBefore = 0;
  /** Word index that the table of large objects would have if it started at pointer 0. */
  private table = 0;
  /** Counts the changes of what only slow paths change; another thread that saw the same number knows it all. */
  private version = 0;
  private savedVersion = -1;
  /** Resets so far in this thread: a listener's may drop what an `alloc` under way has made. */
  private resets = 0;
  // The next four are assigned only once in a context that needs no lock, until something of them changes: where the context is a
  // constant, V8 then takes them for constants, too, and a pair takes 1 ns less.
  private i32: Int32Array;
  /**
   * Word index of the free lists; the counters follow, see `statistics.ts`. While the fast paths must not be used, it is that of lists
   * that are empty for ever.
   */
  private lists: number;
  /** What live objects are sealed with: see `header.ts`. */
  private key: number;
  /** Words at which a header can start, so that a wrong pointer reads nothing outside; 0 while the fast paths must not be used. */
  private headers: number;
  private f64: Float64Array;

  /** The table's lowest pointer, and its granules. */
  private lo = 0;
  private granules = 0;
  private readonly statistics: Statistics;
  /**
   * Empties a full counter. A proxy, as V8 does not inline the call of one: inlined into a loop, what is done once for 2,048 objects
   * took registers from what is done for each, and a pair 0.9 ns more.
   */
  private readonly carry: (counter: number) => void;
  /** Whether the lock must be taken first: on shared memory, until this thread holds it. */
  private guarded: boolean;
  /** Whether an operation is under way that may not leave the fast paths, and whether it had to. */
  private quick = NO;
  private readonly pools: PoolManager;
  private readonly classes: readonly Pool[];
  /** Where large objects lie: one of the two. */
  private readonly arena: Arena | undefined;
  private readonly heap: Heap | undefined;
  /** The arena of a context that needs no lock, until `destroy`. */
  private openArena: Arena | undefined;
  /** Where the arena was before the latest block was taken from it. */
  private beforeBlock: ArenaMark | undefined;
  /** The flag of large objects. */
  private readonly largeFlag: number;
  /** Bytes on the free lists when slabs without objects were last looked for in vain. */
  private keptBytes = 0;
  /** SERVER's bound and listener. */
  private readonly limit: Limit | undefined;
  /** Which granules hold the start of a live large object, or of a freed one. */
  private readonly objects: StateTable;
  private readonly slots: FreeSlots;
  /** The lock of a context on shared memory; on unshared memory there is none. */
  private readonly mutex: Mutex | undefined;
  /** Pointer of the state in the memory, and word indexes of its words, of the free lists, and of those that are empty for ever. */
  private readonly state: number;
  private readonly words: number;
  private readonly freeLists: number;
  private readonly noLists: number;
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
    const { memory = ownMemory(config), onMemoryPressure, ...rest } = config;
    this.config = rest;
    this.memory = memory;
    const attached = state !== undefined;
    const words = attached ? (state + AT_WORDS) / 4 : 0;
    const saved = (word: number): number | undefined => (attached ? memory.i32[words + word] : undefined);
    this.pools = new PoolManager({ memory, ...ownedBy(saved(POOLS_OWNER)) });
    this.classes = [16, 32, 64, 128, 256].map((bytes) => this.pools.poolFor(bytes));
    const large = { memory, ...ownedBy(saved(LARGE_OWNER)) };
    this.arena = config.mode === "COMPILER" ? new Arena(large) : undefined;
    this.heap = config.mode === "COMPILER" ? undefined : new Heap(large);
    this.largeFlag = this.heap === undefined ? IN_ARENA : IN_HEAP;
    if (config.mode === "SERVER") this.limit = new Limit(Math.floor(config.heapSizeHint), onMemoryPressure);
    this.objects = new StateTable(memory, GRANULE_SHIFT);
    this.state = state ?? memory.acquireTable(this.stateBytes);
    this.words = (this.state + AT_WORDS) / 4;
    this.statistics = new Statistics(memory, this.state + AT_LISTS, !attached);
    this.carry = new Proxy((counter: number) => {
      this.statistics.carry(counter);
      // Between two times here all counters together can free less than another 2^30 bytes.
      if (this.room > MAX_ROOM) this.setMark(this.liveBytes);
    }, {});
    this.freeLists = ((this.state + AT_LISTS) / 4) | 0;
    this.slots = new FreeSlots(memory, this.freeLists, this.classes, this.slotOwner());
    this.noLists = ((this.state + AT_NO_LISTS) / 4) | 0;
    const viewsChanged = () => {
      this.i32 = this.objects.i32 = this.slots.i32 = this.statistics.i32 = memory.i32;
      this.f64 = this.statistics.f64 = memory.f64;
      if (this.headers > 0) this.openFastPaths();
    };
    this.owner = joinMemory(memory, { name: "mem-v2", contractVersion: CONTRACT, viewsChanged });
    // Another thread may have grown the memory since the parts took their views.
    this.i32 = this.objects.i32 = this.slots.i32 = this.statistics.i32 = memory.i32;
    this.f64 = this.statistics.f64 = memory.f64;
    const { shared } = memory;
    this.guarded = shared;
    this.lists = shared ? this.noLists : this.freeLists;
    this.headers = shared ? 0 : headersIn(this.i32);
    this.key = saved(KEY) ?? newKey();
    this.openArena = shared ? undefined : this.arena;
    this.mutex = shared ? new Mutex(memory.i32, this.state + AT_MUTEX) : undefined;
    if (attached) return;
    this.i32[this.words + KEY] = this.key;
    this.i32[this.words + POOLS_OWNER] = this.pools.firstOwner;
    this.i32[this.words + LARGE_OWNER] = (this.arena ?? (this.heap as Heap)).owner;
    if (shared) this.saveAll();
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
    this.requireAlive();
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
    // `| 0` on sums: V8 then need not check that they do not overflow. `& 0x3fff_ffff`, which changes no word index, where another is
    // computed from it: V8 then knows that neither is negative, and need not extend their signs. `!(word < 1)` here for `word !== 0`, and
    // `(a ^ b) === 0` in `free` for `a === b`: of a branch V8 puts first what is done when its condition is false, and hands out registers
    // in that order; with the usual conditions that is the call of the slow path.
    if (typeof size === "number" && typeof typeId === "number") {
      if (size <= 240 && size >>> 0 === size && (typeId & 127) === typeId) {
        const { i32 } = this;
        const sizeClass = 31 - Math.clz32((size + 15) >>> 3);
        const list = (this.lists + sizeClass) & 0x3fff_ffff;
        const kind = typeId << 4;
        const tag = (size << 24) | kind | sizeClass;
        const word = (i32[list] as number) & 0x3fff_ffff;
        if (!(word < 1)) {
          const next = i32[word] as number;
          const seal = word + 3;
          // Only if something wrote over the link it is another one.
          if (i32[seal] === (next ^ word)) {
            const pointer = ((word << 2) + 16) | 0;
            i32[list] = next;
            i32[word] = tag;
            i32[seal] = tag ^ pointer ^ this.key;
            const room = (this.room - size) | 0;
            this.room = room;
            if (room < 0) this.raiseMark(room);
            const counter = list + 32 + kind;
            const sum = (i32[counter]! + (size | 0x10_0000)) | 0;
            i32[counter] = sum;
            // Last, so that what was loaded before the call is not needed after it.
            if (sum < 0) this.carry(counter);
            return pointer >>> 0;
          }
        }
      }
    }
    // `>>> 0` here too: otherwise V8 wraps both results up to merge them.
    return this.allocLarge(size, typeId) >>> 0;
  }

  /**
   * As {@link alloc}, with the payload's bytes all 0. O(size); O(1) for a large object in pages of the arena that nobody had before,
   * which hold zeros already.
   */
  allocZeroed(size: number, typeId = 0): number {
    if (size > 240) return this.allocLargeZeroed(size, typeId);
    const pointer = this.alloc(size, typeId);
    // After the allocation, which may have grown the memory.
    const { f64 } = this;
    const at = pointer >>> 3;
    // A block ends at a multiple of 16, so whole 16 bytes fit. Nearly all objects are small: of each of the three smallest slots all
    // is cleared (blocks that stand in for one have the room: see `allocLarge`), because the processor guesses two branches better
    // than a loop's count. 8 bytes at a time: twice as many of 4 take longer.
    if (size <= 48) {
      if (size !== 0) {
        f64[at] = 0;
        f64[at + 1] = 0;
        if (size > 16) {
          f64[at + 2] = 0;
          f64[at + 3] = 0;
          f64[at + 4] = 0;
          f64[at + 5] = 0;
        }
      }
    } else {
      for (let word = at, end = at + ((size + 7) >>> 3); word < end; word += 2) {
        f64[word] = 0;
        f64[word + 1] = 0;
      }
    }
    return pointer;
  }

  /**
   * Frees an object. A small one's slot is reusable at once; so are a large one's bytes, but in COMPILER mode, where it counts as
   * freed and they come back with {@link reset}. O(1).
   * @throws ERR_MORPH_DOUBLE_FREE; ERR_MORPH_INVALID_POINTER for anything else that is not a live object's pointer, or
   *   when something wrote over the object's header; ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    if (typeof pointer === "number") {
      const q = pointer | 0;
      const word = (q - 16) >>> 2;
      if (word < this.headers && q >>> 0 === pointer) {
        const { i32 } = this;
        const tag = i32[word] as number;
        const seal = word + 3;
        // 0 only for a live small object, whose seal it is, and only at this very address.
        if (((i32[seal] as number) ^ tag ^ q ^ this.key) === 0) {
          const list = (this.lists + (tag & 15)) & 0x3fff_ffff;
          const next = i32[list] as number;
          i32[list] = word;
          i32[word] = next;
          i32[seal] = next ^ word;
          const size = tag >>> 24;
          this.room = (this.room + size) | 0;
          const counter = list + 40 + (tag & 0x7f0);
          const sum = (i32[counter]! + (size + 0x10_0000)) | 0;
          i32[counter] = sum;
          if (sum < 0) this.carry(counter);
          return;
        }
      }
    }
    this.freeSlow(pointer);
  }

  /** What the object's header says. O(1). @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE, ERR_MORPH_DESTROYED */
  headerOf(pointer: number): ObjectHeader {
    return this.exclusively(() => {
      const p = this.requireLive(pointer);
      const tag = this.i32[p >>> 2] as number;
      return {
        size: this.sizeOf(p),
        typeId: typeOf(tag),
        marked: (tag & MARK_BIT) !== 0,
        generation: (tag >>> GENERATION_SHIFT) & 255,
        flags: flagsOf(tag),
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
      if (this.names === 0) this.takeNames();
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
    this.requireAlive();
    if (!Number.isInteger(slot) || slot < 1 || slot >= 2 ** 32) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `slot: expected 1 to 2^32 - 1, got ${describe(slot)}`);
    }
    this.roots.push(slot);
  }

  /** Drops the `count` roots pushed last. @throws ERR_MORPH_INVALID_SIZE when there are fewer; then it drops none */
  popRoots(count: number): void {
    this.requireAlive();
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

  /** Drops every object; types and totals stay, and pages but the heap's. O(pages). */
  reset(): void {
    this.exclusively(() => {
      this.version = (this.version + 1) | 0;
      this.resets = (this.resets + 1) | 0;
      this.arena?.reset();
      this.heap?.reset();
      const { word, granules } = this.objects;
      this.i32.fill(0, word, word + Math.ceil(granules / 16));
      this.slots.freeAll();
      this.i32.fill(0, this.freeLists + CHUNK_CURSOR, this.freeLists + NEXT_CHUNK_BYTES + 1);
      this.key = this.i32[this.words + KEY] = newKey();
      this.statistics.reset();
      this.lowerLive(this.liveBytes);
    });
  }

  /** What the context holds and has done, right after every operation. O(types). */
  stats(): ContextStats {
    return this.exclusively(() => {
      const pool = this.pools.stats();
      // Listed one by one: V8 takes long over `...`.
      const objects = this.statistics.readInto(pool);
      const currentLive = this.liveBytes;
      const { largeBytes } = objects;
      return {
        mode: this.config.mode,
        totalAllocated: objects.totalAllocated,
        totalFreed: objects.totalFreed,
        objectCount: objects.objectCount,
        liveObjects: objects.liveObjects,
        objectCountByType: objects.objectCountByType,
        bytesByType: objects.bytesByType,
        currentLive,
        peakLive: this.peakBytes,
        poolBytes: currentLive - largeBytes,
        arenaBytes: this.heap === undefined ? largeBytes : 0,
        heapBytes: this.heap === undefined ? 0 : largeBytes,
        gcCount: 0,
        gcTimeUs: 0,
        gcPauseMaxUs: 0,
        gcPauseAvgUs: 0,
        footprint: this.memory.footprint,
        peakFootprint: this.memory.peakFootprint,
        pool,
      };
    });
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
      this.arena?.verify();
      this.heap?.verify();
      const { liveObjects } = this.statistics.readInto(this.pools.stats());
      let objects = 0;
      let bytes = 0;
      for (const index of this.classes.keys()) {
        for (const p of this.slots.verify(index)) {
          objects++;
          bytes += this.sizeOf(p);
        }
      }
      for (const p of this.objects.pointersIn(LIVE)) {
        if (!this.isSealed(p)) throw overwritten((p >>> 0) + HEADER_BYTES);
        const flags = flagsOf(this.i32[p >>> 2] as number);
        if (flags === IN_HEAP && !this.heap?.owns(p >>> 0)) throw broken(`the heap has no object at ${p >>> 0}`);
        objects++;
        bytes += this.sizeOf(p);
      }
      const currentLive = this.liveBytes;
      if (objects !== liveObjects || bytes !== currentLive) {
        throw broken(`${liveObjects} objects of ${currentLive} bytes are counted, ${objects} of ${bytes} are there`);
      }
    });
  }

  /** Returns all pages to the memory; the memory itself stays. Every use from then on, in any thread, is refused. */
  destroy(): void {
    if (this.destroyed) return;
    try {
      this.exclusively(() => this.giveAllBack());
    } catch (error) {
      // Somebody else was first: another thread, or a growth listener.
      if ((error as MorphError).code !== "ERR_MORPH_DESTROYED") throw error;
    }
  }

  /** `using ctx = new MemoryContext(COMPILER)` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** A large object from the arena's chunk, if it fits. So short that V8 inlines it together with `alloc`. */
  private allocLarge(size: number, typeId: number): number {
    if (typeof size === "number" && typeof typeId === "number") {
      if (size > 240 && (size & 2047) === size && (typeId & 127) === typeId) {
        const { i32, lists } = this;
        const bytes = (size + 31) & -16;
        const chunk = lists + 15;
        const left = i32[chunk + 1] as number;
        if (left >= bytes) {
          const p = i32[chunk] as number;
          i32[chunk] = (p + bytes) | 0;
          i32[chunk + 1] = left - bytes;
          const word = p >>> 2;
          const tag = 0x20_0000 | (typeId << 4);
          const pointer = (p + 16) | 0;
          i32[word] = tag;
          i32[word + 1] = size;
          i32[word + 3] = ~(tag ^ size ^ pointer ^ this.key);
          i32[(this.table + (p >>> 8)) | 0]! |= 1 << (p >>> 3);
          const room = (this.room - size) | 0;
          this.room = room;
          // Written out, as a call V8 counts more of its bytes.
          if (room < 0) {
            this.mark = (this.mark - room) | 0;
            this.room = 0;
          }
          const counter = lists + 38 + (typeId << 4);
          const sum = (i32[counter]! + ((size + 0x40_0000) | 0)) | 0;
          i32[counter] = sum;
          if (sum < 0) this.carry(counter);
          return pointer >>> 0;
        }
      }
    }
    return this.allocSlow(size, typeId) >>> 0;
  }

  private allocSlow(size: number, typeId: number): number {
    // Mostly nothing has to be made ready: there are slots in the run, or it is a larger object.
    if (this.headers !== 0 && this.isPlain(size, typeId)) {
      const { openArena } = this;
      if (size <= LARGEST_SMALL) {
        if (this.slots.carve(classOf(size))) return this.alloc(size, typeId);
      } else if (openArena !== undefined && size > LARGEST_CHUNKED) {
        const bytes = (size + 31) & -16;
        this.beforeBlock = openArena.mark();
        return this.placeLarge(openArena.alloc(bytes) | 0, bytes, size, typeId);
      }
    }
    if (this.quick !== NO) return this.miss();
    if (this.guarded) return this.allocLocked(size, typeId);
    return this.limit === undefined ? this.allocOpen(size, typeId) : this.allocLimited(size, typeId, this.limit);
  }

  private allocLargeZeroed(size: number, typeId: number): number {
    const { openArena } = this;
    if (openArena !== undefined && this.isPlain(size, typeId)) {
      const bytes = (size + 31) & -16;
      const { resets } = this;
      this.beforeBlock = openArena.mark();
      const pointer = this.placeLarge(openArena.allocZeroed(bytes) | 0, bytes, size, typeId);
      // If a growth listener reset the context, it is another block.
      return resets === this.resets ? pointer : this.cleared(pointer, size);
    }
    return this.cleared(this.alloc(size, typeId), size);
  }

  private cleared(pointer: number, size: number): number {
    this.f64.fill(0, pointer / 8, Math.ceil((pointer + size) / 8));
    return pointer;
  }

  /** Whether an object of up to a GiB is asked for rightly, and views are good. */
  private isPlain(size: number, typeId: number): boolean {
    return (
      typeof size === "number" &&
      typeof typeId === "number" &&
      size <= 0x3fff_ffff &&
      size >>> 0 === size &&
      (typeId & MAX_TYPE) === typeId &&
      this.i32.length !== 0
    );
  }

  /** In this thread's own time: on unshared memory, or with the lock. */
  private allocOpen(size: number, typeId: number): number {
    this.requireAlive();
    if (typeof size !== "number" || !(size >= 0 && size <= 2 ** 32 - HEADER_BYTES && Math.floor(size) === size)) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected 0 to 2^32 - 16, got ${describe(size)}`);
    }
    if (typeof typeId !== "number" || (typeId & MAX_TYPE) !== typeId) requireType(typeId);
    this.refreshViews();
    // Once there is a slot, the fast path finds it.
    if (size <= LARGEST_SMALL && this.slots.prepare(classOf(size))) return this.alloc(size, typeId);
    if (size > LARGEST_SMALL && size <= LARGEST_CHUNKED && this.prepareChunk(size)) return this.alloc(size, typeId);
    return this.allocBlock(size, typeId);
  }

  /**
   * In a bounded context: tells its listener of pressure. Before giving up it returns what pool and heap keep for nothing, then
   * gives the listener a chance to free something.
   */
  private allocLimited(size: number, typeId: number, limit: Limit): number {
    let pointer: number;
    try {
      pointer = this.allocReturning(size, typeId);
    } catch (error) {
      if (!isOutOfMemory(error) || !limit.callListener(this.held)) throw error;
      return this.allocReturning(size, typeId);
    }
    const { resets } = this;
    limit.watch(this.held);
    // The listener may have grown the memory, destroyed the context, or dropped the object.
    this.requireAlive();
    this.refreshViews();
    return resets === this.resets ? pointer : this.alloc(size, typeId);
  }

  private allocReturning(size: number, typeId: number): number {
    try {
      return this.allocOpen(size, typeId);
    } catch (error) {
      if (!isOutOfMemory(error) || !this.returnFree()) throw error;
      return this.allocOpen(size, typeId);
    }
  }

  /** Returns the heap's free pages and the pool's slabs without objects to the memory; whether there were any. */
  private returnFree(): boolean {
    this.version = (this.version + 1) | 0;
    const bytes = this.heap?.trim() ?? 0;
    return bytes + this.returnSlabs() > 0;
  }

  /** The pool's part, when there is more free than the last time in vain. O(slots of the pool). */
  private returnSlabs(): number {
    const free = this.freeCounts().reduce((sum, count, index) => sum + count * this.classes[index]!.slotSize, 0);
    this.keptBytes = Math.min(this.keptBytes, free);
    if (free < this.keptBytes + PAGE_BYTES) return 0;
    const bytes = this.slots.returnPages();
    this.keptBytes = bytes > 0 ? 0 : free;
    return bytes;
  }

  /** How many slots of each class are free: those the pool gave that hold no object. */
  private freeCounts(): number[] {
    const pool = this.pools.stats();
    const taken = pool.classes.map(({ used }) => used);
    this.statistics.readInto(pool);
    return taken.map((slots, index) => slots - pool.classes[index]!.used);
  }

  /** In the arena or the heap: a large object, or one that the pool cannot serve. */
  private allocBlock(size: number, typeId: number): number {
    // Multiples of 16 only, so that every block starts at one.
    // At least 32, so that an object of size 0 at the end of a memory of 4 GiB does not get pointer 2^32.
    // With room for what `allocZeroed` clears of a slot of 64 bytes.
    const payload = size > 16 && size <= 48 ? 48 : size || 1;
    const bytes = size <= 0x3fff_ffff ? (payload + 31) & -16 : Math.ceil((size + HEADER_BYTES) / 16) * 16;
    const block = this.arena === undefined ? this.allocInHeap(bytes) : this.allocInArena(this.arena, bytes);
    return this.placeLarge(block | 0, bytes, size, typeId);
  }

  /** Makes sure that a large object of `size` bytes fits into the chunk. @returns false when the arena has no further one */
  private prepareChunk(size: number): boolean {
    const { arena, freeLists: lists } = this;
    if (arena === undefined) return false;
    const bytes = (size + 31) & -16;
    // Growth listeners, called when it is taken, may use it up.
    while ((this.i32[lists + CHUNK_LEFT] as number) < bytes) {
      try {
        // They wait until it is in use, or given back.
        this.memory.atomically(() => this.takeChunk(arena));
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        return false;
      }
      this.requireAlive();
    }
    return true;
  }

  private takeChunk(arena: Arena): void {
    const { freeLists: lists } = this;
    const bytes = (this.i32[lists + NEXT_CHUNK_BYTES] as number) || FIRST_CHUNK_BYTES;
    const start = this.allocInArena(arena, bytes);
    this.coverBlock(start, bytes);
    const { i32 } = this;
    const left = i32[lists + CHUNK_LEFT] as number;
    // Mostly it goes on where the last one ended.
    const follows = left > 0 && (((i32[lists + CHUNK_CURSOR] as number) + left) | 0) === (start | 0);
    if (!follows) i32[lists + CHUNK_CURSOR] = start;
    i32[lists + CHUNK_LEFT] = follows ? left + bytes : bytes;
    i32[lists + NEXT_CHUNK_BYTES] = Math.min(2 * bytes, MAX_CHUNK_BYTES);
  }

  private allocInArena(arena: Arena, bytes: number): number {
    this.version = (this.version + 1) | 0;
    this.beforeBlock = arena.mark();
    return arena.alloc(bytes);
  }

  /** Makes an object of a block of the arena or the heap. */
  private placeLarge(p: number, bytes: number, size: number, typeId: number): number {
    if ((((p - this.lo) | 0) >>> 4) + (bytes >>> 4) > this.granules) return this.placeUncovered(p, bytes, size, typeId);
    const { i32 } = this;
    const word = p >>> 2;
    const tag = (this.largeFlag << 21) | (typeId << 4);
    i32[word] = tag;
    i32[word + 1] = size;
    const pointer = (p + 16) | 0;
    i32[word + 3] = ~(tag ^ size ^ pointer ^ this.key);
    const states = (this.table + (p >>> 8)) | 0;
    const live = 1 << (p >>> 3);
    i32[states] = ((i32[states] as number) | live) & ~(live << 1);
    if (size > 0x3fff_ffff) this.setMark(this.liveBytes + size);
    else this.raiseLive(size);
    this.statistics.countAllocated(typeId, size);
    return pointer >>> 0;
  }

  /** As {@link placeLarge}, for a block that the object table does not cover yet. */
  private placeUncovered(p: number, bytes: number, size: number, typeId: number): number {
    const { resets } = this;
    // Growth listeners wait until it is clear whether the block can be used.
    this.memory.atomically(() => this.coverBlock(p >>> 0, bytes));
    this.requireAlive();
    // Or one of them took the block back, by a reset.
    return resets === this.resets ? this.placeLarge(p, bytes, size, typeId) : this.alloc(size, typeId);
  }

  /** Makes the table cover a block of the arena or the heap, or gives the block back. */
  private coverBlock(block: number, bytes: number): void {
    try {
      this.limit?.require(this.held + this.tableGrowth(block, block + bytes));
      this.objects.cover(block, block + bytes);
    } catch (error) {
      if (this.beforeBlock !== undefined) this.arena?.rewind(this.beforeBlock);
      this.arena?.trim();
      this.heap?.free(block);
      this.heap?.trim();
      throw error;
    }
    this.useTable();
  }

  private allocInHeap(bytes: number): number {
    const heap = this.heap as Heap;
    this.version = (this.version + 1) | 0;
    if (this.limit !== undefined) heap.maxBytes = Math.max(1, this.limit.bytes - this.held + heap.stats().footprint);
    return heap.malloc(bytes);
  }

  private slotOwner(): SlotOwner {
    return {
      beforePage: () => {
        this.version = (this.version + 1) | 0;
        this.limit?.require(this.held + PAGE_BYTES);
      },
      requireAlive: () => this.requireAlive(),
      isLive: (p) => this.isLiveSmall(p),
      freeCount: (index) => this.freeCounts()[index] as number,
    };
  }

  /** Bytes of the pages and tables that the context's allocators have. */
  private get held(): number {
    const { bytes, tableBytes } = this.pools.stats();
    return bytes + tableBytes + this.objects.bytes + this.stateBytes + (this.heap?.stats().footprint ?? 0);
  }

  private get stateBytes(): number {
    return AT_POOLS + this.pools.stateBytes;
  }

  private freeSlow(pointer: number): void {
    if (this.quick !== NO) return void this.miss();
    if (this.guarded) return void this.freeLocked(pointer);
    this.requireAlive();
    this.refreshViews();
    const p = this.requireLive(pointer);
    const tag = this.i32[p >>> 2] as number;
    const size = this.sizeOf(p);
    const flags = flagsOf(tag);
    // A small object comes here when the views were detached, or with a header that was forged.
    if (flags === 0 && tag === smallTag(size, typeOf(tag))) return void this.freeSmall(p, size, typeOf(tag));
    if (flags !== this.largeFlag) throw overwritten(pointer);
    if (this.heap !== undefined) {
      this.version = (this.version + 1) | 0;
      this.heap.free(p >>> 0);
    }
    this.objects.set(p, FREED);
    this.statistics.countFreed(typeOf(tag), size);
    this.lowerLive(size);
  }

  private freeSmall(p: number, size: number, typeId: number): void {
    const index = classOf(size);
    this.slots.push(index, p);
    this.statistics.countSmallFreed(typeId, index, size);
    this.lowerLive(size);
  }

  // --- live bytes --------------------------------------------------------------------------------------------------

  private get liveBytes(): number {
    return (this.mark - this.room) >>> 0;
  }

  private get peakBytes(): number {
    return Math.max(this.peakBefore >>> 0, this.mark >>> 0);
  }

  /** So many more, at most 2^30. */
  private raiseLive(bytes: number): void {
    const room = (this.room - bytes) | 0;
    this.room = room;
    if (room < 0) this.raiseMark(room);
  }

  private lowerLive(bytes: number): void {
    const room = this.room + bytes;
    if (room <= MAX_ROOM) this.room = room;
    else this.setMark(this.liveBytes - bytes);
  }

  /** More live than the mark says: `room` is by how much, negative. */
  private raiseMark(room: number): void {
    this.mark = (this.mark - room) | 0;
    this.room = 0;
  }

  /** So much lives; the mark starts there anew. */
  private setMark(live: number): void {
    this.peakBefore = this.peakBytes | 0;
    this.mark = live | 0;
    this.room = 0;
  }

  // --- headers -----------------------------------------------------------------------------------------------------

  /** Payload bytes of the object at a signed pointer. */
  private sizeOf(p: number): number {
    const tag = this.i32[p >>> 2] as number;
    return flagsOf(tag) === 0 ? tag >>> 24 : (this.i32[(p >>> 2) + 1] as number) >>> 0;
  }

  /** The seal that fits the header at a signed pointer. */
  private sealOf(p: number): number {
    const tag = this.i32[p >>> 2] as number;
    const seal = tag ^ ((p + HEADER_BYTES) | 0) ^ this.key;
    return flagsOf(tag) === 0 ? seal : ~(seal ^ (this.i32[(p >>> 2) + 1] as number));
  }

  /** Whether the header of the live object at a signed pointer is as it was written. */
  private isSealed(p: number): boolean {
    return this.sealOf(p) === this.i32[(p >>> 2) + 3];
  }

  /** Whether the slot at a signed pointer has a live object's header: not a large one's, which a heap may have left there. */
  private isLiveSmall(p: number): boolean {
    return flagsOf(this.i32[p >>> 2] as number) === 0 && this.isSealed(p);
  }

  /** The block of a live object with a sound header, signed. */
  private requireLive(pointer: number): number {
    const p = typeof pointer === "number" ? (pointer - HEADER_BYTES) | 0 : 0;
    const state = (p + HEADER_BYTES) >>> 0 === pointer ? this.stateOf(p) : 0;
    if (state === FREED) throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the object at ${pointer} is free already`);
    if (state !== LIVE) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `expected the pointer of a live object, got ${describe(pointer)}`,
      );
    }
    if (!this.isSealed(p)) throw overwritten(pointer);
    return p;
  }

  /** LIVE or FREED when an object starts at a signed pointer, or a free slot does; 0 otherwise. */
  private stateOf(p: number): number {
    const state = this.objects.covers(p) ? this.objects.get(p) : 0;
    if (state === LIVE) return LIVE;
    // A page of the pool may have been the heap's before: what was freed there does not count any more.
    const index = this.slots.classAt(p);
    if (index < 0) return state;
    return !this.isLiveSmall(p) && this.slots.isFree(index, p) ? FREED : LIVE;
  }

  // --- the object table --------------------------------------------------------------------------------------------

  /** Bytes that the object table takes more than now to cover some bytes: two bits for 16, and a quarter to spare. */
  private tableGrowth(start: number, end: number): number {
    const { objects, memory } = this;
    const lo = objects.granules === 0 ? start : objects.lo >>> 0;
    const last = lo + objects.granules * 16;
    if (objects.granules > 0 && start >= lo && end <= last) return 0;
    const span = Math.max(end, last) - Math.min(start, lo) + PAGE_BYTES;
    return memory.tableBytes(Math.ceil(Math.min(span * 1.25, 2 ** 32) / 64)) - objects.bytes;
  }

  private openFastPaths(): void {
    this.lists = this.freeLists;
    this.headers = headersIn(this.i32);
    this.useTable();
  }

  private closeFastPaths(): void {
    this.lists = this.noLists;
    this.headers = this.granules = 0;
  }

  private useTable(): void {
    const { lo, granules, word } = this.objects;
    this.lo = lo;
    this.granules = granules;
    this.table = (word - (lo >>> 8)) | 0;
  }

  private takeNames(): void {
    const names = this.memory.acquireTable(NAMES_BYTES);
    // Growth listeners, called since, may have destroyed the context, or registered a type.
    this.requireAlive();
    if (this.names === 0) this.i32[this.words + NAMES] = names;
    else this.memory.releaseTable(names, NAMES_BYTES);
  }

  private get names(): number {
    return (this.i32[this.words + NAMES] as number) >>> 0;
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the context was destroyed");
  }

  // --- several threads ---------------------------------------------------------------------------------------------

  private allocLocked(size: number, typeId: number): number {
    if (this.enter()) {
      let pointer: number;
      try {
        pointer = this.alloc(size, typeId);
      } finally {
        this.leaveQuickly();
      }
      if (pointer !== 0) return pointer;
    }
    let resets = 0;
    const pointer = this.exclusively(() => {
      const made = this.alloc(size, typeId);
      resets = this.resets;
      return made;
    });
    // A growth listener, called before the lock was given back, may have destroyed the context, or dropped the object.
    this.requireAlive();
    return resets === this.resets ? pointer : this.alloc(size, typeId);
  }

  private freeLocked(pointer: number): void {
    if (this.enter()) {
      let done = false;
      try {
        this.free(pointer);
        done = this.quick === TRYING;
      } finally {
        this.leaveQuickly();
      }
      if (done) return;
    }
    this.exclusively(() => this.free(pointer));
  }

  /**
   * Takes the lock for an operation that the fast paths can do, which is most of them: these need no more of the state than a few words,
   * if no other thread has changed anything else. @returns false when one has; then the lock is not taken
   */
  private enter(): boolean {
    const mutex = this.mutex as Mutex;
    if (this.destroyed) return false;
    mutex.lock();
    const { i32, words } = this;
    if (i32[words + DESTROYED] === 1 || i32[words + VERSION] !== this.savedVersion) {
      mutex.unlock();
      return false;
    }
    this.loadLive();
    this.openFastPaths();
    this.quick = TRYING;
    return true;
  }

  private leaveQuickly(): void {
    this.quick = NO;
    this.saveLive();
    this.closeFastPaths();
    (this.mutex as Mutex).unlock();
  }

  /** What a fast path cannot do is to be done again, by the slow ones. */
  private miss(): number {
    this.quick = MISSED;
    return 0;
  }

  /** Runs `action` while no other thread uses the context. */
  private exclusively<T>(action: () => T): T {
    this.requireAlive();
    // Also when this thread has the lock: in a growth listener.
    if (!this.guarded) {
      this.refreshViews();
      return action();
    }
    const mutex = this.mutex as Mutex;
    mutex.lock();
    try {
      // Growth listeners are called when the state is loaded, and before it is saved.
      return this.memory.atomically(() => {
        // Another thread may have grown the memory: its objects may lie beyond this thread's views.
        this.memory.refresh();
        if (this.i32[this.words + DESTROYED] === 1) this.leaveForGood();
        this.requireAlive();
        this.loadState();
        this.guarded = false;
        return action();
      });
    } finally {
      this.leave(mutex);
    }
  }

  private leave(mutex: Mutex): void {
    try {
      if (!this.guarded) this.saveAll();
    } finally {
      this.guarded = true;
      this.closeFastPaths();
      mutex.unlock();
    }
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. */
  private refreshViews(): void {
    if (this.i32.length !== 0) return;
    this.memory.refresh();
    // A growth listener may have destroyed the context.
    this.requireAlive();
  }

  private giveAllBack(): void {
    this.closeFastPaths();
    this.pools.destroy();
    this.arena?.destroy();
    this.heap?.destroy();
    this.objects.drop();
    if (this.names !== 0) this.memory.releaseTable(this.names, NAMES_BYTES);
    // Other threads still look here: a shared context's state stays behind.
    this.i32[this.words + DESTROYED] = 1;
    if (this.mutex === undefined) this.memory.releaseTable(this.state, this.stateBytes);
    this.leaveForGood();
  }

  private leaveForGood(): void {
    this.openArena = undefined;
    this.destroyed = true;
    this.memory.unregister(this.owner);
    if (this.mutex === undefined) this.i32 = this.slots.i32 = this.statistics.i32 = new Int32Array(0);
  }

  private saveAll(): void {
    // Saving may grow the memory, and growth listeners may use the context: until nothing is left to save.
    while (!this.destroyed && this.version !== this.savedVersion) this.memory.atomically(() => this.saveState());
    if (!this.destroyed) this.saveLive();
  }

  private saveLive(): void {
    const { i32, words } = this;
    i32[words + LIVE_BYTES] = (this.mark - this.room) | 0;
    i32[words + PEAK_BYTES] = this.peakBytes;
  }

  private loadLive(): void {
    const { i32, words } = this;
    this.mark = i32[words + LIVE_BYTES] as number;
    this.room = 0;
    this.peakBefore = i32[words + PEAK_BYTES] as number;
    this.key = i32[words + KEY] as number;
  }

  private saveState(): void {
    this.pools.saveState(this.state + AT_POOLS);
    (this.arena ?? (this.heap as Heap)).saveState(this.state + AT_LARGE);
    this.objects.saveState(this.state + AT_OBJECTS);
    this.i32[this.words + VERSION] = this.savedVersion = this.version;
  }

  private loadState(): void {
    const { i32, words } = this;
    this.loadLive();
    const version = i32[words + VERSION] as number;
    if (version !== this.savedVersion) {
      this.pools.loadState(this.state + AT_POOLS);
      (this.arena ?? (this.heap as Heap)).loadState(this.state + AT_LARGE);
      this.objects.loadState(this.state + AT_OBJECTS);
      this.version = this.savedVersion = version;
    }
    this.openFastPaths();
  }
}

function isOutOfMemory(error: unknown): boolean {
  return (error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY";
}

/** Words of a view at which a header can start. */
function headersIn({ length }: Int32Array): number {
  return Math.max(length - 3, 0);
}

function ownedBy(owner: number | undefined): { owner?: number } {
  return owner === undefined ? {} : { owner };
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the context is broken: ${what}`);
}
