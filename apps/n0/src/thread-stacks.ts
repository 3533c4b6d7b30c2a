/** The stacks of Morph threads that hold the references in their calls. */
import type { Runtime } from "n0-runtime";
import { STACK_LIMIT, STACK_POINTER } from "./codegen/names.ts";

/** Bytes of the stack of every thread but the first. */
const STACK_BYTES = 1024 * 1024;

/** A thread's stack. */
export interface ThreadStack {
  /** The runtime's number of the thread. */
  readonly id: number;
  /** The low word of what the thread is called with, as it is now. */
  readonly argument: () => number;
  /** What follows is this thread's. */
  enter(): void;
  /** The thread waits, and keeps what it has. */
  keep(): void;
  /** The thread has ended; another one is entered before anything else happens. */
  end(): void;
}

/** Makes the stacks of one program. */
export interface ThreadStacks {
  /** The stack of the first thread. */
  first(): ThreadStack;
  /** @param low the low word of its argument, which is a reference when `traced` is true */
  create(low: number, traced: boolean): ThreadStack;
}

type Globals = Record<string, WebAssembly.Global>;

/** Of modules for V1 and V2, and of those that are recorded: each stack is a region, and the module has its top in a global. */
export function moduleStacks(runtime: Runtime, exports: Globals): ThreadStacks {
  const [pointer, limit] = [exports[STACK_POINTER]!, exports[STACK_LIMIT]!];
  const stackOf = (id: number, argument: () => number, start: number, from: number, end: number): ThreadStack => {
    let top = from;
    return {
      id,
      argument,
      enter() {
        runtime.mph_thread_switch(id);
        pointer.value = top;
        limit.value = end;
      },
      keep() {
        top = pointer.value;
      },
      end() {
        runtime.mph_thread_switch(0);
        runtime.mph_thread_end(id);
        runtime.releaseRegion(start);
      },
    };
  };
  return {
    first: () => stackOf(0, () => 0, 0, pointer.value, limit.value),
    create(low, traced) {
      const id = runtime.mph_thread_new();
      const start = runtime.acquireRegion(STACK_BYTES, false);
      if (!traced) return stackOf(id, () => low, start, start, start + STACK_BYTES);
      // The argument lies in the first slot until the thread's own frames hold it.
      const { i32 } = runtime.memory;
      i32[start / 4] = low;
      i32[start / 4 + 1] = 0;
      runtime.mph_record_store(start, low);
      const previous = runtime.mph_thread_switch(id);
      runtime.mph_gc_push_root(start);
      runtime.mph_thread_switch(previous);
      // A recorded module's objects may move.
      return stackOf(id, () => runtime.memory.i32[start / 4]!, start, start + 8, start + STACK_BYTES);
    },
  };
}

/** Of modules for the collector: each thread has a shadow stack of the collector's. */
export function shadowStacks(runtime: Runtime): ThreadStacks {
  const stackOf = (id: number, argument: () => number): ThreadStack => ({
    id,
    argument,
    enter: () => void runtime.mph_thread_switch(id),
    keep() {},
    end() {
      runtime.mph_thread_switch(0);
      runtime.mph_thread_end(id);
    },
  });
  return {
    first: () => stackOf(0, () => 0),
    create(low, traced) {
      const id = runtime.mph_thread_new();
      if (!traced) return stackOf(id, () => low);
      const previous = runtime.mph_thread_switch(id);
      const address = runtime.pushReference(low);
      runtime.mph_thread_switch(previous);
      // Collections may have moved it before the thread has its first turn.
      return stackOf(id, () => runtime.memory.i32[address >>> 2]!);
    },
  };
}
