import type { MemoryContext } from "@morph/mem-v2";

// The timed loops over objects with a type, for an allocator passed as a parameter; as loops.ts, which says why they are
// made once for the arrays they work on.

/** What a context does for its objects. */
export type Typed = Pick<MemoryContext, "alloc" | "free">;

/** Where the pointers go. */
export type Pointers = Uint32Array;

/** The type of every object where there is one size. */
export const TYPE = 1;

/** A loop over one allocator, for so many objects; of each size, where there are several. */
export type TypedLoop = (allocator: Typed, count: number) => void;

// The type is a parameter of theirs, too: V8 loads what a module exports each time, and checks it each time, where C has a literal.

/** Fills the store, or the start of it, then frees it in the same order. */
export const typedBatchIn = (store: Pointers, size: number, type: number): TypedLoop => {
  const to = store;
  const [bytes, kind] = [size, type];
  return (allocator, count) => {
    for (let i = 0; i < count; i++) to[i] = allocator.alloc(bytes, kind);
    for (let i = 0; i < count; i++) allocator.free(to[i]!);
  };
};

/** Pairs of an allocation and its free. */
export const typedPairsIn = (store: Pointers, size: number, type: number): TypedLoop => {
  const to = store;
  const [bytes, kind] = [size, type];
  return (allocator, count) => {
    for (let i = 0; i < count; i++) {
      const pointer = allocator.alloc(bytes, kind);
      to[0] = pointer;
      allocator.free(pointer);
    }
  };
};

/** Fills the store with so many objects of each size, a type for each; frees nothing. */
export const objectsIn = (store: Pointers, sizes: readonly number[]): TypedLoop => {
  const to = store;
  const all = sizes;
  return (allocator, count) => {
    for (let i = 0; i < all.length; i++) {
      const size = all[i]!;
      // One index, as C has one pointer.
      for (let j = i * count, end = j + count; j < end; j++) to[j] = allocator.alloc(size, i + 1);
    }
  };
};
