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
  type PageOwner,
  repeatedRefusal,
  requireStack,
  StateTable,
  type WasmMemory,
} from "@morph/memory";
import { type Pool, Pools } from "@morph/pool";
import { generationWord, leaveAnchor, type Place, setState, stateAt, takeAnchor } from "./anchor.ts";
import { type ContextConfig, type ContextOptions, completeConfig } from "./config.ts";
import { formatStats } from "./format.ts";
import { FreeSlots, type SlotOwner } from "./free-slots.ts";
import {
  classOf,
  flagsOf,
  HEADER_BYTES,
  IN_ARENA,
  IN_HEAP,
  LARGEST_SMALL,
  MAX_TYPE,
  newKey,
  type ObjectHeader,
  overwritten,
  smallTag,
  typeOf,
} from "./header.ts";
import { Limit, ownMemory } from "./limit.ts";
import { LOCK_TIMEOUT_MS, Mutex } from "./mutex.ts";
import {
  AT_LARGE,
  AT_LISTS,
  AT_NO_LISTS,
  AT_OBJECTS,
  AT_POOLS,
  AT_WORDS,
  CHUNK_CURSOR,
  CHUNK_LEFT,
  KEY,
  LARGE_OWNER,
  LIVE_BYTES,
  MODE,
  NAMES,
  NEXT_CHUNK_BYTES,
  OWN_OWNER,
  PEAK_BYTES,
  POOLS_OWNER,
  VERSION,
} from "./state-layout.ts";
import { type ContextStats, Statistics } from "./statistics.ts";
import { encodeTypeName, NAMES_BYTES, readTypeName, requireType, writeTypeName } from "./type-names.ts";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
const CONTRACT = 1;

/** What an operation takes that pool, arena, heap and memory have a part in; see `requireStack` of `@morph/memory`. */
const STACK_CALLS = 110;

/** The same with the lock: the memory may have to grow for the state that is saved before the lock is given back. */
const LOCKED_CALLS = 410;

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

/** The modes as the state has them. */
const MODES: readonly ContextConfig["mode"][] = ["COMPILER", "RUNTIME", "SERVER"];

/** What {@link MemoryContext.quick} may be. */
const NO = 0;
const TRYING = 1;
const MISSED = 2;
const REFUSED = 3;

/** Live bytes may fall so far below their mark before it is lowered. */
const MAX_ROOM = 0x3fff_ffff;

/** What another thread needs to continue a context; can be posted to a worker. */
export interface ContextHandle {
  readonly wasm: WasmMemory;
  readonly firstPage: number;
  readonly place: Place;
  readonly config: ContextConfig;
}

/** A context's handle, and the memory that was attached for it: only {@link MemoryContext.attach} makes one. */
class Attachment {
  readonly memory: AddressSpace;
  readonly place: Place;
  readonly state: number;

  constructor({ wasm, firstPage, place }: ContextHandle) {
    this.memory = new LinearMemory({ wasm, firstPage, attach: true });
    this.place = place;
    this.state = stateAt(this.memory, place);
  }
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
  /** Objects ever freed, when pages without a live object were last looked for in vain: there are none as long as it is the same number. */
  private freedInVain = -1;
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
  /** Whether a refusal is 0 and no exception: in {@link tryAlloc}. */
  private quiet = false;
  /** A block of the heap that no object was made of, because the stack was full; 0 is none. */
  private orphan = 0;
  /** Whether this thread has the lock for more than the fast paths. */
  private inside = false;
  /** The key at that time: a reset, of whichever thread, takes the block away. */
  private orphanKey = 0;
  /** Whether growth listeners run, who may only look. */
  private suspended = false;
  /** The least size that was refused since something was freed, and how much had been freed then. */
  private refusedSize = 0;
  private refusedFreed = -1;
  private readonly pools: Pools;
  private readonly classes: readonly Pool[];
  /** Where large objects lie: one of the two. */
  private readonly arena: Arena | undefined;
  private readonly heap: Heap | undefined;
  /** The arena of a context that needs no lock, until `destroy`. */
  private openArena: Arena | undefined;
  /** The flag of large objects. */
  private readonly largeFlag: number;
  /** SERVER's bound and listener. */
  private readonly limit: Limit | undefined;
  /** Which granules hold the start of a live large object, or of a freed one. */
  private readonly objects: StateTable;
  private readonly slots: FreeSlots;
  /** The lock of a context on shared memory; on unshared memory there is none. */
  private readonly mutex: Mutex | undefined;
  /** Where other threads find a shared context, and the word that says whether it is still there. */
  private readonly place: Place | undefined;
  private readonly generation: number;
  /** Pointer of the state in the memory, and word indexes of its words, of the free lists, and of those that are empty for ever. */
  private readonly state: number;
  private readonly words: number;
  private readonly freeLists: number;
  private readonly noLists: number;
  private readonly lockTimeoutMs: number;
  private readonly owner: number;
  private destroyed = false;

  /**
   * @param options a preset, or one's own: `{ ...COMPILER, memory }`, or a mode and what shall differ from its preset: `{ mode: "RUNTIME", memory }`
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION, ERR_MORPH_OUT_OF_MEMORY; then nothing is left in the memory
   */
  constructor(options: ContextOptions);
  /** @internal */
  constructor(options: ContextOptions, attachment: Attachment);
  constructor(options: ContextOptions, attachment?: Attachment) {
    const config = completeConfig(options);
    if (attachment !== undefined && !(attachment instanceof Attachment)) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "a context takes one argument; see MemoryContext.attach");
    }
    requireStack(LOCKED_CALLS);
    const { memory = attachment?.memory ?? ownMemory(config), onMemoryPressure, ...rest } = config;
    this.config = rest;
    this.memory = memory;
    const words = attachment === undefined ? 0 : (attachment.state + AT_WORDS) / 4;
    const saved = (word: number): number | undefined => (words === 0 ? undefined : memory.i32[words + word]);
    const undo: (() => void)[] = [];
    try {
      this.pools = new Pools({ memory, ...ownedBy(saved(POOLS_OWNER)) });
      undo.push(() => this.pools.destroy());
      const large = { memory, ...ownedBy(saved(LARGE_OWNER)) };
      this.arena = config.mode === "COMPILER" ? new Arena(large) : undefined;
      this.heap = config.mode === "COMPILER" ? undefined : new Heap(large);
      undo.push(() => (this.arena ?? this.heap)?.destroy());
      this.state = attachment?.state ?? memory.acquireTable(this.stateBytes);
      undo.push(() => memory.releaseTable(this.state, this.stateBytes));
      this.place = memory.shared ? (attachment?.place ?? takeAnchor(memory)) : undefined;
      undo.push(() => this.place !== undefined && leaveAnchor(memory, this.place));
      this.classes = [16, 32, 64, 128, 256].map((bytes) => this.pools.poolFor(bytes));
      this.objects = new StateTable(memory, GRANULE_SHIFT);
      this.words = (this.state + AT_WORDS) / 4;
      this.statistics = new Statistics(memory, this.state + AT_LISTS, attachment === undefined);
      this.freeLists = ((this.state + AT_LISTS) / 4) | 0;
      this.slots = new FreeSlots(memory, this.freeLists, this.classes, this.slotOwner());
      const asOwner: PageOwner = {
        name: "mem-v2",
        contractVersion: CONTRACT,
        allocator: this,
        viewsChanged: () => this.followViews(memory.i32, memory.f64),
        suspend: (suspended) => {
          this.suspended = suspended;
          if (suspended) this.leaveViews();
          else this.followViews(memory.i32, memory.f64);
        },
      };
      this.owner = joinMemory(memory, asOwner, saved(OWN_OWNER));
      const owners = [...this.pools.owners, (this.arena ?? (this.heap as Heap)).owner, this.owner];
      undo.push(() => memory.unregister(this.owner));
      if (attachment === undefined && memory.shared) {
        memory.seal(owners);
        undo.push(() => memory.unseal());
      }
    } catch (error) {
      // Of an attached context everything is another thread's, but for the memory object, which nobody has.
      if (attachment === undefined) undoAll(undo);
      throw error;
    }
    this.largeFlag = this.heap === undefined ? IN_ARENA : IN_HEAP;
    if (config.mode === "SERVER") this.limit = new Limit(config.maxBytes as number, onMemoryPressure);
    this.carry = new Proxy((counter: number) => {
      // Between two times here all counters together can free less than another 2^30 bytes. Written out: nothing is called before the counter is
      // emptied.
      const { room } = this;
      if (room > MAX_ROOM) {
        const { mark, peakBefore } = this;
        if (mark >>> 0 > peakBefore >>> 0) this.peakBefore = mark;
        this.mark = (mark - room) | 0;
        this.room = 0;
      }
      this.statistics.carry(counter);
    }, {});
    this.noLists = ((this.state + AT_NO_LISTS) / 4) | 0;
    // Another thread may have grown the memory since the parts took their views.
    this.i32 = this.objects.i32 = this.slots.i32 = this.statistics.i32 = memory.i32;
    this.f64 = this.statistics.f64 = memory.f64;
    const shared = this.place !== undefined;
    this.guarded = shared;
    this.lists = shared ? this.noLists : this.freeLists;
    this.headers = shared ? 0 : headersIn(this.i32);
    this.key = saved(KEY) ?? newKey();
    this.openArena = shared ? undefined : this.arena;
    this.mutex = this.place === undefined ? undefined : new Mutex(memory.i32, this.place.anchor);
    this.generation = this.place === undefined ? 0 : generationWord(this.place);
    this.lockTimeoutMs = config.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
    if (attachment !== undefined) return;
    this.i32[this.words + KEY] = this.key;
    this.i32[this.words + POOLS_OWNER] = this.pools.firstOwner;
    this.i32[this.words + LARGE_OWNER] = (this.arena ?? (this.heap as Heap)).owner;
    this.i32[this.words + OWN_OWNER] = this.owner;
    this.i32[this.words + MODE] = MODES.indexOf(config.mode);
    if (this.place === undefined) return;
    try {
      this.saveAll();
    } catch (error) {
      undoAll(undo);
      throw error;
    }
    setState(this.i32, this.place, this.state);
  }

  /**
   * Continues a shared context in this thread.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION, ERR_MORPH_DESTROYED
   */
  static attach(handle: ContextHandle): MemoryContext {
    if (typeof handle?.place !== "object" || handle.place === null) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `handle: expected a context's handle, got ${describe(handle)}`);
    }
    requireStack(STACK_CALLS);
    const attachment = new Attachment(handle);
    const mode = MODES[attachment.memory.i32[(attachment.state + AT_WORDS) / 4 + MODE] as number];
    if (handle.config?.mode !== mode) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `handle: the context's mode is ${mode}, got ${describe(handle.config?.mode)}`,
      );
    }
    return new MemoryContext(handle.config, attachment);
  }

  /** What {@link attach} needs in another thread. @throws ERR_MORPH_INVALID_CONFIG on unshared memory */
  handle(): ContextHandle {
    this.requireUsable();
    if (this.place === undefined) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "only a context on shared memory can be continued elsewhere");
    }
    const { wasm, firstPage } = this.memory;
    return { wasm, firstPage, place: this.place, config: this.config };
  }

  /**
   * This thread's number among those of a shared context, in the order in which they attached, from 1; 0 on unshared memory.
   * ERR_MORPH_TIMEOUT names the thread that has the lock by it.
   */
  get thread(): number {
    return this.mutex?.token ?? 0;
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
            // Written out: once the slot is off the list, nothing may be called that finds the stack full.
            if (room < 0) {
              this.mark = (this.mark - room) | 0;
              this.room = 0;
            }
            const counter = list + 32 + kind;
            const sum = (i32[counter]! + (size | 0x10_0000)) | 0;
            i32[counter] = sum;
            // Last, so that what was loaded before the call is not needed after it.
            if (sum < 0) {
              try {
                this.carry(counter);
              } catch {
                // The stack is full: the next object of the kind tries again.
              }
            }
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
          if (sum < 0) {
            try {
              this.carry(counter);
            } catch {
              // As in `alloc`.
            }
          }
          return;
        }
      }
    }
    this.freeSlow(pointer);
  }

  /**
   * As {@link alloc}, but 0 when the memory is full or a SERVER context is at its limit, without the cost of an exception. O(1).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED
   */
  tryAlloc(size: number, typeId = 0): number {
    this.quiet = true;
    try {
      return this.alloc(size, typeId);
    } finally {
      this.quiet = false;
    }
  }

  /**
   * Makes an object larger or smaller: its type stays, and its bytes up to the smaller size. In place where the block has the room, else it moves.
   * It counts as an object freed and one allocated. O(1) in place, else O(size).
   * @returns its pointer now; the old one is not good any more, unless it is the same
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, and what {@link free} throws; then the object is as it was
   */
  realloc(pointer: number, size: number): number {
    return this.exclusively(() => {
      requireStack(STACK_CALLS);
      requireSize(size);
      const p = this.requireLive(pointer);
      const before = this.sizeOf(p);
      const typeId = typeOf(this.i32[p >>> 2] as number);
      let moved = 0;
      if (flagsOf(this.i32[p >>> 2] as number) === 0) {
        if (size <= LARGEST_SMALL && classOf(size) === classOf(before)) {
          // The slot freed last is the next one: only the header is written.
          this.free(pointer);
          return this.alloc(size, typeId);
        }
      } else if (size > LARGEST_SMALL && size <= this.roomOf(p)) {
        // A heap can give much of it to others.
        if (this.heap !== undefined && size < this.roomOf(p) / 2) moved = this.allocHere(size, typeId);
        if (moved === 0) return this.resizeLarge(p, before, size, typeId);
      }
      if (moved === 0) moved = this.allocBeside(pointer, size, typeId);
      this.memory.u8.copyWithin(moved, pointer, pointer + Math.min(this.sizeOf(p), size));
      this.free(pointer);
      return moved;
    });
  }

  /**
   * Bytes from an object's pointer on that are its own: its size, and what rounding up left. O(1).
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE, ERR_MORPH_DESTROYED
   */
  usableSize(pointer: number): number {
    return this.looking(() => this.roomOf(this.requireLive(pointer)));
  }

  /** Whether `pointer` is a live object of this context with a sound header: whether {@link free} would take it. O(1). */
  owns(pointer: number): boolean {
    if (this.isDestroyed()) return false;
    return this.looking(() => {
      const p = typeof pointer === "number" ? (pointer - HEADER_BYTES) | 0 : 0;
      return (p + HEADER_BYTES) >>> 0 === pointer && this.stateOf(p) === LIVE && this.isSealed(p);
    });
  }

  /**
   * The pointers of all live objects, or of those of one type: small ones by size class, then large ones, each in ascending order. The object
   * given last may be freed; allocate nothing while walking, nor free others. O(pages of the memory + slots + the table of large objects).
   * @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED
   */
  liveObjects(typeId?: number): Generator<number, void, undefined> {
    if (typeId !== undefined) requireType(typeId);
    this.requireAlive();
    return this.walk(typeId);
  }

  private *walk(typeId: number | undefined): Generator<number, void, undefined> {
    const isWanted = (p: number): boolean =>
      this.isSealed(p) && (typeId === undefined || typeOf(this.i32[p >>> 2] as number) === typeId);
    for (const [index, { slotSize }] of this.classes.entries()) {
      // A page at a time, so that a shared context's lock is not held while somebody looks at an object.
      for (const page of this.exclusively(() => this.slots.pagesOf(index))) {
        yield* this.exclusively(() => {
          const pointers: number[] = [];
          for (let slot = page; slot < page + PAGE_BYTES; slot += slotSize) {
            if (this.slots.classAt(slot | 0) === index && this.isLiveSmall(slot | 0) && isWanted(slot | 0)) {
              pointers.push(slot + HEADER_BYTES);
            }
          }
          return pointers;
        });
      }
    }
    yield* this.exclusively(() =>
      [...this.objects.pointersIn(LIVE)].filter(isWanted).map((p) => (p >>> 0) + HEADER_BYTES),
    );
  }

  /**
   * Returns what the context holds for nothing to the memory: pages in which no object lives, and, once no large object lives, the arena's. It
   * does so by itself before it refuses an object; call it where others use the same memory. O(pages of the memory + slots).
   * @returns the bytes returned
   * @throws ERR_MORPH_DESTROYED
   */
  trim(): number {
    return this.exclusively(() => {
      requireStack(STACK_CALLS);
      return this.giveBack();
    });
  }

  /** What the object's header says. O(1). @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE, ERR_MORPH_DESTROYED */
  headerOf(pointer: number): ObjectHeader {
    return this.looking(() => {
      const p = this.requireLive(pointer);
      const tag = this.i32[p >>> 2] as number;
      return {
        size: this.sizeOf(p),
        typeId: typeOf(tag),
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
      requireStack(STACK_CALLS);
      const bytes = encodeTypeName(name);
      if (this.names === 0) this.takeNames();
      writeTypeName(this.memory, this.names, id, bytes);
    });
  }

  /** The name that {@link registerType} gave, or `undefined`. @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED */
  typeName(id: number): string | undefined {
    requireType(id);
    return this.looking(() => (this.names === 0 ? undefined : readTypeName(this.memory, this.names, id)));
  }

  /**
   * Drops every object; types and totals stay, and so do the pages that were in use since the last time, but the heap's. O(pages).
   * @throws ERR_MORPH_DESTROYED
   */
  reset(): void {
    this.exclusively(() => {
      requireStack(STACK_CALLS);
      this.version = (this.version + 1) | 0;
      this.freedInVain = this.refusedFreed = -1;
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
    return this.looking(() => {
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
          if (sum < 0) {
            try {
              this.carry(counter);
            } catch {
              // As in `alloc`.
            }
          }
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
      } else if (
        openArena !== undefined &&
        size > LARGEST_CHUNKED &&
        !(this.refusedFreed >= 0 && this.isRefused(size))
      ) {
        const pointer = this.allocInArena(openArena, size, typeId);
        if (pointer !== 0) return pointer;
      }
    }
    if (this.quick !== NO) return this.miss(this.isPlain(size, typeId) && this.isRefused(size));
    if (this.guarded) return this.allocLocked(size, typeId);
    return this.allocOpen(size, typeId);
  }

  private allocLargeZeroed(size: number, typeId: number): number {
    const { openArena } = this;
    if (openArena !== undefined && this.isPlain(size, typeId)) {
      const bytes = (size + 31) & -16;
      const mark = openArena.mark();
      const block = zeroIfFull(() => openArena.allocZeroed(bytes));
      const pointer = block === 0 ? 0 : this.placeLarge(block | 0, bytes, size, typeId);
      if (pointer !== 0) return pointer;
      if (block !== 0) takeBack(openArena, mark);
    }
    // Reserved before the object is made.
    requireStack(STACK_CALLS);
    const pointer = this.alloc(size, typeId);
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

  /**
   * With the lock, or on unshared memory. Nobody is refused while pages without a live object are the context's; a SERVER context's listener
   * hears of pressure before, and may free something.
   */
  private allocOpen(size: number, typeId: number): number {
    this.requireAlive();
    requireSize(size);
    if (typeof typeId !== "number" || (typeId & MAX_TYPE) !== typeId) requireType(typeId);
    this.refreshViews();
    if (this.isRefused(size)) return this.refuse(size, true);
    const { limit } = this;
    if (limit !== undefined) this.callOut(() => limit.watch(this.held));
    let pointer = this.allocHere(size, typeId);
    if (pointer === 0 && this.relieve()) pointer = this.allocHere(size, typeId);
    if (pointer === 0 && limit !== undefined && this.callOut(() => limit.callListener(this.held))) {
      pointer = this.allocHere(size, typeId);
      if (pointer === 0 && this.relieve()) pointer = this.allocHere(size, typeId);
    }
    return pointer === 0 ? this.refuse(size, false) : pointer;
  }

  /**
   * As {@link alloc}, for what is to take the place of an object: a SERVER context's listener is called only before, and may have freed
   * that. @throws what {@link free} of it would throw then
   */
  private allocBeside(pointer: number, size: number, typeId: number): number {
    const { limit } = this;
    if (limit === undefined) return this.alloc(size, typeId);
    const make = (): number => this.allocHere(size, typeId) || (this.relieve() ? this.allocHere(size, typeId) : 0);
    this.callOut(() => limit.watch(this.held));
    this.requireLive(pointer);
    let moved = make();
    if (moved === 0 && this.callOut(() => limit.callListener(this.held))) {
      this.requireLive(pointer);
      moved = make();
    }
    return moved === 0 ? this.refuse(size, false) : moved;
  }

  /** Whether an object of that size was refused, and nothing has changed since. O(types). */
  private isRefused(size: number): boolean {
    if (size < this.refusedSize || this.refusedFreed < 0 || this.statistics.freed() !== this.refusedFreed) return false;
    if (size <= LARGEST_SMALL && this.slots.isReady(classOf(size))) return false;
    if (this.memory.refuses(Math.ceil((size + HEADER_BYTES) / PAGE_BYTES))) return true;
    return this.limit !== undefined && !this.limit.allows(this.held + Math.max(size, PAGE_BYTES));
  }

  /** Lets the user's listener act: it may do anything, even destroy the context. */
  private callOut<T>(call: () => T): T {
    const { quiet } = this;
    this.quiet = false;
    const result = call();
    this.quiet = quiet;
    this.requireAlive();
    this.refreshViews();
    return result;
  }

  /** With what pool, arena and heap have, or get from the memory. @returns 0 when that is not enough */
  private allocHere(size: number, typeId: number): number {
    // Once there is a slot, or room in the chunk, the fast path finds it.
    if (size <= LARGEST_SMALL ? this.prepareSlot(classOf(size)) : size <= LARGEST_CHUNKED && this.prepareChunk(size)) {
      return this.alloc(size, typeId);
    }
    return this.arena === undefined ? this.allocInHeap(size, typeId) : this.allocInArena(this.arena, size, typeId);
  }

  private prepareSlot(index: number): boolean {
    if (this.slots.isReady(index)) return true;
    requireStack(STACK_CALLS);
    if (this.slots.prepare(index)) return true;
    // Before the arena stands in for the pool: if all it holds was freed, its pages are the pool's again.
    return this.arena !== undefined && this.holdsOnlyFreed() && this.giveBack() > 0 && this.slots.prepare(index);
  }

  /** Whether there were large objects, and none lives any more. O(types), O(table of large objects) when none lives. */
  private holdsOnlyFreed(): boolean {
    if (this.objects.granules === 0 || this.statistics.largeBytes() > 0) return false;
    return this.objects.pointersIn(LIVE).next().done === true;
  }

  private refuse(size: number, again: boolean): number {
    if (!again) {
      const freed = this.statistics.freed();
      this.refusedSize = freed === this.refusedFreed ? Math.min(size, this.refusedSize) : size;
      this.refusedFreed = freed;
    }
    if (this.quiet) return 0;
    const full = this.limit === undefined ? "the memory is full" : `it may have ${this.limit.bytes} bytes`;
    const message = `no room in the context for an object of ${size} bytes: ${full}`;
    throw again
      ? repeatedRefusal("ERR_MORPH_OUT_OF_MEMORY", message)
      : new MorphError("ERR_MORPH_OUT_OF_MEMORY", message);
  }

  /** Returns pages in which nothing lives before an object is refused; whether there were any. O(1) when nothing was freed since that was in vain. */
  private relieve(): boolean {
    const freed = this.statistics.freed();
    if (freed === this.freedInVain) return false;
    requireStack(STACK_CALLS);
    if (this.giveBack() > 0) return true;
    this.freedInVain = freed;
    return false;
  }

  /** @returns the bytes that went back to the memory */
  private giveBack(): number {
    this.version = (this.version + 1) | 0;
    const before = this.memory.footprint;
    this.heap?.trim();
    this.arena?.trim();
    this.slots.returnPages();
    if (this.holdsOnlyFreed()) this.dropLarge();
    return before - this.memory.footprint;
  }

  /** No large object lives: what freed ones left in the arena, and their table, go. */
  private dropLarge(): void {
    this.arena?.reset();
    this.arena?.trim();
    this.i32.fill(0, this.freeLists + CHUNK_CURSOR, this.freeLists + NEXT_CHUNK_BYTES + 1);
    this.objects.drop();
    this.useTable();
  }

  /** How many slots of each class are free: those the pool gave that hold no object. */
  private freeCounts(): number[] {
    const pool = this.pools.stats();
    const taken = pool.classes.map(({ used }) => used);
    this.statistics.readInto(pool);
    return taken.map((slots, index) => slots - pool.classes[index]!.used);
  }

  // --- large objects, and small ones that the pool cannot serve -----------------------------------------------------

  private allocInArena(arena: Arena, size: number, typeId: number): number {
    const bytes = blockBytes(size);
    this.version = (this.version + 1) | 0;
    const mark = arena.mark();
    const block = arena.tryAlloc(bytes);
    if (block === 0) return 0;
    const pointer = this.placeLarge(block | 0, bytes, size, typeId);
    if (pointer === 0) takeBack(arena, mark);
    return pointer;
  }

  private allocInHeap(size: number, typeId: number): number {
    if (this.orphan !== 0) this.freeOrphan();
    const bytes = blockBytes(size);
    // Until there is an object in it, in case that the stack is full before.
    this.orphan = this.tryHeap(bytes);
    this.orphanKey = this.key;
    if (this.orphan === 0) return 0;
    const pointer = this.placeLarge(this.orphan | 0, bytes, size, typeId);
    if (pointer !== 0) {
      this.orphan = 0;
      return pointer;
    }
    this.freeOrphan();
    (this.heap as Heap).trim();
    return 0;
  }

  private freeOrphan(): void {
    if (this.orphanKey === this.key) (this.heap as Heap).free(this.orphan);
    this.orphan = 0;
  }

  private tryHeap(bytes: number): number {
    const heap = this.heap as Heap;
    this.version = (this.version + 1) | 0;
    if (this.limit !== undefined) heap.maxBytes = Math.max(1, this.limit.bytes - this.held + heap.stats().footprint);
    return zeroIfFull(() => heap.malloc(bytes));
  }

  /** Makes sure that a large object of `size` bytes fits into the chunk. @returns false when the arena has no further one */
  private prepareChunk(size: number): boolean {
    const { arena, freeLists: lists } = this;
    if (arena === undefined) return false;
    if ((this.i32[lists + CHUNK_LEFT] as number) >= ((size + 31) & -16)) return true;
    const bytes = (this.i32[lists + NEXT_CHUNK_BYTES] as number) || FIRST_CHUNK_BYTES;
    this.version = (this.version + 1) | 0;
    const mark = arena.mark();
    const start = arena.tryAlloc(bytes);
    if (start === 0) return false;
    if (!this.isCovered(start, bytes) && !this.cover(start, bytes)) {
      takeBack(arena, mark);
      return false;
    }
    const { i32 } = this;
    const left = i32[lists + CHUNK_LEFT] as number;
    // Mostly it goes on where the last one ended.
    const follows = left > 0 && (((i32[lists + CHUNK_CURSOR] as number) + left) | 0) === (start | 0);
    if (!follows) i32[lists + CHUNK_CURSOR] = start;
    i32[lists + CHUNK_LEFT] = follows ? left + bytes : bytes;
    i32[lists + NEXT_CHUNK_BYTES] = Math.min(2 * bytes, MAX_CHUNK_BYTES);
    return true;
  }

  /** Makes an object of a block of the arena or the heap. @returns 0 when there is no room for the object table */
  private placeLarge(p: number, bytes: number, size: number, typeId: number): number {
    if (!this.isCovered(p, bytes)) {
      return this.placeUncovered(p, bytes, size, typeId);
    }
    // The only call: what follows cannot fail half-way.
    this.statistics.countAllocated(typeId, size);
    const { i32, mark } = this;
    const word = p >>> 2;
    const tag = (this.largeFlag << 21) | (typeId << 4);
    i32[word] = tag;
    i32[word + 1] = size;
    const pointer = (p + 16) | 0;
    i32[word + 3] = ~(tag ^ size ^ pointer ^ this.key);
    const states = (this.table + (p >>> 8)) | 0;
    const live = 1 << (p >>> 3);
    i32[states] = ((i32[states] as number) | live) & ~(live << 1);
    const room = this.room - size;
    if (room >= 0) this.room = room;
    else {
      this.mark = (mark - room) | 0;
      this.room = 0;
    }
    return pointer >>> 0;
  }

  private isCovered(p: number, bytes: number): boolean {
    return (((p - this.lo) | 0) >>> 4) + Math.ceil(bytes / 16) <= this.granules;
  }

  /** As {@link placeLarge}, for a block that the object table does not cover yet. */
  private placeUncovered(p: number, bytes: number, size: number, typeId: number): number {
    return this.cover(p >>> 0, bytes) ? this.placeLarge(p, bytes, size, typeId) : 0;
  }

  /** Makes the table cover a block of the arena or the heap. @returns false when it has no room */
  private cover(block: number, bytes: number): boolean {
    requireStack(STACK_CALLS);
    const { limit } = this;
    const isAllowed = limit === undefined || limit.allows(this.held + this.tableGrowth(block, block + bytes));
    return isAllowed && zeroIfFull(() => this.coverBytes(block, bytes)) > 0;
  }

  private coverBytes(block: number, bytes: number): number {
    this.objects.cover(block, block + bytes);
    this.useTable();
    return this.granules;
  }

  /** Another size for a large object whose block has the room. */
  private resizeLarge(p: number, before: number, size: number, typeId: number): number {
    const { i32 } = this;
    i32[(p >>> 2) + 1] = size;
    i32[(p >>> 2) + 3] = this.sealOf(p);
    this.statistics.countFreed(typeId, before);
    this.statistics.countAllocated(typeId, size);
    this.lowerLive(before);
    this.raiseLive(size);
    return (p + HEADER_BYTES) >>> 0;
  }

  /** Payload bytes that the block of the live object at a signed pointer has room for. */
  private roomOf(p: number): number {
    const tag = this.i32[p >>> 2] as number;
    if (flagsOf(tag) === 0) return this.classes[tag & 15]!.slotSize - HEADER_BYTES;
    const bytes = this.heap?.usableSize(p >>> 0) ?? blockBytes(this.sizeOf(p));
    return bytes - HEADER_BYTES;
  }

  private slotOwner(): SlotOwner {
    return {
      mayTakePage: () => {
        this.version = (this.version + 1) | 0;
        return this.limit === undefined || this.limit.allows(this.held + PAGE_BYTES);
      },
      isLive: (p) => this.isLiveSmall(p),
      freeCount: (index) => this.freeCounts()[index] as number,
    };
  }

  /** Bytes of the pages and tables that the context's allocators have. */
  private get held(): number {
    return this.pools.stats().footprint + this.objects.bytes + this.stateBytes + (this.heap?.stats().footprint ?? 0);
  }

  private get stateBytes(): number {
    return AT_POOLS + this.pools.stateBytes;
  }

  private freeSlow(pointer: number): void {
    if (this.quick !== NO) return void this.miss(false);
    if (this.guarded) return void this.freeLocked(pointer);
    this.requireAlive();
    this.refreshViews();
    const p = this.requireLive(pointer);
    const tag = this.i32[p >>> 2] as number;
    const size = this.sizeOf(p);
    const typeId = typeOf(tag);
    const flags = flagsOf(tag);
    // A small object comes here when the views were detached, or with a header that was forged.
    if (flags === 0 && tag === smallTag(size, typeId)) return void this.freeSmall(p, size, typeId);
    if (flags !== this.largeFlag) throw overwritten(pointer);
    const { statistics } = this;
    const { f64, largeLive } = statistics;
    const total = statistics.totals + typeId * 4 + 2;
    if (this.heap !== undefined) {
      this.version = (this.version + 1) | 0;
      this.heap.free(p >>> 0);
    }
    // Nothing is called from here on, so that the stack cannot be found full half-way.
    const { i32 } = this;
    const states = (this.table + (p >>> 8)) | 0;
    const live = 1 << (p >>> 3);
    i32[states] = ((i32[states] as number) & ~live) | (live << 1);
    f64[largeLive]! -= size;
    f64[total]! += 1;
    f64[total + 1]! += size;
    const room = this.room + size;
    if (room <= MAX_ROOM) this.room = room;
    else {
      const { mark } = this;
      if (mark >>> 0 > this.peakBefore >>> 0) this.peakBefore = mark;
      this.mark = (mark - room) | 0;
      this.room = 0;
    }
  }

  private freeSmall(p: number, size: number, typeId: number): void {
    requireStack(STACK_CALLS);
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

  private raiseLive(bytes: number): void {
    const room = this.room - bytes;
    if (room >= 0) this.room = room;
    else {
      this.mark = (this.mark - room) | 0;
      this.room = 0;
    }
  }

  private lowerLive(bytes: number): void {
    const room = this.room + bytes;
    if (room <= MAX_ROOM) this.room = room;
    else this.setMark(this.liveBytes - bytes);
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

  /** Empty views while a growth listener runs, and for good in the end: whoever wants to change something finds them, and asks the memory. */
  private leaveViews(): void {
    this.followViews(new Int32Array(0), new Float64Array(0));
  }

  private followViews(i32: Int32Array, f64: Float64Array): void {
    this.i32 = this.objects.i32 = this.slots.i32 = this.statistics.i32 = i32;
    this.f64 = this.statistics.f64 = f64;
    if (this.headers > 0 && i32.length > 0) this.openFastPaths();
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
    const take = (): number => zeroIfFull(() => this.memory.acquireTable(NAMES_BYTES));
    const names = take() || (this.relieve() ? take() : 0);
    if (names === 0) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `no room in the memory for ${NAMES_BYTES} bytes of type names`);
    }
    this.i32[this.words + NAMES] = names;
  }

  private get names(): number {
    return (this.i32[this.words + NAMES] as number) >>> 0;
  }

  private requireAlive(): void {
    // On shared memory the lock's holder looks whether another thread destroyed it.
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the context was destroyed");
  }

  /** For what needs no lock. @throws ERR_MORPH_DESTROYED, also when another thread destroyed it; ERR_MORPH_BUSY in a growth listener */
  private requireUsable(): void {
    if (!this.destroyed && this.isDestroyed()) this.leaveForGood();
    this.requireAlive();
    this.refreshViews();
  }

  // --- several threads ---------------------------------------------------------------------------------------------

  private allocLocked(size: number, typeId: number): number {
    if (this.enter()) {
      let pointer: number;
      let refused = false;
      try {
        pointer = this.alloc(size, typeId);
        refused = this.quick === REFUSED;
      } finally {
        this.leaveQuickly();
      }
      if (pointer !== 0) return pointer;
      if (refused) return this.refuse(size, true);
    }
    return this.exclusively(() => this.alloc(size, typeId));
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
   * if no other thread has changed anything else. Once it has the lock it calls nothing, so that it cannot fail half-way.
   * @returns false when another thread has; then the lock is not taken
   */
  private enter(): boolean {
    const mutex = this.mutex as Mutex;
    if (this.destroyed) return false;
    if (this.inside) return false;
    // When this thread had no stack left to give it back.
    if (mutex.held) this.leaveQuickly();
    mutex.lock(this.lockTimeoutMs);
    const { i32, words } = this;
    const { lo, word } = this.objects;
    if (i32[this.generation] !== this.place!.generation || i32[words + VERSION] !== this.savedVersion) {
      mutex.unlock();
      return false;
    }
    this.mark = i32[words + LIVE_BYTES] as number;
    this.room = 0;
    this.peakBefore = i32[words + PEAK_BYTES] as number;
    this.key = i32[words + KEY] as number;
    this.lists = this.freeLists;
    this.headers = i32.length - 3;
    this.lo = lo;
    this.granules = this.objects.granules;
    this.table = (word - (lo >>> 8)) | 0;
    this.quick = TRYING;
    return true;
  }

  /** Takes no more stack than {@link enter} did. */
  private leaveQuickly(): void {
    const { i32, words, mark, peakBefore } = this;
    this.quick = NO;
    i32[words + LIVE_BYTES] = (mark - this.room) | 0;
    i32[words + PEAK_BYTES] = mark >>> 0 > peakBefore >>> 0 ? mark : peakBefore;
    this.lists = this.noLists;
    this.headers = this.granules = 0;
    (this.mutex as Mutex).unlock();
  }

  /** What a fast path cannot do is to be done again, by the slow ones. */
  private miss(refused: boolean): number {
    this.quick = refused ? REFUSED : MISSED;
    return 0;
  }

  /** Runs `action` while no other thread uses the context. */
  private exclusively<T>(action: () => T): T {
    this.requireAlive();
    // Also when this thread has the lock: in a listener of a SERVER context.
    if (!this.guarded) {
      this.refreshViews();
      return action();
    }
    // In a growth listener that is called while this thread takes over the state, which the memory refuses.
    if (this.inside) this.memory.refresh();
    // Before the lock is taken, as giving it back takes stack, too.
    requireStack(LOCKED_CALLS);
    const mutex = this.mutex as Mutex;
    if (mutex.held) this.leaveQuickly();
    mutex.lock(this.lockTimeoutMs);
    this.inside = true;
    try {
      // Another thread may have grown the memory: its objects may lie beyond this thread's views.
      this.memory.refresh();
      if (this.isDestroyed()) this.leaveForGood();
      this.requireAlive();
      this.loadState();
      this.guarded = false;
      return action();
    } finally {
      this.leave(mutex);
    }
  }

  /** Runs `action`, which changes nothing: as {@link exclusively}, but also in a growth listener. */
  private looking<T>(action: () => T): T {
    if (!this.suspended) return this.exclusively(action);
    this.requireAlive();
    this.followViews(this.memory.i32, this.memory.f64);
    try {
      if (this.guarded) this.loadLive();
      return action();
    } finally {
      this.leaveViews();
    }
  }

  private leave(mutex: Mutex): void {
    try {
      if (!this.guarded && !this.destroyed) this.saveAll();
    } finally {
      this.guarded = true;
      this.inside = false;
      this.closeFastPaths();
      mutex.unlock();
    }
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. */
  private refreshViews(): void {
    if (this.i32.length !== 0) return;
    this.memory.refresh();
  }

  private giveAllBack(): void {
    this.closeFastPaths();
    this.pools.destroy();
    this.arena?.destroy();
    this.heap?.destroy();
    this.objects.drop();
    if (this.names !== 0) this.memory.releaseTable(this.names, NAMES_BYTES);
    this.memory.releaseTable(this.state, this.stateBytes);
    if (this.place !== undefined) {
      leaveAnchor(this.memory, this.place);
      this.memory.unseal();
    }
    this.leaveForGood();
  }

  private leaveForGood(): void {
    this.openArena = undefined;
    this.destroyed = true;
    this.memory.unregister(this.owner);
    this.headers = 0;
    this.leaveViews();
  }

  /** Whether this thread, or another one, destroyed the context. */
  private isDestroyed(): boolean {
    return this.destroyed || (this.place !== undefined && this.memory.i32[this.generation] !== this.place.generation);
  }

  private saveAll(): void {
    if (this.version !== this.savedVersion) this.saveState();
    this.saveLive();
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

/** Takes back what a constructor did, the last step first. */
function undoAll(steps: readonly (() => void)[]): void {
  for (const step of steps.toReversed()) step();
}

/** Takes back what was allocated since the mark, with the pages that were taken for it. */
function takeBack(arena: Arena, mark: ArenaMark): void {
  arena.rewind(mark);
  arena.trim();
}

/** What `take` returns, or 0 when it ends in ERR_MORPH_OUT_OF_MEMORY. */
function zeroIfFull(take: () => number): number {
  try {
    return take();
  } catch (error) {
    if ((error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY") return 0;
    throw error;
  }
}

/** @throws ERR_MORPH_INVALID_SIZE */
function requireSize(size: number): void {
  if (typeof size !== "number" || !(size >= 0 && size <= 2 ** 32 - HEADER_BYTES && Math.floor(size) === size)) {
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected 0 to 2^32 - 16, got ${describe(size)}`);
  }
}

/**
 * Bytes of the block that an object of the arena or the heap gets: multiples of 16 only, so that every block starts at one; at least 32, so that an
 * object of size 0 at the end of a memory of 4 GiB does not get pointer 2^32; and room for what `allocZeroed` clears of a slot of 64 bytes.
 */
function blockBytes(size: number): number {
  const payload = size > 16 && size <= 48 ? 48 : size || 1;
  return Math.ceil((payload + HEADER_BYTES) / 16) * 16;
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
