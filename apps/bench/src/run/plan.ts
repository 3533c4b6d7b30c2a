import { type Contender, contendersOf, isPeer } from "../catalogue/contenders.js";
import { isLarge, isMeasuredCold, type Scenario } from "../catalogue/scenario.js";
import type { Settings } from "../catalogue/settings.js";
import { isNeeded } from "../floors.js";
import type { NativeTools } from "../native/tools.js";
import { readTrace } from "../rep-reader.js";
import { COLD, commandFor } from "./command.js";
import type { Entry } from "./entry.js";
import type { Job } from "./interleave.js";
import type { Command } from "./process.js";

/** Scenarios that are measured together. */
export interface Group {
  readonly scenarios: readonly Scenario[];
  /** Everything to report, missing contenders too. */
  readonly entries: readonly Entry[];
  /** What can be run, and how long and how often. */
  readonly jobs: readonly Job[];
  /** The same of those that are measured cold, too. */
  readonly coldJobs: readonly Job[];
  readonly settings: Settings;
}

/** Which scenarios and contenders a run is of. */
export interface Selection {
  readonly scenarios: readonly Scenario[];
  /** Only what the floors need. */
  readonly floorsOnly: boolean;
}

/** The time budgets are for traces of up to so many operations. For a longer trace they grow with its length. */
const BUDGETED_OPERATIONS = 2_000_000;

const budgetFactorOf = ({ trace }: Scenario): number =>
  trace === undefined ? 1 : Math.max(1, readTrace(trace).operations.length / BUDGETED_OPERATIONS);

const startOf = (contender: Contender, scenario: Scenario, settings: Settings, tools: NativeTools): Command | string =>
  isPeer(contender) && isLarge(scenario) && !settings.peersOfMillions
    ? "left out of a quick run"
    : commandFor(contender, scenario, settings, tools);

const groupOf = (
  members: readonly Scenario[],
  { floorsOnly }: Selection,
  settings: Settings,
  tools: NativeTools,
): Group => {
  const entries: Entry[] = [];
  const jobs: Job[] = [];
  const coldJobs: Job[] = [];
  for (const scenario of members) {
    for (const contender of contendersOf(scenario)) {
      if (floorsOnly && !isNeeded(contender.id, scenario.id)) continue;
      const command = startOf(contender, scenario, settings, tools);
      const entry: Entry = { contender, scenario, status: "measured", rounds: [], cold: [], ready: {} };
      if (typeof command === "string") Object.assign(entry, { status: "missing", note: command });
      else jobs.push({ entry, command });
      const cold = isMeasuredCold(scenario) ? startOf(contender, scenario, { ...settings, warmMs: COLD }, tools) : "";
      if (typeof cold !== "string") coldJobs.push({ entry, command: cold });
      entries.push(entry);
    }
  }
  const factor = Math.max(...members.map(({ processFactor = 1 }) => processFactor));
  const longer = Math.max(...members.map(budgetFactorOf));
  const ownSettings = {
    ...settings,
    processes: factor * settings.processes,
    budgetMs: longer * settings.budgetMs,
    peerBudgetMs: longer * settings.peerBudgetMs,
  };
  return { scenarios: members, entries, jobs, coldJobs, settings: ownSettings };
};

/** What to measure, group by group. */
export const plan = (selection: Selection, settings: Settings, tools: NativeTools): Group[] => {
  const chosen = selection.scenarios;
  const groups = [...new Set(chosen.map(({ group }) => group))];
  return groups
    .map((group) => chosen.filter((scenario) => scenario.group === group))
    .map((members) => groupOf(members, selection, settings, tools))
    .filter(({ entries }) => entries.length > 0);
};
