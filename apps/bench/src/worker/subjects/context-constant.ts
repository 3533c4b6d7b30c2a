import type { MemoryContext } from "@morph/mem-v2";
import { contextFor } from "../contexts.js";
import { scenario } from "../scenario.js";
import { BRIEF, type Task } from "../subject.js";
import { TYPE } from "../typed-loops.js";
import { bytesOf, objectCount } from "../typed-tasks.js";

// As in constant.ts: the loops close over the constant, so they are written out here.

const { size, sizes = [], batch, times } = scenario;
const context: MemoryContext = contextFor(scenario);
// A constant of this module: an imported one V8 would load each time.
const type: number = TYPE;
const store: Uint32Array = new Uint32Array(Math.max(batch, objectCount(scenario))).fill(1);

const allocateAndFree = (count: number): void => {
  for (let i = 0; i < count; i++) store[i] = context.alloc(size, type);
  for (let i = 0; i < count; i++) context.free(store[i]!);
};

const pairs = (count: number): void => {
  for (let i = 0; i < count; i++) {
    const pointer = context.alloc(size, type);
    store[0] = pointer;
    context.free(pointer);
  }
};

const objects = (count: number): void => {
  for (let i = 0; i < sizes.length; i++) {
    const bytes = sizes[i]!;
    for (let j = i * count, end = j + count; j < end; j++) store[j] = context.alloc(bytes, i + 1);
  }
};

/** The work of pairs, or of objects of several sizes. */
export const prepare = (): Task => {
  const few = Math.min(batch, BRIEF);
  if (scenario.kind === "typed-lifo") return { operations: times, run: () => pairs(times), brief: () => pairs(BRIEF) };
  if (scenario.kind === "typed-batch") {
    return { operations: batch, run: () => allocateAndFree(batch), brief: () => allocateAndFree(few) };
  }
  objects(batch);
  return {
    ...bytesOf(context),
    operations: store.length,
    before: () => context.reset(),
    run: () => objects(batch),
    brief: () => objects(few),
  };
};
