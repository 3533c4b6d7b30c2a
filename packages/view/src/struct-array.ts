import { describe, MorphError } from "@morph/memory";
import { type Accesses, type Members, members } from "./struct-cursor.ts";
import type { Place } from "./struct-field.ts";
import type { Fields, PlacedField } from "./struct-layout.ts";
import type { StructViews } from "./struct-views.ts";

/** Structs one after the other in the memory. */
export interface StructArray<F extends Fields> {
  /** Of the first struct. */
  readonly pointer: number;
  /** How many structs there are. */
  readonly length: number;
  /**
   * The struct at an index: the same object for all indexes, which shows the one asked for last. Where there is no such index, its fields are
   * refused with ERR_MORPH_INVALID_POINTER. O(1).
   */
  at(index: number): Members<F>;
}

/** An array over fields that are bound to `place`. */
export function makeArray<F extends Fields>(
  placed: readonly PlacedField[],
  accesses: Accesses,
  place: Place,
  pointer: number,
  length: number,
  size: number,
  nowhere: number,
): StructArray<F> {
  const element = Object.create(members(placed, accesses)) as Members<F>;
  const start = pointer | 0;
  return {
    pointer,
    length,
    at: (index) => {
      // A choice, not a throw: see mover.
      const isIndex = typeof index === "number" && index >>> 0 === index && index < length;
      place.pointer = (isIndex ? start + Math.imul(index, size) : nowhere) | 0;
      return element;
    },
  };
}

/** @throws ERR_MORPH_INVALID_SIZE unless it is a number of structs */
export function requireLength(length: number): void {
  if (!Number.isInteger(length) || length < 0 || length >= 2 ** 31) {
    throw new MorphError(
      "ERR_MORPH_INVALID_SIZE",
      `length: expected an integer from 0 to 2^31 - 1, got ${describe(length)}`,
    );
  }
}

/** @throws ERR_MORPH_INVALID_POINTER unless the bytes are in the memory, and the pointer is aligned */
export function requireBytes(views: StructViews, pointer: number, bytes: number, align: number): void {
  // Growth by others may not be known yet.
  const size = views.memory.u8.length;
  if (Number.isInteger(pointer) && pointer >= align && pointer % align === 0 && pointer + bytes <= size) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_POINTER",
    `expected a multiple of ${align} with ${bytes} bytes of the memory's ${size} behind it, got ${describe(pointer)}`,
  );
}
