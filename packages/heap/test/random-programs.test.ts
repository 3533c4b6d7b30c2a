import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "../src/index.ts";
import { HeapModel, random, someSize } from "./model.ts";

describe("random programs", () => {
  it("agree with a plain model, whoever else uses the memory", () => {
    const step = fc.record({
      kind: fc.constantFrom(
        "malloc",
        "malloc",
        "calloc",
        "aligned",
        "realloc",
        "realloc",
        "free",
        "misuse",
        "trim",
        "grow",
        "burst",
      ),
      value: fc.nat(2 ** 30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new LinearMemory({ initialPages: 1 });
        const heap = new Heap({ memory });
        const neighbour = new Heap({ memory });
        const model = new HeapModel(heap, memory);
        for (const { kind, value } of steps) {
          const next = random(value);
          if (kind === "malloc") model.malloc(someSize(next));
          else if (kind === "calloc") model.calloc(1 + next(10), 1 + next(500));
          else if (kind === "aligned") model.alignedAlloc(1 << next(18), someSize(next));
          else if (kind === "burst") for (let i = 0; i < 300; i++) model.malloc(1 + next(1500));
          else if (kind === "realloc" && model.live > 0) model.realloc(next(model.live), someSize(next));
          else if (kind === "free" && model.live > 0)
            for (let i = next(20); i >= 0 && model.live > 0; i--) model.free(next(model.live));
          else if (kind === "misuse" && model.live > 0) model.misuse(value, next(model.live));
          else if (kind === "trim") heap.trim();
          else if (kind === "grow") {
            memory.wasm.grow(1);
            neighbour.malloc(someSize(next));
          }
          heap.verify();
        }
        model.check();
        while (model.live > 0) model.free(model.live - 1);
        model.check();
        heap.trim();
        model.check();
        expect(heap.stats().slabs).toBe(0);
        neighbour.verify();
      }),
      { numRuns: 60 },
    );
  });
});
