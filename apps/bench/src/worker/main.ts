import { createInterface } from "node:readline";
import type { Scenario } from "../catalogue/scenarios.js";
import { measure } from "./measure.js";
import { scenario } from "./scenario.js";
import type { Task } from "./subject.js";

// A process of one JavaScript contender. It warms up, says so in a line of JSON, then answers each line on stdin with
// one timed round; it ends when stdin does. native/bench.c speaks the same protocol.

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
const { round, roundMs } = measure(task, Number(warmMs), Number(targetMs));
const { footprint, footprints, peakLive, poolBytes, arenaBytes, reused } = task;
say({ ready: true, roundMs, footprint, footprints, peakLive, poolBytes, arenaBytes, reused });
for await (const _ of createInterface({ input: process.stdin })) say(round());
