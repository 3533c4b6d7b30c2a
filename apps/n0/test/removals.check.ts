/**
 * Whether the tests would notice a mistake in the generator: each place where it emits a barrier, a root or a reload is left out, and some
 * program has to behave otherwise when everything moves and is verified at each allocation. First all places of a kind, then each place of each
 * program by itself; of those, some are never reached by their program, or change nothing there: `REMOVALS=file` writes down which were noticed.
 * A command of its own, `test:removals`, because all of them take an hour.
 */
import { appendFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { bundle } from "./command.ts";
import { corpus } from "./corpus.ts";
import type { RemovalOutcome, RemovalTask } from "./run-removal.ts";
import { WorkerRunner } from "./worker-runner.ts";

const LIMIT_MS = 20_000;
const HOUR = 3_600_000;
/** Of a program that allocates more, only each n-th allocation collects; its places are not left out one by one. */
const MOST_COLLECTIONS = 1500;

/** Of the single places: many are not reached, or stand where what is read back was old before and did not move. */
const MOST_UNNOTICED = 0.5;
/** Of the single places, only each n-th: all of them take an hour. */
const STEP = Number(process.env.REMOVALS_STEP ?? 1);

const programs = corpus("programs").filter(({ name }) => !name.endsWith("-recursion"));

let runner: WorkerRunner<RemovalTask, RemovalOutcome>;
/** By program: its places, and how often it collects. */
const whole: { readonly kinds: readonly string[]; readonly collectEvery: number }[] = [];

beforeAll(async () => {
  runner = new WorkerRunner(await bundle("run-removal"), LIMIT_MS);
  for (const { file, expected } of programs) {
    const once = await outcomeOf({ file, omitted: null, collectEvery: 1_000_000 });
    const collectEvery = Math.max(1, Math.ceil(once.allocations / MOST_COLLECTIONS));
    const { kinds, stdout } = await outcomeOf({ file, omitted: null, collectEvery });
    expect(stdout, file).toBe(expected);
    whole.push({ kinds, collectEvery });
  }
}, HOUR);

async function outcomeOf(task: RemovalTask): Promise<RemovalOutcome> {
  const outcome = await runner.run(task);
  if (outcome === "stopped") throw new Error(`${task.file} does not end`);
  return outcome;
}

/** An object is old, and moves no more, when it has survived twice; so fewer collections move more. */
const EVERY: readonly number[] = [1, 2, 3, 5, 8];

/** Whether a program that lacks something behaves otherwise. */
async function isCaught(program: number, omitted: string | number): Promise<boolean> {
  const { file, expected, code } = programs[program]!;
  for (const every of EVERY) {
    const outcome = await runner.run({ file, omitted, collectEvery: whole[program]!.collectEvery * every });
    if (outcome === "stopped" || outcome.stdout !== expected) return true;
    if (code < 0 ? outcome.exitCode === 0 : outcome.exitCode !== code) return true;
  }
  return false;
}

test("every kind of place is missed by some program", { timeout: HOUR }, async () => {
  const kinds = new Set(whole.flatMap((program) => program.kinds));
  const missed: string[] = [];
  for (const kind of kinds) {
    let caught = false;
    for (let i = 0; i < programs.length && !caught; i++) {
      if (whole[i]!.kinds.includes(kind)) caught = await isCaught(i, kind);
    }
    if (!caught) missed.push(kind);
  }
  expect(kinds.size).toBeGreaterThan(15);
  expect(missed).toEqual([]);
});

test("most single places are missed by their own program", { timeout: 6 * HOUR }, async () => {
  const counts = new Map<string, { all: number; caught: number }>();
  let next = 0;
  const unnoticed: string[] = [];
  const note = (line: string): void => {
    if (process.env.REMOVALS !== undefined) appendFileSync(process.env.REMOVALS, `${line}\n`);
  };
  for (let i = 0; i < programs.length; i++) {
    if (whole[i]!.collectEvery > 1) continue;
    for (let number = 0; number < whole[i]!.kinds.length; number++) {
      if (next++ % STEP !== 0) continue;
      const kind = whole[i]!.kinds[number]!;
      const count = counts.get(kind) ?? { all: 0, caught: 0 };
      counts.set(kind, count);
      count.all++;
      const caught = await isCaught(i, number);
      if (caught) count.caught++;
      else unnoticed.push(`${programs[i]!.name} ${number} ${kind}`);
      note(`${caught ? "noticed" : "unnoticed"} ${programs[i]!.name} ${number} ${kind}`);
    }
  }
  for (const [kind, { all, caught }] of counts) note(`${kind}: ${caught} of ${all}`);
  const all = [...counts.values()].reduce((sum, count) => sum + count.all, 0);
  expect(unnoticed.length / all).toBeLessThan(MOST_UNNOTICED);
});
