import type { AddressSpace } from "@morph/memory";
import { refuse } from "./refuse.ts";

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

/** Whoever may be one. */
type Candidate = Pick<Talents, "alloc" | "malloc"> & { readonly memory: AddressSpace };

/** @throws ERR_MORPH_INVALID_CONFIG when it is no allocator */
export function requireAllocator(candidate: Candidate | undefined): Allocator {
  if (!isAllocator(candidate)) {
    refuse("ERR_MORPH_INVALID_CONFIG", "an allocator: a memory with alloc() or malloc()", candidate);
  }
  return candidate as Allocator;
}

/** Whether it hands out bytes of a memory. */
export function isAllocator(candidate: Candidate | undefined): boolean {
  const makes = candidate?.alloc ?? candidate?.malloc;
  return typeof makes === "function" && isMemory(candidate?.memory);
}

/** Whether it is a memory, of whichever version. */
export function isMemory(candidate: AddressSpace | undefined): boolean {
  return typeof candidate?.onGrow === "function";
}

/** What every allocator's pointers are multiples of. */
export const NATURAL_ALIGN = 8;

/**
 * Pointer of a new object. Beyond what all pointers are multiples of, it is so much longer that `bytes` bytes of it start at a multiple of `align`, the next one,
 * unless the allocator aligns.
 * @param allocator one that {@link requireAllocator} has seen
 * @param align a power of two
 * @param zeroed whether it must hold zeros; otherwise it holds whatever it held
 * @throws what the allocator throws; ERR_MORPH_INVALID_SIZE when it does not fit into a pool's slot
 */
export function allocate(allocator: Allocator, bytes: number, align: number = NATURAL_ALIGN, zeroed = false): number {
  const talents: Talents = allocator;
  const { slotSize } = talents;
  const isNatural = align <= NATURAL_ALIGN;
  const aligned = isNatural || zeroed ? undefined : talents.alignedAlloc?.(align, bytes);
  if (aligned !== undefined) return aligned;
  const size = isNatural ? bytes : bytes + align - NATURAL_ALIGN;
  if (slotSize !== undefined && size > slotSize) {
    refuse("ERR_MORPH_INVALID_SIZE", `at most a pool's slot of ${slotSize} bytes`, size);
  }
  const zeros = zeroed ? (talents.allocZeroed?.(size) ?? talents.calloc?.(1, size)) : undefined;
  if (zeros !== undefined) return zeros;
  const pointer = (talents.alloc?.(size) ?? talents.malloc?.(size)) as number;
  if (zeroed) allocator.memory.u8.fill(0, pointer, pointer + size);
  return pointer;
}
