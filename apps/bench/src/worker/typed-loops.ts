import type { MemoryContext } from "@morph/mem-v2";

// The timed loops over objects with a type, for an allocator passed as a parameter; as loops.ts, which says why they are
// made once for the arrays they work on.

/** What a context does for its objects; the floors' opponent without statistics does the same. */
export type Typed = Pick<MemoryContext, "alloc" | "free">;

/** Where the pointers go. */
export type Pointers = Uint32Array;

/** The type of every object where there is one size. */
export const TYPE = 1;

/** A loop over one allocator. */
export type TypedLoop = (allocator: Typed) => void;

/** Fills the store, then frees it in the same order. */
export const typedBatchIn =
  (store: Pointers, size: number): TypedLoop =>
  (allocator) => {
    const count = store.length;
    for (let i = 0; i < count; i++) store[i] = allocator.alloc(size, TYPE);
    for (let i = 0; i < count; i++) allocator.free(store[i]!);
  };

/** Pairs of an allocation and its free. */
export const typedPairsIn =
  (store: Pointers, size: number, times: number): TypedLoop =>
  (allocator) => {
    for (let i = 0; i < times; i++) {
      const pointer = allocator.alloc(size, TYPE);
      store[0] = pointer;
      allocator.free(pointer);
    }
  };

/** Fills the store with so many objects of each size, a type for each; frees nothing. */
export const objectsIn =
  (store: Pointers, sizes: readonly number[]): TypedLoop =>
  (allocator) => {
    const count = store.length / sizes.length;
    for (let i = 0; i < sizes.length; i++) {
      const size = sizes[i]!;
      const start = i * count;
      for (let j = 0; j < count; j++) store[start + j] = allocator.alloc(size, i + 1);
    }
  };
