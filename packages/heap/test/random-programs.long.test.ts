import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";
import { HeapModel, someSize } from "./model.ts";

const OPERATIONS = 10_000_000;

describe.each([1, 2, 3, 4, 5])("10 million random operations, seed %i", (seed) => {
  // Odd seeds start above 2 GiB; all of them grow the memory many times.
  it("agree with a plain model", { timeout: 600_000 }, () => {
    const memory = new LinearMemory({ initialPages: 1 });
    if (seed % 2 === 1) {
      memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    }
    const heap = new Heap({ memory });
    const model = new HeapModel(heap, memory);
    const next = random(seed * 7919);
    const small = (): number => 1 + next(next(10) === 0 ? 3000 : 300);
    let wanted = 1000;
    for (let i = 0; i < OPERATIONS; i++) {
      // The number of live objects wanders, so that slabs and pages come and go.
      if (i % 100_000 === 0) wanted = next(10) === 0 ? 0 : next(10_000);
      const size = i % 64 === 0 ? someSize(next) : small();
      const grow = next(100) < (model.live < wanted ? 60 : 40);
      if (grow || model.live === 0) {
        if (i % 97 === 0) model.alignedAlloc(16 << next(8), size);
        else if (i % 101 === 0) model.calloc(1, size);
        else model.malloc(size);
      } else if (i % 16 === 0) {
        model.realloc(next(model.live), size);
      } else {
        model.free(next(model.live));
      }
      if (i % 1000 === 0 && model.live > 0) model.misuse(next(7), next(model.live));
      if (i % 200_000 === 0) heap.trim();
      if (i % 250_000 === 0) model.writeWildly(next(256));
      if (i % 300_000 === 0) memory.wasm.grow(1);
      if (i % 1_000_000 === 0) model.check();
      else if (i % 50_000 === 0) heap.verify();
    }
    model.check();
    while (model.live > 0) model.free(next(model.live));
    model.check();
    heap.trim();
    expect(heap.stats()).toMatchObject({ slabs: 0, currentLive: 0 });
  });
});
