import {
  type AddressSpace,
  describe,
  isDestroyed,
  joinMemory,
  MorphError,
  PAGE_BYTES,
  requireStack,
} from "@morph/memory";
import { type Liveness, SizeClasses } from "@morph/pool";
import { ArenaObjects } from "./arena-objects.ts";
import { type ContextConfig, type ContextOptions, completeConfig, MODES } from "./config.ts";
import { type ContextStats, Counters } from "./counters.ts";
import { formatStats } from "./format.ts";
import { zeroIfFull } from "./full.ts";
import {
  flagsOf,
  isLiveSlot,
  isSignedAt,
  type ObjectHeader,
  overwritten,
  sizeAt,
  slotBytesOf,
  typeOf,
} from "./header.ts";
import { HeapObjects } from "./heap-objects.ts";
import { blockBytes, type LargeObjects, tagOf } from "./large-objects.ts";
import {
  BELOW_PEAK,
  CLASS_BYTES,
  CLASSES,
  COUNTS,
  COUNTS_BYTES,
  HEADER_BYTES,
  LARGE_HEADER_BYTES,
  LARGE_OWNER,
  LARGE_SAVED,
  MAX_BELOW_PEAK,
  MODE,
  NAMES,
  OWNER,
  PEAK,
  SAVED,
  STATE_BYTES,
  VERSION,
} from "./layout.ts";
import { Limit, ownMemory } from "./limit.ts";
import { Sharing } from "./sharing.ts";
import { LAYERS, LOCKED_LAYERS } from "./stack.ts";
import { encodeTypeName, NAMES_BYTES, readTypeName, requireType, writeTypeName } from "./type-names.ts";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
const CONTRACT = 1;

/** Bytes of the slots of the size classes. */
const SLOT_SIZES: readonly number[] = /* @__PURE__ */ Array.from(
  { length: CLASSES },
  (_, index) => (index + 1) * CLASS_BYTES,
);

/** Bytes of a slab: several share a page, so that a context with few objects of many sizes takes few pages. */
const SLAB_BYTES = 16_384;

/**
 * What keeps a context's objects: the size classes for small ones, an arena or a heap for large ones, the counters, and the names of types. This half of a
 * context makes, looks and destroys; the other half, {@link MemoryContext}, hands out and takes back.
 */
export class ObjectStore {
  /** Where the objects lie. */
  readonly memory: AddressSpace;
  /** What it was made with, but for the memory and the listener. */
  readonly config: ContextConfig;

  /**
   * How far live bytes are below their peak; see PEAK in `layout.ts`. Not among the fifth to seventh field: V8 takes a write to one of these for one to
   * a typed array's length and base, which lie at the same offsets, and loads those again.
   */
  protected belowPeak = 0;
  // The other hot fields; all else that changes with each call lies in the memory. These are assigned once, until the memory grows or the context is
  // reset: where the context is a constant, V8 then takes them for constants, too.
  protected i32: Int32Array;
  protected f64: Float64Array;
  /** Word index of the context's state; see `layout.ts`. */
  protected readonly state: number;
  /** Word index of the counters of small objects, and of the record of the smallest size class. */
  protected readonly counts: number;
  protected readonly records: number;
  /** What headers and free slots are signed with. */
  protected key: number;
  /** Words at which a header can start, so that a wrong pointer reads nothing outside; 0 without a view. */
  protected headers: number;
  /**
   * Empties a full counter. A proxy, as V8 does not inline the call of one: inlined into a loop, what is done once for 2,048 objects
   * took registers from what is done for each, and a pair 0.9 ns more.
   */
  protected readonly carry: (counter: number) => void;
  protected readonly large: LargeObjects;
  protected readonly classes: SizeClasses;
  protected readonly counters: Counters;
  /** SERVER's bound and listener. */
  protected readonly limit: Limit | undefined;
  protected readonly owner: number;
  /** Counts the slow operations, which may have changed what another thread has to load. */
  protected changes = 0;
  protected suspended = false;
  protected destroyed = false;

  /**
   * @param options a preset, or one's own: `{ ...COMPILER, memory }`, or a mode and what is to differ from its preset: `{ mode: "RUNTIME", memory }`
   * @throws ERR_MORPH_INVALID_CONFIG, also for a shared memory, which takes a `SharedContext`; ERR_MORPH_VERSION, ERR_MORPH_OUT_OF_MEMORY; then
   *   nothing is left in the memory
   */
  constructor(options: ContextOptions);
  /** @internal */
  constructor(options: ContextOptions, sharing: Sharing);
  constructor(options: ContextOptions, sharing?: Sharing) {
    const config = completeConfig(options);
    if (sharing !== undefined && !(sharing instanceof Sharing)) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "a context takes one argument; see SharedContext.attach");
    }
    if (sharing === undefined && config.lockTimeoutMs !== undefined) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "lockTimeoutMs: only a SharedContext has a lock");
    }
    requireStack(LOCKED_LAYERS);
    const { memory = ownMemory(config), onMemoryPressure, ...rest } = config;
    if (typeof memory !== "object" || memory === null) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `memory: expected a LinearMemory, got ${describe(memory)}`);
    }
    if (memory.shared && sharing === undefined) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "memory: it is shared, so make a SharedContext in it");
    }
    this.config = rest;
    this.memory = memory;
    const attached = sharing?.state ?? 0;
    const saved = (word: number): number | undefined => (attached === 0 ? undefined : memory.i32[attached / 4 + word]);
    const undo: (() => void)[] = [];
    try {
      const large =
        config.mode === "COMPILER"
          ? new ArenaObjects(memory, saved(LARGE_OWNER))
          : new HeapObjects(memory, saved(LARGE_OWNER));
      this.large = large;
      undo.push(() => large.destroy());
      const pointer = attached || memory.acquireTable(STATE_BYTES);
      undo.push(() => memory.releaseTable(pointer, STATE_BYTES));
      this.state = (pointer / 4) | 0;
      const counts = saved(COUNTS) ?? memory.acquireTable(COUNTS_BYTES);
      undo.push(() => memory.releaseTable(counts, COUNTS_BYTES));
      this.counts = (counts >>> 2) | 0;
      if (large instanceof ArenaObjects) large.setState(this.state);
      let ready = false;
      const follow = (): void => {
        if (ready) this.followViews();
      };
      const suspend = (suspended: boolean): void => {
        this.suspended = suspended;
        if (suspended) this.leaveViews();
        else follow();
      };
      this.owner = joinMemory(
        memory,
        { name: "mem-v2", contractVersion: CONTRACT, allocator: this, viewsChanged: follow, suspend },
        saved(OWNER),
      );
      undo.push(() => memory.unregister(this.owner));
      this.classes = new SizeClasses({
        memory,
        owner: this.owner,
        sizes: SLOT_SIZES,
        slabBytes: SLAB_BYTES,
        liveness: this.liveness(),
        attach: attached !== 0,
      });
      this.counters = new Counters(memory, this.state, this.counts, attached === 0);
      const { counters } = this;
      this.carry = new Proxy((counter: number) => {
        // Written out: nothing is called before the counter is empty.
        const { belowPeak } = this;
        if (belowPeak > MAX_BELOW_PEAK) {
          counters.lowerPeak(belowPeak);
          this.belowPeak = 0;
        }
        counters.carry(counter);
      }, {});
      if (attached !== 0) this.classes.loadState((this.state + SAVED) * 4);
      ready = true;
    } catch (error) {
      // Of an attached context everything is another thread's, but for the memory object, which nothing else uses.
      if (attached === 0) for (const step of undo.toReversed()) step();
      throw error;
    }
    if (config.mode === "SERVER") this.limit = new Limit(config.maxBytes as number, onMemoryPressure);
    this.records = this.classes.recordOf(CLASS_BYTES);
    this.key = this.classes.key;
    const { i32, f64 } = memory;
    this.i32 = this.classes.i32 = this.counters.i32 = i32;
    this.f64 = this.counters.f64 = f64;
    this.large.setView(i32);
    this.headers = i32.length - 1;
    if (attached !== 0) return;
    this.i32[this.state + COUNTS] = this.counts * 4;
    this.i32[this.state + OWNER] = this.owner;
    this.i32[this.state + LARGE_OWNER] = this.large.owner;
    this.i32[this.state + MODE] = MODES.indexOf(config.mode);
  }

  /**
   * Bytes from an object's pointer on that are its own: its size, and what rounding up left. O(1).
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE, ERR_MORPH_DESTROYED
   */
  usableSize(pointer: number): number {
    this.look();
    return this.roomOf(this.requireLive(pointer));
  }

  /** Whether `pointer` is a live object of this context with a sound header: whether {@link free} would take it. O(1). */
  owns(pointer: number): boolean {
    if (this.destroyed) return false;
    this.look();
    return this.find(pointer) !== 0;
  }

  /**
   * The pointers of all live objects, or of those of one type: small ones, then large ones, each in ascending order. The object
   * given last may be freed; allocate nothing while walking, nor free others. O(pages + slots + the table of large objects).
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED
   */
  liveObjects(typeId?: number): Generator<number, void, undefined> {
    if (typeId !== undefined) requireType(typeId);
    this.requireAlive();
    return this.walk(typeId);
  }

  /** What the object's header says. O(1). @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE, ERR_MORPH_DESTROYED */
  headerOf(pointer: number): ObjectHeader {
    this.look();
    const word = this.requireLive(pointer);
    const { i32 } = this.memory;
    const tag = i32[word] as number;
    return { size: sizeAt(i32, word), typeId: typeOf(tag), flags: flagsOf(tag) };
  }

  /**
   * Names a type, for {@link formatStats}; a second name replaces the first.
   * @param name 1 to 63 bytes of UTF-8
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  registerType(id: number, name: string): void {
    requireType(id);
    this.begin();
    const bytes = encodeTypeName(name);
    if (this.names === 0) this.takeNames();
    writeTypeName(this.memory, this.names, id, bytes);
  }

  /** The name that {@link registerType} gave, or `undefined`. @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED */
  typeName(id: number): string | undefined {
    requireType(id);
    this.look();
    return this.names === 0 ? undefined : readTypeName(this.memory, this.names, id);
  }

  /** What the context holds and has done, right after every operation. O(types). */
  stats(): ContextStats {
    this.look();
    const { totalAllocated, totalFreed, objectCount, liveObjects, objectCountByType, bytesByType, largeBytes } =
      this.counters.read();
    const { currentLive } = this;
    const { peakLive } = this.counters;
    const { footprint, peakFootprint } = this.memory;
    const isArena = this.config.mode === "COMPILER";
    // Listed one by one: V8 takes long over `...`.
    return {
      mode: this.config.mode,
      totalAllocated,
      totalFreed,
      objectCount,
      liveObjects,
      objectCountByType,
      bytesByType,
      currentLive,
      peakLive,
      poolBytes: currentLive - largeBytes,
      arenaBytes: isArena ? largeBytes : 0,
      heapBytes: isArena ? 0 : largeBytes,
      footprint,
      peakFootprint,
      pool: this.classes.stats(),
    };
  }

  /** The statistics as text: mode, allocations, where they lie, the types with most bytes by name. */
  formatStats(): string {
    return formatStats(this.stats(), (id) => this.typeName(id));
  }

  /**
   * Walks every object and everything that keeps them. O(pages + objects).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(): void {
    this.look();
    const damage = this.classes.damage();
    if (damage !== undefined) throw broken(damage);
    this.large.verify();
    const { i32 } = this.memory;
    let objects = 0;
    let bytes = 0;
    for (const slot of this.classes.liveObjects()) {
      objects++;
      bytes += sizeAt(i32, slot / 4);
    }
    for (const block of this.large.blocks()) {
      const word = tagOf(block);
      if (!isSignedAt(i32, word, this.key)) throw overwritten(word * 4 + HEADER_BYTES);
      objects++;
      bytes += sizeAt(i32, word);
    }
    const { currentLive } = this;
    const { liveObjects } = this.counters.read();
    if (objects !== liveObjects || bytes !== currentLive) {
      throw broken(`${liveObjects} objects of ${currentLive} bytes are counted, ${objects} of ${bytes} are there`);
    }
  }

  /** Returns all pages to the memory; the memory itself stays. Every use from then on is refused. */
  destroy(): void {
    if (this.destroyed) return;
    const { memory } = this;
    if (isDestroyed(memory)) {
      this.destroyed = true;
      this.leaveViews();
      this.large.destroy();
      this.classes.forget();
      return;
    }
    this.begin(LOCKED_LAYERS);
    const { names } = this;
    // Growth that was not noticed yet is told to listeners before the memory forgets the context.
    memory.refresh();
    this.abandon();
    this.classes.destroy();
    this.large.destroy();
    if (names !== 0) memory.releaseTable(names, NAMES_BYTES);
    memory.releaseTable(this.counts * 4, COUNTS_BYTES);
    memory.releaseTable(this.state * 4, STATE_BYTES);
  }

  /** `using ctx = new MemoryContext(COMPILER)` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  // --- for MemoryContext and SharedContext ---------------------------------------------------------------------------

  /** What a call begins with that changes something: from then on no stack overflow comes in the middle of it. */
  protected begin(layers: number = LAYERS): void {
    requireStack(layers);
    this.requireAlive();
    // In a growth listener the memory refuses this.
    if (this.i32.length === 0) this.memory.refresh();
    this.changes = (this.changes + 1) | 0;
  }

  /** What a call begins with that changes nothing; growth listeners may call it, too. */
  protected look(): void {
    this.requireAlive();
    if (this.i32.length !== 0) return;
    if (!this.suspended) this.memory.refresh();
    // Suspended for good: it throws then.
    else this.memory.ownerOf(0);
  }

  /** The word index of a live object's tag. @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE */
  protected requireLive(pointer: number): number {
    const word = this.find(pointer);
    return word !== 0 ? word : this.refusePointer(pointer);
  }

  /** Payload bytes that there are for the object whose tag stands at a word index. */
  protected roomOf(word: number): number {
    const { i32 } = this.memory;
    const tag = i32[word] as number;
    if (flagsOf(tag) === 0) return slotBytesOf(tag) - HEADER_BYTES;
    return this.large.usableSize(blockOf(word), blockBytes(sizeAt(i32, word))) - LARGE_HEADER_BYTES;
  }

  /** Returns what holds no object. @returns the bytes that this leaves to others, or to other classes of the context's own */
  protected giveBack(): number {
    const { footprint } = this.memory;
    this.large.trim();
    const slabs = this.classes.trim();
    return Math.max(slabs, footprint - this.memory.footprint);
  }

  /** So many bytes more are live. */
  protected raiseLive(bytes: number): void {
    const below = this.belowPeak - bytes;
    if (below >= 0) this.belowPeak = below;
    else {
      this.i32[this.state + PEAK]! -= below;
      this.belowPeak = 0;
    }
  }

  /** So many bytes fewer are live. */
  protected lowerLive(bytes: number): void {
    const below = this.belowPeak + bytes;
    if (below <= MAX_BELOW_PEAK) this.belowPeak = below;
    else {
      this.counters.lowerPeak(below);
      this.belowPeak = 0;
    }
  }

  /** Bytes live now, as asked for, and the most there were. */
  protected get currentLive(): number {
    return (this.counters.peak - this.belowPeak) >>> 0;
  }

  /** Bytes of the pages and tables that the context has. */
  protected get held(): number {
    const tables = STATE_BYTES + COUNTS_BYTES + (this.names === 0 ? 0 : NAMES_BYTES);
    return this.classes.footprint + this.large.footprint + tables;
  }

  /** A number that changes whenever there is something that another thread has to load. @internal */
  get version(): number {
    return (this.changes + this.large.changes) | 0;
  }

  /** Whether growth listeners run. @internal */
  get isSuspended(): boolean {
    return this.suspended;
  }

  /** The ids under which the memory knows the context. @internal */
  get owners(): readonly number[] {
    return [this.owner, this.large.owner];
  }

  /** Pointer of the context's state. @internal */
  get statePointer(): number {
    return this.state * 4;
  }

  /** Writes what another thread has to load into the state. @internal */
  save(): void {
    this.saveBelowPeak();
    this.classes.saveState((this.state + SAVED) * 4);
    this.large.saveState((this.state + LARGE_SAVED) * 4);
    this.i32[this.state + VERSION] = this.version;
  }

  /** Writes the one word that changes with each call and does not lie in the memory, or reads it. @internal */
  saveBelowPeak(): void {
    this.i32[this.state + BELOW_PEAK] = this.belowPeak;
  }

  /** @internal */
  loadBelowPeak(): void {
    this.belowPeak = this.i32[this.state + BELOW_PEAK] as number;
  }

  /** Takes over what another thread saved. @internal */
  load(): void {
    // The other thread may have grown the memory: objects may lie beyond this thread's views.
    this.memory.refresh();
    this.followViews();
    this.classes.loadState((this.state + SAVED) * 4);
    this.large.loadState((this.state + LARGE_SAVED) * 4);
    this.key = this.classes.key;
    this.loadBelowPeak();
    this.changes = ((this.i32[this.state + VERSION] as number) - this.large.changes) | 0;
  }

  /** Forgets everything, which another thread or {@link destroy} gives back. @internal */
  abandon(): void {
    if (this.destroyed) return;
    this.memory.unregister(this.owner);
    this.destroyed = true;
    this.leaveViews();
  }

  // --- looking -------------------------------------------------------------------------------------------------------

  /** The word index of a live object's tag; 0 when there is no live object with a sound header. */
  private find(pointer: number): number {
    const { i32 } = this.memory;
    if (typeof pointer !== "number" || pointer % 8 !== 0 || !(pointer >= PAGE_BYTES && pointer < i32.byteLength + 8))
      return 0;
    const word = pointer / 4 - HEADER_BYTES / 4;
    if (!isSignedAt(i32, word, this.key)) return 0;
    if (flagsOf(i32[word] as number) === 0) return this.classes.isSlot(word * 4) ? word : 0;
    return this.large.isLive(blockOf(word)) ? word : 0;
  }

  private refusePointer(pointer: number): never {
    const isPlace = typeof pointer === "number" && pointer % 8 === 0 && pointer >= PAGE_BYTES && pointer <= 2 ** 32;
    if (isPlace) {
      const slot = pointer - HEADER_BYTES;
      const block = (pointer - LARGE_HEADER_BYTES) | 0;
      const wasSlot = this.classes.wasFreed(slot);
      if ((wasSlot && this.classes.isSigned(slot / 4)) || this.large.wasFreed(block)) {
        throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the object at ${pointer} is free already`);
      }
      if (wasSlot || this.large.isLive(block)) throw overwritten(pointer);
    }
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `expected the pointer of a live object, got ${describe(pointer)}`,
    );
  }

  private *walk(typeId: number | undefined): Generator<number, void, undefined> {
    const wanted = (word: number): boolean => {
      const { i32 } = this.memory;
      return isSignedAt(i32, word, this.key) && (typeId === undefined || typeOf(i32[word] as number) === typeId);
    };
    this.look();
    for (const slot of this.classes.liveObjects()) {
      if (wanted(slot / 4)) yield slot + HEADER_BYTES;
      // Whoever walks may let someone else grow the memory.
      this.look();
    }
    for (const block of this.large.blocks()) {
      if (wanted(tagOf(block))) yield (block >>> 0) + LARGE_HEADER_BYTES;
      this.look();
    }
  }

  // --- parts ---------------------------------------------------------------------------------------------------------

  private liveness(): Liveness {
    return {
      signsWithKey: true,
      used: (index) => this.counters.used(index),
      isLive: (slot) => isLiveSlot(this.classes.i32, slot, this.classes.key),
      mayTake: (bytes) => {
        this.changes = (this.changes + 1) | 0;
        return this.limit === undefined || this.limit.allows(this.held + bytes);
      },
      cover: (_, end) => {
        // An object of size 0 at its end would have pointer 2^32: the last page of 4 GiB is left to large objects.
        if (end === 2 ** 32) throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", "the last page holds no slots");
      },
      drop: () => {},
    };
  }

  private followViews(): void {
    const { i32, f64 } = this.memory;
    this.large.setView(i32);
    this.classes.i32 = this.counters.i32 = i32;
    this.counters.f64 = f64;
    if (this.suspended) return;
    this.i32 = i32;
    this.f64 = f64;
    this.headers = i32.length - 1;
  }

  /** Empty views while growth listeners run, and in the end for good: fast paths find them empty, and ask the memory. */
  private leaveViews(): void {
    this.i32 = new Int32Array(0);
    this.f64 = new Float64Array(0);
    this.headers = 0;
  }

  private takeNames(): void {
    const take = (): number => zeroIfFull(() => this.memory.acquireTable(NAMES_BYTES));
    const names = take() || (this.giveBack() > 0 ? take() : 0);
    if (names === 0) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `no room in the memory for ${NAMES_BYTES} bytes of type names`);
    }
    this.i32[this.state + NAMES] = names;
  }

  private get names(): number {
    return (this.memory.i32[this.state + NAMES] as number) >>> 0;
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the context was destroyed");
  }
}

/** The block of the large object whose tag stands at a word index, signed. */
function blockOf(word: number): number {
  return (word * 4 + HEADER_BYTES - LARGE_HEADER_BYTES) | 0;
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the context is broken: ${what}`);
}
