import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";
import { HeapModel, someSize } from "./model.ts";

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
      { numRuns: 30 },
    );
  });

  it("agree with a plain model at a limit, with wild writes around everything", () => {
    const step = fc.record({
      kind: fc.constantFrom(
        "malloc",
        "malloc",
        "calloc",
        "aligned",
        "realloc",
        "free",
        "free",
        "fill",
        "wild",
        "limit",
      ),
      value: fc.nat(2 ** 30),
    });
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 80 }), (byMemory, steps) => {
        const memory = new LinearMemory({ initialPages: 2, maxPages: byMemory ? 16 : 1000 });
        const heap = byMemory ? new Heap({ memory }) : new Heap({ memory, maxBytes: 900_000 });
        const model = new HeapModel(heap, memory);
        // Sizes near what is left, too.
        const size = (next: (below: number) => number): number =>
          next(4) === 0
            ? Math.max(1, Math.min(heap.maxBytes, 900_000) - heap.stats().footprint - 40_000 + next(80_000))
            : someSize(next);
        const attempt = (action: () => unknown): boolean => {
          const before = heap.stats();
          const code = codeOf(action);
          if (code === "did not throw") return true;
          expect(code).toBe("ERR_MORPH_OUT_OF_MEMORY");
          expect(heap.stats().currentLive).toBe(before.currentLive);
          return false;
        };
        for (const { kind, value } of steps) {
          const next = random(value);
          if (kind === "malloc") attempt(() => model.malloc(size(next)));
          else if (kind === "calloc") attempt(() => model.calloc(1, size(next)));
          else if (kind === "aligned") attempt(() => model.alignedAlloc(1 << next(21), size(next)));
          else if (kind === "realloc" && model.live > 0) attempt(() => model.realloc(next(model.live), size(next)));
          else if (kind === "free") for (let i = next(20); i >= 0 && model.live > 0; i--) model.free(next(model.live));
          else if (kind === "fill") for (const each = 1 + next(5000); attempt(() => model.malloc(each)); );
          else if (kind === "wild") model.writeWildly(next(256));
          else if (kind === "limit" && !byMemory) heap.maxBytes = 500_000 + next(400_000);
          expect(heap.tryMalloc(2 ** 31)).toBe(0);
          heap.verify();
          expect(heap.stats().peakFootprint).toBeLessThanOrEqual(900_000 + (byMemory ? 200_000 : 0));
        }
        model.check();
        while (model.live > 0) model.free(model.live - 1);
        model.check();
      }),
      { numRuns: 20 },
    );
  });
});
