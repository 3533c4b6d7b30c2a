/*
 * Types, and the kinds of slots that their objects lie in: one of a plain type, one for each size class of an array type and one for its large arrays.
 *
 *   type table   | kind record, 64 bytes | ... | offsets of pointers, a word each |
 */
import { describe, MorphError } from "@morph/memory";
import {
  ALIGN_BYTES,
  ALIGN_MASK,
  ARRAY_HEADER_BYTES,
  BLOCK_BYTES,
  CLASS_TABLE,
  CLASS_TABLE_ENTRIES,
  CLASSES,
  DATA_BYTES,
  GRANULE_SHIFT,
  KIND_BYTES_SHIFT,
  KIND_WORDS,
  MAX_SMALL_BYTES,
  MIN_SLOT_BYTES,
  OFFSETS,
  POINTER_BITS,
  POINTERS,
  SLOT_BYTES,
  SLOTS,
  STRIDE,
  TYPE,
  WORD_BITS,
  WORD_SHIFT,
} from "./layout.ts";
import type { Space } from "./space.ts";

/** Slot sizes of arrays, in bytes: steps of 8, then four for each doubling, then what divides a block with little left over. */
export const CLASS_BYTES: readonly number[] = [
  16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 584, 680, 816, 1024, 1360, 2048,
];

/** No kind: an index at which no view has elements, nor behind it, so that `alloc` finds cursor and limit equal. */
export const NO_KIND: number = -KIND_WORDS;
/** Bytes of the largest object. */
const MAX_OBJECT_BYTES = 2 ** 31 - BLOCK_BYTES;
const MAX_TYPES = 65_535;

/** What a type is made of. */
export interface TypeOptions {
  /** For messages and statistics. */
  readonly name: string;
  /** Bytes of an object, or of an array's element; from 1. */
  readonly size: number;
  /** Offsets of the pointers in it, in bytes: multiples of 4. Default none. */
  readonly pointers?: readonly number[];
}

/** A type as it was registered. */
export interface TypeInfo extends Required<TypeOptions> {
  readonly id: number;
  readonly isArray: boolean;
}

/** The types of a collector. */
export class Kinds {
  /** Word index of a plain type's kind record, and of an array type's first, by type id; `NO_KIND` for the others. */
  plain: Int32Array = new Int32Array(WORD_BITS).fill(NO_KIND);
  arrays: Int32Array = new Int32Array(WORD_BITS).fill(NO_KIND);
  /** Word indexes of all kind records. */
  readonly all: number[] = [];
  /** By type id, from 1. */
  readonly infos: TypeInfo[] = [];
  /** Size class by size in 8s. */
  readonly classOf: Uint8Array = new Uint8Array(CLASS_TABLE_ENTRIES);
  private readonly space: Space;

  constructor(space: Space) {
    this.space = space;
    for (let size = 0, each = 0; size < CLASS_TABLE_ENTRIES; size++) {
      if (size * ALIGN_BYTES > (CLASS_BYTES[each] as number)) each++;
      this.classOf[size] = each;
    }
    space.memory.u8.set(this.classOf, ((space.control << WORD_SHIFT) >>> 0) + CLASS_TABLE);
  }

  /** Registers a type. @throws ERR_MORPH_INVALID_TYPE, ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY */
  add(options: TypeOptions, isArray: boolean): number {
    const info = requireType(options, isArray, this.infos.length + 1);
    const { id, size, pointers } = info;
    const kinds = isArray ? CLASSES + 1 : 1;
    const table = this.space.takeTable((kinds << KIND_BYTES_SHIFT) + (pointers.length << WORD_SHIFT));
    if (table === 0) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `no room for the table of the type ${describe(info.name)}`);
    }
    const { i32 } = this.space;
    const first = table >>> WORD_SHIFT;
    const offsets = first + kinds * KIND_WORDS;
    let bits = 0;
    pointers.forEach((offset, i) => {
      i32[offsets + i] = offset >>> WORD_SHIFT;
      if (!isArray && offset >>> WORD_SHIFT < WORD_BITS) bits |= 1 << (offset >>> WORD_SHIFT);
    });
    for (let each = 0; each < kinds; each++) {
      const kind = first + each * KIND_WORDS;
      const slot = isArray ? (CLASS_BYTES[each] ?? 0) : slotFor(size);
      i32[kind + SLOT_BYTES] = slot;
      i32[kind + TYPE] = id;
      i32[kind + STRIDE] = isArray ? size : 0;
      i32[kind + POINTERS] = pointers.length;
      i32[kind + OFFSETS] = offsets;
      i32[kind + POINTER_BITS] = bits;
      i32[kind + SLOTS] = slot === 0 ? 1 : Math.floor(BLOCK_BYTES / slot);
      i32[kind + DATA_BYTES] = isArray ? 0 : size;
      this.all.push(kind);
    }
    if (id === this.plain.length) {
      this.plain = longer(this.plain);
      this.arrays = longer(this.arrays);
    }
    (isArray ? this.arrays : this.plain)[id] = first;
    this.infos.push(info);
    return id;
  }

  /** The kind for an array of so many bytes, header included. */
  arrayKind(type: number, bytes: number): number {
    const first = this.arrays[type] as number;
    const sizeClass =
      bytes > MAX_SMALL_BYTES ? CLASSES : (this.classOf[(bytes + ALIGN_MASK) >>> GRANULE_SHIFT] as number);
    return first + sizeClass * KIND_WORDS;
  }

  /** Bytes of an object that the program may use: of an array, with its header. O(1). */
  dataBytes(kind: number, pointer: number): number {
    const { i32 } = this.space;
    const stride = i32[kind + STRIDE] as number;
    if (stride === 0) return i32[kind + DATA_BYTES] as number;
    return ARRAY_HEADER_BYTES + ((i32[pointer >>> WORD_SHIFT] as number) >>> 0) * stride;
  }
}

function longer(list: Int32Array): Int32Array {
  const copy = new Int32Array(list.length * 2).fill(NO_KIND);
  copy.set(list);
  return copy;
}

/** Bytes of a type's slot, 0 when its objects are large. */
function slotFor(size: number): number {
  const slot = Math.max(MIN_SLOT_BYTES, Math.ceil(size / ALIGN_BYTES) * ALIGN_BYTES);
  return slot > MAX_SMALL_BYTES ? 0 : slot;
}

/** Elements that an array of elements of `size` bytes has at most. */
export function maxLength(size: number): number {
  return Math.floor((MAX_OBJECT_BYTES - ARRAY_HEADER_BYTES) / size);
}

function requireType(options: TypeOptions, isArray: boolean, id: number): TypeInfo {
  if (typeof options !== "object" || options === null) {
    throw new MorphError("ERR_MORPH_INVALID_TYPE", `type: expected { name, size, pointers }, got ${describe(options)}`);
  }
  const { name, size, pointers = [] } = options;
  if (id > MAX_TYPES) throw new MorphError("ERR_MORPH_INVALID_TYPE", `there are ${MAX_TYPES} types already`);
  if (typeof name !== "string" || name === "") {
    throw new MorphError("ERR_MORPH_INVALID_TYPE", `name: expected a string, got ${describe(name)}`);
  }
  if (!Number.isInteger(size) || size < 1 || size > MAX_OBJECT_BYTES) {
    throw new MorphError(
      "ERR_MORPH_INVALID_SIZE",
      `size of ${describe(name)}: expected an integer from 1 to ${MAX_OBJECT_BYTES}, got ${describe(size)}`,
    );
  }
  if (!Array.isArray(pointers)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_TYPE",
      `pointers of ${describe(name)}: expected an array of offsets, got ${describe(pointers)}`,
    );
  }
  const own = [...(pointers as readonly number[])];
  own.forEach((offset, i) => {
    const good = Number.isInteger(offset) && offset >= 0 && offset % 4 === 0 && offset + 4 <= size;
    if (!good || own.indexOf(offset) !== i) {
      throw new MorphError(
        "ERR_MORPH_INVALID_TYPE",
        `pointers of ${describe(name)}: expected different multiples of 4 below ${size - 3}, got ${describe(offset)}`,
      );
    }
  });
  if (isArray && own.length > 0 && size % 4 !== 0) {
    throw new MorphError(
      "ERR_MORPH_INVALID_TYPE",
      `size of ${describe(name)}: elements with pointers have a multiple of 4 bytes, got ${size}`,
    );
  }
  own.sort((a, b) => a - b);
  return { id, name, size, pointers: own, isArray };
}
