import { describe, expect, it } from "vitest";
import { MEASUREMENTS } from "../src/collector/measurements.js";
import { recordsProgram } from "../src/collector/records.js";
import { ROWS } from "../src/collector/rows.js";
import { traceProgram } from "../src/collector/traces.js";
import { treesProgram } from "../src/collector/trees.js";

describe("the rows of the collector", () => {
  it("are of measurements that there are", () => {
    for (const { from } of ROWS) expect(Object.keys(MEASUREMENTS)).toContain(from[0]);
  });
});

describe("a program", () => {
  it.each([
    ["binary trees", treesProgram({ longDepth: 15, depth: 10, trees: 20 })],
    ["a table of records", recordsProgram(20_000, 20_000)],
    ["a recording", traceProgram("python")],
  ])("gives the same answer on the collector, with frees by hand and on plain objects: %s", (_, program) => {
    const collector = program.onCollector(3 * program.peakLive);
    const answer = collector.run();
    expect(program.onHeap()()).toBe(answer);
    if (program.onObjects !== undefined) expect(program.onObjects()()).toBe(answer);
    expect(collector.peakFootprint()).toBeLessThanOrEqual(3 * program.peakLive);
  });
});
