import { createInterface } from "node:readline";
import type { Scenario } from "../catalogue/scenario.js";
import type { Ready } from "../run/process.js";
import { cold, measure, type Rounds } from "./measure.js";
import { scenario } from "./scenario.js";
import type { Task } from "./subject.js";

// A process of one JavaScript contender. It warms up, says so in a line of JSON, then answers each line on stdin with
// one timed round; it ends when stdin does. With a warm-up of less than 0 it does nothing before: its first round is the first
// repetition. native/harness.h speaks the same protocol.

interface SubjectModule {
  prepare(scenario: Scenario): Task | Promise<Task>;
}

const [module, , warmMs, targetMs] = process.argv.slice(2);
// A computed path: each subject stays a module of its own, and only this one is loaded.
const subject = (await import(`./subjects/${module}.js`)) as SubjectModule;

const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

const task = await subject.prepare(scenario);
const rounds = (): Rounds & Ready => {
  if (Number(warmMs) < 0) return cold(task);
  const checked = task.check?.();
  return { ...checked, ...measure(task, Number(warmMs), Number(targetMs)) };
};
const { round, ...found } = rounds();
const { footprint, footprints, peakLive, poolBytes, arenaBytes, reused, filled, roundMs } = { ...task, ...found };
say({ ready: true, roundMs, footprint, footprints, peakLive, poolBytes, arenaBytes, reused, filled });
for await (const _ of createInterface({ input: process.stdin })) say(round());
