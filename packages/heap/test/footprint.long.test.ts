import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";

const OPERATIONS = 50_000_000;
const MIB = 1_048_576;

type Next = (below: number) => number;

/** The size of a new object when `t` of the run, from 0 to 1, is over. */
const MIXES: Record<string, (t: number, next: Next) => number> = {
  "small ones and large ones, more or fewer of each": (t, next) => {
    const small = 500 + 400 * Math.sin(t * Math.PI * 6);
    const kind = next(1000);
    return 1 + next(kind < small ? 128 : kind < small + (1000 - small) * 0.9 ? 1024 : 8192);
  },
  // Each class's slabs are left behind in turn.
  "a narrow band that wanders from 16 bytes to 1 KiB, three times": (t, next) =>
    Math.ceil(16 * 64 ** ((t * 3) % 1) * (0.95 + next(100) / 1000)),
  "a narrow band that wanders from 1 KiB to 16 bytes": (t, next) => 1016 - Math.floor(t * 1000) + next(16),
};

describe.each(Object.keys(MIXES))("50 million operations: %s", (mix) => {
  it.each(mix.startsWith("small") ? [20_000, 100_000] : [20_000])(
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
        const size = MIXES[mix]!(i / steps, next);
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
