import { type AddressSpace, describe, MorphError, requireStack } from "@morph/memory";
import { LAYERS } from "./stack.ts";

// A constant: see `StackGuard`.
const needStack = requireStack;

/*
 * WASI's numbers, which Emscripten uses too.
 */
const EINVAL = 28;
const ENOMEM = 48;

/**
 * C's allocation functions for a WebAssembly module's imports. Pointers and sizes come as C's `size_t` does, as a signed
 * or an unsigned number; pointers go as signed ones. Where C returns a null pointer for want of memory, or for a size over
 * PTRDIFF_MAX, so do these. Freeing what is not live throws a MorphError, which ends the module's call: C leaves it undefined.
 */
export interface CFunctions {
  /** A size of 0 gets a pointer of its own. 0 when there is no room. */
  readonly malloc: (size: number) => number;
  /** Does nothing for 0. @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE */
  readonly free: (pointer: number) => void;
  /** `free`; the size, and the alignment, are not looked at. */
  readonly free_sized: (pointer: number, size: number) => void;
  readonly free_aligned_sized: (pointer: number, alignment: number, size: number) => void;
  /** 0 when there is no room, or when the product overflows. */
  readonly calloc: (count: number, size: number) => number;
  /**
   * `malloc` for 0; a size of 0 keeps a pointer of its own. 0 when there is no room: the old one is then as it was.
   * @throws as `free` when the pointer is wrong, whatever the size
   */
  readonly realloc: (pointer: number, size: number) => number;
  /** `realloc` to the product; 0 also when that overflows. */
  readonly reallocarray: (pointer: number, count: number, size: number) => number;
  /** 0 when there is no room, or when the alignment is not a power of two. */
  readonly aligned_alloc: (alignment: number, size: number) => number;
  /** As `aligned_alloc`. */
  readonly memalign: (alignment: number, size: number) => number;
  /**
   * Writes the pointer to `result`. EINVAL (28) unless the alignment is a power of two from 4, ENOMEM (48), or 0.
   * @throws ERR_MORPH_INVALID_POINTER when `result` is no place for a pointer; then nothing is allocated
   */
  readonly posix_memalign: (result: number, alignment: number, size: number) => number;
  /** 0 for 0. @throws as `free` */
  readonly malloc_usable_size: (pointer: number) => number;
  /** So that it can be spread into a module's imports. */
  readonly [name: string]: (...values: number[]) => unknown;
}

/** What `wasmImports` can be told of the module. */
export interface CFunctionsOptions {
  /** Where the module's `errno` lies: called when a function fails, so the module need not be there before. Another address is ERR_MORPH_INVALID_CONFIG. */
  errno?: () => number;
}

/** What C's functions need of a heap; each is a method of `Heap`. */
interface TryingHeap {
  readonly memory: AddressSpace;
  readonly owner: number;
  tryMalloc(size: number): number;
  tryCalloc(count: number, size: number): number;
  tryRealloc(pointer: number, size: number): number;
  tryAlignedAlloc(alignment: number, size: number): number;
  free(pointer: number): void;
  usableSize(pointer: number): number;
}

/** The functions of one heap. The common case of each is one call. */
export function cFunctions(heap: TryingHeap, errno?: () => number): CFunctions {
  const fail = (error: number): number => {
    if (errno !== undefined) setErrno(heap.memory, errno(), error);
    return 0;
  };
  // A size of 0 or over PTRDIFF_MAX.
  const mallocRare = (size: number): number => (size === 0 ? malloc(1) : fail(ENOMEM));
  const malloc = (size: number): number => {
    const bytes = size | 0;
    if (bytes <= 0) return mallocRare(bytes);
    const pointer = heap.tryMalloc(bytes) | 0;
    return pointer !== 0 ? pointer : fail(ENOMEM);
  };
  const free = (pointer: number): void => {
    if (pointer !== 0) heap.free(pointer >>> 0);
  };
  /** For a size over PTRDIFF_MAX: a pointer that is not live is wrong all the same. */
  const failAt = (pointer: number): number => {
    if (pointer !== 0) heap.usableSize(pointer >>> 0);
    return fail(ENOMEM);
  };
  const realloc = (pointer: number, size: number): number => {
    if (pointer === 0) return malloc(size);
    const bytes = size | 0;
    if (bytes < 0) return failAt(pointer);
    const moved = heap.tryRealloc(pointer >>> 0, bytes === 0 ? 1 : bytes) | 0;
    return moved !== 0 ? moved : fail(ENOMEM);
  };
  const align = (alignment: number, size: number): number =>
    (size | 0) < 0 ? 0 : heap.tryAlignedAlloc(alignment >>> 0, size === 0 ? 1 : size) | 0;
  const alignedAlloc = (alignment: number, size: number): number => {
    if (!isAlignment(alignment)) return fail(EINVAL);
    const pointer = align(alignment, size);
    return pointer !== 0 ? pointer : fail(ENOMEM);
  };
  return {
    malloc,
    free,
    free_sized: free,
    free_aligned_sized: free,
    calloc: (count, size) => {
      const bytes = (count >>> 0) * (size >>> 0);
      if (bytes > PTRDIFF_MAX) return fail(ENOMEM);
      const pointer = heap.tryCalloc(1, bytes === 0 ? 1 : bytes) | 0;
      return pointer !== 0 ? pointer : fail(ENOMEM);
    },
    realloc,
    reallocarray: (pointer, count, size) => {
      const bytes = (count >>> 0) * (size >>> 0);
      return bytes > PTRDIFF_MAX ? failAt(pointer) : realloc(pointer, bytes);
    },
    aligned_alloc: alignedAlloc,
    memalign: alignedAlloc,
    posix_memalign: (result, alignment, size) => {
      if (!isAlignment(alignment) || alignment % 4 !== 0) return EINVAL;
      needStack(LAYERS + 1);
      // Before anything is allocated: nobody could free what is written nowhere.
      if (wordAt(heap.memory, result) === 0) throw noPlace(result);
      const pointer = align(alignment, size);
      if (pointer === 0) return ENOMEM;
      heap.memory.i32[(result >>> 0) / 4] = pointer;
      return 0;
    },
    malloc_usable_size: (pointer) => (pointer === 0 ? 0 : heap.usableSize(pointer >>> 0) | 0),
  };
}

/** @param address as the module has it. It may have grown the memory to find it, so that the view is read after it. */
function setErrno(memory: AddressSpace, address: number, error: number): void {
  const word = wordAt(memory, address);
  if (word !== 0) memory.i32[word] = error;
  else {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `errno: expected it to return a multiple of 4 in the memory's ${memory.i32.byteLength} bytes, got ${describe(address)}`,
    );
  }
}

/** Word index of an address that the module gave; 0 when no word of the memory lies there. */
function wordAt(memory: AddressSpace, address: number): number {
  const word = (address >>> 0) / 4;
  return memory.i32[word] === undefined ? 0 : word;
}

function noPlace(result: number): MorphError {
  return new MorphError(
    "ERR_MORPH_INVALID_POINTER",
    `result: expected a multiple of 4 in the memory, got ${describe(result)}`,
  );
}

/** The largest size that C may ask for: differences of pointers must fit. */
const PTRDIFF_MAX = 2 ** 31 - 1;

function isAlignment(alignment: number): boolean {
  return alignment !== 0 && (alignment & (alignment - 1)) === 0;
}
