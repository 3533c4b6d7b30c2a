import { expect, test } from "vitest";
import { runRandomProgram } from "./random-program.ts";

const OPERATIONS = 1_000_000;

test.each([1, 2, 3, 4, 5])(
  "a million random calls agree with a plain model on both allocators, seed %d",
  (seed) => {
    const v1 = runRandomProgram({ allocator: "v1", v1: { threshold: 1024 * 1024 } }, seed, OPERATIONS).runtime;
    expect(v1.stats().collections.count).toBeGreaterThan(10);
    const v2 = runRandomProgram({ allocator: "v2" }, seed, OPERATIONS).runtime;
    expect(v2.stats().allocations).toBe(v1.stats().allocations);
    expect(v2.stats().payload).toBe(v1.stats().payload);
  },
  120_000,
);

test("collecting at every allocation loses nothing: 60,000 random calls", () => {
  runRandomProgram({ allocator: "v1", v1: { threshold: 0 } }, 11, 60_000);
}, 120_000);
