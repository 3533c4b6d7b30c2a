import type { MemoryContext } from "@morph/mem-v2";
import { contextFor } from "../contexts.js";
import { scenario } from "../scenario.js";
import type { Task } from "../subject.js";
import { TYPE } from "../typed-loops.js";
import { bytesOf, objectCount } from "../typed-tasks.js";

// As in pool-constant.ts: the loops close over the constant, so they are written out here.

const { size, sizes = [], batch, times } = scenario;
const context: MemoryContext = contextFor(scenario);
// A constant of this module: an imported one V8 would load each time.
const type: number = TYPE;
const store: Uint32Array = new Uint32Array(Math.max(batch, objectCount(scenario))).fill(1);

const allocateAndFree = (): void => {
  for (let i = 0; i < batch; i++) store[i] = context.alloc(size, type);
  for (let i = 0; i < batch; i++) context.free(store[i]!);
};

const pairs = (): void => {
  for (let i = 0; i < times; i++) {
    const pointer = context.alloc(size, type);
    store[0] = pointer;
    context.free(pointer);
  }
};

const objects = (): void => {
  for (let i = 0; i < sizes.length; i++) {
    const bytes = sizes[i]!;
    const start = i * batch;
    for (let j = 0; j < batch; j++) store[start + j] = context.alloc(bytes, i + 1);
  }
};

/** The work of pairs, or of objects of several sizes. */
export const prepare = (): Task => {
  if (scenario.kind !== "objects") {
    return { operations: batch * times, run: scenario.kind === "typed-lifo" ? pairs : allocateAndFree };
  }
  objects();
  return { ...bytesOf(context), operations: store.length, before: () => context.reset(), run: objects };
};
