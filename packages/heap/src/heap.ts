import {
  type AddressSpace,
  BurstGuard,
  describe,
  isDestroyed,
  joinMemory,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  type PageOwner,
  requireOptions,
  requireStack,
  requireStatePlace,
  StackGuard,
} from "@morph/memory";
import { type CFunctions, type CFunctionsOptions, cFunctions } from "./c-functions.ts";
import { Chunks } from "./chunks.ts";
import { slotsOf } from "./classes.ts";
import { HugeObjects } from "./huge-objects.ts";
import {
  AGE,
  CLASS,
  CLASS_MASK,
  DIRECTORY_WORDS,
  END_OF_MEMORY,
  FIRST_SLOT,
  FRACTION,
  FREED,
  GOLDEN,
  GRANULE_BYTES,
  GRANULE_INDEX,
  HEAP_SIGNATURE,
  HUGE_BYTES,
  IN_GRANULE,
  IN_SLOT_UNIT,
  INFO,
  LAST_END,
  LAST_SLOT,
  LIVE,
  MAX_CLASS,
  MAX_SMALL_BYTES,
  NEW,
  NOTICED,
  ONE_SLOT,
  PAGE_GRANULES,
  POINTER,
  RECIPROCAL,
  RECORD_INDEX,
  RECORD_PLACE,
  SAVED_BELOW_PEAK,
  SAVED_CONTROL,
  SAVED_DIRECTORY,
  SAVED_FRESH,
  SAVED_PAGES,
  SAVED_PEAK,
  SAVED_PEAK_LIVE,
  SAVED_RECORDS_UNUSED,
  SAVED_SIGNATURE,
  SAVED_SLABS,
  SAVED_TABLE_BYTES,
  SAVED_TOP,
  SIXTEENTH,
  SIZE_GRANULES,
  SPACE,
  SPAN_BYTES,
  SPAN_GRANULES,
  SPAN_START,
  STATE_BYTES,
  TABLE_SPANS,
  UNOWNED,
  WAITING,
  WAITING_BITS,
  WAITING_SIZES,
  WORD_INDEX,
  WORD_OF_SLOTS,
} from "./layout.ts";
import { requireModule, type WasmExports, type WasmModule } from "./module-check.ts";
import { CONTRACT, type HeapOptions, requireMaxBytes } from "./options.ts";
import { Pages } from "./pages.ts";
import { rehearse } from "./rehearsal.ts";
import { Slabs } from "./slabs.ts";
import { LAYERS } from "./stack.ts";
import { Supply } from "./supply.ts";
import { verifyHeap } from "./verify.ts";

// Constants, as the guards: see `StackGuard`.
const needStack = requireStack;
const elsewhere = /* @__PURE__ */ new BurstGuard(LAYERS);

/** The guard of all heaps' slow paths that are rehearsed; see `rehearsal.ts`. */
let rehearsed: StackGuard | undefined;
/** So many calls of slow paths ask for stack enough to be compiled, which takes 4 us each, before all are rehearsed, which takes a millisecond or some. */
const COLD_CALLS = 256;

/** What a heap holds now; plain numbers. */
export interface HeapStats {
  /** Bytes of pages and tables taken from the memory. */
  footprint: number;
  /** The largest {@link footprint} so far. */
  peakFootprint: number;
  /** Bytes that live objects may use: each request rounded up as {@link Heap.usableSize} tells. */
  currentLive: number;
  /** The largest {@link currentLive} so far. */
  peakLive: number;
  /** 4 KiB slabs of objects up to 1 KiB, and their bytes. */
  slabs: number;
  slabBytes: number;
  /** Bytes of the tables that describe the heap; part of {@link footprint}. */
  tableBytes: number;
}

/** Of the memory in which the slow paths are rehearsed. It does not grow: V8's code is faster as long as no buffer was ever detached. */
const REHEARSAL_PAGES = 16;

/** An object that grows to so many bytes becomes a huge object, for it may well grow further. */
const GROWN_HUGE_BYTES = 262_144;

/** Bytes that `calloc` clears at both ends of an object, also where they should be zeros. */
const EDGE_BYTES = 4096;

/** Whether whole pages hold so many bytes with little left over: a sixteenth at most. */
function fillsPages(size: number): boolean {
  return Math.ceil(size / PAGE_BYTES) * PAGE_BYTES - size <= size >>> 4;
}

/**
 * Malloc for linear memory: any size, freed one by one. Up to 1 KiB a request gets a slot in a slab of its size class,
 * larger ones a chunk of the space (see `Chunks`), both without a header. Which objects are live is known exactly and outside of them, so that
 * `free` refuses everything else, and no write of a user's can break the heap.
 */
export class Heap {
  /** Where the objects lie. */
  readonly memory: AddressSpace;
  /** The id under which the memory knows this heap's pages. */
  readonly owner: number;
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number;

  // The hot fields.
  private i32: Int32Array;
  private f64: Float64Array;
  /** Word index of the control table and of the directory; see `layout.ts`. */
  private control = 0;
  private directory = 0;
  /** The most live bytes so far, in 16s. */
  private peakLive = 0;
  /** How many live bytes fewer than that there are now, in 16s. */
  private belowPeak = 0;

  private destroyed = false;
  /** The count of releases, and the footprint, at the last refusal. */
  private refusedAt = -1;
  private refusedWith = 0;
  private readonly chunks: Chunks;
  private readonly pages: Pages;
  private readonly huge: HugeObjects;
  private readonly slabs: Slabs;
  private readonly space: Supply;
  private readonly slow: StackGuard;

  /**
   * Takes its tables, 24 KiB, and no page before the first `malloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract, ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(options: HeapOptions = {}) {
    requireOptions(options, ["memory", "maxBytes", "owner"]);
    needStack(LAYERS);
    const { memory = new LinearMemory(), maxBytes = Number.POSITIVE_INFINITY } = options;
    requireMaxBytes(maxBytes);
    this.memory = memory;
    this.stateBytes = STATE_BYTES;
    this.i32 = new Int32Array(0);
    this.f64 = new Float64Array(0);
    this.chunks = new Chunks(memory);
    const viewsChanged = (): void => {
      if (this.directory !== 0) {
        this.i32 = memory.i32;
        this.f64 = memory.f64;
      }
      this.chunks.i32 = memory.i32;
    };
    // Without a view, every operation that changes something comes to `memory.refresh`.
    const suspend = (suspended: boolean): void => {
      if (suspended) this.i32 = new Int32Array(0);
      else viewsChanged();
    };
    const asOwner: PageOwner = { name: "heap", contractVersion: CONTRACT, allocator: this, viewsChanged, suspend };
    this.owner = joinMemory(memory, asOwner, options.owner);
    // Another thread may have grown the memory since the chunks took their view.
    viewsChanged();
    this.huge = new HugeObjects(memory, this.chunks);
    rehearsed ??= new StackGuard(LAYERS, COLD_CALLS, () => Heap.rehearse());
    this.slow = rehearsed;
    this.pages = new Pages(memory, this.owner, maxBytes, this.chunks, this.huge);
    this.slabs = new Slabs(this.chunks, this.pages);
    this.space = new Supply(this.chunks, this.pages, this.huge, this.slabs, this.slow);
    if (options.owner === undefined) this.open();
  }

  /**
   * Hands out `size` bytes, 16-byte aligned, beyond 1 KiB 128; they hold whatever they held. O(1), but for new pages
   * now and then.
   * @param size bytes, from 1
   * @returns the pointer
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  malloc(size: number): number {
    const pointer = this.tryMalloc(size);
    return pointer !== 0 ? pointer : this.refuseMemory(size);
  }

  /**
   * Like {@link malloc}, but returns 0 where there is no room, which costs no exception. O(1).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_DESTROYED
   */
  tryMalloc(size: number): number {
    if (typeof size !== "number") return this.refuseSize(size);
    const i = (size - 1) >>> 4;
    if (i >= 64 || size >>> 0 !== size) return this.mallocLarge(size) >>> 0;
    const i32 = this.i32;
    // The mask tells V8 that adding to it does not overflow, and makes it 0 when the view is detached.
    const word = (i32[(this.control + i) | 0] as number) & WORD_INDEX;
    const bits = (i32[word] as number) | 0;
    if (bits === 0) return this.mallocNext(size) >>> 0;
    const slot = ((word & WORD_OF_SLOTS) << 5) | Math.clz32(bits);
    const record = word & RECORD_INDEX;
    const c = i32[record + CLASS] as number;
    const pointer = ((i32[record + LAST_SLOT] as number) - (Math.imul(slot, c) << 4)) >>> 0;
    const room = (this.belowPeak - c) | 0;
    // This is the last call, so that a stack overflow leaves nothing half done.
    if (room < 0) this.raisePeak(room);
    else this.belowPeak = room;
    i32[word] = bits ^ (FIRST_SLOT >>> slot);
    return pointer;
  }

  /**
   * Takes an object back. O(1).
   * @param pointer as it was handed out
   * @throws ERR_MORPH_DOUBLE_FREE when it is free already; ERR_MORPH_INVALID_POINTER for anything else that is not the
   *   pointer of a live object; ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    if (typeof pointer !== "number") return void this.refuse(pointer);
    const p = pointer | 0;
    if (p >>> 0 !== pointer) return void this.refuse(pointer);
    const i32 = this.i32;
    const table = (i32[this.directory + (p >>> 20)] as number) & RECORD_INDEX;
    if (table === 0) return void this.freeSlow(pointer);
    const record = table + ((p >>> 8) & RECORD_PLACE);
    const info = i32[record + INFO] as number;
    const c = info & CLASS_MASK;
    if (c === 0) return void this.freeLarge(record, pointer);
    // Distance to the span's end in slots. It is a whole number when the product's fraction is less than the reciprocal
    // (Lemire, Kaser and Kurz 2019); the product is exact enough for all 256 distances and all classes.
    const reciprocal = (info >>> 7) & RECIPROCAL;
    const product = Math.imul(256 - ((p >>> 4) & SIXTEENTH), reciprocal);
    const slot = (product >>> 14) - 1;
    const word = record + (slot >>> 5);
    const bits = i32[word] as number;
    const bit = FIRST_SLOT >>> slot;
    if ((product & FRACTION) >= reciprocal || ((p & IN_SLOT_UNIT) | (bits & bit)) !== 0)
      return void this.refuse(pointer);
    const left = (info - ONE_SLOT) | 0;
    // The slab was full, or is empty now, or there is only something to count.
    if ((left & NOTICED) !== 0) return void this.freeNoticed(record, word, bits | bit);
    i32[word] = bits | bit;
    this.belowPeak = (this.belowPeak + c) | 0;
    i32[record + INFO] = left;
  }

  /**
   * Like {@link malloc} for `count` times `size` bytes, all 0. O(bytes).
   * @param count from 1; @param size bytes, from 1
   * @throws ERR_MORPH_INVALID_SIZE also when the product is beyond 2^32; ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  calloc(count: number, size: number): number {
    const pointer = this.tryCalloc(count, size);
    return pointer !== 0 ? pointer : this.refuseMemory(count * size);
  }

  /**
   * Like {@link calloc}, but returns 0 where there is no room. O(bytes).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_DESTROYED
   */
  tryCalloc(count: number, size: number): number {
    if (!isSize(count) || !isSize(size) || count * size > 2 ** 32) return this.refuseProduct(count, size);
    const bytes = count * size;
    // A call of `fill` takes longer than a few words.
    if (bytes > 384) return this.callocLarge(bytes);
    const pointer = this.tryMalloc(bytes);
    if (pointer === 0) return 0;
    const { f64 } = this;
    const start = pointer >>> 3;
    const end = start + (((bytes + IN_SLOT_UNIT) >>> 4) << 1);
    for (let i = start; i < end; i += 2) f64[i] = f64[i + 1] = 0;
    return pointer;
  }

  private callocLarge(bytes: number): number {
    this.slow.require(this.belowPeak);
    this.chunks.zeroedFrom = END_OF_MEMORY;
    const pointer = this.tryMalloc(bytes);
    if (pointer === 0) return 0;
    const end = pointer + bytes;
    // What lies next to other objects is cleared in any case: to write past an object's end is a common fault.
    const edge = Math.min(end, Math.max(pointer, this.chunks.zeroedFrom * GRANULE_BYTES) + EDGE_BYTES);
    this.i32.fill(0, pointer / 4, Math.ceil(edge / 4));
    if (edge < end) this.i32.fill(0, Math.floor(Math.max(edge, end - EDGE_BYTES) / 4), Math.ceil(end / 4));
    return pointer;
  }

  /**
   * Gives an object another size: in place when its slot has room, or the chunk can be made shorter or grow into free
   * space behind it; else it moves, and keeps its bytes up to the smaller of both sizes. O(1), O(bytes) when it moves.
   * An object of `alignedAlloc` keeps its alignment only as long as it stays in place.
   * @returns its pointer now, which may be the same
   * @throws as `free` when the pointer is wrong, whatever the size, else as `malloc`; the object is then as it was
   */
  realloc(pointer: number, size: number): number {
    const moved = this.tryRealloc(pointer, size);
    return moved !== 0 ? moved : this.refuseMemory(size);
  }

  /**
   * Like {@link realloc}, but returns 0 where there is no room: the object is then as it was. O(1), O(bytes) when it moves.
   * @throws as `free`, and ERR_MORPH_INVALID_SIZE
   */
  tryRealloc(pointer: number, size: number): number {
    if (this.i32.length === 0) this.refreshViews();
    const record = this.find(pointer);
    const c = record <= 0 ? 0 : (this.i32[record + INFO] as number) & CLASS_MASK;
    if (c === 0) return this.reallocElsewhere(record, pointer, size);
    if ((typeof size !== "number" || size >>> 0 !== size || size === 0) && !isSize(size)) return this.refuseSize(size);
    const room = c << 4;
    // An object that would use less than half of its slot moves to a smaller one.
    if (size <= room && (size > room >>> 1 || room === 16)) return pointer;
    this.slow.require(this.belowPeak);
    return this.move(pointer, room, size);
  }

  private reallocElsewhere(record: number, pointer: number, size: number): number {
    this.slow.require(this.belowPeak);
    if (record <= 0) return this.reallocHuge(pointer, size);
    return isSize(size) ? this.reallocLarge(record, pointer, size) : this.refuseSize(size);
  }

  private reallocHuge(pointer: number, size: number): number {
    const has = this.hugePages(pointer);
    if (has <= 0) return this.refuse(pointer);
    if (!isSize(size)) return this.refuseSize(size);
    const pages = Math.ceil(size / PAGE_BYTES);
    if (pages === has) return pointer;
    if (size < GROWN_HUGE_BYTES && pages < has) {
      // The old one is freed at the end, which asks for stack again.
      needStack(LAYERS + 1);
      const to = this.tryMalloc(size);
      if (to !== 0) return this.moveTo(to, pointer, size);
    }
    if (this.resizeHuge(pointer, has, pages)) return pointer;
    needStack(LAYERS + 1);
    const moved = this.moveToHuge(pointer, has * PAGE_BYTES, size);
    // Pages that were released on the way may lie just behind the object.
    return moved === 0 && this.resizeHuge(pointer, has, pages) ? pointer : moved;
  }

  private resizeHuge(pointer: number, has: number, pages: number): boolean {
    if (!this.pages.resizeHuge(pointer, has, pages)) return false;
    this.count((pages - has) * 4096);
    return true;
  }

  private reallocLarge(record: number, pointer: number, size: number): number {
    const p = pointer | 0;
    const granule = p >>> 7;
    const granules = Math.ceil(size / GRANULE_BYTES);
    const has = this.chunks.sizeOf(record, granule);
    if (granules === has && size > MAX_SMALL_BYTES) return pointer;
    if (size <= MAX_SMALL_BYTES) {
      const c = this.slabs.classOf(size);
      const slot = this.takeSlot(c);
      if (slot !== 0) return this.moveTo(slot, pointer, size);
    }
    if (granules < has) {
      const rest = this.chunks.shrink(record, granule, granules);
      this.count((granules - has) * 8);
      this.pages.releaseLarge(rest);
      return pointer;
    }
    if (granules === has) return pointer;
    if (this.chunks.extend(record, granule, granules)) {
      this.count((granules - has) * 8);
      return pointer;
    }
    // An object that becomes very large moves to pages of its own, where nothing of the heap's is in its way from then on. So does one that doubles
    // while it is still small to copy, if the heap would have to take further pages for it anyway.
    if (size >= GROWN_HUGE_BYTES || (granules >= 2 * has && fillsPages(size) && this.isAtTop(granule + has))) {
      return this.moveToHuge(pointer, has * GRANULE_BYTES, size);
    }
    if (this.extendAtTop(record, granule, has, granules)) return pointer;
    return this.move(pointer, has * GRANULE_BYTES, size);
  }

  /**
   * Like {@link malloc}, at a multiple of `alignment`. O(1).
   * @param alignment a power of two, 1 to 2^31; @param size bytes, from 1
   * @throws ERR_MORPH_INVALID_ALIGNMENT, ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alignedAlloc(alignment: number, size: number): number {
    const pointer = this.tryAlignedAlloc(alignment, size);
    return pointer !== 0 ? pointer : this.refuseMemory(size);
  }

  /**
   * Like {@link alignedAlloc}, but returns 0 where there is no room. O(1).
   * @throws ERR_MORPH_INVALID_ALIGNMENT, ERR_MORPH_INVALID_SIZE, ERR_MORPH_DESTROYED
   */
  tryAlignedAlloc(alignment: number, size: number): number {
    this.requireAlive();
    if (!Number.isInteger(alignment) || alignment < 1 || alignment > 2 ** 31 || (alignment & (alignment - 1)) !== 0) {
      throw new MorphError(
        "ERR_MORPH_INVALID_ALIGNMENT",
        `alignment: expected a power of two from 1 to 2^31, got ${describe(alignment)}`,
      );
    }
    if (!isSize(size)) return this.refuseSize(size);
    if (alignment <= 16) return this.tryMalloc(size);
    this.slow.require(this.belowPeak);
    this.refreshViews();
    // Slabs start at 4 KiB, so a slot size that is a multiple of the alignment will do.
    const rounded = Math.ceil(size / alignment) * alignment;
    const c = rounded <= MAX_SMALL_BYTES ? this.slabs.classOf(rounded) : 0;
    if (c !== 0 && (c * 16) % alignment === 0) {
      const slot = this.takeSlot(c);
      if (slot !== 0) return slot;
    }
    // Beyond a page, the space could not keep the pages that lie in front of the object.
    const pointer =
      size >= HUGE_BYTES || alignment > PAGE_BYTES
        ? this.mallocHuge(size, Math.ceil(alignment / PAGE_BYTES))
        : this.mallocChunk(Math.ceil(size / GRANULE_BYTES), Math.max(1, alignment / GRANULE_BYTES));
    if (pointer !== 0 || size > MAX_SMALL_BYTES) return pointer;
    needStack(LAYERS);
    return this.takenSlot(this.slabs.takeAligned(size, alignment, this.peakLive - this.belowPeak));
  }

  /**
   * Bytes of the object at `pointer`, all of which its owner may use: at least what was asked for. O(1).
   * @throws as `free`
   */
  usableSize(pointer: number): number {
    const record = this.find(pointer);
    if (record <= 0) {
      const pages = this.hugePages(pointer);
      return pages > 0 ? pages * PAGE_BYTES : this.refuse(pointer);
    }
    const c = (this.chunks.i32[record + INFO] as number) & CLASS_MASK;
    return c !== 0 ? c << 4 : this.chunks.sizeOf(record, pointer >>> 7) * GRANULE_BYTES;
  }

  /** Whether `pointer` is a live object of this heap: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    return this.find(pointer) > 0 || this.hugePages(pointer) > 0;
  }

  /** The pointers of all live objects, ascending. Do not allocate or free while walking. O(spans). */
  *liveObjects(): Generator<number, void, undefined> {
    this.requireAlive();
    this.look();
    const runs = this.huge.list();
    for (const record of this.spanRecords()) {
      const p = (this.chunks.i32[record + POINTER] as number) >>> 0;
      const c = (this.chunks.i32[record + INFO] as number) & CLASS_MASK;
      while (runs.length > 0 && runs[0]![0] < p) yield runs.shift()![0];
      this.requireAlive();
      if (c === 0) {
        for (let i = 0; i < SPAN_GRANULES; i++) {
          if (this.chunks.isLive(record, i)) yield p + i * GRANULE_BYTES;
          // The memory may have grown between two steps of the walk, and the heap may have ended.
          this.requireAlive();
          this.look();
        }
      } else {
        for (let slot = slotsOf(c) - 1; slot >= 0; slot--) {
          if ((this.chunks.i32[record + (slot >>> 5)] as number) << slot >= 0)
            yield p + SPAN_BYTES - (slot + 1) * c * 16;
          this.requireAlive();
          this.look();
        }
      }
    }
    for (const [pointer] of runs) yield pointer;
  }

  /**
   * Returns all pages in which nothing is live to the memory, and tables that describe nothing else. A second `free` of an object that such a table
   * knew is an invalid pointer from then on. Huge objects, of 1 MiB and more, are released when they are freed. O(bins + MiB of addresses).
   * @returns the bytes returned
   */
  trim(): number {
    this.requireAlive();
    this.refreshViews();
    needStack(LAYERS);
    return this.space.trim();
  }

  /**
   * The most bytes of pages and tables that the heap takes; Infinity when only the memory limits it. It may be set at any time: while the heap has
   * more, it takes nothing. O(1).
   * @throws ERR_MORPH_INVALID_CONFIG when it is set to anything but an integer from 1 or Infinity
   */
  get maxBytes(): number {
    return this.pages.maxBytes;
  }
  set maxBytes(bytes: number) {
    requireMaxBytes(bytes);
    this.pages.maxBytes = bytes;
  }

  /** What the heap holds. O(1). */
  stats(): HeapStats {
    if (this.directory !== 0) this.look();
    return {
      footprint: this.pages.footprint,
      peakFootprint: this.pages.peak,
      currentLive: (this.peakLive - this.belowPeak) * 16,
      peakLive: this.peakLive * 16,
      slabs: this.slabs.count,
      slabBytes: this.slabs.count * SPAN_BYTES,
      tableBytes: this.pages.tableBytes + (this.directory === 0 ? 0 : this.huge.tableBytes),
    };
  }

  /**
   * Walks the whole structure: pages, spans, chunks, bins, slabs, counts. O(spans).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(): void {
    this.requireAlive();
    this.look();
    verifyHeap({
      memory: this.memory,
      owner: this.owner,
      chunks: this.chunks,
      live: this.peakLive - this.belowPeak,
      slabs: this.slabs.count,
      pages: this.pages.count,
      huge: this.huge,
      // Without a view, a growth listener asks, in the middle of an operation.
      settled: this.i32.length > 0,
    });
  }

  /** Frees every object and returns all pages to the memory. O(pages of the memory). */
  reset(): void {
    this.requireAlive();
    this.refreshViews();
    needStack(LAYERS);
    const { memory } = this;
    const pages = memory.u8.length / PAGE_BYTES;
    for (let page = 0; page < pages; page++) {
      if (memory.ownerOf(page * PAGE_BYTES) === this.owner) memory.release(page * PAGE_BYTES, 1);
    }
    this.pages.clear();
    this.chunks.victim = -1;
    this.chunks.victimSize = this.chunks.fresh = 0;
    this.belowPeak = this.peakLive;
    this.slabs.count = 0;
    this.slabs.clear();
    // What was not found may be there now.
    this.chunks.releases = (this.chunks.releases + 1) | 0;
  }

  /**
   * C's allocation functions for the imports of a WebAssembly module that has no allocator of its own; see {@link CFunctions}.
   */
  wasmImports(options: CFunctionsOptions = {}): CFunctions {
    requireOptions(options, ["errno"]);
    const { errno } = options;
    if (errno !== undefined && typeof errno !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `errno: expected a function, got ${describe(errno)}`);
    }
    return cFunctions(this, errno);
  }

  /**
   * Refuses a module that would not leave the heap's pages alone: one with an allocator of its own, with data beyond the memory's
   * first page, or with another memory. Call it before anything of the module runs. O(imports).
   * @param exports of the instance, with `__heap_base`; without them only the imports are looked at
   * @throws ERR_MORPH_INVALID_CONFIG that says what is wrong and what to do
   */
  requireModule(module: WasmModule, exports?: WasmExports): void {
    requireModule(this.memory, module, exports);
  }

  /**
   * Writes what this object knows into {@link stateBytes} bytes of the memory, so that the same heap in another thread
   * can go on from there. The caller sees to it that one thread at a time uses the heap. O(1).
   * @param pointer a multiple of 4, with so many bytes of the caller's behind it
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DESTROYED
   */
  saveState(pointer: number): void {
    this.requireAlive();
    this.refreshViews();
    requireStatePlace(this.memory, pointer, this.stateBytes);
    needStack(LAYERS);
    this.chunks.binVictim();
    const { i32, pages } = this;
    const at = pointer / 4;
    i32[at + SAVED_CONTROL] = this.control;
    i32[at + SAVED_DIRECTORY] = this.directory;
    i32[at + SAVED_BELOW_PEAK] = this.belowPeak;
    i32[at + SAVED_PEAK_LIVE] = this.peakLive;
    i32[at + SAVED_SLABS] = this.slabs.count;
    i32[at + SAVED_PAGES] = pages.count;
    i32[at + SAVED_TABLE_BYTES] = pages.tableBytes;
    i32[at + SAVED_TOP] = pages.top;
    i32[at + SAVED_PEAK] = pages.peak;
    i32[at + SAVED_FRESH] = this.chunks.fresh;
    i32[at + SAVED_RECORDS_UNUSED] = pages.recordsUnused ? 1 : 0;
    i32[at + SAVED_SIGNATURE] = this.stateSignature(pointer);
  }

  /**
   * Takes over what {@link saveState} wrote there, in any thread. O(1).
   * @throws ERR_MORPH_INVALID_POINTER when that is not this heap's state, ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener
   */
  loadState(pointer: number): void {
    if (this.destroyed) this.requireAlive();
    // This thread's heap may have no view yet.
    this.refreshViews();
    requireStatePlace(this.memory, pointer, this.stateBytes);
    needStack(LAYERS);
    const { i32 } = this.memory;
    const at = pointer / 4;
    if (i32[at + SAVED_SIGNATURE] !== this.stateSignature(pointer)) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected the saved state of this heap at ${pointer}`);
    }
    this.i32 = this.chunks.i32 = i32;
    this.f64 = this.memory.f64;
    this.control = this.chunks.control = i32[at + SAVED_CONTROL] as number;
    this.directory = this.chunks.directory = i32[at + SAVED_DIRECTORY] as number;
    this.belowPeak = i32[at + SAVED_BELOW_PEAK] as number;
    this.peakLive = i32[at + SAVED_PEAK_LIVE] as number;
    this.slabs.count = i32[at + SAVED_SLABS] as number;
    this.pages.count = i32[at + SAVED_PAGES] as number;
    this.pages.tableBytes = i32[at + SAVED_TABLE_BYTES] as number;
    this.pages.top = i32[at + SAVED_TOP] as number;
    this.pages.peak = (i32[at + SAVED_PEAK] as number) >>> 0;
    this.chunks.fresh = i32[at + SAVED_FRESH] as number;
    this.pages.recordsUnused = i32[at + SAVED_RECORDS_UNUSED] !== 0;
    // What was not found may be there now.
    this.chunks.releases = (this.chunks.releases + 1) | 0;
  }

  /**
   * Returns all pages to the memory; the memory itself stays. The heap refuses every use from then on.
   * @throws ERR_MORPH_BUSY in a growth listener
   */
  destroy(): void {
    if (this.destroyed) return;
    const isMemoryGone = isDestroyed(this.memory);
    if (!isMemoryGone) {
      this.requireAlive();
      this.refreshViews();
      needStack(LAYERS);
    }
    this.destroyed = true;
    this.belowPeak = this.peakLive;
    this.slabs.count = 0;
    if (isMemoryGone) this.pages.forget();
    else {
      this.pages.close();
      this.memory.unregister(this.owner);
    }
    this.i32 = new Int32Array(0);
    this.f64 = new Float64Array(0);
    this.control = this.directory = 0;
  }

  /** `using heap = new Heap()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** See `rehearsal.ts`. @returns whether it was possible */
  private static rehearse(): boolean {
    try {
      const memory = new LinearMemory({ initialPages: REHEARSAL_PAGES, maxPages: REHEARSAL_PAGES });
      const heap = new Heap({ memory });
      rehearse({
        takeSlot: (size) => heap.mallocNext(size),
        takeChunk: (granules) => heap.mallocCut(granules),
        resize: (chunk, size) => heap.reallocElsewhere(heap.chunks.record(chunk >>> 12), chunk, size),
        free: (pointer) => heap.freeLive(pointer),
      });
      return true;
    } catch {
      // The engine has no room for another memory, or too little stack is left.
      return false;
    }
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** Called when the word that the size's class allocates from has no free slot. */
  private mallocNext(size: number): number {
    if (this.i32.length === 0) {
      this.requireAlive();
      this.memory.refresh();
    }
    this.slow.require(this.belowPeak);
    const pointer = this.takeSlot(this.slabs.classOf(size));
    return pointer !== 0 ? pointer : this.mallocElsewhere(size);
  }

  /** A slot of a class, from a new slab if need be; 0 when there is no room. */
  private takeSlot(c: number): number {
    let pointer = this.slabs.take(c);
    if (pointer === 0) {
      const granule = this.space.takeChunk(SPAN_GRANULES, SPAN_GRANULES);
      if (granule < 0) return 0;
      this.slabs.addSlab(c, granule);
      pointer = this.slabs.take(c);
    }
    this.count(c);
    return pointer;
  }

  /** A larger slot or a small chunk, whichever wastes less, for when no slab can be had; 0 when there is none. */
  private mallocElsewhere(size: number): number {
    elsewhere.require(size);
    const pointer = this.takeElsewhere(size);
    elsewhere.ran();
    return pointer;
  }

  private takeElsewhere(size: number): number {
    const granules = (size + IN_GRANULE) >>> 7;
    // Classes up to this one waste less than a chunk.
    const most = granules * (GRANULE_BYTES / 16);
    const pointer = this.takenSlot(this.slabs.takeLarger(this.slabs.classOf(size), most));
    if (pointer !== 0) return pointer;
    const granule = this.chunks.take(granules);
    if (granule < 0) return this.takenSlot(this.slabs.takeLarger(most, MAX_CLASS));
    this.count(granules * 8);
    return granule * GRANULE_BYTES;
  }

  /** Counts a slot as live, of any class. @returns its pointer; 0 for 0 */
  private takenSlot(pointer: number): number {
    if (pointer !== 0) this.count((this.i32[this.chunks.record(pointer >>> 12) + INFO] as number) & CLASS_MASK);
    return pointer;
  }

  /** `tryMalloc` of sizes over 1 KiB, and of values that are no size. Mostly it is a chunk that waits for its size. */
  private mallocLarge(size: number): number {
    const granules = ((size + IN_GRANULE) >>> 7) & SIZE_GRANULES;
    if (granules === 0 || size >>> 0 !== size || size >= 1048576) return this.mallocHuge(size, 1);
    const i32 = this.i32;
    const waiting = (this.control & RECORD_INDEX) + WAITING + (granules << 1);
    const granule = granules < WAITING_SIZES ? (i32[waiting] as number) & GRANULE_INDEX : 0;
    if (granule === 0) return this.mallocCut(granules);
    const table = (i32[(this.directory & RECORD_INDEX) + (granule >>> 13)] as number) & RECORD_INDEX;
    const live = table + ((granule >>> 1) & RECORD_PLACE) + 1;
    const room = (this.belowPeak - (granules << 3)) | 0;
    // No call comes after this one, as in `tryMalloc`.
    if (room < 0) this.raisePeak(room);
    else this.belowPeak = room;
    i32[waiting] = i32[waiting + 1] as number;
    i32[waiting + 1] = 0;
    i32[live] = (i32[live] as number) | (1 << granule);
    return granule * 128;
  }

  /** A chunk from the bins, or from new pages. */
  private mallocCut(granules: number): number {
    this.slow.require(this.belowPeak);
    const granule = this.i32.length === 0 ? -1 : this.chunks.take(granules);
    if (granule < 0) return this.mallocChunk(granules, 1);
    this.count(granules << 3);
    return granule * 128;
  }

  private mallocChunk(granules: number, align: number): number {
    this.requireAlive();
    this.refreshViews();
    const granule = this.space.takeChunk(granules, align);
    if (granule < 0) return 0;
    this.count(granules * 8);
    return granule * GRANULE_BYTES;
  }

  private mallocHuge(size: number, align: number): number {
    this.requireAlive();
    if (!isSize(size)) return this.refuseSize(size);
    this.refreshViews();
    const pages = Math.ceil(size / PAGE_BYTES);
    const granules = Math.ceil(size / GRANULE_BYTES);
    const pointer = this.space.takeHuge(granules, pages, align);
    if (pointer !== 0) this.count(this.space.isChunk ? granules * 8 : pages * 4096);
    return pointer;
  }

  private freeNoticed(record: number, word: number, bits: number): void {
    this.slow.require(this.belowPeak);
    this.freeSlot(record, word, bits);
  }

  private freeSlot(record: number, word: number, bits: number): void {
    const { i32 } = this;
    const left = ((i32[record + INFO] as number) - ONE_SLOT) | 0;
    i32[word] = bits;
    i32[record + INFO] = left;
    this.belowPeak = (this.belowPeak + (left & CLASS_MASK)) | 0;
    if ((left & NOTICED) !== 0) this.slabs.changed(record, left);
  }

  /** Frees an object that is no slot. Mostly it is a chunk; chunks below 5 KiB wait for the next request of their size. */
  private freeLarge(record: number, pointer: number): void {
    const i32 = this.i32;
    const granule = pointer >>> 7;
    const bit = 1 << granule;
    const lives = i32[record + LIVE] as number;
    if ((pointer & IN_GRANULE) !== 0 || i32[record + INFO] !== SPACE || (lives & bit) === 0)
      return void this.freeHuge(pointer);
    const after = (i32[record] as number) & (-2 << granule);
    const end =
      after !== 0 ? (granule & SPAN_START) + 31 - Math.clz32(after & -after) : (i32[record + LAST_END] as number);
    const size = (end - granule) | 0;
    const bits = (this.control & RECORD_INDEX) + WAITING_BITS;
    const waiting = bits + 1 + (size << 1);
    const room = (this.belowPeak + (size << 3)) | 0;
    if (size >= WAITING_SIZES || i32[waiting + 1] !== 0 || room === this.peakLive)
      return void this.freeMerging(record, granule);
    this.belowPeak = room;
    i32[record + FREED] = (i32[record + FREED] as number) | bit;
    i32[record + LIVE] = lives & ~bit;
    i32[bits] = (i32[bits] as number) | (1 << size);
    i32[waiting + 1] = i32[waiting] as number;
    i32[waiting] = granule;
  }

  private freeMerging(record: number, granule: number): void {
    this.slow.require(this.belowPeak);
    this.freeChunk(record, granule);
  }

  private freeChunk(record: number, granule: number): void {
    const { chunks } = this;
    const start = chunks.free(record, granule);
    this.belowPeak = (this.belowPeak + (chunks.freed << 3)) | 0;
    this.pages.releaseLarge(start);
    if (this.belowPeak !== this.peakLive) return;
    try {
      this.pages.coalesceWaiting();
    } catch {
      // No stack is left to compile it. The object is freed, so that this may not throw: what waits is coalesced another time.
    }
  }

  private freeHuge(pointer: number): void {
    const pages = this.hugePages(pointer);
    if (pages <= 0) return void this.refuse(pointer);
    this.resizeHuge(pointer, pages, 0);
  }

  /** Frees an object that is known to be live. The caller has asked for the stack. */
  private freeLive(pointer: number): void {
    const p = pointer | 0;
    const record = this.chunks.record(p >>> 12);
    const info = record === 0 ? UNOWNED : (this.i32[record + INFO] as number);
    const c = info & CLASS_MASK;
    if (c !== 0) {
      const slot = (256 - ((p >>> 4) & SIXTEENTH)) / c - 1;
      const word = record + (slot >>> 5);
      this.freeSlot(record, word, (this.i32[word] as number) | (FIRST_SLOT >>> slot));
    } else if (info === SPACE) {
      this.freeChunk(record, p >>> 7);
    } else {
      this.resizeHuge(pointer, this.huge.find(pointer), 0);
    }
  }

  /** Whether nothing is in use from a granule to the end of the newest pages. */
  private isAtTop(granule: number): boolean {
    const { top } = this.pages;
    if (granule === top || top === 0) return top !== 0;
    const after = this.chunks.spaceAt(granule);
    return after !== 0 && this.chunks.isFree(after, granule) && granule + this.chunks.sizeOf(after, granule) === top;
  }

  private extendAtTop(record: number, granule: number, has: number, granules: number): boolean {
    const { top } = this.pages;
    if (!this.isAtTop(granule + has)) return false;
    const pages = Math.ceil((granule + granules - top) / PAGE_GRANULES);
    if (!this.pages.addAtTop(pages) || !this.chunks.extend(record, granule, granules)) return false;
    this.count((granules - has) * 8);
    return true;
  }

  private move(pointer: number, room: number, size: number): number {
    const to = this.tryMalloc(size);
    // A smaller slot would have been better, but where there is no room the object may stay.
    if (to === 0) return size <= room ? pointer : 0;
    return this.moveTo(to, pointer, Math.min(room, size));
  }

  private moveToHuge(pointer: number, room: number, size: number): number {
    const to = this.mallocHuge(size, 1);
    return to === 0 ? 0 : this.moveTo(to, pointer, Math.min(room, size));
  }

  private moveTo(to: number, pointer: number, bytes: number): number {
    // Word by word takes longer from 64 bytes on, ten times as long in a new process.
    this.i32.copyWithin(to >>> 2, pointer >>> 2, (pointer >>> 2) + ((bytes + 3) >>> 2));
    this.freeLive(pointer);
    return to;
  }

  private raisePeak(room: number): void {
    this.peakLive = (this.peakLive - room) | 0;
    this.belowPeak = 0;
  }

  /** Notes a change of what is live. It comes after the change, so that it calls nothing. */
  private count(sixteens: number): void {
    const room = (this.belowPeak - sixteens) | 0;
    if (room < 0) {
      this.peakLive = (this.peakLive - room) | 0;
      this.belowPeak = 0;
    } else this.belowPeak = room;
  }

  // --- pointers ----------------------------------------------------------------------------------------------------

  /** Pages of the huge object at a pointer; 0 when it was freed, -1 when there is none. */
  private hugePages(pointer: number): number {
    if (this.directory === 0 || typeof pointer !== "number" || (pointer | 0) >>> 0 !== pointer) return -1;
    this.look();
    return this.huge.find(pointer);
  }

  /** The record of the span of a live object; 0 when there is none, -1 when it was freed. */
  private find(pointer: number): number {
    if (this.directory === 0 || typeof pointer !== "number") return 0;
    const p = pointer | 0;
    if (p >>> 0 !== pointer || (p & IN_SLOT_UNIT) !== 0) return 0;
    this.look();
    const { i32 } = this.chunks;
    const table = (i32[this.directory + (p >>> 20)] as number) & RECORD_INDEX;
    if (table === 0) return 0;
    const record = table + ((p >>> 8) & RECORD_PLACE);
    const info = i32[record + INFO] as number;
    if ((info & CLASS_MASK) === 0) return this.findBlock(record, p);
    // As in `free`.
    const reciprocal = (info >>> 7) & RECIPROCAL;
    const product = Math.imul(256 - ((p >>> 4) & SIXTEENTH), reciprocal);
    if ((product & FRACTION) >= reciprocal) return 0;
    const slot = (product >>> 14) - 1;
    if ((i32[record + (slot >>> 5)] as number) << slot >= 0) return record;
    // In a slab in which no slot was freed, the free slots were never handed out.
    return i32[record + AGE] !== NEW ? -1 : 0;
  }

  private findBlock(record: number, p: number): number {
    const isChunk = this.chunks.i32[record + INFO] === SPACE && (p & IN_GRANULE) === 0;
    if (isChunk && this.chunks.isLive(record, p >>> 7)) return record;
    return this.wasFreed(record, p) ? -1 : 0;
  }

  /** Whether an object that started at a pointer outside slabs was freed, and its bytes are still free. */
  private wasFreed(record: number, p: number): boolean {
    const { chunks } = this;
    if (!chunks.wasFreed(record, p)) return false;
    if (chunks.i32[record + INFO] !== SPACE) return this.memory.ownerOf(p >>> 0) === 0;
    const start = chunks.covering(p >>> 7);
    return start >= 0 && chunks.isFree(chunks.record(start >>> 5), start);
  }

  private freeSlow(pointer: number): void {
    if (!this.destroyed && this.refreshViews()) return void this.free(pointer);
    this.freeHuge(pointer);
  }

  /** @throws what is wrong with a pointer that is not a live object's */
  private refuse(pointer: number): never {
    this.requireAlive();
    const wasRun = this.hugePages(pointer) === 0 && this.memory.ownerOf(pointer) === 0;
    if (wasRun || this.find(pointer) < 0) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the object at ${pointer} is free already`);
    }
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `expected the pointer of a live object, got ${describe(pointer)}`,
    );
  }

  /** @throws ERR_MORPH_OUT_OF_MEMORY. When nothing has changed since the last refusal it has no stack trace, which would take most of the time. */
  private refuseMemory(size: number): never {
    const { releases } = this.chunks;
    const repeated = this.refusedAt === releases && this.refusedWith === this.pages.footprint;
    this.refusedAt = releases;
    this.refusedWith = this.pages.footprint;
    throw this.pages.refusal(size, repeated);
  }

  private refuseProduct(count: number, size: number): never {
    this.requireAlive();
    throw new MorphError(
      "ERR_MORPH_INVALID_SIZE",
      `count, size: expected integers from 1 whose product is at most 2^32, got ${describe(count)}, ${describe(size)}`,
    );
  }

  private refuseSize(size: number): never {
    this.requireAlive();
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected an integer from 1 to 2^32, got ${describe(size)}`);
  }

  private requireAlive(): void {
    if (this.directory !== 0) return;
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the heap was destroyed");
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", "the heap is another thread's: its state must be loaded first");
  }

  /** Starts an operation that only looks. It may run in a growth listener, where `this.i32` is empty; `chunks.i32` is current afterwards. */
  private look(): void {
    if (this.i32.length === 0) this.chunks.i32 = this.memory.i32;
  }

  /** The word that only this heap's state at this very place has. */
  private stateSignature(pointer: number): number {
    return Math.imul(this.owner, GOLDEN) ^ HEAP_SIGNATURE ^ pointer;
  }

  /** Notices that someone else grew the memory, which detaches an unshared one's views. @throws ERR_MORPH_BUSY in a growth listener */
  private refreshViews(): boolean {
    return this.i32.length === 0 && this.memory.refresh();
  }

  // --- the whole ---------------------------------------------------------------------------------------------------

  private open(): void {
    try {
      this.pages.open();
    } catch (error) {
      this.memory.unregister(this.owner);
      throw error;
    }
    this.control = this.chunks.control;
    this.directory = this.chunks.directory;
    this.i32 = this.chunks.i32 = this.memory.i32;
    this.f64 = this.memory.f64;
    this.slabs.clear();
  }

  /** The records of all spans that are the heap's, ascending. */
  private *spanRecords(): Generator<number, void, undefined> {
    for (let mib = 0; mib < DIRECTORY_WORDS; mib++) {
      const table = this.chunks.i32[this.directory + mib] as number;
      for (let span = 0; table !== 0 && span < TABLE_SPANS; span++) {
        if (this.chunks.i32[table + (span << 4) + INFO] !== 0) yield table + (span << 4);
      }
    }
  }
}

function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= 2 ** 32;
}
