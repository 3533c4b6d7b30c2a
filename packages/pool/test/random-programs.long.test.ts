import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { PoolManager } from "../src/index.ts";
import { PoolModel } from "./model.ts";

const OPERATIONS = 10_000_000;

describe.each([1, 2, 3, 4, 5])("10 million random operations, seed %i", (seed) => {
  // Odd seeds start above 2 GiB; all of them grow the memory many times.
  it("agree with a plain model", { timeout: 600_000 }, () => {
    const memory = new LinearMemory({ initialPages: 1 });
    if (seed % 2 === 1) {
      memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    }
    const pools = new PoolManager({ memory });
    const model = new PoolModel(pools, memory);
    const next = random(seed * 7919);
    let wanted = 1000;
    for (let i = 0; i < OPERATIONS; i++) {
      // The number of live objects wanders, so that slabs come and go.
      if (i % 100_000 === 0) wanted = next(10) === 0 ? 0 : next(100_000);
      const grow = next(100) < (model.live < wanted ? 60 : 40);
      if (grow || model.live === 0) model.alloc(1 + next(256));
      else model.free(next(model.live));
      if (i % 1000 === 0 && model.live > 0) model.misuse(next(7), next(model.live));
      if (i % 200_000 === 0) pools.trim();
      if (i % 300_000 === 0) memory.wasm.grow(1);
      if (i % 1_000_000 === 0) model.check();
    }
    model.check();
    while (model.live > 0) model.free(next(model.live));
    model.check();
    pools.trim();
    expect(pools.stats().slabs).toBe(0);
  });
});
