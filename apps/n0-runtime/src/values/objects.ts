import type { RuntimeHeap } from "../runtime-heap.ts";
import { BOX_TYPE_ID, BOX_VTABLE } from "./layout.ts";
import { BOX, CLOSURE, ERROR } from "./types.ts";

/** Closures, errors and interface values. */
export class Objects {
  private readonly heap: RuntimeHeap;

  constructor(heap: RuntimeHeap) {
    this.heap = heap;
  }

  /** @param fn index in the module's table; @param environment kept as it is */
  closure(fn: number, environment: number): number {
    const { heap } = this;
    // V1-11: the original does not hold the environment here.
    const place = heap.hold(environment);
    const closure = heap.alloc(16, CLOSURE);
    heap.i32[closure >>> 2] = fn;
    heap.setPointer(closure, 8, heap.held(place));
    heap.release(1);
    return closure;
  }

  /** An error of a message; its type traces the message (V1-8). */
  error(message: number): number {
    const { heap } = this;
    const place = heap.hold(message);
    const error = heap.alloc(8, ERROR);
    heap.setPointer(error, 0, heap.held(place));
    heap.release(1);
    return error;
  }

  /** An interface value on the heap. */
  box(instance: number, vtable: number, typeId: number): number {
    const { heap } = this;
    const place = heap.hold(instance);
    const box = heap.alloc(24, BOX);
    heap.setPointer(box, 0, heap.held(place));
    heap.release(1);
    heap.i32[(box + BOX_VTABLE) >>> 2] = vtable;
    heap.i32[(box + BOX_TYPE_ID) >>> 2] = typeId;
    return box;
  }
}
