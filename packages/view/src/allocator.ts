import { type AddressSpace, describe, MorphError } from "@morph/memory";

/**
 * Whoever hands out bytes of a memory: every allocator of Morph memory is one, and so is an object of your own with these
 * members. Pointers it gives are multiples of 8.
 */
export type Allocator = {
  /** Where the bytes lie. */
  readonly memory: AddressSpace;
  /** Takes an object back. An arena has none: its objects end together. */
  free?(pointer: number): void;
  /** Makes an object longer or shorter, in place or elsewhere. */
  realloc?(pointer: number, size: number): number;
} & ({ alloc(size: number): number } | { malloc(size: number): number });

/** What else an allocator may have, and is then asked for. */
interface Talents {
  alloc?(size: number): number;
  malloc?(size: number): number;
  allocZeroed?(size: number): number;
  calloc?(count: number, size: number): number;
  alignedAlloc?(alignment: number, size: number): number;
  /** Of a pool, whose objects are all alike. */
  readonly slotSize?: number;
}

/** What every allocator's pointers are multiples of. */
export const NATURAL_ALIGN = 8;

/**
 * Pointer of `bytes` bytes.
 * @param align a power of two. Beyond what all pointers are multiples of, `bytes` must have room for {@link alignUp}, unless the allocator aligns
 * @param zeroed whether they must hold zeros; otherwise they hold whatever they held
 * @throws what the allocator throws; ERR_MORPH_INVALID_SIZE when they do not fit into a pool's slot, ERR_MORPH_INVALID_CONFIG when it is no allocator
 */
export function allocate(allocator: Allocator, bytes: number, align: number = NATURAL_ALIGN, zeroed = false): number {
  const talents: Talents = allocator;
  const { slotSize } = talents;
  if (slotSize !== undefined && bytes > slotSize) {
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `expected at most a pool's slot of ${slotSize} bytes, got ${bytes}`);
  }
  if (zeroed) {
    if (talents.allocZeroed !== undefined) return talents.allocZeroed(bytes);
    if (talents.calloc !== undefined) return talents.calloc(1, bytes);
    const pointer = allocate(allocator, bytes);
    allocator.memory.u8.fill(0, pointer, pointer + bytes);
    return pointer;
  }
  if (align > NATURAL_ALIGN && talents.alignedAlloc !== undefined) return talents.alignedAlloc(align, bytes);
  if (talents.alloc !== undefined) return talents.alloc(bytes);
  if (talents.malloc !== undefined) return talents.malloc(bytes);
  throw new MorphError(
    "ERR_MORPH_INVALID_CONFIG",
    `allocator: expected one with a memory and alloc() or malloc(), got ${describe(allocator)}`,
  );
}

/** Bytes to ask {@link allocate} for, so that `bytes` of them lie at a multiple of `align`. */
export function withAlignment(allocator: Allocator, bytes: number, align: number, zeroed: boolean): number {
  const isAligned = align <= NATURAL_ALIGN || (!zeroed && (allocator as Talents).alignedAlloc !== undefined);
  return isAligned ? bytes : bytes + align - NATURAL_ALIGN;
}

/** The next multiple of `align`, above 2 GiB too. */
export function alignUp(pointer: number, align: number): number {
  return Math.ceil(pointer / align) * align;
}
