import { isPeer } from "../catalogue/contenders.js";
import type { Scenario } from "../catalogue/scenario.js";
import type { Settings } from "../catalogue/settings.js";
import { readTrace } from "../rep-reader.js";
import { medianOfProcesses } from "../stats.js";
import type { Entry } from "./entry.js";
import { type Job, type OnStep, rotated } from "./interleave.js";
import { ContenderProcess, Stopped } from "./process.js";

/** A peer whose warm repetition takes longer is left out: its cold one would only hold up the run. */
const MOST_PEER_MS = 500;

const operationsOf = ({ trace, times }: Scenario): number =>
  trace === undefined ? times : readTrace(trace).operations.length;

/** Why a contender is not measured cold. */
const reasonAgainst = ({ contender, scenario, status, rounds }: Entry): string | undefined => {
  if (status !== "measured") return "not measured warm";
  const warmMs = (medianOfProcesses(rounds) * operationsOf(scenario)) / 1e6;
  return isPeer(contender) && warmMs > MOST_PEER_MS ? `needs over ${MOST_PEER_MS / 1000} s when it is warm` : undefined;
};

/** The first repetition of a new process. */
const firstOf = async ({ command, entry }: Job, budgetMs: number): Promise<void> => {
  const process = new ContenderProcess(command);
  try {
    await process.ready(budgetMs);
    entry.cold.push(await process.round(budgetMs));
  } catch (error) {
    entry.cold.length = 0;
    entry.coldNote = error instanceof Stopped ? `needs over ${budgetMs / 1000} s` : (error as Error).message;
  } finally {
    await process.end();
  }
};

/** Steps that {@link measureCold} will report for that many jobs. */
export const coldSteps = (jobs: readonly Job[], { coldProcesses }: Settings): number => jobs.length * coldProcesses;

/**
 * Measures the first repetition of all jobs after they were measured warm: one new process of each after the other, in another order each
 * time, and all of that several times.
 */
export const measureCold = async (jobs: readonly Job[], settings: Settings, onStep: OnStep): Promise<void> => {
  for (const { entry } of jobs) {
    const reason = reasonAgainst(entry);
    if (reason !== undefined) entry.coldNote = reason;
  }
  for (let process = 0; process < settings.coldProcesses; process++) {
    for (const job of rotated(jobs, process)) {
      if (job.entry.coldNote === undefined) await firstOf(job, settings.budgetMs);
      onStep(`${job.entry.scenario.id}: cold ${job.entry.contender.id}`);
    }
  }
};
