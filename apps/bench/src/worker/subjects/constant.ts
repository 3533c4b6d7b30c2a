import { ALLOCATE, FREE } from "../../trace.js";
import { repeated } from "../loops.js";
import { randomPlan } from "../random-plan.js";
import { givenTrace, replayTask } from "../replay.js";
import { scenario } from "../scenario.js";
import { BRIEF, type Reallocator, type Subject, type Task } from "../subject.js";
import type { Create } from "../tasks.js";

// The allocator is a constant of the module and the loops close over it: V8 folds its fields into their code. So these loops are written
// out here instead of taken from loops.ts.

interface Parameter {
  readonly create: Create<number>;
}

const { create } = (await import(`./${scenario.held}-parameter.js`)) as Parameter;
const subject: Subject<number> = create(scenario);
// Only traces call `realloc`, and what takes part in them has one.
const allocator: Reallocator<number> = subject.allocator as Reallocator<number>;
const { size, batch, times, resident, live } = scenario;
const store: Uint32Array = new Uint32Array(Math.max(batch, live));

const allocateAndFree = (count: number): void => {
  for (let i = 0; i < count; i++) store[i] = allocator.alloc(size);
  for (let i = 0; i < count; i++) allocator.free(store[i]!);
};

const pairs = (count: number): void => {
  for (let i = 0; i < count; i++) {
    const pointer = allocator.alloc(size);
    store[0] = pointer;
    allocator.free(pointer);
  }
};

const fill = (count: number): void => {
  for (let i = 0; i < count; i++) store[i] = allocator.alloc(size);
};

const pairTask = (): Task => {
  for (let i = 0; i < resident; i++) allocator.alloc(size);
  const operations = batch * times;
  if (scenario.kind === "lifo") return { operations, run: () => pairs(times), brief: () => pairs(BRIEF) };
  return {
    operations,
    run: repeated(times, () => allocateAndFree(batch)),
    brief: () => allocateAndFree(Math.min(batch, BRIEF)),
  };
};

const arenaTask = (): Task => ({
  operations: batch,
  before: () => subject.reset?.(),
  run: () => fill(batch),
  brief: () => fill(Math.min(batch, BRIEF)),
});

const randomTask = (): Task => {
  const { first, indices, sizes } = randomPlan(scenario);
  const mask = indices.length - 1;
  const replace = (start: number, count: number): number => {
    let at = start;
    for (let i = 0; i < count; i++) {
      const index = indices[at]!;
      allocator.free(store[index]!);
      store[index] = allocator.alloc(sizes[at]!);
      at = (at + 1) & mask;
    }
    return at;
  };
  for (let i = 0; i < live; i++) store[i] = allocator.alloc(first[i]!);
  let at = replace(0, live);
  return {
    operations: times,
    run: () => {
      at = replace(at, times);
    },
    brief: () => {
      at = replace(at, BRIEF);
    },
  };
};

const traceTask = (): Task => {
  const trace = givenTrace(scenario);
  const { operations, ids, sizes } = trace;
  const pointers = new Uint32Array(trace.idCount);
  const part = (start: number, end: number): void => {
    for (let i = start; i < end; i++) {
      const operation = operations[i]!;
      const id = ids[i]!;
      if (operation === ALLOCATE) {
        pointers[id] = allocator.alloc(sizes[i]!);
      } else if (operation === FREE) {
        allocator.free(pointers[id]!);
        pointers[id] = 0;
      } else {
        pointers[id] = allocator.realloc(pointers[id]!, sizes[i]!);
      }
    }
  };
  return replayTask(subject, allocator, trace, pointers, part);
};

/** The work of any of these scenarios. */
export const prepare = (): Task => {
  switch (scenario.kind) {
    case "replay":
      return traceTask();
    case "random":
    case "random-large":
      return randomTask();
    case "arena":
      return arenaTask();
    default:
      return pairTask();
  }
};
