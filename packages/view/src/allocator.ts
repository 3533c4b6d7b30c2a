import type { AddressSpace } from "@morph/memory";

/**
 * Whoever hands out bytes of a memory: every allocator of Morph memory is one, and so is an object of your own with these
 * members. Pointers it gives are multiples of 8.
 */
export type Allocator = {
  /** Where the bytes lie. */
  readonly memory: AddressSpace;
  /** Takes an object back. An arena has none: its objects end together. */
  free?(pointer: number): void;
} & ({ alloc(size: number): number } | { malloc(size: number): number });

/** Pointer of `bytes` bytes, whatever they hold. What the allocator throws reaches the caller. */
export function allocate(allocator: Allocator, bytes: number): number {
  return "alloc" in allocator ? allocator.alloc(bytes) : allocator.malloc(bytes);
}
