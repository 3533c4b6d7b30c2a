import { GRANULE, HEADER_BYTES, LARGE_HEADER_BYTES } from "./layout.ts";

/**
 * Where a context keeps large objects, and small ones for which there is no slot: the arena (`arena-objects.ts`) or the heap
 * (`heap-objects.ts`). They are known by the blocks that they lie in, which start at multiples of 16; blocks are signed numbers here, so that
 * they stay small integers above 2 GiB.
 */
export interface LargeObjects {
  /** What an object's flags say when it lies here. */
  readonly flag: number;
  /** The id under which the memory knows the allocator. */
  readonly owner: number;
  /** Counts the changes that another thread has to load before it goes on. */
  readonly changes: number;
  /** Bytes of pages and tables that this has. */
  readonly footprint: number;
  /** Follows the memory when it grows. */
  setView(i32: Int32Array): void;
  /** A block of so many bytes, a multiple of 16 from 32; 0 when there is no room. O(1), but for new pages. */
  take(bytes: number): number;
  /** The same, of which the first `size` bytes behind the header are 0. O(size), O(1) where the bytes are known to be zeros. */
  takeZeroed(bytes: number): number;
  /** Takes a live block back. */
  free(block: number): void;
  isLive(block: number): boolean;
  /** Whether a block was live and is free now, as far as that is known. */
  wasFreed(block: number): boolean;
  /** Bytes of a live block, all of which its object may use. @param asked what it was taken with */
  usableSize(block: number, asked: number): number;
  /** All live blocks. */
  blocks(): Iterable<number>;
  /** Whether what lies behind a shorter object is of use to others. */
  readonly reusesTails: boolean;
  /** Takes no more pages and tables than so many bytes from now on. */
  setLimit(bytes: number): void;
  /** Returns what holds no object to the memory. */
  trim(): void;
  /** Frees every block. */
  reset(): void;
  /** @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong */
  verify(): void;
  /** Writes what another thread has to load to 128 bytes. */
  saveState(pointer: number): void;
  loadState(pointer: number): void;
  destroy(): void;
}

/** Bytes of the block that a large object gets: at least 32, so that one of size 0 at the end of 4 GiB does not get pointer 2^32. */
export function blockBytes(size: number): number {
  return Math.ceil((Math.max(size, 1) + LARGE_HEADER_BYTES) / GRANULE) * GRANULE;
}

/** Word index of the tag of the large object in a block. */
export function tagOf(block: number): number {
  return ((block >>> 0) + LARGE_HEADER_BYTES - HEADER_BYTES) / 4;
}
