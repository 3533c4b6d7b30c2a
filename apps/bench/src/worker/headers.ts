import type { LinearMemory } from "@morph/memory";
import { PoolManager } from "@morph/pool";
import type { Typed } from "./typed-loops.js";

const HEADER_BYTES = 16;
const TYPE_SHIFT = 24;

/**
 * A context without its statistics, as small as it can be made: a header of 16 bytes before each object, all of it
 * written, over a PoolManager, whose `free` checks the pointer. No arena, no check of size and type, no count of anything.
 * What a context takes longer is the price of its statistics, and of those too.
 */
export class Headers implements Typed {
  private readonly pools: PoolManager;
  private readonly i32: Int32Array;

  /** The memory must not grow: the view is kept. */
  constructor(memory: LinearMemory) {
    this.pools = new PoolManager({ memory });
    this.i32 = memory.i32;
  }

  alloc(size: number, typeId: number): number {
    const pointer = this.pools.alloc((size + HEADER_BYTES + 7) & ~7);
    const { i32 } = this;
    const at = pointer >>> 2;
    i32[at] = size;
    i32[at + 1] = typeId << TYPE_SHIFT;
    i32[at + 2] = 0;
    i32[at + 3] = 0;
    return pointer + HEADER_BYTES;
  }

  free(pointer: number): void {
    this.pools.free(pointer - HEADER_BYTES);
  }
}
