import { Heap } from "@morph/heap";
import type { Scenario } from "../catalogue/scenario.js";
import { memoryFor, takenOf } from "./memory.js";
import { linear, pointers, type Reallocator, type Subject } from "./subject.js";
import { compiledTouch } from "./touch.js";

/** A heap. Traces run on one with default options, other scenarios on a memory that is large enough from the start. */
export const heapFor = (scenario: Scenario): Heap =>
  scenario.kind === "replay" ? new Heap() : new Heap({ memory: memoryFor(scenario) });

/** Under the names that the loops use. */
export const asAllocator = (heap: Heap): Reallocator<number> => ({
  alloc: (size) => heap.malloc(size),
  free: (pointer) => heap.free(pointer),
  realloc: (pointer, size) => heap.realloc(pointer, size),
});

/** The subject of a heap. */
export const heapSubject = (heap: Heap): Subject<number> => ({
  allocator: asAllocator(heap),
  store: pointers,
  objects: linear(() => heap.memory.u8, compiledTouch(heap.memory.wasm)),
  footprint: () => takenOf(heap.memory),
});
