import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import { chosenScenarios, refuseTooLarge } from "../src/catalogue/choice.js";
import { scenarios } from "../src/catalogue/scenarios.js";
import type { Trace } from "../src/trace.js";
import { scenarioById } from "./entries.js";

const folder = mkdtempSync(`${tmpdir()}/choice-`);
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, lines: readonly string[]): string => {
  writeFileSync(`${folder}/${name}`, lines.join("\n"));
  return `${folder}/${name}`;
};
const trace = ["8", "1", "1", "1", "a 0 8"];

test("no name is all scenarios", () => {
  expect(chosenScenarios([])).toBe(scenarios);
});

test("scenarios by name, and a replay for each trace file", () => {
  const path = file("my trace.rep", trace);
  const [known, replay, ...rest] = chosenScenarios([path, "cc1"]);
  expect(known?.id).toBe("cc1");
  expect(replay).toMatchObject({ id: "my-trace.rep", name: "my trace.rep", kind: "replay", trace: path });
  expect(rest).toEqual([]);
});

test("a file's scenario has an id of its own", () => {
  const path = file("cc1", trace);
  expect(chosenScenarios(["cc1", path, path]).map(({ id }) => id)).toEqual(["cc1", "cc1-2", "cc1-3"]);
});

test("a file is also looked for from the workspace's root", () => {
  expect(chosenScenarios(["apps/bench/traces/perl.rep.gz"])[0]).toMatchObject({ id: "perl.rep.gz" });
});

test("what is neither scenario nor file, or no trace, is refused", () => {
  expect(() => chosenScenarios(["cc2"])).toThrow('no scenario and no file "cc2"; scenarios: batch64, ');
  expect(() => chosenScenarios([file("bad.rep", ["hello"])])).toThrow(/bad\.rep: not a trace/);
});

test("a trace that the machine has not the memory for is refused, with what it needs", () => {
  const columns = { operations: { length: 40_000_000 }, ids: [], sizes: [] } as unknown as Trace;
  const large: Trace = { ...columns, idCount: 20_000_000, peakLive: 1e9 };
  const refused = (gibibytes: number) => () => refuseTooLarge(large, scenarioById("cc1"), gibibytes * 2 ** 30);
  expect(refused(4)).toThrow(
    /cc1\.rep\.gz: 40000000 operations in \d+ processes need about \d+ GiB of this machine's 4/,
  );
  expect(refused(64)).not.toThrow();
});
