/** Values of wrong types, in every argument of every public function. */
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { Heap } from "../src/index.ts";

it("are refused with a code, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const heap = new Heap({ memory });
  const objects = [100, 5000, 2_000_000].map((size) => heap.malloc(size));
  const calls: Record<string, (odd: never) => unknown> = {
    malloc: (odd: never) => heap.malloc(odd),
    tryMalloc: (odd: never) => heap.tryMalloc(odd),
    free: (odd: never) => heap.free(odd),
    calloc: (odd: never) => heap.calloc(odd, 8),
    "calloc, size": (odd: never) => heap.calloc(8, odd),
    alignedAlloc: (odd: never) => heap.alignedAlloc(odd, 8),
    "alignedAlloc, size": (odd: never) => heap.alignedAlloc(64, odd),
    realloc: (odd: never) => heap.realloc(odd, 8),
    usableSize: (odd: never) => heap.usableSize(odd),
    owns: (odd: never) => heap.owns(odd),
    wasmImports: (odd: never) => heap.wasmImports(odd),
    "wasmImports, errno": (odd: never) => heap.wasmImports({ errno: odd }),
    requireModule: (odd: never) => heap.requireModule(odd),
    saveState: (odd: never) => heap.saveState(odd),
    loadState: (odd: never) => heap.loadState(odd),
    constructor: (odd: never) => new Heap(odd),
    memory: (odd: never) => new Heap({ memory: odd }),
    maxBytes: (odd: never) => new Heap({ memory, maxBytes: odd }).destroy(),
    owner: (odd: never) => new Heap({ memory, owner: odd }).destroy(),
    "heap.maxBytes": (odd: never) => {
      heap.maxBytes = odd;
    },
  };
  for (const object of objects) calls[`realloc of ${object}, size`] = (odd: never) => heap.realloc(object, odd);
  expect(takeOrRefuse(calls, () => [heap.stats(), [...heap.liveObjects()], memory.footprint])).toEqual([]);
  heap.verify();
});
