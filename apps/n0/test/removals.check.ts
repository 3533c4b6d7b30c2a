/**
 * Whether the tests would notice a mistake in the generator: each place where it emits a barrier, a root or a reload is left out, one at a time. It is noticed when the
 * verifier of the code complains (`verify-moves.ts`), or when the program behaves otherwise while everything moves, or is verified, at each allocation. A place that only
 * the verifier notices is one that the program does not reach, or where nothing moved that is used afterwards.
 *
 * A command of its own, `test:removals`, because it takes some ten minutes. `REMOVALS=file` writes down each place, `REMOVALS_STEP=1` runs all small programs without each.
 */
import { appendFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { bundle } from "./command.ts";
import { corpus } from "./corpus.ts";
import { randomProgram } from "./random-program.ts";
import type { RemovalOutcome, RemovalTask } from "./run-removal.ts";
import { WorkerRunner } from "./worker-runner.ts";

const LIMIT_MS = 10_000;
const HOUR = 3_600_000;
/** Of a program that allocates more, only each n-th allocation collects; what it does without single places is not tried. */
const MOST_COLLECTIONS = 400;
/** Programs made at random that allocate no more than that. */
const RANDOM_PROGRAMS = 10;
/** Of the places of our own small programs, each so-many-th is tried by running; of those made at random, few functions are called. */
const STEP = Number(process.env.REMOVALS_STEP ?? 3);

/** Places of functions that are the same in each module: it suffices that some program misses them. */
const SHARED: readonly string[] = ["barrier: marks what was there", "barrier: remembers"];
/** Of the single places, so many are noticed by the verifier at least, and so many by running. */
const LEAST_SEEN = 0.99;
const LEAST_MISSED = 0.65;

interface Tried {
  readonly name: string;
  readonly isRandom: boolean;
  readonly source: Uint8Array;
  readonly file: string;
  /** Of the whole program. */
  readonly kinds: readonly string[];
  readonly seen: string;
  readonly exitCode: number;
  readonly collectEvery: number;
}

let runner: WorkerRunner<RemovalTask, RemovalOutcome>;
/** Those that allocate little first. */
const programs: Tried[] = [];

beforeAll(async () => {
  runner = new WorkerRunner(await bundle("run-removal"), LIMIT_MS);
  for (const { name, file, bytes } of corpus("programs")) {
    if (!name.endsWith("-recursion")) programs.push(await whole(name, false, file, bytes));
  }
  for (let seed = 1, left = RANDOM_PROGRAMS; left > 0; seed++) {
    const bytes = new TextEncoder().encode(randomProgram(seed));
    const program = await whole(`random program ${seed}`, true, `random-${seed}.fox`, bytes);
    if (program.collectEvery > 1) continue;
    programs.push(program);
    left--;
  }
  programs.sort((a, b) => a.collectEvery - b.collectEvery);
}, HOUR);

/** What a program does with all its places. */
async function whole(name: string, isRandom: boolean, file: string, source: Uint8Array): Promise<Tried> {
  const task = { file, source, omitted: null };
  const { allocations } = await outcomeOf({ ...task, way: { collectEvery: 1_000_000, moving: false } });
  const collectEvery = Math.max(1, Math.ceil(allocations / MOST_COLLECTIONS));
  const { seen, exitCode, kinds } = await outcomeOf({ ...task, way: { collectEvery, moving: true } });
  return { name, isRandom, file, source, kinds, seen, exitCode, collectEvery };
}

async function outcomeOf(task: RemovalTask): Promise<RemovalOutcome> {
  const outcome = await runner.run(task);
  if (outcome === "stopped") throw new Error(`${task.file} does not end`);
  return outcome;
}

function note(line: string): void {
  if (process.env.REMOVALS !== undefined) appendFileSync(process.env.REMOVALS, `${line}\n`);
}

/** Whether a program that lacks something behaves otherwise: where everything moves, or where objects become old after two collections. */
async function isMissed({ file, source, ...given }: Tried, omitted: string | number): Promise<boolean> {
  for (const moving of [true, false]) {
    for (const times of [1, 2, 5]) {
      const collectEvery = given.collectEvery * times;
      const outcome = await runner.run({ file, source, omitted, way: { collectEvery, moving } });
      if (outcome === "stopped" || outcome.seen !== given.seen || outcome.exitCode !== given.exitCode) return true;
    }
  }
  return false;
}

test("every kind of place is missed by some program that runs", { timeout: HOUR }, async () => {
  const kinds = new Set(programs.flatMap((program) => program.kinds));
  const unmissed: string[] = [];
  for (const kind of kinds) {
    let missed = false;
    for (const program of programs) {
      missed ||= program.kinds.includes(kind) && (await isMissed(program, kind));
      if (missed) break;
    }
    if (!missed) unmissed.push(kind);
  }
  expect(kinds.size).toBeGreaterThan(20);
  expect(unmissed).toEqual([]);
});

test("single places are noticed by the verifier", { timeout: HOUR }, async () => {
  let all = 0;
  const unseen: string[] = [];
  for (const program of programs) {
    const { name, file, source, kinds } = program;
    for (let number = 0; number < kinds.length; number++) {
      const kind = kinds[number]!;
      if (SHARED.includes(kind)) continue;
      all++;
      const { seen } = await outcomeOf({ file, source, omitted: number, way: "look" });
      if (seen !== "") continue;
      const missed = await isMissed(program, number);
      if (!missed) unseen.push(`${name} ${number} ${kind}`);
      note(`${missed ? "not seen, but missed" : "unnoticed"}: ${name} ${number} ${kind}`);
    }
  }
  note(`of ${all} places, ${unseen.length} are unnoticed`);
  expect(1 - unseen.length / all).toBeGreaterThan(LEAST_SEEN);
});

test("most single places are missed by their own program when it runs", { timeout: 6 * HOUR }, async () => {
  const counts = new Map<string, { all: number; missed: number }>();
  let next = 0;
  for (const program of programs) {
    if (program.collectEvery > 1 || program.isRandom) continue;
    for (let number = 0; number < program.kinds.length; number++) {
      const kind = program.kinds[number]!;
      if (SHARED.includes(kind) || next++ % STEP !== 0) continue;
      const count = counts.get(kind) ?? { all: 0, missed: 0 };
      counts.set(kind, count);
      count.all++;
      const missed = await isMissed(program, number);
      if (missed) count.missed++;
      else note(`not missed: ${program.name} ${number} ${kind}`);
    }
  }
  for (const [kind, { all, missed }] of counts) note(`${kind}: ${missed} of ${all} missed`);
  const sum = (of: "all" | "missed"): number => [...counts.values()].reduce((total, count) => total + count[of], 0);
  note(`${sum("missed")} of ${sum("all")} missed`);
  expect(sum("missed") / sum("all")).toBeGreaterThan(LEAST_MISSED);
});
