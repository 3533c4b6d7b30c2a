import { describe, expect, test } from "vitest";
import { QUICK } from "../src/catalogue/settings.js";
import { coldOf } from "../src/report/cold.js";
import { reportPage } from "../src/report/html/page.js";
import { resultsOf } from "../src/report/results.js";
import { coldRow, scenarioTables } from "../src/report/tables.js";
import { coldSteps, measureCold } from "../src/run/cold.js";
import type { Job } from "../src/run/interleave.js";
import { entry, scenarioById } from "./entries.js";

const settings = { ...QUICK, coldProcesses: 3 };

/** Answers with how many rounds it has done: more than 1 would be a process that is not new. */
const counting = `let n = 0; console.log('{"ready":true}'); process.stdin.on("data", () => console.log(JSON.stringify({ ns: ++n })));`;

const job = (contender: string, script: string, ns = 20): Job => ({
  entry: entry(contender, "cc1", ns),
  command: { file: process.execPath, args: ["-e", script], env: process.env },
});

describe("a cold measurement", () => {
  test("takes the first round of so many new processes, and leaves the warm ones alone", async () => {
    const heap = job("heap-parameter", counting);
    const { rounds } = heap.entry;
    let steps = 0;
    await measureCold([heap, job("native", counting)], settings, () => steps++);
    expect(heap.entry.cold).toEqual([1, 1, 1]);
    expect(heap.entry.rounds).toBe(rounds);
    expect(steps).toBe(coldSteps([heap, heap], settings));
  });

  test("says why it is of nothing", async () => {
    const dying = job("heap-parameter", "throw new Error('no such thing')");
    // 244,059 operations of 3 us.
    const slow = job("thi-ng", counting, 3_000);
    const stopped = job("tlsf", counting);
    stopped.entry.status = "stopped";
    await measureCold([dying, slow, stopped], settings, () => undefined);
    expect([dying, slow, stopped].map((each) => each.entry.coldNote)).toEqual([
      "Error: no such thing",
      "needs over 0.5 s when it is warm",
      "not measured warm",
    ]);
    expect([dying, slow, stopped].flatMap((each) => each.entry.cold)).toEqual([]);
  });
});

describe("a cold figure", () => {
  const heap = entry("heap-parameter", "cc1", 10, { cold: [60, 100, 80] });
  const base = entry("native", "cc1", 20, { cold: [20, 20, 40], ready: { libc: "glibc 2.36" } });

  test("is the median, and its ratio is to native malloc's in the same turn", () => {
    const cold = coldOf(heap, base)!;
    expect(cold.ns).toEqual({ value: 80, low: 60, high: 100 });
    expect(cold.timesAsLong).toEqual({ value: 3, low: 2, high: 5 });
    expect(coldOf(heap, undefined)).not.toHaveProperty("timesAsLong");
    expect(coldOf(entry("tlsf", "cc1", 1), base)).toBeUndefined();
  });

  test("has a row for each contender, whatever became of it", () => {
    expect(coldRow(heap, base).slice(1)).toEqual(["80.0", "60.0 to 100", "3.00x (2.00 to 5.00)"]);
    expect(coldRow(base, base).slice(1)).toEqual(["20.0", "20.0 to 40.0", "1"]);
    expect(coldRow(entry("thi-ng", "cc1", 1, { coldNote: "too slow" }), base).slice(1)).toEqual(["too slow", "-", "-"]);
  });

  test("is in the tables and in the report, and neither has a place for it where nothing was measured cold", () => {
    const tables = (entries: (typeof heap)[]) => scenarioTables(scenarioById("cc1"), entries).join("\n");
    const page = (entries: (typeof heap)[]) =>
      reportPage(resultsOf(QUICK, { preloads: {} }, entries, []), { library: "", client: "" });
    const warm = { ...heap, cold: [] };
    expect(tables([heap, base])).toContain("3.00x (2.00 to 5.00)");
    expect(tables([warm])).not.toContain("cold ns");
    expect(page([heap, base])).toContain("<td>3.00x (2.00 to 5.00)</td>");
    expect(page([warm])).not.toContain("cold ns");
  });
});
