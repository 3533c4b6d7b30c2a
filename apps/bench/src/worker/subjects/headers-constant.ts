import { Headers } from "../headers.js";
import { memoryFor } from "../memory.js";
import { scenario } from "../scenario.js";
import { BRIEF, type Task } from "../subject.js";
import { TYPE } from "../typed-loops.js";

// As context-constant.ts, without statistics.

const { size, batch, times } = scenario;
const headers: Headers = new Headers(memoryFor(scenario));
// A constant of this module: an imported one V8 would load each time.
const type: number = TYPE;
const store: Uint32Array = new Uint32Array(batch);

const allocateAndFree = (count: number): void => {
  for (let i = 0; i < count; i++) store[i] = headers.alloc(size, type);
  for (let i = 0; i < count; i++) headers.free(store[i]!);
};

const pairs = (count: number): void => {
  for (let i = 0; i < count; i++) {
    const pointer = headers.alloc(size, type);
    store[0] = pointer;
    headers.free(pointer);
  }
};

/** The work of pairs. */
export const prepare = (): Task => {
  if (scenario.kind === "typed-lifo") return { operations: times, run: () => pairs(times), brief: () => pairs(BRIEF) };
  return { operations: batch, run: () => allocateAndFree(batch), brief: () => allocateAndFree(Math.min(batch, BRIEF)) };
};
