import { PoolManager } from "@morph/pool";
import { memoryFor } from "../memory.js";
import { randomPlan } from "../random-plan.js";
import { scenario } from "../scenario.js";
import { BRIEF, type Task } from "../subject.js";

// As in pool-constant.ts: the loop closes over the constant, so it is written out here.

const manager: PoolManager = new PoolManager({ memory: memoryFor(scenario) });
const { first, indices, sizes } = randomPlan(scenario);
const store: Uint32Array = new Uint32Array(scenario.live);
const mask: number = indices.length - 1;

const replace = (start: number, times: number): number => {
  let at = start;
  for (let i = 0; i < times; i++) {
    const index = indices[at]!;
    manager.free(store[index]!);
    store[index] = manager.alloc(sizes[at]!);
    at = (at + 1) & mask;
  }
  return at;
};

/** The work of a random replacement. */
export const prepare = (): Task => {
  for (let i = 0; i < store.length; i++) store[i] = manager.alloc(first[i]!);
  let at = replace(0, scenario.live);
  return {
    operations: scenario.times,
    run: () => {
      at = replace(at, scenario.times);
    },
    brief: () => {
      at = replace(at, BRIEF);
    },
  };
};
