import type { Heap } from "./heap.ts";

/*
 * WASI's numbers, which Emscripten uses too.
 */
const EINVAL = 28;
const ENOMEM = 48;

/**
 * C's allocation functions for a WebAssembly module's imports. Pointers and sizes come as C's `size_t` does, as a signed
 * or an unsigned number. Where C returns a null pointer for want of memory, so do these. Freeing what is not live throws
 * a MorphError, which ends the module's call: C leaves it undefined.
 */
export interface CFunctions {
  /** A size of 0 gets a pointer of its own. 0 when there is no room. */
  readonly malloc: (size: number) => number;
  /** Does nothing for 0. @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE */
  readonly free: (pointer: number) => void;
  /** 0 when there is no room, or when the product overflows. */
  readonly calloc: (count: number, size: number) => number;
  /** `malloc` for 0; a size of 0 keeps a pointer of its own. 0 when there is no room: the old one is then as it was. */
  readonly realloc: (pointer: number, size: number) => number;
  /** 0 when there is no room, or when the alignment is not a power of two. */
  readonly aligned_alloc: (alignment: number, size: number) => number;
  /** Writes the pointer to `result`. EINVAL (28) unless the alignment is a power of two from 4, ENOMEM (48), or 0. */
  readonly posix_memalign: (result: number, alignment: number, size: number) => number;
  /** 0 for 0. @throws as `free` */
  readonly malloc_usable_size: (pointer: number) => number;
  /** So that it can be spread into a module's imports. */
  readonly [name: string]: (...values: number[]) => unknown;
}

/** The functions of one heap. Each catches by itself: a closure to do so would cost as much as the allocation. */
export function cFunctions(heap: Heap): CFunctions {
  const malloc = (size: number): number => {
    try {
      return heap.malloc(unique(size));
    } catch (error) {
      return nullFor(error);
    }
  };
  const alignedAlloc = (alignment: number, size: number): number => {
    try {
      return heap.alignedAlloc(alignment >>> 0, unique(size));
    } catch (error) {
      return nullFor(error);
    }
  };
  return {
    malloc,
    free: (pointer) => {
      if (pointer !== 0) heap.free(pointer >>> 0);
    },
    calloc: (count, size) => {
      const bytes = (count >>> 0) * (size >>> 0);
      try {
        return heap.calloc(1, bytes === 0 ? 1 : bytes);
      } catch (error) {
        return nullFor(error);
      }
    },
    realloc: (pointer, size) => {
      if (pointer === 0) return malloc(size);
      try {
        return heap.realloc(pointer >>> 0, unique(size));
      } catch (error) {
        return nullFor(error);
      }
    },
    aligned_alloc: alignedAlloc,
    posix_memalign: (result, alignment, size) => {
      const align = alignment >>> 0;
      if (align < 4 || (align & (align - 1)) !== 0) return EINVAL;
      const pointer = alignedAlloc(align, size);
      if (pointer === 0) return ENOMEM;
      heap.memory.u32[(result >>> 0) / 4] = pointer;
      return 0;
    },
    malloc_usable_size: (pointer) => (pointer === 0 ? 0 : heap.usableSize(pointer >>> 0)),
  };
}

/** C's size, at least 1, so that an object of size 0 has a pointer of its own. */
function unique(size: number): number {
  return size === 0 ? 1 : size >>> 0;
}

/** C's null where there is no room or the request cannot be; every other error goes on. */
function nullFor(error: unknown): number {
  const { code } = error as { code?: string };
  const refused = ["ERR_MORPH_OUT_OF_MEMORY", "ERR_MORPH_INVALID_SIZE", "ERR_MORPH_INVALID_ALIGNMENT"];
  if (code !== undefined && refused.includes(code)) return 0;
  throw error;
}
