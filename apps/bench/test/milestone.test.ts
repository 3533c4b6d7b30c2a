import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileFrontEnd, runModule } from "n0";
import { MemoryWriter } from "n0-runtime";
import { describe, expect, test } from "vitest";
import { pauseCharts, sizeCharts, timesCharts } from "../src/milestone/charts.ts";
import type { Comparison } from "../src/milestone/comparison.ts";
import { ALLOCATORS } from "../src/milestone/contenders.ts";
import { pauseClasses } from "../src/milestone/heap-watch.ts";
import { compiler, frontEnd, OTHERS, STYLES } from "../src/milestone/programs.ts";
import { milestoneResults } from "../src/milestone/results.ts";
import { saying } from "../src/milestone/rows.ts";
import { milestoneSection } from "../src/milestone/section.ts";
import { SETTINGS } from "../src/milestone/settings.ts";
import { arithmeticOf, layoutsOf } from "../src/milestone/sizes.ts";
import { generatedSource } from "../src/milestone/source.ts";
import { milestoneVerdicts } from "../src/milestone/verdicts.ts";
import { folder, LONG, outputs, printsTheSame } from "./milestone-outputs.ts";

describe("the generated source", () => {
  test("is the same each time and has exactly the lines asked for", () => {
    for (const lines of [10, 100, 1_000]) {
      expect(generatedSource(lines)).toBe(generatedSource(lines));
      expect(generatedSource(lines).split("\n")).toHaveLength(lines + 1);
    }
  });

  test("is a valid program", () => {
    const result = compileFrontEnd({ file: "a.fox", bytes: new TextEncoder().encode(generatedSource(500)) });
    expect(result.ok ? [] : result.diagnostics).toEqual([]);
  });
});

describe("the programs", () => {
  test("front ends of both styles find the same tree, without errors, on all allocators and on plain objects", async () => {
    const all = (await Promise.all(STYLES.map((style) => outputs(frontEnd(style, 100))))).flat();
    expect(all).toHaveLength(STYLES.length * (ALLOCATORS.length + 1));
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toMatch(/^101 lines, \d+ tokens, \d+ nodes\n0 errors, tree \d+\n$/);
  });

  test("N1 makes a module that runs", async () => {
    await outputs(compiler(100));
    const module = new Uint8Array(readFileSync(join(folder, "input.txt.wasm")));
    expect(runModule(module, { stdout: new MemoryWriter() })).toMatchObject({ exitCode: 0, failure: null });
  });

  test.each(OTHERS.filter(({ id }) => !LONG.includes(id)))(
    "$id prints the same on all allocators and on plain objects",
    (program) => printsTheSame(program, ALLOCATORS),
  );
});

test("pauses are counted by powers of two, the longest together", () => {
  const counts = pauseClasses([0, 0.5, 1, 1.9, 2, 3, 1_000, 2 ** 30]);
  expect(counts).toHaveLength(24);
  expect(counts.slice(0, 3)).toEqual([2, 2, 2]);
  expect([counts[10], counts[23]]).toEqual([1, 1]);
});

describe("the arithmetic", () => {
  test("of objects of 16 bytes: 104 with V1's header, 32 in V2's slot, 24 with a header of 8", () => {
    const [v1, v2, eight, , , , , payload] = layoutsOf({ 16: 10 });
    expect(v1?.bytes).toBeCloseTo(1040 * (4168 / 4096));
    expect(v2?.bytes).toBe(320);
    expect(eight?.bytes).toBe(320);
    expect(layoutsOf({ 16: 10 })[5]?.bytes).toBe(240);
    expect(payload?.bytes).toBe(160);
    expect(v2?.saved).toBeCloseTo(1 - 320 / (1040 * (4168 / 4096)));
  });

  test("of large objects: whole pages on V1, 16s on V2", () => {
    const [v1, v2] = layoutsOf({ 5000: 1 });
    expect(v1?.bytes).toBe(8192 + 72);
    expect(v2?.bytes).toBe(5024);
  });

  test("says what a header of 16 saves at most", () => {
    const lines = arithmeticOf({ what: "it", histogram: { 16: 1 } } as unknown as Comparison);
    expect(lines[2]).toContain("1 - (16 + 16.0) / 105.8 = 69.8 % saved at most");
  });
});

describe("what is said of a comparison", () => {
  const collections = { count: 3, totalMs: 1, maxMs: 1, freedObjects: 1 };
  const base: Comparison = {
    id: "lean-1000",
    what: "it",
    style: "lean",
    lines: 1_000,
    sides: [
      { contender: "v1", peakFootprint: 1e6, allocatorMs: 10, collections, wholeMs: 30, firstMs: 60 },
      { contender: "v2", peakFootprint: 4e5, allocatorMs: 6, collections: { ...collections, count: 0 }, wholeMs: 20 },
      { contender: "gc", peakFootprint: 3e5, collections, wholeMs: 12, againMs: 10, firstMs: 80 },
      { contender: "plain", peakFootprint: 2e5, peakCommitted: 3e5, wholeMs: 5, firstMs: 40 },
    ],
  };
  const stopped: Comparison = { ...base, sides: [{ contender: "v1", note: "stopped after 3 s" }, base.sides[1]!] };

  test("who is smaller where V1 collects, and what was stopped", () => {
    expect(saying(base)).toContain("V1 collects 3 times, V2 never: V2 is smaller (0.40 against 1.00 MB)");
    expect(saying(stopped)).toContain("V1 stopped after 3 s");
  });

  test("how many times the whole time on plain objects the allocators take", () => {
    expect(saying(base)).toContain("times the whole time on plain objects: V1 6.00, V2 4.00, GC 2.00");
    expect(saying(base)).toContain("the collector on a new memory: 2.40");
    expect(saying(base)).toContain("in the first run of a process: V1 1.50, GC 2.00");
    expect(saying(base)).toContain("take 0.20 MB of the engine's heap, which grows by 0.30 MB");
    expect(saying(stopped)).not.toContain("plain");
  });

  test("a floor that is missed, one that holds, and one that could not be measured", () => {
    const [footprint, time] = milestoneVerdicts([base]);
    expect([footprint?.value, footprint?.held]).toEqual([60, true]);
    expect([time?.value, time?.held]).toEqual([40, false]);
    const collected = milestoneVerdicts([base]).filter(({ what }) => what.includes("collected"));
    expect(collected.map(({ value, aim, held }) => [value, aim, held])).toEqual([
      [70, 80, false],
      [2, 2, true],
    ]);
    const [churn] = milestoneVerdicts([{ id: "garbage", what: "garbage churn", sides: base.sides }]);
    expect(churn).toMatchObject({ value: 0.6, atMost: 1, held: true });
    expect(milestoneVerdicts([stopped])[0]).toMatchObject({ held: false, problem: "stopped after 3 s" });
  });
});

describe("the charts", () => {
  const pauses = (at: number, count: number): number[] => Array.from({ length: 24 }, (_, i) => (i === at ? count : 0));
  const collections = { count: 5, totalMs: 1, maxMs: 1, freedObjects: 1 };
  const program = (id: string, lines: number | undefined): Comparison => ({
    id,
    what: id,
    ...(lines !== undefined && { style: "lean", lines }),
    sides: [
      { contender: "v1", wholeMs: 40, note: "stopped after 3 s" },
      { contender: "v2", wholeMs: 20, peakFootprint: 1e6 },
      { contender: "gc", wholeMs: 20, againMs: 15 },
      { contender: "plain", wholeMs: 10, peakFootprint: 2e6, collections: { ...collections, pauses: pauses(9, 5) } },
    ],
  });
  const milestone = milestoneResults(SETTINGS.quick, [program("front", 1_000), program("garbage", undefined)]);

  test("show plain objects over the lines of source, once", () => {
    const [footprint] = sizeCharts(milestone);
    const lines = footprint!.lines.filter(({ side }) => side === "plain");
    expect(lines).toEqual([{ label: "plain objects", side: "plain", broken: false, points: [{ x: 1_000, y: 2 }] }]);
  });

  test("show times beside plain objects, and nothing for who was stopped", () => {
    const [chart] = timesCharts(milestone);
    expect(chart!.programs).toEqual(["front", "garbage"]);
    expect(chart!.series.map(({ side, values }) => [side, values])).toEqual([
      ["v1", [null, null]],
      ["v2", [2, 2]],
      ["gc", [1.5, 1.5]],
    ]);
  });

  test("show pauses of all programs together and of each that is no front end, only lengths that there were", () => {
    const [all, garbage, ...rest] = pauseCharts(milestone);
    expect(rest).toEqual([]);
    expect(all).toMatchObject({ id: "pauses", classes: ["< 512 \u00b5s"], series: [{ side: "plain", counts: [10] }] });
    expect(garbage).toMatchObject({ id: "pauses-garbage", series: [{ counts: [5] }] });
  });

  test("have a place in the report; without the milestone there is none", () => {
    const html = milestoneSection(milestone);
    for (const id of ["milestone-footprint", "milestone-times", "pauses", "pauses-garbage"]) {
      expect(html).toContain(`<canvas id="${id}"`);
    }
    expect(milestoneSection(undefined)).toBe("");
    expect([sizeCharts(undefined), timesCharts(undefined), pauseCharts(undefined)]).toEqual([[], [], []]);
  });
});
