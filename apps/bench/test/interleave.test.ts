import { expect, test } from "vitest";
import { interleave, type Job } from "../src/run/interleave.js";
import { entry } from "./entries.js";

const settings = {
  mode: "quick" as const,
  processes: 2,
  peerProcesses: 1,
  coldProcesses: 2,
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
  const [a, b] = [job("pool-constant", answering(1)), job("tlsf", answering(2))];
  await interleave([a, b], settings, () => undefined);
  expect(a.entry).toMatchObject({
    status: "measured",
    ready: { footprint: 7 },
    rounds: [
      [1, 1, 1],
      [1, 1, 1],
    ],
  });
  expect(b.entry.rounds, "a peer, in fewer processes").toEqual([[2, 2, 2]]);
});

test("one that will run out of time is stopped before it has", async () => {
  const slow = job("thi-ng", answering(1).replace('"footprint":7', '"roundMs":900'));
  const start = performance.now();
  await interleave([slow], settings, () => undefined);
  expect(performance.now() - start).toBeLessThan(settings.peerBudgetMs);
  expect(slow.entry).toMatchObject({ status: "stopped", note: "needs over 1.5 s", rounds: [[]] });
});

test("one that crashes says so, and a reason is what was thrown and not the code that threw it", async () => {
  const crashing = job("pool-constant", "process.kill(process.pid, 'SIGSEGV')");
  const throwing = job("pool-parameter", "\nconst error = 'bad';\nthrow new TypeError(error);");
  await interleave([crashing, throwing], settings, () => undefined);
  expect(crashing.entry).toMatchObject({ status: "failed", note: "crashed: SIGSEGV" });
  expect(throwing.entry).toMatchObject({ status: "failed", note: "TypeError: bad" });
});

test("one that dies is failed with its reason, one that hangs is stopped, and the others go on", async () => {
  const dying = job("thi-ng", "throw new Error('no such thing')");
  const hanging = job("uint8array", "setInterval(() => undefined, 1000)");
  const good = job("pool-constant", answering(3));
  await interleave([dying, hanging, good], settings, () => undefined);
  expect(dying.entry).toMatchObject({ status: "failed" });
  expect(dying.entry.note).toContain("no such thing");
  expect(hanging.entry).toMatchObject({ status: "stopped", note: "needs over 1.5 s" });
  expect(good.entry.rounds).toEqual([
    [3, 3, 3],
    [3, 3, 3],
  ]);
});
