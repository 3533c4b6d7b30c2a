import type { Core } from "./core.ts";
import { BOX, CLOSURE, ERROR } from "./types.ts";

/** Closures, errors and interface values. */
export class Objects {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** @param fn index in the module's table; @param environment kept as it is */
  closure(fn: number, environment: number): number {
    const { core } = this;
    // V1-11: the original does not hold the environment here.
    core.hold(environment);
    const closure = core.alloc(16, CLOSURE);
    core.release(1);
    core.i32[closure >>> 2] = fn;
    core.setPointer(closure + 8, environment);
    return closure;
  }

  /** An error of a message; its type traces the message (V1-8). */
  error(message: number): number {
    const { core } = this;
    core.hold(message);
    const error = core.alloc(8, ERROR);
    core.release(1);
    core.setPointer(error, message);
    return error;
  }

  /** An interface value on the heap. */
  box(instance: number, vtable: number, typeId: number): number {
    const { core } = this;
    core.hold(instance);
    const box = core.alloc(24, BOX);
    core.release(1);
    core.setPointer(box, instance);
    core.i32[(box + 8) >>> 2] = vtable;
    core.i32[(box + 16) >>> 2] = typeId;
    return box;
  }
}
