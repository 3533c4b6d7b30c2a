import { expect, test } from "vitest";
import { contenders } from "../src/catalogue/contenders.js";
import { type Claimed, claimed, claims } from "../src/claims.js";
import { claimRow, claimTable } from "../src/report/tables.js";
import { entry, scenarioById } from "./entries.js";

const found = (all: readonly Claimed[], what: string): Claimed => all.find(({ claim }) => claim.what === what)!;

test("the original's figures are quoted as they are", () => {
  expect(claims.map(({ claimed }) => claimed)).toEqual([3.1, 1_111, 850, 850, 920, 5_120, 100]);
});

test("claims name contenders that run their scenario", () => {
  for (const { what, scenario, constant, parameter, reference } of claims) {
    for (const id of [constant, parameter, reference].filter((id) => id !== undefined)) {
      expect(contenders.find((contender) => contender.id === id)?.kinds, what).toContain(scenarioById(scenario).kind);
    }
  }
});

test("a ratio is to malloc in the same scenario", () => {
  const all = claimed([entry("native", "batch64", 20), entry("pool-constant", "batch64", 8)]);
  const pool = found(all, "pool against malloc");
  expect(pool.constant).toBe(2.5);
  expect(pool.parameter).toBeUndefined();
});

test("a throughput is a million over the nanoseconds", () => {
  const all = claimed([entry("context-constant", "objects40k", 20), entry("native-context", "objects40k", 40)]);
  expect(found(all, "third benchmark, throughput, steady")).toMatchObject({ constant: 50_000, reference: 25_000 });
});

test("bytes are in KB of 1,000 and shares in percent", () => {
  const ready = { poolBytes: 720_000, arenaBytes: 5_120_000 };
  const all = claimed([
    entry("context-parameter", "objects40k", 20, { ready }),
    entry("context-parameter", "chess", 0, { ready: { reused: 1 } }),
  ]);
  expect(found(all, "third benchmark, pool").parameter).toBe(720);
  expect(found(all, "third benchmark, arena").parameter).toBe(5_120);
  expect(found(all, "chess test, slots reused").parameter).toBe(100);
});

test("what was not measured, or not to the end, has no figure", () => {
  const failed = entry("context-parameter", "chess", 0, { status: "failed", ready: { reused: 1 } });
  const [first, ...rest] = claimed([failed]);
  expect(claimRow(first!)).toEqual(["pool against malloc", "3.10", "-", "-", "-", "times as fast as malloc"]);
  expect(rest.every(({ constant, parameter, reference }) => !constant && !parameter && !reference)).toBe(true);
});

test("every claim has a row", () => {
  const text = claimTable(claimed([]));
  for (const { what } of claims) expect(text).toContain(what);
});
