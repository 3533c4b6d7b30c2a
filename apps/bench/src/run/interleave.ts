import { isPeer } from "../catalogue/contenders.js";
import { isTimed } from "../catalogue/scenario.js";
import type { Settings } from "../catalogue/settings.js";
import type { Entry } from "./entry.js";
import { type Command, ContenderProcess, Stopped } from "./process.js";

/** Something to measure, and how to start it. */
export interface Job {
  readonly entry: Entry;
  readonly command: Command;
}

interface Runner extends Job {
  process?: ContenderProcess;
  spentMs: number;
}

/** Told after each step, so that a progress bar can move. */
export type OnStep = (what: string) => void;

/** Does something of a contender on its time budget, and notes it when the budget or the contender gives out. */
const onBudget = async (runner: Runner, settings: Settings, work: (leftMs: number) => Promise<void>): Promise<void> => {
  const { entry } = runner;
  if (entry.status !== "measured") return;
  const budgetMs = isPeer(entry.contender) ? settings.peerBudgetMs : settings.budgetMs;
  const start = performance.now();
  try {
    await work(budgetMs - runner.spentMs);
  } catch (error) {
    entry.status = error instanceof Stopped ? "stopped" : "failed";
    entry.note =
      error instanceof Stopped ? `needs over ${Math.round(budgetMs / 100) / 10} s` : (error as Error).message;
    await runner.process?.end();
  }
  runner.spentMs += performance.now() - start;
};

const processesOf = ({ entry }: Job, { processes, peerProcesses }: Settings): number =>
  isPeer(entry.contender) ? peerProcesses : processes;

const start = (runner: Runner, settings: Settings): Promise<void> =>
  onBudget(runner, settings, async (leftMs) => {
    runner.process = new ContenderProcess(runner.command);
    const began = performance.now();
    const { roundMs = 0, ...ready } = await runner.process.ready(leftMs);
    runner.entry.ready = ready;
    // What will run out of time does not have to be waited for.
    const eachMs = performance.now() - began + settings.rounds * roundMs;
    if (runner.spentMs === 0 && processesOf(runner, settings) * eachMs > leftMs) throw new Stopped();
  });

/** Each contender first as often as last: what the one before leaves in the caches hits everybody alike. */
export const rotated = <T>(items: readonly T[], by: number): T[] => {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
};

const oneProcessEach = async (runners: Runner[], settings: Settings, onStep: OnStep): Promise<void> => {
  for (const runner of runners) {
    await start(runner, settings);
    runner.entry.rounds.push([]);
    onStep(`${runner.entry.scenario.id}: warming up ${runner.entry.contender.id}`);
  }
  const timed = runners.filter((runner) => isTimed(runner.entry.scenario));
  for (let round = 0; round < settings.rounds; round++) {
    for (const runner of rotated(timed, round)) {
      await onBudget(runner, settings, async (leftMs) => {
        runner.entry.rounds.at(-1)!.push(await runner.process!.round(leftMs));
      });
    }
    onStep(`${runners[0]?.entry.scenario.group}: round ${round + 1}`);
  }
};

/** Steps that `interleave` will report for that many jobs. */
export const stepsOf = (jobs: readonly Job[], settings: Settings): number =>
  jobs.reduce((sum, job) => sum + processesOf(job, settings), settings.processes * settings.rounds);

/** Measures all jobs round by round, each in a process of its own, and all of that in several fresh processes. */
export const interleave = async (jobs: readonly Job[], settings: Settings, onStep: OnStep): Promise<void> => {
  const runners: Runner[] = jobs.map((job) => ({ ...job, spentMs: 0 }));
  for (let process = 0; process < settings.processes; process++) {
    const these = runners.filter((runner) => process < processesOf(runner, settings));
    try {
      // Another order of starting each time, too.
      await oneProcessEach(rotated(these, process), settings, onStep);
    } finally {
      await Promise.all(runners.map((runner) => runner.process?.end()));
    }
  }
};
