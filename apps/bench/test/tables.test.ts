import { describe, expect, test } from "vitest";
import { floors } from "../src/floors.js";
import { floorRow, memoryRow, scenarioTables, shareRow, timeRow, timeTable } from "../src/report/tables.js";
import { entry, scenarioById } from "./entries.js";

const base = entry("native", "batch64", 20, { ready: { libc: "glibc 2.36" } });

describe("a row of times", () => {
  test("shows median, spread and the ratio with its interval", () => {
    expect(timeRow(entry("pool-constant", "batch64", 8), base)).toEqual([
      "morph Pool, a constant of the module",
      "8.00",
      "8.00 to 8.00",
      "2.50x (2.50 to 2.50)",
    ]);
  });

  test("of the baseline names its C library and has ratio 1", () => {
    expect(timeRow(base, base)).toEqual(["native malloc (glibc 2.36)", "20.0", "20.0 to 20.0", "1"]);
  });

  test("without a baseline has no ratio", () => {
    expect(timeRow(entry("pool-constant", "batch64", 8), undefined).at(-1)).toBe("-");
  });

  test("of a missing contender says what is missing", () => {
    const missing = entry("mimalloc", "batch64", 0, { status: "missing", note: "mimalloc: not found", rounds: [] });
    expect(timeRow(missing, base)).toEqual(["native mimalloc", "mimalloc: not found", "-", "-"]);
  });

  test("of a stopped contender says stopped, and shows none of its rounds", () => {
    const stopped = entry("thi-ng", "batch64", 75_000, { status: "stopped", note: "needs over 20 s" });
    expect(timeRow(stopped, base)).toEqual(["@thi.ng/malloc", "stopped (needs over 20 s)", "-", "-"]);
  });

  test("of a failed contender keeps a long reason short", () => {
    const failed = entry("tlsf", "batch64", 0, { status: "failed", note: "x".repeat(500) });
    expect(timeRow(failed, base)[1]!.length).toBeLessThanOrEqual(60);
  });
});

describe("a row of memory", () => {
  test("shows footprint and utilization", () => {
    const slots = entry("pool-parameter", "slots", 0, { ready: { footprint: 2 ** 21, peakLive: 2 ** 20 }, rounds: [] });
    expect(memoryRow(slots).slice(1)).toEqual(["2.00 MiB", "0.50"]);
  });

  test("says when the footprint is not known", () => {
    expect(memoryRow(entry("uint8array", "cc1", 9))[1]).toBe("not known");
  });
});

test("objects with a type have the context in C as their baseline", () => {
  const context = [entry("context-constant", "context48", 15), entry("native-context", "context48", 30)];
  const table = timeTable(scenarioById("context48"), context);
  expect(table).toContain("times as fast as the C context");
  expect(table).toContain("2.00x");
});

test("a row of slots reused shows a share", () => {
  expect(shareRow(entry("context-parameter", "chess", 0, { ready: { reused: 1 } }))[1]).toBe("100 %");
});

test("every row of a scenario is in its table, whatever became of it", () => {
  const missing = entry("mimalloc", "batch64", 0, { status: "missing", note: "mimalloc: not found" });
  const table = timeTable(scenarioById("batch64"), [base, missing, entry("pool-constant", "batch64", 8)]);
  expect(table).toContain("mimalloc: not found");
  expect(table).toContain("2.50x");
  expect(table).not.toContain("\u001b[");
});

test("a replay has times and memory, slots only memory", () => {
  expect(scenarioTables(scenarioById("cc1"), [])).toHaveLength(2);
  expect(scenarioTables(scenarioById("slots"), [])).toHaveLength(1);
  expect(scenarioTables(scenarioById("batch64"), [])).toHaveLength(1);
  expect(scenarioTables(scenarioById("chess"), [])).toHaveLength(1);
});

test("a floor that was not measured says why", () => {
  const row = floorRow({ floor: floors[0]!, held: false, problem: "native in batch64: no C compiler found" });
  expect(row[1]).toBe("not measured (native in batch64: no C compiler found)");
  expect(row.at(-1)).toBe("MISSED");
});
