import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { Heap } from "../src/index.ts";
import { random } from "./model.ts";

const OPERATIONS = 50_000_000;
const MIB = 1_048_576;

describe("50 million operations of random sizes with a slowly changing mix", () => {
  it.each([20_000, 100_000])(
    "keep the footprint under 1.25 x peak live + 1 MiB, %i objects live",
    { timeout: 600_000 },
    (count) => {
      const memory = new LinearMemory();
      const heap = new Heap({ memory });
      const next = random(count);
      const pointers = new Uint32Array(count);
      const sizes = new Uint32Array(count);
      let live = 0;
      let peak = 0;
      // Each replaces one object, which is two operations.
      const steps = OPERATIONS / 2;
      for (let i = 0; i < steps; i++) {
        const phase = Math.sin((i / steps) * Math.PI * 6);
        const small = 500 + 400 * phase;
        const kind = next(1000);
        const size = 1 + next(kind < small ? 128 : kind < small + (1000 - small) * 0.9 ? 1024 : 8192);
        const k = next(count);
        if (sizes[k] !== 0) {
          heap.free(pointers[k]!);
          live -= sizes[k]!;
        }
        pointers[k] = heap.malloc(size);
        sizes[k] = size;
        live += size;
        if (live > peak) peak = live;
        if (i % 10_000_000 === 0) heap.verify();
      }
      heap.verify();
      expect(memory.peakFootprint).toBeLessThan(1.25 * peak + MIB);
    },
  );
});
