import { ALLOCATE, FREE, type Trace } from "../trace.js";
import type { RandomPlan } from "./random-plan.js";
import type { Allocator, Objects, Reallocator, Store } from "./subject.js";

// The timed loops for an allocator passed as a parameter. In one process only one kind of allocator goes through them:
// a loop shared by several would turn polymorphic in V8 and read several times too high.
//
// Each is made once for the arrays it works on. V8 folds the constants that a function's only closure holds into its code, so that the
// harness costs as little as C's, which has the arrays in registers: as parameters of the loop they added 1 ns to each pair, and as
// parameters of the function that makes it, which V8 takes for variables, half of that.

/** A loop over one allocator, for so many objects of a size: few of them while the JIT compiles it, see measure.ts. */
export type Loop<P> = (allocator: Allocator<P>, size: number, count: number) => void;

/** Fills the store, or the start of it, then frees it in the same order. */
export const batchIn = <P>(store: Store<P>): Loop<P> => {
  const to = store;
  return (allocator, size, count) => {
    for (let i = 0; i < count; i++) to[i] = allocator.alloc(size);
    for (let i = 0; i < count; i++) allocator.free(to[i]!);
  };
};

/** Pairs of an allocation and its free. The store keeps V8 from proving that the object is never seen. */
export const pairsIn = <P>(store: Store<P>): Loop<P> => {
  const to = store;
  return (allocator, size, count) => {
    for (let i = 0; i < count; i++) {
      const pointer = allocator.alloc(size);
      to[0] = pointer;
      allocator.free(pointer);
    }
  };
};

/** Fills the store, or the start of it; frees nothing. */
export const fillIn = <P>(store: Store<P>): Loop<P> => {
  const to = store;
  return (allocator, size, count) => {
    for (let i = 0; i < count; i++) to[i] = allocator.alloc(size);
  };
};

/** Frees an object chosen at random and puts one of a random size in its place; returns where in the plan it stopped. */
export const replaceIn = <P>(
  store: Store<P>,
  plan: RandomPlan,
): ((allocator: Allocator<P>, start: number, times: number) => number) => {
  const to = store;
  const { indices, sizes } = plan;
  const mask = indices.length - 1;
  return (allocator, start, times) => {
    let at = start;
    for (let i = 0; i < times; i++) {
      const index = indices[at]!;
      allocator.free(to[index]!);
      to[index] = allocator.alloc(sizes[at]!);
      at = (at + 1) & mask;
    }
    return at;
  };
};

/** Runs a part of a trace; `store[id]` is 0 where nothing is live. */
export const replayIn = (
  store: Store<number>,
  trace: Trace,
): ((allocator: Reallocator<number>, start: number, end: number) => void) => {
  const to = store;
  const { operations, ids, sizes } = trace;
  return (allocator, start, end) => {
    for (let i = start; i < end; i++) {
      const operation = operations[i]!;
      const id = ids[i]!;
      if (operation === ALLOCATE) {
        to[id] = allocator.alloc(sizes[i]!);
      } else if (operation === FREE) {
        allocator.free(to[id]!);
        to[id] = 0;
      } else {
        to[id] = allocator.realloc(to[id]!, sizes[i]!);
      }
    }
  };
};

/** The same without a realloc; `live[id]` is the size of what lies at `store[id]`, 0 if nothing. */
export const copyingReplayIn =
  <P>(store: Store<P>, live: Uint32Array, { operations, ids, sizes }: Trace, { copy }: Objects<P>) =>
  (allocator: Allocator<P>, start: number, end: number): void => {
    for (let i = start; i < end; i++) {
      const operation = operations[i]!;
      const id = ids[i]!;
      if (operation === ALLOCATE) {
        const size = sizes[i]!;
        store[id] = allocator.alloc(size);
        live[id] = size;
      } else if (operation === FREE) {
        allocator.free(store[id]!);
        live[id] = 0;
      } else {
        const size = sizes[i]!;
        const old = store[id]!;
        const pointer = allocator.alloc(size);
        copy(old, pointer, Math.min(live[id]!, size));
        allocator.free(old);
        store[id] = pointer;
        live[id] = size;
      }
    }
  };

/** A buffer that doubles from the first to the last size, written to after each step. */
export const growIn =
  <P>({ touch, copy }: Objects<P>, first: number, last: number) =>
  (allocator: Allocator<P>): void => {
    let pointer = allocator.alloc(first);
    touch(pointer, first);
    for (let size = first * 2; size <= last; size *= 2) {
      if (allocator.realloc !== undefined) {
        pointer = allocator.realloc(pointer, size);
      } else {
        const old = pointer;
        pointer = allocator.alloc(size);
        copy(old, pointer, size / 2);
        allocator.free(old);
      }
      touch(pointer, size);
    }
    allocator.free(pointer);
  };

const PIECE = 1000;

/** A trace from start to end, in pieces: so the JIT finds a function that is called often, see measure.ts. */
export const inPieces =
  ({ operations }: Trace, replay: (start: number, end: number) => void): (() => void) =>
  () => {
    const { length } = operations;
    for (let at = 0; at < length; at += PIECE) replay(at, Math.min(at + PIECE, length));
  };

/** The work, so many times. A loop around it, not in it: nested, V8's code for the loops was 10 % slower. */
export const repeated = (times: number, work: () => void): (() => void) =>
  times === 1
    ? work
    : () => {
        for (let i = 0; i < times; i++) work();
      };
