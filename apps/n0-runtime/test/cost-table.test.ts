import { expect, test } from "vitest";
import { costOnV1, costOnV2, formatCosts, measureCost, objectCosts } from "../src/index.ts";

test("an object of 16 bytes costs 107 bytes on V1 and 24 on V2, by arithmetic and by measurement", () => {
  expect(Math.round(costOnV1(16))).toBe(107);
  expect(costOnV2(16)).toBe(24);
  expect(Math.round(measureCost("v1", 16, 100_000).footprint)).toBe(107);
  const { pages, footprint } = measureCost("v2", 16, 100_000);
  expect(Math.round(pages)).toBe(24);
  expect(footprint).toBeGreaterThanOrEqual(pages);
  expect(footprint).toBeLessThan(25);
});

test("arithmetic and measurement agree for payloads 0 to 512", () => {
  const payloads = [0, 1, 8, 15, 16, 17, 48, 49, 112, 113, 240, 248, 249, 256, 257, 400, 512];
  const costs = objectCosts(payloads, 20_000);
  for (const { payload, v1, measuredV1, v2, pagesV2, measuredV2 } of costs) {
    expect(Math.abs(measuredV1 / v1 - 1), `V1 at ${payload}`).toBeLessThan(0.01);
    // The last slab, or the arena's last block of up to 2 MiB, is not full.
    expect(pagesV2, `V2 at ${payload}`).toBeGreaterThanOrEqual(v2);
    expect(pagesV2 / v2 - 1, `V2 at ${payload}`).toBeLessThan(0.4);
    expect(measuredV2, `V2's tables at ${payload}`).toBeGreaterThanOrEqual(pagesV2);
  }
  expect(formatCosts(costs)).toContain("106.9");
});
