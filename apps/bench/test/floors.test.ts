import { describe, expect, test } from "vitest";
import { contenders } from "../src/catalogue/contenders.js";
import { scenarios } from "../src/catalogue/scenarios.js";
import { floors, floorsOf, isNeeded, judge } from "../src/floors.js";
import { entry } from "./entries.js";

const floor = (what: string) => {
  const found = floors.find((candidate) => candidate.what === what);
  if (found === undefined) throw new Error(`no floor "${what}"`);
  return found;
};

describe("a floor against native malloc", () => {
  const constant = floor("Pool as a constant, 50,000 x 64 B");

  test("holds at its limit and above", () => {
    expect(judge(constant, [entry("pool-constant", "batch64", 10), entry("native", "batch64", 20)])).toMatchObject({
      held: true,
      figure: { value: 2 },
    });
  });

  test("is missed below it", () => {
    expect(judge(constant, [entry("pool-constant", "batch64", 11), entry("native", "batch64", 20)]).held).toBe(false);
  });

  test("is missed where there is no native malloc to compare with", () => {
    const missing = entry("native", "batch64", 0, { status: "missing", note: "no C compiler found", rounds: [] });
    expect(judge(constant, [entry("pool-constant", "batch64", 1), missing])).toMatchObject({
      held: false,
      problem: "native in batch64: no C compiler found",
    });
  });

  test("is missed where nothing was measured", () => {
    expect(judge(constant, []).problem).toBe("pool-constant in batch64: not measured");
  });
});

test("a time has to stay within its limit", () => {
  const arena = floor("Arena as a constant, 48 B");
  expect(judge(arena, [entry("arena-constant", "arena48", 4)]).held).toBe(true);
  expect(judge(arena, [entry("arena-constant", "arena48", 4.1)]).held).toBe(false);
});

test("a slow-down is the time with many live over the time with few", () => {
  const lifo = floor("Pool as a parameter, LIFO, 1,000,000 live");
  const few = entry("pool-parameter", "lifo64", 4);
  expect(judge(lifo, [few, entry("pool-parameter", "lifo64-1m", 6)])).toMatchObject({
    held: true,
    figure: { value: 1.5 },
  });
  expect(judge(lifo, [few, entry("pool-parameter", "lifo64-1m", 6.4)]).held).toBe(false);
});

test("random replacement may slow down as much as native malloc does", () => {
  const random = floor("PoolManager as a parameter, 10,000 to 1,000,000 live");
  const entries = [
    entry("manager-parameter", "random10k", 10),
    entry("native", "random10k", 20),
    entry("native", "random1m", 100),
  ];
  expect(judge(random, [...entries, entry("manager-parameter", "random1m", 50)])).toMatchObject({
    held: true,
    figure: { value: 1 },
  });
  expect(judge(random, [...entries, entry("manager-parameter", "random1m", 60)]).held).toBe(false);
});

test("a context may take so much of the time of the C reference", () => {
  const context = floor("Context as a constant, 50,000 x 48 B");
  const reference = entry("native-context", "context48", 30);
  expect(judge(context, [entry("context-constant", "context48", 21), reference])).toMatchObject({
    held: true,
    figure: { value: 0.7 },
  });
  expect(judge(context, [entry("context-constant", "context48", 22), reference]).held).toBe(false);
});

test("the slots' footprint is counted in times of 64 MiB", () => {
  const slots = floor("Pool, 2^20 live slots of 64 B");
  const withFootprint = (mebibytes: number) =>
    entry("pool-parameter", "slots", 0, { ready: { footprint: mebibytes * 2 ** 20 }, rounds: [] });
  expect(judge(slots, [withFootprint(65)]).held).toBe(true);
  expect(judge(slots, [withFootprint(66)]).held).toBe(false);
  expect(judge(slots, [entry("pool-parameter", "slots", 0)]).held).toBe(false);
});

describe("the floors of the traces", () => {
  const all = (heap: number, perl = heap) =>
    ["cc1", "sqlite", "python", "perl"].flatMap((id) => [
      entry("native", id, 20, { ready: { footprint: 1_000 } }),
      entry("heap-constant", id, id === "perl" ? perl : heap),
    ]);

  test("together, their speed is the geometric mean", () => {
    const together = floor("Heap as a constant, the traces");
    expect(judge(together, all(10, 40)).figure?.value).toBeCloseTo((2 * 2 * 2 * 0.5) ** 0.25);
    expect(judge(together, all(10, 40)).held).toBe(true);
    expect(judge(together, all(21)).held).toBe(false);
  });

  test("each of them has to hold, so the slowest is judged", () => {
    const each = floor("Heap as a constant, each trace");
    expect(judge(each, all(10, 23))).toMatchObject({ held: true, figure: { value: 20 / 23 } });
    expect(judge(each, all(10, 24)).held).toBe(false);
  });

  test("without one of them there is no figure", () => {
    expect(judge(floor("Heap as a constant, the traces"), all(10).slice(0, -1)).problem).toContain("perl");
  });

  test("utilization is set against that of the C library in the same run", () => {
    const utilization = floor("Heap, utilization on perl");
    const native = entry("native", "perl", 20, { ready: { footprint: 1_000 } });
    const heap = (footprint?: number) =>
      entry("heap-parameter", "perl", 20, { ready: footprint === undefined ? {} : { footprint } });
    expect(judge(utilization, [native, heap(1_000)]).held).toBe(true);
    expect(judge(utilization, [native, heap(1_001)]).held).toBe(false);
    expect(judge(utilization, [native, heap()]).held).toBe(false);
  });
});

test("floors name contenders and scenarios that exist and go together", () => {
  for (const { what, needs } of floors) {
    for (const [who, where] of needs) {
      const contender = contenders.find(({ id }) => id === who);
      const scenario = scenarios.find(({ id }) => id === where);
      expect(contender?.kinds, what).toContain(scenario?.kind);
      expect(isNeeded(who, where)).toBe(true);
    }
  }
  expect(isNeeded("uint8array", "batch64")).toBe(false);
});

test("a run of some scenarios is judged by the floors that need no others", () => {
  expect(floorsOf([])).toBe(floors);
  expect(floorsOf(["slots"]).map(({ what }) => what)).toEqual(["Pool, 2^20 live slots of 64 B"]);
  expect(floorsOf(["lifo64-1m"])).toEqual([]);
});
