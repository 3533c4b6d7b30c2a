import {
  type AddressSpace,
  describe,
  isDestroyed,
  joinMemory,
  LinearMemory,
  MorphError,
  requireStack,
} from "@morph/memory";
import { Barrier } from "./barrier.ts";
import { Cycle } from "./cycle.ts";
import { censusOf, statsOf } from "./figures.ts";
import { Gate } from "./gate.ts";
import { Handle, type HandleTable, Scope, WeakHandle } from "./handles.ts";
import { type Kinds, maxLength, NO_KIND, type TypeInfo, type TypeOptions } from "./kinds.ts";
import {
  ARRAY_HEADER_BYTES,
  CURSOR,
  GRANULE_SHIFT,
  KIND_WORDS,
  LIMIT,
  MAX_SMALL_BYTES,
  SLOT_BYTES,
  STRIDE,
  TYPE,
  WORD_SHIFT,
} from "./layout.ts";
import type { Objects } from "./objects.ts";
import { CONTRACT, type CollectorOptions, settingsOf } from "./options.ts";
import { makeParts, type Parts } from "./parts.ts";
import { Pauses } from "./pauses.ts";
import { Room } from "./room.ts";
import type { Roots } from "./roots.ts";
import { Space } from "./space.ts";
import { COLLECTION_LAYERS, LAYERS } from "./stack.ts";
import type { CollectorStats, TypeCensus } from "./statistics.ts";
import { verifyAll } from "./verify.ts";

/** The kind of a type's id, which may be of any sort. */
const kindAt = (kinds: Int32Array, type: number): number =>
  typeof type === "number" ? (kinds[type] ?? NO_KIND) : NO_KIND;

/** What {@link Collector.collect} does: the nursery only; all that is dead; the same, and empties sparse pages. */
export type CollectionKind = "minor" | "major" | "compact";

/** An open handle; see {@link Collector.handles}. */
export interface OpenHandle {
  readonly pointer: number;
  /** Name of the object's type. */
  readonly type: string;
  /** Stack trace of where it was made, with the option `traceHandles`. */
  readonly site: string | undefined;
}

/**
 * A generational, precise, moving collector in linear memory. Objects are born in a nursery, without a header: a bump of a cursor. Survivors are copied, twice, then
 * they are old. Old objects are marked in slices that allocation pays for, and their blocks are swept when room is needed.
 *
 * A pointer that a program has in a variable is good until the next call that may collect: `alloc`, `allocArray`, `collect`, `step`. What must
 * live longer stands in a root, a handle or an object.
 */
export class Collector {
  /** Where the objects lie. */
  readonly memory: AddressSpace;
  /** The id under which the memory knows this collector's pages. */
  readonly owner: number;
  /** Pointer of the control table, for generated code; it never moves. See the README. */
  readonly control: number;

  private i32: Int32Array;
  private plain: Int32Array;
  private arrays: Int32Array;
  /** Addresses of the nursery, signed. */
  private base = 0;
  private span = 0;
  private readonly kinds: Kinds;
  private readonly objects: Objects;
  private readonly roots: Roots;
  private readonly table: HandleTable;
  private readonly parts: Parts;
  private readonly cycle: Cycle;
  private readonly gate: Gate;
  private readonly pauses: Pauses;
  private readonly room: Room;
  private readonly writing: Barrier;
  /** Unsubscribes from the memory's end. */
  private readonly forgetEnd: (() => void) | undefined;

  /**
   * Takes its nursery and its tables, of 0.4 to 0.6 MiB with the default `stackBytes`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract, ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(options: CollectorOptions = {}) {
    const settings = settingsOf(options);
    requireStack(COLLECTION_LAYERS);
    const { memory = new LinearMemory() } = options;
    this.memory = memory;
    this.i32 = new Int32Array(0);
    let space: Space | undefined;
    const viewsChanged = (): void => {
      space?.show(false);
      this.i32 = memory.i32;
    };
    // Without a view, every operation comes to `memory.refresh`.
    const suspend = (suspended: boolean): void => {
      if (suspended) {
        space?.show(true);
        this.i32 = new Int32Array(0);
      } else viewsChanged();
    };
    this.owner = joinMemory(memory, { name: "gc", contractVersion: CONTRACT, viewsChanged, suspend });
    try {
      space = new Space(memory, this.owner, settings.maxBytes);
      this.parts = makeParts(space, settings);
      if (space.footprint > settings.maxBytes) {
        throw new MorphError(
          "ERR_MORPH_INVALID_CONFIG",
          `maxBytes: expected at least the ${space.footprint} bytes of nursery and tables, got ${settings.maxBytes}`,
        );
      }
    } catch (error) {
      space?.close();
      memory.unregister(this.owner);
      throw error;
    }
    const { kinds, objects, roots, handles, tracer } = this.parts;
    this.kinds = kinds;
    this.objects = objects;
    this.roots = roots;
    this.table = handles;
    this.base = tracer.base;
    this.span = tracer.span;
    this.control = (space.control << WORD_SHIFT) >>> 0;
    this.plain = kinds.plain;
    this.arrays = kinds.arrays;
    this.cycle = new Cycle(this.parts, settings.verifyAlways, settings.pauseTargetMs);
    this.gate = new Gate(space, viewsChanged);
    this.pauses = new Pauses(this.gate, this.parts);
    this.room = new Room(this.parts, this.cycle, this.pauses, this.gate, settings);
    this.writing = new Barrier(this.parts, this.cycle, this.gate);
    handles.reached = (pointer) => this.writing.reached(pointer);
    this.forgetEnd = memory.onDestroy?.(() => handles.clear());
    this.i32 = memory.i32;
  }

  // --- types -----------------------------------------------------------------------------------------------------------------

  /**
   * Registers a type: objects of `size` bytes, with pointers at these offsets. O(pointers).
   * @returns its id, from 1
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY
   */
  type(options: TypeOptions): number {
    return this.addType(options, false);
  }

  /**
   * Registers a type of arrays: elements of `size` bytes, with pointers at these offsets in each. Its objects have a length, 32 bits, at offset 0 and their elements from
   * offset 8. O(pointers).
   * @returns its id, from 1
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY
   */
  arrayType(options: TypeOptions): number {
    return this.addType(options, true);
  }

  private addType(options: TypeOptions, isArray: boolean): number {
    this.gate.enter();
    requireStack(LAYERS);
    const id = this.kinds.add(options, isArray);
    this.plain = this.kinds.plain;
    this.arrays = this.kinds.arrays;
    return id;
  }

  /** The types, as they were registered. O(1). */
  types(): readonly TypeInfo[] {
    return this.kinds.infos;
  }

  /**
   * Where a plain type's cursor lies, for generated code: the pointer of a word that holds the next object's, with the limit in the word behind it; and
   * the bytes by which an object moves it on. It never moves. O(1).
   * @throws ERR_MORPH_INVALID_TYPE when there is no such type, or its objects are too large for the nursery
   */
  cursorOf(type: number): { pointer: number; slotBytes: number } {
    this.gate.awake();
    const kind = kindAt(this.plain, type);
    const slotBytes = kind === NO_KIND ? 0 : (this.i32[kind + SLOT_BYTES] as number);
    if (slotBytes === 0) throw this.noType(type, "a plain type of at most 2,048 bytes");
    return { pointer: ((kind + CURSOR) << WORD_SHIFT) >>> 0, slotBytes };
  }

  /**
   * The same for an array type: the pointer of its smallest size class's cursor; the others follow, 64 bytes apart. O(1).
   * @throws ERR_MORPH_INVALID_TYPE when there is no such type
   */
  arrayCursorsOf(type: number): number {
    this.gate.awake();
    const kind = kindAt(this.arrays, type);
    if (kind === NO_KIND) throw this.noType(type, "an array type");
    return ((kind + CURSOR) << WORD_SHIFT) >>> 0;
  }

  // --- allocation --------------------------------------------------------------------------------------------------------------

  /**
   * A new object, all zeros, aligned to 8. O(1); collections come now and then.
   * @param type an id that {@link type} gave
   * @returns its pointer
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_BUSY in a finalizer or a growth listener, ERR_MORPH_DESTROYED
   */
  alloc(type: number): number {
    if (typeof type !== "number") return this.allocSlow(type);
    const kind = this.plain[type] as number;
    const i32 = this.i32;
    const cursor = i32[kind + CURSOR] as number;
    if (cursor === i32[kind + LIMIT]) return this.allocSlow(type);
    i32[kind + CURSOR] = (cursor + (i32[kind + SLOT_BYTES] as number)) | 0;
    return cursor >>> 0;
  }

  /**
   * A new array, all zeros but for its length. O(1), O(bytes) beyond 2 KiB; collections come now and then.
   * @param type an id that {@link arrayType} gave
   * @param length how many elements, from 0
   * @returns its pointer
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_BUSY in a finalizer or a growth listener,
   *   ERR_MORPH_DESTROYED
   */
  allocArray(type: number, length: number): number {
    if (typeof type !== "number" || typeof length !== "number") return this.allocArraySlow(type, length, true);
    const first = this.arrays[type] as number;
    const i32 = this.i32;
    const bytes = ARRAY_HEADER_BYTES + (i32[first + STRIDE] as number) * length;
    if (!(bytes <= MAX_SMALL_BYTES) || length >>> 0 !== length) return this.allocArraySlow(type, length, true);
    const kind = first + (this.kinds.classOf[(bytes + 7) >>> GRANULE_SHIFT] as number) * KIND_WORDS;
    const cursor = i32[kind + CURSOR] as number;
    if (cursor === i32[kind + LIMIT]) return this.allocArraySlow(type, length, true);
    i32[kind + CURSOR] = (cursor + (i32[kind + SLOT_BYTES] as number)) | 0;
    i32[cursor >>> WORD_SHIFT] = length;
    return cursor >>> 0;
  }

  /**
   * As {@link allocArray}, for who overwrites all elements at once: those of an array beyond 2 KiB are not cleared. O(1).
   * @param type an id that {@link arrayType} gave, of arrays without pointers
   * @throws as {@link allocArray}; ERR_MORPH_INVALID_TYPE when there are pointers in an element
   */
  allocUncleared(type: number, length: number): number {
    const info = kindAt(this.arrays, type) === NO_KIND ? undefined : this.kinds.infos[type - 1];
    if (info === undefined || info.pointers.length > 0) {
      this.gate.awake();
      throw this.noType(type, "the id of an array type without pointers");
    }
    const isLarge = typeof length === "number" && ARRAY_HEADER_BYTES + info.size * length > MAX_SMALL_BYTES;
    return isLarge ? this.allocArraySlow(type, length, false) : this.allocArray(type, length);
  }

  /** `alloc` where the cursor stands at its limit, or something is wrong. */
  private allocSlow(type: number): number {
    const kind = kindAt(this.plain, type);
    if (kind === NO_KIND) throw this.noType(type, "the id of a plain type");
    this.gate.enter();
    const slot = this.i32[kind + SLOT_BYTES] as number;
    return (slot === 0 ? this.room.large(kind, this.kinds.dataBytes(kind, 0), true) : this.room.small(kind)) >>> 0;
  }

  private allocArraySlow(type: number, length: number, cleared: boolean): number {
    const first = kindAt(this.arrays, type);
    if (first === NO_KIND) throw this.noType(type, "the id of an array type");
    this.gate.enter();
    const stride = this.i32[first + STRIDE] as number;
    if (!Number.isInteger(length) || length < 0 || length > maxLength(stride)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `length: expected an integer from 0 to ${maxLength(stride)}, got ${describe(length)}`,
      );
    }
    const bytes = ARRAY_HEADER_BYTES + stride * length;
    const kind = this.kinds.arrayKind(type, bytes);
    const pointer = bytes > MAX_SMALL_BYTES ? this.room.large(kind, bytes, cleared) : this.room.small(kind);
    this.i32[pointer >>> WORD_SHIFT] = length;
    return pointer >>> 0;
  }

  private noType(type: unknown, expected: string): MorphError {
    return new MorphError("ERR_MORPH_INVALID_TYPE", `type: expected ${expected}, got ${describe(type)}`);
  }

  // --- the barrier -------------------------------------------------------------------------------------------------------------

  /**
   * Stores a pointer in an object, and lets the collector know: the only right way to do so from JavaScript. O(1), but O(pointers of the type) for types beyond 128
   * bytes and arrays.
   * @param offset in bytes from the object's pointer; of an array's element, 8 and more
   * @param pointer an object's, or 0
   * @throws ERR_MORPH_INVALID_POINTER when `object` or `pointer` is none, or no pointer lies at the offset; ERR_MORPH_BUSY in a growth listener, ERR_MORPH_DESTROYED
   */
  write(object: number, offset: number, pointer: number): void {
    if (typeof object !== "number" || typeof offset !== "number" || typeof pointer !== "number") {
      this.refuseWrite(object, offset, pointer);
      return;
    }
    const { objects } = this;
    const kind = objects.kindOf(object);
    if (
      kind === 0 ||
      !objects.isPointerField(object | 0, kind, offset) ||
      (pointer !== 0 && objects.kindOf(pointer) === 0)
    ) {
      this.refuseWrite(object, offset, pointer);
      return;
    }
    const slot = ((object | 0) + offset) | 0;
    if (((object | 0) - this.base) >>> 0 >= this.span) this.writing.before(object | 0, offset, pointer | 0);
    this.i32[slot >>> WORD_SHIFT] = pointer | 0;
  }

  /**
   * What must be done before a pointer is stored in an object that is not young, for generated code that does not do it by itself; see the README. Nothing is checked but that these are numbers. O(1).
   * @throws ERR_MORPH_INVALID_POINTER
   */
  barrier(object: number, offset: number, pointer: number): void {
    if (typeof object !== "number" || typeof offset !== "number" || typeof pointer !== "number") {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", "barrier: expected three numbers");
    }
    this.writing.before(object | 0, offset, pointer | 0);
  }

  private refuseWrite(object: number, offset: number, pointer: number): void {
    if (this.gate.awake()) {
      this.write(object, offset, pointer);
      return;
    }
    const kind = this.requireKind(object, "object");
    if (typeof offset !== "number" || !this.objects.isPointerField(object | 0, kind, offset)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `offset: expected that of a pointer in a ${this.nameOf(kind)}, got ${describe(offset)}`,
      );
    }
    this.requireKind(pointer, "pointer");
  }

  // --- questions -----------------------------------------------------------------------------------------------------------------

  /** The id of an object's type. O(1). @throws ERR_MORPH_INVALID_POINTER when `pointer` is no object, ERR_MORPH_BUSY, ERR_MORPH_DESTROYED */
  typeOf(pointer: number): number {
    const kind = this.requireKind(pointer, "pointer");
    return this.i32[kind + TYPE] as number;
  }

  /** Bytes of an object, as they were asked for; of an array with its 8 bytes of length. O(1). @throws as {@link typeOf} */
  sizeOf(pointer: number): number {
    const kind = this.requireKind(pointer, "pointer");
    return this.kinds.dataBytes(kind, pointer | 0);
  }

  /** Elements of an array. O(1). @throws as {@link typeOf}, ERR_MORPH_INVALID_TYPE when the object is no array */
  lengthOf(pointer: number): number {
    const kind = this.requireKind(pointer, "pointer");
    if (this.i32[kind + STRIDE] === 0) {
      throw new MorphError("ERR_MORPH_INVALID_TYPE", `pointer: expected an array, got a ${this.nameOf(kind)}`);
    }
    return (this.i32[(pointer | 0) >>> WORD_SHIFT] as number) >>> 0;
  }

  /** Whether an object starts at `pointer`; one that is dead may still be there. Any value may be asked. O(1). @throws ERR_MORPH_BUSY, ERR_MORPH_DESTROYED */
  owns(pointer: number): boolean {
    this.gate.awake();
    return typeof pointer === "number" && this.objects.kindOf(pointer) !== 0;
  }

  /** Finishes with the kind of an object, which is one. */
  private requireKind(pointer: number, name: string): number {
    let kind = typeof pointer === "number" ? this.objects.kindOf(pointer) : 0;
    if (kind === 0 && this.gate.awake()) kind = this.objects.kindOf(pointer);
    if (kind === 0 || typeof pointer !== "number") {
      this.gate.awake();
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `${name}: expected that of an object, got ${describe(pointer)}`,
      );
    }
    return kind;
  }

  private nameOf(kind: number): string {
    return this.kinds.infos[(this.i32[kind + TYPE] as number) - 1]?.name ?? "object";
  }

  /**
   * Every object there is, in the order of addresses: dead ones too that no collection has found yet. A list of now: collections that come
   * later move objects. O(blocks + objects).
   * @param type only those of a type
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_BUSY, ERR_MORPH_DESTROYED
   */
  liveObjects(type?: number): number[] {
    this.gate.awake();
    if (type !== undefined && (!Number.isInteger(type) || this.kinds.infos[type - 1] === undefined))
      throw this.noType(type, "the id of a type");
    const found: number[] = [];
    this.objects.walk((pointer, kind) => {
      if (type === undefined || this.i32[kind + TYPE] === type) found.push(pointer >>> 0);
    });
    return found;
  }

  // --- roots -------------------------------------------------------------------------------------------------------------------

  /**
   * Registers cells of 4 bytes in the memory that hold pointers or 0; collections update them. They may be anywhere but in the collector's own objects. O(1).
   * @throws ERR_MORPH_INVALID_POINTER when the cells are not in the memory, or in an object or a table of the collector, or some are registered
   *   there; ERR_MORPH_INVALID_SIZE
   */
  addRoot(pointer: number, count = 1): void {
    this.gate.awake();
    this.roots.add(pointer, count);
  }

  /** Forgets cells that {@link addRoot} registered. O(1). @throws ERR_MORPH_INVALID_POINTER when there are none */
  removeRoot(pointer: number): void {
    this.gate.awake();
    this.roots.remove(pointer);
  }

  /**
   * Takes a frame of cleared words on the shadow stack; each may hold a pointer or 0. For JavaScript; generated code stores the new top itself. O(words).
   * @returns the pointer of its first word
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY when the stack is full
   */
  pushFrame(words: number): number {
    this.gate.awake();
    return this.roots.push(words);
  }

  /**
   * Leaves a frame, and all that were pushed after it. O(frames left).
   * @throws ERR_MORPH_DOUBLE_FREE when it was popped, ERR_MORPH_INVALID_POINTER when it is none
   */
  popFrame(frame: number): void {
    this.gate.awake();
    this.roots.pop(frame);
  }

  /** A handle on an object. O(1). @throws ERR_MORPH_INVALID_POINTER when there is no object */
  handle(pointer: number): Handle {
    this.requireKind(pointer, "pointer");
    return new Handle(this.table, pointer | 0, this.handle);
  }

  /** Handles that end together. O(1). */
  scope(): Scope {
    return new Scope(this.table, (pointer) => {
      this.requireKind(pointer, "pointer");
      return pointer | 0;
    });
  }

  /** A weak handle on an object, which does not keep it alive. O(1). @throws ERR_MORPH_INVALID_POINTER when there is no object */
  weak(pointer: number): WeakHandle {
    this.requireKind(pointer, "pointer");
    return new WeakHandle(this.table, pointer | 0);
  }

  /**
   * Calls `callback` after the collection that finds the object dead, never in the middle of one, with all others whose turn it is. In it, what allocates or
   * collects is ERR_MORPH_BUSY; an error that it throws is uncaught. O(1).
   * @returns what takes the finalizer back
   * @throws ERR_MORPH_INVALID_POINTER when there is no object, ERR_MORPH_INVALID_CONFIG when `callback` is no function
   */
  finalizer(pointer: number, callback: () => void): () => void {
    this.requireKind(pointer, "pointer");
    if (typeof callback !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `callback: expected a function, got ${describe(callback)}`);
    }
    return this.table.openFinalizer(pointer | 0, callback);
  }

  /** The open handles: what keeps objects alive that a program forgot. O(handles). */
  handles(): OpenHandle[] {
    this.gate.awake();
    const { strong, sites } = this.table;
    const open: OpenHandle[] = [];
    for (let place = 0; place < strong.end; place++) {
      const pointer = strong.values[place] as number;
      if (pointer === 0) continue;
      const type = this.nameOf(this.objects.kindOf(pointer >>> 0));
      open.push({ pointer: pointer >>> 0, type, site: sites?.get(place) });
    }
    return open;
  }

  // --- collections ---------------------------------------------------------------------------------------------------------------

  /**
   * Collects now, in one pause: the nursery, or all that is dead (O(live objects)), or that, and objects of sparse pages move so that pages become free.
   * @throws ERR_MORPH_INVALID_CONFIG when there is no such kind, ERR_MORPH_BUSY in a finalizer or a growth listener, ERR_MORPH_DESTROYED
   */
  collect(kind: CollectionKind = "major"): void {
    if (kind !== "minor" && kind !== "major" && kind !== "compact") {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `kind: expected "minor", "major" or "compact", got ${describe(kind)}`,
      );
    }
    this.gate.enter();
    this.pauses.run(() => {
      if (kind === "minor") this.cycle.minor();
      else if (kind === "major") this.cycle.full();
      else this.cycle.compact();
    });
  }

  /**
   * Works for about so long on a major collection that is due or under way: for idle times. It may begin with a minor collection, which is not bounded.
   * @param budgetMs milliseconds, from 0
   * @returns whether there is more to do
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_BUSY in a finalizer or a growth listener, ERR_MORPH_DESTROYED
   */
  step(budgetMs: number): boolean {
    if (typeof budgetMs !== "number" || !(budgetMs >= 0)) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `budgetMs: expected a number from 0, got ${describe(budgetMs)}`);
    }
    this.gate.enter();
    let more = false;
    this.pauses.run(() => {
      more = this.cycle.step(budgetMs);
    });
    return more;
  }

  // --- the collector itself --------------------------------------------------------------------------------------------------------

  /** Figures. O(blocks of the nursery). @throws ERR_MORPH_DESTROYED */
  stats(): CollectorStats {
    this.gate.awake();
    return statsOf(this.parts, this.cycle.pace.live);
  }

  /** What there is of each type: objects ever allocated, objects and bytes now. O(blocks + objects). @throws ERR_MORPH_BUSY, ERR_MORPH_DESTROYED */
  census(): TypeCensus[] {
    this.gate.awake();
    return censusOf(this.parts);
  }

  /**
   * Checks every block, count, list and pointer: each leads to an object, and of an old object to a young one only when the barrier recorded it. O(blocks + objects).
   * @throws ERR_MORPH_INVALID_POINTER at the first thing that is wrong, ERR_MORPH_BUSY, ERR_MORPH_DESTROYED
   */
  verify(): void {
    this.gate.awake();
    verifyAll(this.parts);
  }

  /** Gives everything back; all its pointers are void, no finalizer runs. Again is nothing. O(pages). @throws ERR_MORPH_BUSY in a finalizer or a growth listener */
  destroy(): void {
    if (this.gate.destroyed) return;
    const isMemoryGone = isDestroyed(this.memory);
    if (!isMemoryGone) {
      this.gate.enter();
      requireStack(COLLECTION_LAYERS);
    }
    this.gate.destroyed = true;
    this.table.clear();
    this.forgetEnd?.();
    this.i32 = new Int32Array(0);
    if (isMemoryGone) return;
    this.parts.space.close();
    this.memory.unregister(this.owner);
  }

  /** `using collector = new Collector()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
