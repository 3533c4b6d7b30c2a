import { expect, test } from "vitest";
import { interleave, type Job } from "../src/run/interleave.js";
import { entry } from "./entries.js";

const settings = {
  mode: "quick" as const,
  processes: 2,
  rounds: 3,
  targetMs: 1,
  warmMs: 1,
  peerBudgetMs: 1_500,
  budgetMs: 30_000,
  peersOfMillions: true,
};

const job = (contender: string, script: string): Job => ({
  entry: entry(contender, "batch64", 0, { rounds: [] }),
  command: { file: process.execPath, args: ["-e", script], env: process.env },
});

const answering = (ns: number): string =>
  `console.log('{"ready":true,"footprint":7}'); process.stdin.on("data", () => console.log('{"ns":${ns}}'));`;

test("each contender answers every round in every process", async () => {
  const [a, b] = [job("objects", answering(1)), job("tlsf", answering(2))];
  await interleave([a, b], settings, () => undefined);
  expect(a.entry).toMatchObject({
    status: "measured",
    ready: { footprint: 7 },
    rounds: [
      [1, 1, 1],
      [1, 1, 1],
    ],
  });
  expect(b.entry.rounds).toEqual([
    [2, 2, 2],
    [2, 2, 2],
  ]);
});

test("one that dies is failed with its reason, one that hangs is stopped, and the others go on", async () => {
  const dying = job("thi-ng", "throw new Error('no such thing')");
  const hanging = job("uint8array", "setInterval(() => undefined, 1000)");
  const good = job("objects", answering(3));
  await interleave([dying, hanging, good], settings, () => undefined);
  expect(dying.entry).toMatchObject({ status: "failed" });
  expect(dying.entry.note).toContain("no such thing");
  expect(hanging.entry).toMatchObject({ status: "stopped", note: "needs over 1.5 s" });
  expect(good.entry.rounds).toEqual([
    [3, 3, 3],
    [3, 3, 3],
  ]);
});
