import { expect, test } from "vitest";
import { runRandomProgram } from "./random-program.ts";

test.each([
  ["V1", { allocator: "v1" }, 20_000],
  ["V1 with collections every 16 KiB", { allocator: "v1", v1: { threshold: 16384 } }, 20_000],
  ["V1, collecting at every allocation", { allocator: "v1", v1: { threshold: 0 } }, 3000],
  ["V2", { allocator: "v2" }, 20_000],
  ["gc", { allocator: "gc" }, 20_000],
  ["gc with a small nursery", { allocator: "gc", gc: { nurseryBytes: 262_144 } }, 30_000],
  [
    "gc, collecting at every allocation",
    { allocator: "gc", gc: { nurseryBytes: 262_144, collectEvery: 1, verifyAlways: true } },
    400,
  ],
] as const)("random calls agree with a plain model: %s", (_, setup, operations) => {
  for (const seed of [1, 2]) runRandomProgram(setup, seed, operations);
});

test("both allocators are asked for the same objects by the same calls", () => {
  const [v1, v2] = (["v1", "v2"] as const).map((allocator) => {
    const { allocations, payload, byType } = runRandomProgram({ allocator }, 3, 10_000).runtime.stats();
    return {
      allocations,
      payload,
      byType: byType.map(({ name, allocations, payload }) => ({ name, allocations, payload })),
    };
  });
  expect(v2).toEqual(v1);
});
