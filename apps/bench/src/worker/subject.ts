import type { Ready } from "../run/process.js";

/** Where a contender's results are kept between allocation and free: a typed array of pointers, or a plain array. */
export interface Store<P> {
  [index: number]: P;
  readonly length: number;
}

/** What the loops call. A process runs one contender, so these calls stay monomorphic. */
export interface Allocator<P> {
  alloc(size: number): P;
  free(pointer: P): unknown;
}

/** A contender made ready in this process. */
export interface Subject<P> {
  readonly allocator: Allocator<P>;
  store(length: number): Store<P>;
  /** Copies an object's bytes, for realloc. */
  copy?(from: P, to: P, bytes: number): void;
  /** Frees everything at once. */
  reset?(): void;
  /** Bytes taken from the system at the worst moment so far. */
  footprint?(): number;
}

/** A repeatable piece of work, and what is said of it when it is warm. */
export interface Task extends Ready {
  /** Operations of one repetition. */
  readonly operations: number;
  /** Done before each repetition, not timed. */
  before?(): void;
  run(): void;
  /** Objects that must not be collected meanwhile. */
  readonly keep?: unknown;
}

/** Typed store for contenders whose pointers are numbers. */
export const pointers = (length: number): Store<number> => new Uint32Array(length);

/** Plain store for contenders that hand out objects. */
export const references = <P>(length: number): Store<P> => new Array<P>(length);
