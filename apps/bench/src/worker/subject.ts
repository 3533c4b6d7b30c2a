import type { Ready } from "../run/process.js";
import { type Touch, touchLines } from "./touch.js";

/** Where a contender's results are kept between allocation and free: a typed array of pointers, or a plain array. */
export interface Store<P> {
  [index: number]: P;
  readonly length: number;
}

/** What the loops call. A process runs one contender, so these calls stay monomorphic. */
export interface Allocator<P> {
  alloc(size: number): P;
  free(pointer: P): unknown;
  /** Its own realloc, where it has one; else there is a new object, a copy, and a free of the old one. */
  realloc?(pointer: P, size: number): P;
}

/** An allocator with a realloc of its own. */
export type Reallocator<P> = Required<Allocator<P>>;

/** The bytes of objects. */
export interface Objects<P> {
  /** The view that an object lies in now, and where it starts there. */
  view(pointer: P): Uint8Array;
  start(pointer: P): number;
  copy(from: P, to: P, bytes: number): void;
  /** Writes to each cache line of an object. */
  touch(pointer: P, bytes: number): void;
}

/** Bytes taken from the system. */
export interface Footprint {
  readonly now: number;
  /** The most so far. */
  readonly peak: number;
}

/** A contender made ready in this process. */
export interface Subject<P> {
  readonly allocator: Allocator<P>;
  store(length: number): Store<P>;
  readonly objects?: Objects<P>;
  /** Frees everything at once. */
  reset?(): void;
  footprint?(): Footprint;
}

/** Operations of a brief piece of work, see {@link Task.brief}. */
export const BRIEF = 100;

/** A repeatable piece of work, and what is said of it when it is warm. */
export interface Task extends Ready {
  /** Operations of one repetition. */
  readonly operations: number;
  /** Checks the work and looks at its memory, once before the warm-up; not before a cold round. @throws Error when the work is wrong */
  check?(): Ready;
  /** Done before each repetition, not timed. */
  before?(): void;
  run(): void;
  /** A little of it, by the same loops: see measure.ts. */
  brief?(): void;
  /** Objects that must not be collected meanwhile. */
  readonly keep?: unknown;
}

/** Typed store for contenders whose pointers are numbers. */
export const pointers = (length: number): Store<number> => new Uint32Array(length);

/** Plain store for contenders that hand out objects. */
export const references = <P>(length: number): Store<P> => new Array<P>(length);

/** Objects in one memory, whose view may become another one as it grows. */
export const linear = (
  u8: () => Uint8Array,
  touch: Touch = (start, bytes) => touchLines(u8(), start, bytes),
): Objects<number> => ({
  view: u8,
  touch,
  start: (pointer) => pointer,
  copy: (from, to, bytes) => {
    u8().copyWithin(to, from, from + bytes);
  },
});

/** Objects that are typed arrays of their own. */
export const separate: Objects<Uint8Array> = {
  touch: (object, bytes) => touchLines(object, 0, bytes),
  view: (object) => object,
  start: () => 0,
  copy: (from, to, bytes) => to.set(bytes === from.length ? from : from.subarray(0, bytes)),
};
