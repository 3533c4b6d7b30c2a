import { Collector, LAYOUT } from "@morph/gc";
import { describe, joinMemory, type LinearMemory, MorphError, PAGE_BYTES } from "@morph/memory";
import type { Allocator, AllocatorStats } from "../allocator.ts";
import type { Regions } from "../regions.ts";
import { ARRAY, MAP, type MorphTypeInfo, RAW, STRING, type TypeTable } from "../values/types.ts";
import { GcRoots } from "./roots.ts";
import { gcStats } from "./stats.ts";

/** What of the collector can be asked for; see its README for each. */
export interface GcOptions {
  /** Bytes of the nursery: a multiple of 256 KiB. Default 1 MiB, so that a small program is done before the first collection; an eighth of a small memory. */
  readonly nurseryBytes?: number;
  /** Bytes that the heap never takes more than. Default: what the memory has. */
  readonly maxBytes?: number;
  /** The longest slice of a major collection, in milliseconds. Default 1. */
  readonly pauseTargetMs?: number;
  /** Bytes of the first Morph thread's shadow stack; other threads have as many, 1 MiB at most. Default 1 MiB. */
  readonly stackBytes?: number;
  /** For tests: a collection at each n-th allocation. Default: when it is time. */
  readonly collectEvery?: number;
  /** For tests: checks everything at each collection, barriers too. Default false. */
  readonly verifyAlways?: boolean;
  /** For tests, with `collectEvery`: all objects move at each collection. Default false. */
  readonly moveAlways?: boolean;
}

/** More types than this no program has. */
export const GC_TYPES = 60_000;
/** Offsets of pointer fields are multiples of so many bytes. */
export const GC_POINTER_BYTES = 4;

/** The most and the least that a nursery has if nothing is said, and the part of the memory. */
const MOST_NURSERY = 1_048_576;
const LEAST_NURSERY = 262_144;
const NURSERY_PART = 8;
/** Bytes of the collector's own stack: none is less. */
const LEAST_STACK = 64;
/** Larger objects have no cursor. */
const MOST_WITH_CURSOR = LAYOUT.MAX_SMALL_BYTES;
/** An array, as the collector has it: data, length. Capacity and element size are known from the data block. */
export const GC_ARRAY: MorphTypeInfo = { name: "array", size: 16, pointerOffsets: [0] };
export const GC_MAP: MorphTypeInfo = { name: "map", size: 40, pointerOffsets: [0] };
/** Bytes before the elements of a data block or a string. */
export const DATA_START: number = LAYOUT.ARRAY_HEADER_BYTES;
/** The largest object: 2 GiB but for a block. */
const MOST_BYTES = 2 ** 31 - LAYOUT.BLOCK_BYTES;
/** Data blocks with elements up to so many bytes, and pointers in the first three words, are found by index. */
const MOST_SHAPED = 24;
const SHAPE_BITS = 3;
const ARRAY_TABLE_BYTES = 20;
/** Objects of no type come in so few sizes, because each size is a type of the collector's. */
const RAW_STEP = 16;
const RAW_PAGE = 4096;

/** What the elements of a data block are: their bytes, and bit i: word i holds a pointer. */
export interface Shape {
  readonly size: number;
  readonly pointers: number;
}

/**
 * The V1 interface on a generational collector whose objects move. Types of the table are types of the collector; strings and data blocks are its
 * arrays, with a word for their length.
 */
export class GcAllocator implements Allocator {
  readonly collector: Collector;
  readonly roots: GcRoots;
  /** Told when objects have moved. */
  onMove: () => void = () => {};
  /** The collector's count of moves that was seen last. */
  private seen = 0;
  private i32: Int32Array;
  /** By handle: the collector's type, and its size; -1 for a handle whose objects are not all of one size. */
  private readonly ids: number[] = [0];
  private readonly sizes: number[] = [-1];
  /** By the collector's type: the handle, and the shape of a data block. */
  private readonly handles: number[] = [0];
  private readonly shapes: (Shape | undefined)[] = [];
  /** Types of the collector: of data blocks by shape, and of objects that are not as large as their type says. */
  private readonly shapeIds: Int32Array = new Int32Array((MOST_SHAPED + 1) << SHAPE_BITS);
  private readonly otherShapes: Map<string, number> = new Map();
  private readonly variants: Map<string, number> = new Map();
  private readonly stringId: number;
  /** Address of the cursors of strings, by size class. */
  readonly stringCursors: number;
  private arrayTable = 0;
  private types!: TypeTable;
  private readonly memory: LinearMemory;
  private readonly owner: number;
  private readonly movesWord: number;

  /** @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_OUT_OF_MEMORY */
  constructor(memory: LinearMemory, regions: Regions, options: GcOptions = {}) {
    const { nurseryBytes = nurseryOf(memory, options), stackBytes, ...collectorOptions } = options;
    this.memory = memory;
    // The program's stacks lie in regions, as they do on V1 and V2.
    this.collector = new Collector({ ...collectorOptions, memory, nurseryBytes, stackBytes: LEAST_STACK });
    this.movesWord = this.collector.control / 4 + LAYOUT.MOVES;
    this.i32 = memory.i32;
    const viewsChanged = (): void => {
      this.i32 = memory.i32;
    };
    try {
      this.owner = joinMemory(memory, { name: "n0-runtime", contractVersion: 1, viewsChanged });
      this.roots = new GcRoots(memory, this.collector, regions, stackBytes);
      this.stringId = this.collector.arrayType({ name: "string", size: 1 });
      this.stringCursors = this.collector.arrayCursorsOf(this.stringId);
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.handles[this.stringId] = STRING;
    this.shapes[this.stringId] = { size: 1, pointers: 0 };
  }

  /** A new type of the table. */
  registered(handle: number, info: MorphTypeInfo): void {
    const own = handle === ARRAY ? GC_ARRAY : handle === MAP ? GC_MAP : info;
    const isSized = handle !== RAW && handle !== STRING;
    this.ids[handle] = isSized ? this.plainType(own.name, own.size, own.pointerOffsets, handle) : 0;
    this.sizes[handle] = isSized ? own.size : -1;
  }

  /** The table that asks {@link registered}. */
  useTypes(types: TypeTable): void {
    this.types = types;
  }

  alloc(size: number, type: number): number {
    const id = size === this.sizes[type] ? (this.ids[type] as number) : this.variant(size, type);
    const pointer = this.collector.alloc(id);
    if (this.i32[this.movesWord] !== this.seen) this.moved();
    return pointer;
  }

  /**
   * A data block of zeros: its count, 32 bits, and from {@link DATA_START} on its elements.
   * @param overwritten whether all elements are set at once; then what are no pointers need not be zeros
   * @throws ERR_MORPH_OUT_OF_MEMORY
   */
  allocElements(count: number, size: number, pointers: number, overwritten: boolean): number {
    const index = (size << SHAPE_BITS) | pointers;
    const known = size <= MOST_SHAPED && pointers < 1 << SHAPE_BITS ? (this.shapeIds[index] as number) : 0;
    const id = known === 0 ? this.shapeId(size, pointers) : known;
    if (count * size > MOST_BYTES - DATA_START) throw tooLarge(count * size);
    const { collector } = this;
    const isCleared = pointers !== 0 || !overwritten;
    const pointer = isCleared ? collector.allocArray(id, count) : collector.allocUncleared(id, count);
    if (this.i32[this.movesWord] !== this.seen) this.moved();
    return pointer;
  }

  /** A string of zeros. @throws ERR_MORPH_OUT_OF_MEMORY */
  allocString(length: number): number {
    if (length >= MOST_BYTES - DATA_START) throw tooLarge(length);
    const pointer = this.collector.allocArray(this.stringId, length + 1);
    if (this.i32[this.movesWord] !== this.seen) this.moved();
    return pointer;
  }

  /** The address of the cursor of a type's objects, or 0 when they are too large for the nursery or of no one size. */
  cursorOf(handle: number): number {
    const size = this.sizes[handle];
    if (size === undefined) this.types.refuse(handle);
    return size < 0 || size > MOST_WITH_CURSOR ? 0 : this.collector.cursorOf(this.ids[handle] as number).pointer;
  }

  /** The address of a table of cursors: that of arrays; then those of data blocks with elements of 4 and of 8 bytes, each without and with a pointer in the first word. */
  arrayCursors(): number {
    if (this.arrayTable === 0) {
      this.arrayTable = this.memory.acquireTable(ARRAY_TABLE_BYTES);
      const shapes = [4, 8].flatMap((size) => [this.shapeId(size, 0), this.shapeId(size, 1)]);
      const words = [this.cursorOf(ARRAY), ...shapes.map((id) => this.collector.arrayCursorsOf(id))];
      this.memory.i32.set(words, this.arrayTable / 4);
    }
    return this.arrayTable;
  }

  /** What a data block's elements are. O(1). */
  shapeOf(data: number): Shape {
    return this.shapes[this.collector.typeOf(data >>> 0)] as Shape;
  }

  /** A minor collection. @throws ERR_MORPH_OUT_OF_MEMORY */
  emptyNursery(): void {
    this.collector.collect("minor");
    if (this.i32[this.movesWord] !== this.seen) this.moved();
  }

  collect(): void {
    this.collector.collect();
    if (this.i32[this.movesWord] !== this.seen) this.moved();
  }

  sizeOf(pointer: number): number {
    const size = this.collector.sizeOf(pointer >>> 0);
    return this.shapes[this.collector.typeOf(pointer >>> 0)] === undefined ? size : size - DATA_START;
  }

  typeOf(pointer: number): number {
    return this.handles[this.collector.typeOf(pointer >>> 0)] as number;
  }

  stats(): AllocatorStats {
    return gcStats(this.collector, {
      handles: this.handles,
      nameOf: (handle) => this.types.infoOf(handle).name,
      isArray: (id) => this.shapes[id] !== undefined,
      stackBytes: this.roots.stackBytes(),
      peakStackBytes: this.roots.peakStackBytes,
    });
  }

  verify(): void {
    this.collector.verify();
  }

  destroy(): void {
    this.collector.destroy();
    this.roots?.destroy();
    if (this.arrayTable !== 0) this.memory.releaseTable(this.arrayTable, ARRAY_TABLE_BYTES);
    if (this.owner !== undefined) this.memory.unregister(this.owner);
  }

  private moved(): void {
    this.seen = this.i32[this.movesWord] as number;
    this.roots.lowerLimit();
    this.onMove();
  }

  private plainType(name: string, size: number, pointers: readonly number[], handle: number): number {
    const id = this.collector.type({ name, size: Math.max(size, 1), pointers: [...new Set(pointers)] });
    this.handles[id] = handle;
    return id;
  }

  /** The collector's type for an object of a size that its type does not have. */
  private variant(size: number, type: number): number {
    const own = this.sizes[type];
    if (own === undefined || type === STRING) this.types.refuse(type);
    if (!Number.isInteger(size) || size < 0) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected 0 to 2^31 - 4096, got ${describe(size)}`);
    }
    if (size > MOST_BYTES) throw tooLarge(size);
    const { name, pointerOffsets } = this.types.infoOf(type);
    const step = size > MOST_WITH_CURSOR ? RAW_PAGE : RAW_STEP;
    const bytes = own < 0 ? Math.ceil(size / step) * step : size;
    const key = `${type}:${bytes}`;
    let id = this.variants.get(key);
    if (id === undefined) {
      id = this.plainType(
        name,
        bytes,
        pointerOffsets.filter((offset) => offset + 4 <= bytes),
        type,
      );
      this.variants.set(key, id);
    }
    return id;
  }

  private shapeId(size: number, pointers: number): number {
    const key = `${size}:${pointers}`;
    let id = this.otherShapes.get(key);
    if (id === undefined) {
      const offsets = [0, 1, 2].filter((word) => (pointers & (1 << word)) !== 0).map((word) => word * 4);
      id = this.collector.arrayType({ name: "raw", size, pointers: offsets });
      this.otherShapes.set(key, id);
      this.handles[id] = RAW;
      this.shapes[id] = { size, pointers };
      if (size <= MOST_SHAPED) this.shapeIds[(size << SHAPE_BITS) | pointers] = id;
    }
    return id;
  }
}

function nurseryOf({ maxPages }: LinearMemory, { maxBytes = Number.POSITIVE_INFINITY }: GcOptions): number {
  const part = Math.min(maxPages * PAGE_BYTES, maxBytes) / NURSERY_PART;
  return Math.min(MOST_NURSERY, Math.max(LEAST_NURSERY, part - (part % LEAST_NURSERY)));
}

function tooLarge(bytes: number): MorphError {
  return new MorphError("ERR_MORPH_OUT_OF_MEMORY", `an object of ${bytes} bytes: the largest has ${MOST_BYTES}`);
}
