import { expect, test } from "vitest";
import { PLAN_LENGTH, randomPlan } from "../src/worker/random-plan.js";
import { xorshift } from "../src/xorshift.js";

test("xorshift32 gives the known sequence", () => {
  // The first values for seed 1, as in Marsaglia's paper.
  const next = xorshift(1);
  expect([next(), next(), next()]).toEqual([270_369, 67_634_689, 2_647_435_461]);
});

test("the plan stays within its bounds and is the same each time", () => {
  const plan = randomPlan({ live: 1_000, sizes: [16, 256] });
  expect(plan.indices).toHaveLength(PLAN_LENGTH);
  expect(plan.indices.every((index) => index < 1_000)).toBe(true);
  for (const sizes of [plan.first, plan.sizes]) {
    expect(Math.min(...sizes.subarray(0, 10_000))).toBeGreaterThanOrEqual(16);
    expect(Math.max(...sizes.subarray(0, 10_000))).toBeLessThanOrEqual(256);
  }
  expect(randomPlan({ live: 1_000, sizes: [16, 256] }).indices.subarray(0, 100)).toEqual(plan.indices.subarray(0, 100));
});
