import { Pool } from "@morph/pool";
import { repeated } from "../loops.js";
import { memoryFor } from "../memory.js";
import { scenario } from "../scenario.js";
import { BRIEF, type Task } from "../subject.js";

// The pool is a constant of the module and the loops close over it: V8 folds its fields into their code. So these loops
// are written out here instead of taken from loops.ts.

const { batch, times, resident } = scenario;
const pool: Pool = new Pool({ slotSize: scenario.size, memory: memoryFor(scenario) });
const store: Uint32Array = new Uint32Array(batch);

const allocateAndFree = (count: number): void => {
  for (let i = 0; i < count; i++) store[i] = pool.alloc();
  for (let i = 0; i < count; i++) pool.free(store[i]!);
};

const pairs = (count: number): void => {
  for (let i = 0; i < count; i++) {
    const pointer = pool.alloc();
    store[0] = pointer;
    pool.free(pointer);
  }
};

/** The work of a batch or LIFO scenario. */
export const prepare = (): Task => {
  for (let i = 0; i < resident; i++) pool.alloc();
  const operations = batch * times;
  if (scenario.kind === "lifo") return { operations, run: () => pairs(times), brief: () => pairs(BRIEF) };
  return {
    operations,
    run: repeated(times, () => allocateAndFree(batch)),
    brief: () => allocateAndFree(Math.min(batch, BRIEF)),
  };
};
