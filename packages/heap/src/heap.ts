import {
  type AddressSpace,
  describe,
  isDestroyed,
  joinMemory,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  requireOptions,
  requireStatePlace,
} from "@morph/memory";
import { Blocks } from "./blocks.ts";
import { type CFunctions, type CFunctionsOptions, cFunctions } from "./c-functions.ts";
import {
  AGE,
  DIRECTORY_WORDS,
  END_OF_MEMORY,
  GRANULE_BYTES,
  INFO,
  MAX_CLASS,
  MAX_SLOT_BYTES,
  NEW,
  NOBODYS,
  ONE_SLOT,
  PAGE_GRANULES,
  POINTER,
  RUN_BYTES,
  SPACE,
  slotsOf,
  TABLE_UNITS,
  UNIT_BYTES,
  UNIT_GRANULES,
} from "./layout.ts";
import { requireModule, type WasmExports, type WasmModule } from "./module-check.ts";
import { CONTRACT, type HeapOptions, requireMaxBytes } from "./options.ts";
import { Pages } from "./pages.ts";
import { Room } from "./room.ts";
import { Runs } from "./runs.ts";
import { Slabs } from "./slabs.ts";
import { requireShallowStack, requireStack } from "./stack.ts";
import { verifyHeap } from "./verify.ts";

const needStack = requireStack;
const needShallowStack = requireShallowStack;

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

/** An object that grows to that many bytes becomes a page run, for it may well grow further. */
const GROWN_RUN_BYTES = 262_144;

/** What `calloc` clears in any case at both ends of an object. */
const EDGE_BYTES = 4096;

/** Whether whole pages hold so many bytes with little left over: a sixteenth at most. */
function fillsPages(size: number): boolean {
  return Math.ceil(size / PAGE_BYTES) * PAGE_BYTES - size <= size >>> 4;
}

/**
 * Malloc for linear memory: any size, freed one by one. Up to 1 KiB a request gets a slot in a slab of its size class,
 * larger ones a block of the space (see `Blocks`), both without a header: what is live is known outside the objects,
 * exactly, so `free` refuses everything else, and no write of a user's can break the heap.
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
  /** The most live bytes so far, in 16s, and how many fewer there are now. */
  private peakLive = 0;
  private room = 0;

  private destroyed = false;
  /** The count of releases and the footprint at the last refusal. */
  private refusedAt = -1;
  private refusedWith = 0;
  private readonly blocks: Blocks;
  private readonly pages: Pages;
  private readonly runs: Runs;
  private readonly slabs: Slabs;
  private readonly space: Room;

  /**
   * Takes its tables, 24 KiB, and no page before the first `malloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract, ERR_MORPH_OUT_OF_MEMORY
   */
  constructor(options: HeapOptions = {}) {
    requireOptions(options, ["memory", "maxBytes", "owner"]);
    needStack(this.room);
    const { memory = new LinearMemory(), maxBytes = Number.POSITIVE_INFINITY } = options;
    requireMaxBytes(maxBytes);
    this.memory = memory;
    this.stateBytes = 48;
    this.i32 = new Int32Array(0);
    this.f64 = new Float64Array(0);
    this.blocks = new Blocks(memory);
    const viewsChanged = (): void => {
      if (this.directory !== 0) {
        this.i32 = memory.i32;
        this.f64 = memory.f64;
      }
      this.blocks.i32 = memory.i32;
    };
    // Without a view, every operation that changes something comes to `memory.refresh`.
    const suspend = (suspended: boolean): void => {
      if (suspended) this.i32 = new Int32Array(0);
      else viewsChanged();
    };
    this.owner = joinMemory(memory, { name: "heap", contractVersion: CONTRACT, viewsChanged, suspend }, options.owner);
    // Another thread may have grown the memory since the blocks took their view.
    viewsChanged();
    this.runs = new Runs(memory, this.blocks);
    this.pages = new Pages(memory, this.owner, maxBytes, this.blocks, this.runs);
    this.slabs = new Slabs(this.blocks, this.pages);
    this.space = new Room(this.blocks, this.pages, this.runs, this.slabs);
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
    return pointer !== 0 ? pointer : this.refuseRoom(size);
  }

  /**
   * `malloc`, but 0 where there is no room, which costs no exception. O(1).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_DESTROYED
   */
  tryMalloc(size: number): number {
    if (typeof size !== "number") return this.refuseSize(size);
    const i = (size - 1) >>> 4;
    if (i >= 64 || size >>> 0 !== size) return this.mallocLarge(size) >>> 0;
    const i32 = this.i32;
    // Masked, because V8 then knows that adding to it does not overflow; and 0 when the view is detached.
    const word = (i32[(this.control + i) | 0] as number) & 0x3fffffff;
    const bits = (i32[word] as number) | 0;
    if (bits === 0) return this.mallocNext(size) >>> 0;
    const slot = ((word & 7) << 5) | Math.clz32(bits);
    const record = word & 0x3ffffff0;
    const c = i32[record + 12] as number;
    const pointer = ((i32[record + 13] as number) - (Math.imul(slot, c) << 4)) >>> 0;
    const room = (this.room - c) | 0;
    // No call comes after this one, so that a stack that overflows leaves nothing half done.
    if (room < 0) this.raisePeak(room);
    else this.room = room;
    i32[word] = bits ^ (-0x80000000 >>> slot);
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
    const table = (i32[this.directory + (p >>> 20)] as number) & 0x3ffffff0;
    if (table === 0) return void this.freeSlow(pointer);
    const record = table + ((p >>> 8) & 0xff0);
    const info = i32[record + 8] as number;
    const c = info & 127;
    if (c === 0) return void this.freeLarge(record, pointer);
    // Distance to the unit's end in slots. It is a whole number when the product's fraction is less than the reciprocal
    // (Lemire, Kaser and Kurz 2019); the product is exact enough for all 256 distances and all classes.
    const reciprocal = (info >>> 7) & 0x7fff;
    const product = Math.imul(256 - ((p >>> 4) & 255), reciprocal);
    const slot = (product >>> 14) - 1;
    const word = record + (slot >>> 5);
    const bits = i32[word] as number;
    const bit = -0x80000000 >>> slot;
    if ((product & 0x3fff) >= reciprocal || ((p & 15) | (bits & bit)) !== 0) return void this.refuse(pointer);
    const left = (info - 0x800000) | 0;
    // The slab was full, or is empty now, or there is only something to count.
    if ((left & 0x80400000) !== 0) return void this.freeNoticed(record, word, bits | bit);
    i32[word] = bits | bit;
    this.room = (this.room + c) | 0;
    i32[record + 8] = left;
  }

  /**
   * `malloc` for `count` times `size` bytes, all 0. O(bytes).
   * @param count from 1; @param size bytes, from 1
   * @throws ERR_MORPH_INVALID_SIZE also when the product is beyond 2^32; ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  calloc(count: number, size: number): number {
    const pointer = this.tryCalloc(count, size);
    return pointer !== 0 ? pointer : this.refuseRoom(count * size);
  }

  /**
   * `calloc`, but 0 where there is no room. O(bytes).
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
    const end = start + (((bytes + 15) >>> 4) << 1);
    for (let i = start; i < end; i += 2) f64[i] = f64[i + 1] = 0;
    return pointer;
  }

  private callocLarge(bytes: number): number {
    needStack(this.room);
    this.blocks.zeroedFrom = END_OF_MEMORY;
    const pointer = this.tryMalloc(bytes);
    if (pointer === 0) return 0;
    const end = pointer + bytes;
    // What lies next to other objects is cleared in any case: to write past an object's end is a common fault.
    const edge = Math.min(end, Math.max(pointer, this.blocks.zeroedFrom * GRANULE_BYTES) + EDGE_BYTES);
    this.i32.fill(0, pointer / 4, Math.ceil(edge / 4));
    if (edge < end) this.i32.fill(0, Math.floor(Math.max(edge, end - EDGE_BYTES) / 4), Math.ceil(end / 4));
    return pointer;
  }

  /**
   * Gives an object another size: in place when its slot has room, or the block can be made shorter or grow into free
   * space behind it; else it moves, and keeps its bytes up to the smaller of both sizes. O(1), O(bytes) when it moves.
   * An object of `alignedAlloc` keeps its alignment only as long as it stays in place.
   * @returns its pointer now, which may be the same
   * @throws as `free` when the pointer is wrong, whatever the size, else as `malloc`; the object is then as it was
   */
  realloc(pointer: number, size: number): number {
    const moved = this.tryRealloc(pointer, size);
    return moved !== 0 ? moved : this.refuseRoom(size);
  }

  /**
   * `realloc`, but 0 where there is no room: the object is then as it was. O(1), O(bytes) when it moves.
   * @throws as `free`, and ERR_MORPH_INVALID_SIZE
   */
  tryRealloc(pointer: number, size: number): number {
    if (this.i32.length === 0) this.refreshViews();
    const record = this.find(pointer);
    const c = record <= 0 ? 0 : (this.i32[record + 8] as number) & 127;
    if (c === 0) return this.reallocElsewhere(record, pointer, size);
    if ((size >>> 0 !== size || size === 0) && !isSize(size)) return this.refuseSize(size);
    const room = c << 4;
    // Less than half used is worth a smaller slot, if there is one.
    if (size <= room && (size > room >>> 1 || room === 16)) return pointer;
    needStack(this.room);
    return this.move(pointer, room, size);
  }

  private reallocElsewhere(record: number, pointer: number, size: number): number {
    needStack(this.room);
    if (record <= 0) return this.reallocRun(pointer, size);
    return isSize(size) ? this.reallocLarge(record, pointer, size) : this.refuseSize(size);
  }

  private reallocRun(pointer: number, size: number): number {
    const has = this.runPages(pointer);
    if (has <= 0) return this.refuse(pointer);
    if (!isSize(size)) return this.refuseSize(size);
    needStack(this.room);
    const pages = Math.ceil(size / PAGE_BYTES);
    if (pages === has) return pointer;
    if (size < GROWN_RUN_BYTES && pages < has) {
      const to = this.tryMalloc(size);
      if (to !== 0) return this.moveTo(to, pointer, size);
    }
    if (this.resizeRun(pointer, has, pages)) return pointer;
    const moved = this.moveToRun(pointer, has * PAGE_BYTES, size);
    // What was returned on the way may lie just behind it.
    return moved === 0 && this.resizeRun(pointer, has, pages) ? pointer : moved;
  }

  private resizeRun(pointer: number, has: number, pages: number): boolean {
    if (!this.pages.resizeRun(pointer, has, pages)) return false;
    this.count((pages - has) * 4096);
    return true;
  }

  private reallocLarge(record: number, pointer: number, size: number): number {
    const p = pointer | 0;
    const granule = p >>> 7;
    const granules = Math.ceil(size / GRANULE_BYTES);
    const has = this.blocks.sizeOf(record, granule);
    if (granules === has && size > MAX_SLOT_BYTES) return pointer;
    if (size <= MAX_SLOT_BYTES) {
      const c = this.slabs.classOf(size);
      const slot = this.takeSlot(c);
      if (slot !== 0) return this.moveTo(slot, pointer, size);
    }
    if (granules < has) {
      this.count((granules - has) * 8);
      this.pages.giveBackLarge(this.blocks.shrink(record, granule, granules));
      return pointer;
    }
    if (granules === has) return pointer;
    if (this.blocks.extend(record, granule, granules)) {
      this.count((granules - has) * 8);
      return pointer;
    }
    // What becomes very large moves to pages of its own, where nothing of the heap's is in its way from then on. So does what doubles
    // while it is still small to copy, if the heap would have to take further pages for it anyway.
    if (size >= GROWN_RUN_BYTES || (granules >= 2 * has && fillsPages(size) && this.isAtTop(granule + has))) {
      return this.moveToRun(pointer, has * GRANULE_BYTES, size);
    }
    if (this.extendAtTop(record, granule, has, granules)) return pointer;
    return this.move(pointer, has * GRANULE_BYTES, size);
  }

  /**
   * `malloc` at a multiple of `alignment`. O(1).
   * @param alignment a power of two, 1 to 2^31; @param size bytes, from 1
   * @throws ERR_MORPH_INVALID_ALIGNMENT, ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alignedAlloc(alignment: number, size: number): number {
    const pointer = this.tryAlignedAlloc(alignment, size);
    return pointer !== 0 ? pointer : this.refuseRoom(size);
  }

  /**
   * `alignedAlloc`, but 0 where there is no room. O(1).
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
    needStack(this.room);
    this.refreshViews();
    // Slabs start at 4 KiB, so a slot size that is a multiple of the alignment will do.
    const rounded = Math.ceil(size / alignment) * alignment;
    const c = rounded <= MAX_SLOT_BYTES ? this.slabs.classOf(rounded) : 0;
    if (c !== 0 && (c * 16) % alignment === 0) {
      const slot = this.takeSlot(c);
      if (slot !== 0) return slot;
    }
    // Beyond a page, what lies in front of the object is not the space's to keep.
    const pointer =
      size >= RUN_BYTES || alignment > PAGE_BYTES
        ? this.mallocRun(size, Math.ceil(alignment / PAGE_BYTES))
        : this.mallocBlock(Math.ceil(size / GRANULE_BYTES), Math.max(1, alignment / GRANULE_BYTES));
    if (pointer !== 0 || size > MAX_SLOT_BYTES) return pointer;
    return this.takenSlot(this.slabs.takeAligned(size, alignment, this.peakLive - this.room));
  }

  /**
   * Bytes of the object at `pointer`, all of which its owner may use: at least what was asked for. O(1).
   * @throws as `free`
   */
  usableSize(pointer: number): number {
    const record = this.find(pointer);
    if (record <= 0) {
      const pages = this.runPages(pointer);
      return pages > 0 ? pages * PAGE_BYTES : this.refuse(pointer);
    }
    const c = (this.blocks.i32[record + INFO] as number) & 127;
    return c !== 0 ? c << 4 : this.blocks.sizeOf(record, pointer >>> 7) * GRANULE_BYTES;
  }

  /** Whether `pointer` is a live object of this heap: whether `free` would take it. O(1). */
  owns(pointer: number): boolean {
    return this.find(pointer) > 0 || this.runPages(pointer) > 0;
  }

  /** The pointers of all live objects, ascending. Do not allocate or free while walking. O(units). */
  *liveObjects(): Generator<number, void, undefined> {
    this.requireAlive();
    this.look();
    const runs = this.runs.list();
    for (const record of this.unitRecords()) {
      const p = (this.blocks.i32[record + POINTER] as number) >>> 0;
      const c = (this.blocks.i32[record + INFO] as number) & 127;
      while (runs.length > 0 && runs[0]![0] < p) yield runs.shift()![0];
      if (c === 0) {
        for (let i = 0; i < UNIT_GRANULES; i++) {
          if (this.blocks.isLive(record, i)) yield p + i * GRANULE_BYTES;
          // Whoever walks may let someone else grow the memory.
          this.look();
        }
      } else {
        for (let slot = slotsOf(c) - 1; slot >= 0; slot--) {
          if ((this.blocks.i32[record + (slot >>> 5)] as number) << slot >= 0)
            yield p + UNIT_BYTES - (slot + 1) * c * 16;
          this.look();
        }
      }
    }
    for (const [pointer] of runs) yield pointer;
  }

  /**
   * Returns all pages in which nothing is live to the memory, and tables without use: a second `free` of what they told
   * of is an invalid pointer from then on. Runs of 1 MiB and more go back by themselves. O(bins + MiB of addresses).
   * @returns the bytes returned
   */
  trim(): number {
    this.requireAlive();
    this.refreshViews();
    needStack(this.room);
    return this.space.trim();
  }

  /**
   * Bytes of pages and tables that the heap never takes more than; Infinity for what the memory has. It may be changed at any
   * time: below what the heap has, nothing more is taken. O(1).
   * @throws ERR_MORPH_INVALID_CONFIG when it is set to less than 1 or to no integer
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
      currentLive: (this.peakLive - this.room) * 16,
      peakLive: this.peakLive * 16,
      slabs: this.slabs.count,
      slabBytes: this.slabs.count * UNIT_BYTES,
      tableBytes: this.pages.tableBytes + (this.directory === 0 ? 0 : this.runs.tableBytes),
    };
  }

  /**
   * Walks the whole structure: pages, units, blocks, bins, slabs, counts. O(units).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(): void {
    this.requireAlive();
    this.look();
    verifyHeap({
      memory: this.memory,
      owner: this.owner,
      blocks: this.blocks,
      live: this.peakLive - this.room,
      slabs: this.slabs.count,
      pages: this.pages.count,
      runs: this.runs,
      // Without a view it is a growth listener that asks.
      settled: this.i32.length > 0,
    });
  }

  /** Frees every object and returns all pages to the memory. O(pages of the memory). */
  reset(): void {
    this.requireAlive();
    this.refreshViews();
    needStack(this.room);
    const { memory } = this;
    const pages = memory.u8.length / PAGE_BYTES;
    for (let page = 0; page < pages; page++) {
      if (memory.ownerOf(page * PAGE_BYTES) === this.owner) memory.release(page * PAGE_BYTES, 1);
    }
    this.pages.clear();
    this.blocks.victim = -1;
    this.blocks.victimSize = this.blocks.fresh = 0;
    this.room = this.peakLive;
    this.slabs.count = 0;
    this.slabs.clear();
    // What was not found may be there now.
    this.blocks.releases = (this.blocks.releases + 1) | 0;
  }

  /**
   * Functions for the imports of a WebAssembly module that brings its own memory's code but no allocator, with C's
   * conventions; see {@link CFunctions}.
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
   * first page, or with another memory. To be called before anything of the module runs. O(imports).
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
    needStack(this.room);
    this.blocks.binVictim();
    const { i32, pages } = this;
    const at = pointer / 4;
    i32[at] = this.control;
    i32[at + 1] = this.directory;
    i32[at + 2] = this.room;
    i32[at + 3] = this.peakLive;
    i32[at + 4] = this.slabs.count;
    i32[at + 5] = pages.count;
    i32[at + 6] = pages.tableBytes;
    i32[at + 7] = pages.top;
    i32[at + 8] = pages.peak;
    i32[at + 9] = this.blocks.fresh;
    i32[at + 10] = pages.recordsUnused ? 1 : 0;
    i32[at + 11] = this.stateSignature(pointer);
  }

  /**
   * Takes over what {@link saveState} wrote there, in whichever thread. O(1).
   * @throws ERR_MORPH_INVALID_POINTER when that is not this heap's state, ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener
   */
  loadState(pointer: number): void {
    if (this.destroyed) this.requireAlive();
    // Also where this thread's heap has no view yet.
    this.refreshViews();
    requireStatePlace(this.memory, pointer, this.stateBytes);
    const { i32 } = this.memory;
    const at = pointer / 4;
    if (i32[at + 11] !== this.stateSignature(pointer)) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected the saved state of this heap at ${pointer}`);
    }
    this.i32 = this.blocks.i32 = i32;
    this.f64 = this.memory.f64;
    this.control = this.blocks.control = i32[at] as number;
    this.directory = this.blocks.directory = i32[at + 1] as number;
    this.room = i32[at + 2] as number;
    this.peakLive = i32[at + 3] as number;
    this.slabs.count = i32[at + 4] as number;
    this.pages.count = i32[at + 5] as number;
    this.pages.tableBytes = i32[at + 6] as number;
    this.pages.top = i32[at + 7] as number;
    this.pages.peak = (i32[at + 8] as number) >>> 0;
    this.blocks.fresh = i32[at + 9] as number;
    this.pages.recordsUnused = i32[at + 10] !== 0;
    // What was not found may be there now.
    this.blocks.releases = (this.blocks.releases + 1) | 0;
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
      needStack(this.room);
    }
    this.destroyed = true;
    this.room = this.peakLive;
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

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** The word that the size's class allocates from is used up. */
  private mallocNext(size: number): number {
    if (this.i32.length === 0) {
      this.requireAlive();
      this.memory.refresh();
    }
    needShallowStack(this.room);
    const pointer = this.takeSlot(this.slabs.classOf(size));
    return pointer !== 0 ? pointer : this.mallocElsewhere(size);
  }

  /** A slot of a class, from a new slab if need be; 0 when there is no room. */
  private takeSlot(c: number): number {
    let pointer = this.slabs.take(c);
    if (pointer === 0) {
      const granule = this.space.takeBlock(UNIT_GRANULES, UNIT_GRANULES);
      if (granule < 0) return 0;
      this.slabs.addSlab(c, granule);
      pointer = this.slabs.take(c);
    }
    this.count(c);
    return pointer;
  }

  /** Where no slab can be had: a larger slot or a small block, whichever wastes less; 0 when there is none. */
  private mallocElsewhere(size: number): number {
    const granules = (size + 127) >>> 7;
    // Classes up to this one waste less than a block.
    const most = granules * (GRANULE_BYTES / 16);
    const pointer = this.takenSlot(this.slabs.takeLarger(this.slabs.classOf(size), most));
    if (pointer !== 0) return pointer;
    const granule = this.blocks.take(granules);
    if (granule < 0) return this.takenSlot(this.slabs.takeLarger(most, MAX_CLASS));
    this.count(granules * 8);
    return granule * GRANULE_BYTES;
  }

  /** Counts a slot of whichever class, or 0. */
  private takenSlot(pointer: number): number {
    if (pointer !== 0) this.count((this.i32[this.blocks.record(pointer >>> 12) + INFO] as number) & 127);
    return pointer;
  }

  /** For sizes over 1 KiB, and for what is no size: a block that waits for its size, mostly. */
  private mallocLarge(size: number): number {
    const granules = ((size + 127) >>> 7) & 0x1ffffff;
    if (granules === 0 || size >>> 0 !== size || size >= 1048576) return this.mallocRun(size, 1);
    const i32 = this.i32;
    const waiting = (this.control & 0x3ffffff0) + 1792 + (granules << 1);
    const granule = granules < 40 ? (i32[waiting] as number) & 0x3ffffff : 0;
    if (granule === 0) return this.mallocCut(granules);
    const table = (i32[(this.directory & 0x3ffffff0) + (granule >>> 13)] as number) & 0x3ffffff0;
    const live = table + ((granule >>> 1) & 0xff0) + 1;
    const room = (this.room - (granules << 3)) | 0;
    // No call comes after this one, as in `tryMalloc`.
    if (room < 0) this.raisePeak(room);
    else this.room = room;
    i32[waiting] = i32[waiting + 1] as number;
    i32[waiting + 1] = 0;
    i32[live] = (i32[live] as number) | (1 << granule);
    return granule * 128;
  }

  /** A block from the bins, or from new pages. */
  private mallocCut(granules: number): number {
    needShallowStack(this.room);
    const granule = this.i32.length === 0 ? -1 : this.blocks.take(granules);
    if (granule < 0) return this.mallocBlock(granules, 1);
    this.count(granules << 3);
    return granule * 128;
  }

  private mallocBlock(granules: number, align: number): number {
    this.requireAlive();
    this.refreshViews();
    const granule = this.space.takeBlock(granules, align);
    if (granule < 0) return 0;
    this.count(granules * 8);
    return granule * GRANULE_BYTES;
  }

  private mallocRun(size: number, align: number): number {
    this.requireAlive();
    if (!isSize(size)) return this.refuseSize(size);
    this.refreshViews();
    const pages = Math.ceil(size / PAGE_BYTES);
    const granules = Math.ceil(size / GRANULE_BYTES);
    const pointer = this.space.takeRun(granules, pages, align);
    if (pointer !== 0) this.count(this.space.isBlock ? granules * 8 : pages * 4096);
    return pointer;
  }

  private freeNoticed(record: number, word: number, bits: number): void {
    needShallowStack(this.room);
    this.freeSlot(record, word, bits);
  }

  private freeSlot(record: number, word: number, bits: number): void {
    const { i32 } = this;
    const left = ((i32[record + INFO] as number) - ONE_SLOT) | 0;
    i32[word] = bits;
    i32[record + INFO] = left;
    this.room = (this.room + (left & 127)) | 0;
    if ((left & 0x80400000) !== 0) this.slabs.changed(record, left);
  }

  /** An object that is no slot, mostly a block, of which those below 5 KiB wait for the next request of their size. */
  private freeLarge(record: number, pointer: number): void {
    const i32 = this.i32;
    const granule = pointer >>> 7;
    const bit = 1 << granule;
    const lives = i32[record + 1] as number;
    if ((pointer & 127) !== 0 || i32[record + 8] !== 0x400000 || (lives & bit) === 0) return void this.freeRun(pointer);
    const after = (i32[record] as number) & (-2 << granule);
    const end = after !== 0 ? (granule & 0x1ffffe0) + 31 - Math.clz32(after & -after) : (i32[record + 11] as number);
    const size = (end - granule) | 0;
    const bits = (this.control & 0x3ffffff0) + 1791;
    const waiting = bits + 1 + (size << 1);
    const room = (this.room + (size << 3)) | 0;
    if (size >= 40 || i32[waiting + 1] !== 0 || room === this.peakLive) return void this.freeMerging(record, granule);
    this.room = room;
    i32[record + 2] = (i32[record + 2] as number) | bit;
    i32[record + 1] = lives & ~bit;
    i32[bits] = (i32[bits] as number) | (1 << size);
    i32[waiting + 1] = i32[waiting] as number;
    i32[waiting] = granule;
  }

  private freeMerging(record: number, granule: number): void {
    needShallowStack(this.room);
    this.freeBlock(record, granule);
  }

  private freeBlock(record: number, granule: number): void {
    const { blocks } = this;
    const start = blocks.free(record, granule);
    this.room = (this.room + (blocks.freed << 3)) | 0;
    this.pages.giveBackLarge(start);
    if (this.room === this.peakLive) this.pages.releaseWaiting();
  }

  private freeRun(pointer: number): void {
    const pages = this.runPages(pointer);
    if (pages <= 0) return void this.refuse(pointer);
    needStack(this.room);
    this.resizeRun(pointer, pages, 0);
  }

  /** Frees an object that is known to be live, by an operation that has stack enough. */
  private freeLive(pointer: number): void {
    const p = pointer | 0;
    const record = this.blocks.record(p >>> 12);
    const info = record === 0 ? NOBODYS : (this.i32[record + INFO] as number);
    const c = info & 127;
    if (c !== 0) {
      const slot = (256 - ((p >>> 4) & 255)) / c - 1;
      const word = record + (slot >>> 5);
      this.freeSlot(record, word, (this.i32[word] as number) | (-0x80000000 >>> slot));
    } else if (info === SPACE) {
      this.freeBlock(record, p >>> 7);
    } else {
      this.resizeRun(pointer, this.runs.find(pointer), 0);
    }
  }

  /** Whether nothing is in use from a granule to the end of the newest pages. */
  private isAtTop(granule: number): boolean {
    const { top } = this.pages;
    if (granule === top || top === 0) return top !== 0;
    const after = this.blocks.spaceAt(granule);
    return after !== 0 && this.blocks.isFree(after, granule) && granule + this.blocks.sizeOf(after, granule) === top;
  }

  private extendAtTop(record: number, granule: number, has: number, granules: number): boolean {
    const { top } = this.pages;
    if (!this.isAtTop(granule + has)) return false;
    needStack(this.room);
    const pages = Math.ceil((granule + granules - top) / PAGE_GRANULES);
    if (!this.pages.addAtTop(pages) || !this.blocks.extend(record, granule, granules)) return false;
    this.count((granules - has) * 8);
    return true;
  }

  private move(pointer: number, room: number, size: number): number {
    const to = this.tryMalloc(size);
    // Where there is no room, a smaller slot would have been nicer; this one will do.
    if (to === 0) return size <= room ? pointer : 0;
    return this.moveTo(to, pointer, Math.min(room, size));
  }

  private moveToRun(pointer: number, room: number, size: number): number {
    const to = this.mallocRun(size, 1);
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
    this.room = 0;
  }

  private count(sixteens: number): void {
    const room = (this.room - sixteens) | 0;
    if (room < 0) this.raisePeak(room);
    else this.room = room;
  }

  // --- pointers ----------------------------------------------------------------------------------------------------

  /** Pages of the page run that is an object; 0 when it was freed, -1 when there is none. */
  private runPages(pointer: number): number {
    if (this.directory === 0 || typeof pointer !== "number" || (pointer | 0) >>> 0 !== pointer) return -1;
    this.look();
    return this.runs.find(pointer);
  }

  /** The record of the unit of a live object; 0 when there is none, -1 when it was freed. */
  private find(pointer: number): number {
    if (this.directory === 0 || typeof pointer !== "number") return 0;
    const p = pointer | 0;
    if (p >>> 0 !== pointer || (p & 15) !== 0) return 0;
    this.look();
    const { i32 } = this.blocks;
    const table = (i32[this.directory + (p >>> 20)] as number) & 0x3ffffff0;
    if (table === 0) return 0;
    const record = table + ((p >>> 8) & 0xff0);
    const info = i32[record + 8] as number;
    if ((info & 127) === 0) return this.findBlock(record, p);
    // As in `free`.
    const reciprocal = (info >>> 7) & 0x7fff;
    const product = Math.imul(256 - ((p >>> 4) & 255), reciprocal);
    if ((product & 0x3fff) >= reciprocal) return 0;
    const slot = (product >>> 14) - 1;
    if ((i32[record + (slot >>> 5)] as number) << slot >= 0) return record;
    // As long as nothing in a slab was freed, a free slot was never handed out.
    return i32[record + AGE] !== NEW ? -1 : 0;
  }

  private findBlock(record: number, p: number): number {
    const isBlock = this.blocks.i32[record + INFO] === SPACE && (p & 127) === 0;
    if (isBlock && this.blocks.isLive(record, p >>> 7)) return record;
    return this.wasFreed(record, p) ? -1 : 0;
  }

  /** Whether an object that started at a pointer outside slabs was freed, and nobody has its bytes now. */
  private wasFreed(record: number, p: number): boolean {
    const { blocks } = this;
    if (!blocks.wasFreed(record, p)) return false;
    if (blocks.i32[record + INFO] !== SPACE) return this.memory.ownerOf(p >>> 0) === 0;
    const start = blocks.covering(p >>> 7);
    return start >= 0 && blocks.isFree(blocks.record(start >>> 5), start);
  }

  private freeSlow(pointer: number): void {
    if (!this.destroyed && this.refreshViews()) return void this.free(pointer);
    this.freeRun(pointer);
  }

  /** @throws what is wrong with a pointer that is not a live object's */
  private refuse(pointer: number): never {
    this.requireAlive();
    const wasRun = this.runPages(pointer) === 0 && this.memory.ownerOf(pointer) === 0;
    if (wasRun || this.find(pointer) < 0) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the object at ${pointer} is free already`);
    }
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `expected the pointer of a live object, got ${describe(pointer)}`,
    );
  }

  /** @throws that there is no room; a refusal that repeats another one tells no stack, which would take most of its time */
  private refuseRoom(size: number): never {
    const { releases } = this.blocks;
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

  /** For those that only look: they may in growth listeners too, where `this.i32` is empty. `blocks.i32` is current afterwards. */
  private look(): void {
    if (this.i32.length === 0) this.blocks.i32 = this.memory.i32;
  }

  /** What tells this heap's state, at this very place, from anything else. */
  private stateSignature(pointer: number): number {
    return Math.imul(this.owner, 0x9e37_79b1) ^ 0x4845_4150 ^ pointer;
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
    this.control = this.blocks.control;
    this.directory = this.blocks.directory;
    this.i32 = this.blocks.i32 = this.memory.i32;
    this.f64 = this.memory.f64;
    this.slabs.clear();
  }

  /** The records of all units that are the heap's, ascending. */
  private *unitRecords(): Generator<number, void, undefined> {
    for (let mib = 0; mib < DIRECTORY_WORDS; mib++) {
      const table = this.blocks.i32[this.directory + mib] as number;
      for (let unit = 0; table !== 0 && unit < TABLE_UNITS; unit++) {
        if (this.blocks.i32[table + (unit << 4) + INFO] !== 0) yield table + (unit << 4);
      }
    }
  }
}

function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= 2 ** 32;
}
