import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, it } from "vitest";
import { PoolManager } from "../src/index.ts";
import { PoolModel } from "./model.ts";

describe("random programs", () => {
  it("agree with a plain model, whatever the classes, the slabs and who else uses the memory", () => {
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "free", "free", "misuse", "trim", "grow", "burst"),
      value: fc.nat(2 ** 20),
    });
    const classes = fc.constantFrom([16, 32, 64, 128, 256], [8, 24, 40, 72, 1000], [48], [8192, 24_576, 32_768]);
    fc.assert(
      fc.property(classes, fc.constantFrom(1, 2), fc.array(step, { maxLength: 80 }), (sizeClasses, pages, steps) => {
        const memory = new LinearMemory({ initialPages: 1 });
        const pools = new PoolManager({ memory, sizeClasses, slabBytes: pages * 65_536 });
        const neighbour = new PoolManager({ memory });
        const model = new PoolModel(pools, memory);
        const largest = sizeClasses.at(-1)!;
        for (const { kind, value } of steps) {
          if (kind === "alloc") model.alloc(1 + (value % largest));
          else if (kind === "burst") for (let i = 0; i < 300; i++) model.alloc(1 + ((value + i) % largest));
          else if (kind === "free" && model.live > 0) model.free(value % model.live);
          else if (kind === "misuse" && model.live > 0) model.misuse(value, value % model.live);
          else if (kind === "trim") pools.trim();
          else if (kind === "grow") {
            memory.wasm.grow(1);
            neighbour.alloc(256);
          }
        }
        model.check();
        while (model.live > 0) model.free(model.live - 1);
        model.check();
        pools.trim();
        model.check();
      }),
      { numRuns: 40 },
    );
  });
});
