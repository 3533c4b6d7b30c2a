import { Arena } from "@morph/arena";
import { LinearMemory } from "@morph/memory";
import { PoolManager } from "@morph/pool";
import type { Scenario } from "../../catalogue/scenario.js";
import { takenOf } from "../memory.js";
import { type Allocator, linear, pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

const LARGEST_SMALL = 256;

/** Small requests to the pools, the rest to an arena, which never frees: what a large object leaves is lost. */
class PoolAndArena implements Allocator<number> {
  readonly manager: PoolManager;
  readonly arena: Arena;

  constructor(memory: LinearMemory) {
    this.manager = new PoolManager({ memory });
    this.arena = new Arena({ memory });
  }

  alloc(size: number): number {
    return size <= LARGEST_SMALL ? this.manager.alloc(size) : this.arena.alloc(size);
  }

  free(pointer: number): void {
    if (this.manager.owns(pointer)) this.manager.free(pointer);
  }
}

const create = (): Subject<number> => {
  const memory = new LinearMemory();
  const allocator = new PoolAndArena(memory);
  return {
    allocator,
    store: pointers,
    objects: linear(() => memory.u8),
    reset: () => {
      allocator.manager.reset();
      allocator.arena.reset();
    },
    footprint: () => takenOf(memory),
  };
};

/** The work of a trace replay. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
