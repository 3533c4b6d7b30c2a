import type { AddressSpace } from "@morph/memory";
import { refuse } from "./refuse.ts";

/**
 * Whoever hands out bytes of a memory: every allocator of Morph memory is one, and so is an object of your own with these
 * members, a module's exports for instance. Pointers it gives are multiples of 8, unsigned or as C's are in WebAssembly; 0 where there is no room.
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
    refuse("ERR_MORPH_INVALID_CONFIG", "an allocator with its memory", candidate);
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
  const size = isNatural || aligned !== undefined ? bytes : bytes + align - NATURAL_ALIGN;
  if (slotSize !== undefined && size > slotSize) {
    refuse("ERR_MORPH_INVALID_SIZE", `at most the pool's ${slotSize} bytes`, size);
  }
  const zeros = zeroed ? (talents.allocZeroed?.(size) ?? talents.calloc?.(1, size)) : undefined;
  const pointer = given(allocator, aligned ?? zeros ?? talents.alloc?.(size) ?? talents.malloc?.(size), size);
  if (zeroed && zeros === undefined) allocator.memory.u8.fill(0, pointer, pointer + size);
  return pointer;
}

/**
 * The pointer that an allocator gave. A module's own functions give 0 where there is no room, and negative pointers above 2 GiB.
 * @throws ERR_MORPH_OUT_OF_MEMORY when it gave none, ERR_MORPH_INVALID_POINTER for what cannot be so many bytes of the memory
 */
export function given(allocator: Allocator, pointer: number | undefined, bytes: number): number {
  if (typeof pointer === "number") {
    const at = pointer < 0 ? pointer >>> 0 : pointer;
    if (at > 0 && at % NATURAL_ALIGN === 0 && at + bytes <= allocator.memory.u8.length) return at;
  }
  const code = (pointer ?? 0) === 0 ? "ERR_MORPH_OUT_OF_MEMORY" : "ERR_MORPH_INVALID_POINTER";
  return refuse(code, `an aligned pointer to ${bytes} bytes`, pointer);
}
