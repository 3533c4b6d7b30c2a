import { readBinaryTrace } from "../binary-trace.js";
import type { Scenario } from "../catalogue/scenario.js";
import type { Ready } from "../run/process.js";
import { FREE, REALLOCATE, sampled, type Trace } from "../trace.js";
import { copyingReplayIn, inPieces, replayIn } from "./loops.js";
import type { Objects, Reallocator, Store, Subject, Task } from "./subject.js";

/** The trace of a replay, which this process was given in its binary form. */
export const givenTrace = ({ trace }: Scenario): Trace => readBinaryTrace(trace!);

/** @throws Error when there are none */
export const bytesOf = <P>({ objects }: Subject<P>): Objects<P> => {
  if (objects === undefined) throw new Error("this contender's objects have no bytes to write to");
  return objects;
};

const stampOf = (id: number, size: number): number => (Math.imul(id, 37) ^ size) & 255;

const stamp = <P>({ view, start }: Objects<P>, pointer: P, id: number, size: number): void => {
  const bytes = view(pointer);
  const at = start(pointer);
  bytes[at] = bytes[at + size - 1] = stampOf(id, size);
};

const holds = <P>({ view, start }: Objects<P>, pointer: P, id: number, size: number): boolean => {
  const bytes = view(pointer);
  const at = start(pointer);
  return bytes[at] === stampOf(id, size) && bytes[at + size - 1] === stampOf(id, size);
};

/**
 * Runs the trace once, on an empty heap and not timed: marks each object's first and last byte and looks whether they are
 * still there, and looks at the footprint meanwhile. What fails here would be a fast answer and a wrong one.
 * @throws Error that says what the allocator did wrong
 */
const firstPass = <P>(subject: Subject<P>, store: Store<P>, trace: Trace): Ready => {
  const { allocator } = subject;
  const objects = bytesOf(subject);
  const { operations, ids, sizes, idCount, peakLive } = trace;
  const live = new Uint32Array(idCount);
  const footprints: number[] = [];
  let peak = 0;
  const step = (i: number): void => {
    const operation = operations[i]!;
    const id = ids[i]!;
    const size = sizes[i]!;
    const about = `operation ${i + 1}: object ${id}`;
    const before = live[id]!;
    if (before !== 0 && !holds(objects, store[id]!, id, before)) {
      throw new Error(`${about} of ${before} B has lost its bytes`);
    }
    live[id] = size;
    if (operation === FREE) {
      if (allocator.free(store[id]!) === false) throw new Error(`${about} is not freed`);
      return;
    }
    if (operation !== REALLOCATE) {
      store[id] = allocator.alloc(size);
    } else if (allocator.realloc !== undefined) {
      store[id] = allocator.realloc(store[id]!, size);
    } else {
      const old = store[id]!;
      const pointer = allocator.alloc(size);
      objects.copy(old, pointer, Math.min(before, size));
      allocator.free(old);
      store[id] = pointer;
    }
    const pointer = store[id]!;
    if (!(objects.start(pointer) + size <= objects.view(pointer).length) || (pointer as unknown) === 0) {
      throw new Error(`${about} of ${size} B gets no memory`);
    }
    if (operation === REALLOCATE && objects.view(pointer)[objects.start(pointer)] !== stampOf(id, before)) {
      throw new Error(`${about} is moved without its bytes`);
    }
    stamp(objects, pointer, id, size);
  };
  sampled(operations.length, step, () => {
    const footprint = subject.footprint?.();
    if (footprint === undefined) return;
    footprints.push(footprint.now);
    peak = Math.max(peak, footprint.peak);
  });
  // What the program never freed, so that each repetition starts empty.
  if (subject.reset === undefined) {
    for (let id = 0; id < idCount; id++) if (live[id] !== 0) allocator.free(store[id]!);
  }
  subject.reset?.();
  return subject.footprint === undefined ? { peakLive } : { peakLive, footprint: peak, footprints };
};

/**
 * The work of a trace for a contender with a realloc of its own.
 * @param part replays a part of it into the store, where that is written out for a constant of the module
 */
export const replayTask = (
  subject: Subject<number>,
  allocator: Reallocator<number>,
  trace: Trace,
  store: Store<number> = subject.store(trace.idCount),
  part?: (start: number, end: number) => void,
): Task => {
  const replay = replayIn(store, trace);
  const empty = (): void => {
    for (let id = 0; id < store.length; id++) store[id] = 0;
  };
  // So that its pages are touched.
  empty();
  return {
    operations: trace.operations.length,
    check: () => {
      const memory = firstPass(subject, store, trace);
      empty();
      return memory;
    },
    before: () => {
      if (subject.reset === undefined) {
        for (let id = 0; id < store.length; id++) if (store[id] !== 0) allocator.free(store[id]!);
      }
      subject.reset?.();
      empty();
    },
    run: inPieces(trace, part ?? ((start, end) => replay(allocator, start, end))),
  };
};

/** The work of a trace for one without. */
export const copyingReplayTask = <P>(subject: Subject<P>, trace: Trace): Task => {
  const store = subject.store(trace.idCount);
  // Written to, so that its pages are touched.
  const live = new Uint32Array(trace.idCount).fill(0);
  const replay = copyingReplayIn(store, live, trace, bytesOf(subject));
  return {
    operations: trace.operations.length,
    check: () => firstPass(subject, store, trace),
    before: () => {
      if (subject.reset === undefined) {
        for (let id = 0; id < live.length; id++) if (live[id] !== 0) subject.allocator.free(store[id]!);
      }
      subject.reset?.();
      live.fill(0);
    },
    run: inPieces(trace, (start, end) => replay(subject.allocator, start, end)),
  };
};
