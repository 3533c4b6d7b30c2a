import { writeFileSync } from "node:fs";
import { baselineOf, type Contender, DRAWN, isPeer } from "../catalogue/contenders.js";
import { isCounted, isTimed, type Kind, type Scenario } from "../catalogue/scenario.js";
import type { Settings } from "../catalogue/settings.js";
import { type Claimed, claimed } from "../claims.js";
import type { Verdict } from "../floors.js";
import type { MilestoneResults } from "../milestone/results.js";
import type { NativeTools } from "../native/tools.js";
import { readTrace } from "../rep-reader.js";
import { type Entry, measured, type Status } from "../run/entry.js";
import type { Ready } from "../run/process.js";
import { type Estimate, median, medianOfProcesses, type Series, spread, timesAsFast } from "../stats.js";
import { liveSamples } from "../trace.js";
import { type Cold, coldOf } from "./cold.js";
import { type Machine, machine, type Versions, versions } from "./machine.js";

const VERSION = 5;

/** The kind of a contender: ours, ours on a grown memory or for comparison only, native code, or a JavaScript allocator of others. */
export type Side = "ours" | "ours-aside" | "native" | "peer";

/** A scenario as the report shows it. */
export interface ResultScenario {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly what: string;
  readonly kind: Kind;
  readonly timed: boolean;
  readonly counted: boolean;
  /** Whom the ratios refer to. */
  readonly baseline: string;
  /** Of a trace: live bytes at moments equally far apart. */
  readonly liveBytes?: readonly number[];
}

/** One contender in one scenario. */
export interface Result extends Omit<Ready, "libc" | "footprint" | "footprints" | "peakLive"> {
  readonly scenario: string;
  readonly contender: string;
  readonly label: string;
  readonly side: Side;
  readonly status: Status;
  readonly note?: string | undefined;
  readonly medianNs?: number;
  /** 80 % of rounds. */
  readonly spreadNs?: { readonly low: number; readonly high: number };
  readonly processMediansNs?: readonly number[];
  readonly roundsNs?: Series;
  /** Times as fast as the scenario's baseline. */
  readonly timesAsFast?: Estimate | undefined;
  /** The first repetition of new processes, each of which had done nothing before. */
  readonly cold?: Cold | undefined;
  readonly coldNote?: string | undefined;
  readonly footprintBytes?: number | undefined;
  readonly peakLiveBytes?: number | undefined;
  readonly utilization?: number | undefined;
  /** The footprint at the moments of the scenario's `liveBytes`, of who is drawn. */
  readonly footprintsBytes?: readonly number[] | undefined;
}

/** A floor and what came out. */
export interface ResultFloor {
  readonly what: string;
  readonly unit: string;
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
  readonly goal?: number | undefined;
  readonly held: boolean;
  readonly figure?: Estimate | undefined;
  readonly problem?: string | undefined;
}

/** A claim of the original's, a quoted constant, and what was measured. */
export interface ResultClaim extends Omit<Claimed, "claim"> {
  readonly what: string;
  readonly unit: string;
  readonly claimed: number;
  readonly note: string;
}

/** Everything a later reader needs to compare this run with another; the report is made from it too. */
export interface Results {
  readonly version: number;
  readonly date: string;
  /** How long the run took. */
  readonly seconds: number;
  readonly mode: Settings["mode"];
  readonly machine: Machine;
  readonly versions: Versions;
  readonly settings: Settings;
  readonly scenarios: readonly ResultScenario[];
  readonly results: readonly Result[];
  readonly claims: readonly ResultClaim[];
  readonly floors: readonly ResultFloor[];
  /** Morph programs on each allocator and on plain objects, when the run was of those too. */
  readonly milestone?: MilestoneResults | undefined;
}

const sideOf = (contender: Contender): Side => {
  if (!contender.ours) return isPeer(contender) ? "peer" : "native";
  const grown = contender.launch.type === "js" && contender.launch.grown === true;
  return grown || contender.probe === true ? "ours-aside" : "ours";
};

const resultOf = (entry: Entry, entries: readonly Entry[]): Result => {
  const { contender, scenario, status, note, rounds, ready } = entry;
  const { footprint, footprints, peakLive, libc: _, ...rest } = ready;
  const base = measured(entries, baselineOf(scenario), scenario.id);
  const timed = status === "measured" && rounds.some((process) => process.length > 0);
  return {
    scenario: scenario.id,
    contender: contender.id,
    label: contender.label,
    side: sideOf(contender),
    status,
    note,
    ...(timed && {
      medianNs: medianOfProcesses(rounds),
      spreadNs: spread(rounds),
      processMediansNs: rounds.map(median),
      roundsNs: rounds,
      timesAsFast: base === undefined ? undefined : timesAsFast(base.rounds, rounds),
    }),
    cold: coldOf(entry, base),
    coldNote: entry.coldNote,
    footprintBytes: footprint,
    peakLiveBytes: peakLive,
    utilization: footprint === undefined || peakLive === undefined ? undefined : peakLive / footprint,
    footprintsBytes: DRAWN.includes(contender.id) ? footprints : undefined,
    ...rest,
  };
};

const scenarioOf = (scenario: Scenario): ResultScenario => {
  const { id, name, title, what, kind, trace } = scenario;
  return {
    ...{ id, name, title, what, kind },
    timed: isTimed(scenario),
    counted: isCounted(scenario),
    baseline: baselineOf(scenario),
    ...(trace !== undefined && { liveBytes: liveSamples(readTrace(trace)) }),
  };
};

/** The results of a run. */
export const resultsOf = (
  settings: Settings,
  tools: NativeTools,
  entries: readonly Entry[],
  verdicts: readonly Verdict[],
  milestone?: MilestoneResults,
): Results => ({
  version: VERSION,
  date: new Date().toISOString(),
  seconds: Math.round(process.uptime()),
  mode: settings.mode,
  machine: machine(),
  versions: versions(tools, entries),
  settings,
  scenarios: [...new Set(entries.map(({ scenario }) => scenario))].map(scenarioOf),
  results: entries.map((entry) => resultOf(entry, entries)),
  claims: claimed(entries).map(({ claim: { what, unit, claimed, note }, ...found }) => ({
    ...{ what, unit, claimed, note },
    ...found,
  })),
  floors: verdicts.map(({ floor: { what, unit, atLeast, atMost, goal }, held, figure, problem }) => ({
    ...{ what, unit, atLeast, atMost, goal, held, figure, problem },
  })),
  milestone,
});

/** Writes them as JSON. */
export const writeJson = (path: string, results: Results): void =>
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
