import { writeFileSync } from "node:fs";
import { BASELINE } from "../catalogue/contenders.js";
import type { Settings } from "../catalogue/settings.js";
import type { Verdict } from "../floors.js";
import type { NativeTools } from "../native/tools.js";
import { type Entry, measured } from "../run/entry.js";
import { median, medianOfProcesses, spread, timesAsFast } from "../stats.js";
import { machine, versions } from "./machine.js";

const VERSION = 1;

const summary = (entry: Entry, entries: readonly Entry[]): object => {
  const { contender, scenario, status, note, footprint, peakLive, rounds } = entry;
  const base = measured(entries, BASELINE, scenario.id);
  const timed = status === "measured" && rounds.some((process) => process.length > 0);
  return {
    scenario: scenario.id,
    contender: contender.id,
    status,
    note,
    ...(timed && {
      medianNs: medianOfProcesses(rounds),
      spreadNs: spread(rounds),
      processMediansNs: rounds.map(median),
      roundsNs: rounds,
      timesAsFastAsMalloc: base === undefined ? undefined : timesAsFast(base.rounds, rounds),
    }),
    footprintBytes: footprint,
    peakLiveBytes: peakLive,
    utilization: footprint === undefined || peakLive === undefined ? undefined : peakLive / footprint,
  };
};

/** Writes everything a later reader needs to compare this run with another. */
export const writeResults = (
  path: string,
  settings: Settings,
  tools: NativeTools,
  entries: readonly Entry[],
  verdicts: readonly Verdict[],
): void => {
  const results = {
    version: VERSION,
    date: new Date().toISOString(),
    machine: machine(),
    versions: versions(tools, entries),
    settings,
    results: entries.map((entry) => summary(entry, entries)),
    floors: verdicts.map(({ floor: { what, unit, atLeast, atMost, goal }, held, figure, problem }) => ({
      ...{ what, unit, atLeast, atMost, goal, held, figure, problem },
    })),
  };
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
};
