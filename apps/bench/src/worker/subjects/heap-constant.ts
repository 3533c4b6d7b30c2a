import type { Heap } from "@morph/heap";
import { ALLOCATE, FREE } from "../../trace.js";
import { asAllocator, heapFor, heapSubject } from "../heaps.js";
import { randomPlan } from "../random-plan.js";
import { givenTrace, replayTask } from "../replay.js";
import { scenario } from "../scenario.js";
import { BRIEF, type Task } from "../subject.js";

// As in pool-constant.ts: the loops close over the constant, so they are written out here.

const heap: Heap = heapFor(scenario);

const replay = (): Task => {
  const trace = givenTrace(scenario);
  const { operations, ids, sizes } = trace;
  const store = new Uint32Array(trace.idCount);
  const part = (start: number, end: number): void => {
    for (let i = start; i < end; i++) {
      const operation = operations[i]!;
      const id = ids[i]!;
      if (operation === ALLOCATE) {
        store[id] = heap.malloc(sizes[i]!);
      } else if (operation === FREE) {
        heap.free(store[id]!);
        store[id] = 0;
      } else {
        store[id] = heap.realloc(store[id]!, sizes[i]!);
      }
    }
  };
  return replayTask(heapSubject(heap), asAllocator(heap), trace, store, part);
};

const random = (): Task => {
  const { first, indices, sizes } = randomPlan(scenario);
  const store = new Uint32Array(scenario.live);
  const mask = indices.length - 1;
  const replace = (start: number, times: number): number => {
    let at = start;
    for (let i = 0; i < times; i++) {
      const index = indices[at]!;
      heap.free(store[index]!);
      store[index] = heap.malloc(sizes[at]!);
      at = (at + 1) & mask;
    }
    return at;
  };
  for (let i = 0; i < store.length; i++) store[i] = heap.malloc(first[i]!);
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

/** The work of a trace or of a random replacement. */
export const prepare = (): Task => (scenario.kind === "replay" ? replay() : random());
