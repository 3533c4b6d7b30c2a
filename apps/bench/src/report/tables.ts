import { BASELINE, baselineOf, OPPONENTS } from "../catalogue/contenders.js";
import { isCounted, isTimed, type Scenario, shareOf } from "../catalogue/scenario.js";
import type { Claimed } from "../claims.js";
import type { Verdict } from "../floors.js";
import { figure, mebibytes, percent, times } from "../format.js";
import { type Entry, measured } from "../run/entry.js";
import { medianOfProcesses, spread, timesAsFast } from "../stats.js";
import { textTable } from "../text-table.js";
import { coldOf } from "./cold.js";

type Row = readonly string[];

const NONE = "-";
const LONGEST_NOTE = 60;

const label = (entry: Entry): string =>
  entry.contender.id === BASELINE && entry.ready.libc !== undefined
    ? `${entry.contender.label} (${entry.ready.libc})`
    : entry.contender.label;

/** "stopped (needs over 20 s)", "mimalloc: not found": never an empty place. The whole reason is in the JSON. */
const unmeasured = (entry: Entry): string => {
  const note = entry.note ?? "no reason given";
  const text = entry.status === "missing" ? note : `${entry.status} (${note})`;
  return text.length <= LONGEST_NOTE ? text : `${text.slice(0, LONGEST_NOTE - 3)}...`;
};

/** One row of a scenario's table: contender, median, spread, ratio. */
export const timeRow = (entry: Entry, base: Entry | undefined): Row => {
  if (entry.status !== "measured") return [label(entry), unmeasured(entry), NONE, NONE];
  const { low, high } = spread(entry.rounds);
  const ratio = base === undefined ? NONE : entry === base ? "1" : times(timesAsFast(base.rounds, entry.rounds));
  return [label(entry), figure(medianOfProcesses(entry.rounds)), `${figure(low)} to ${figure(high)}`, ratio];
};

/** One row of the memory table: contender, footprint, utilization. */
export const memoryRow = (entry: Entry): Row => {
  if (entry.status !== "measured") return [label(entry), unmeasured(entry), NONE];
  const { footprint, peakLive } = entry.ready;
  if (footprint === undefined) return [label(entry), "not known", NONE];
  return [label(entry), mebibytes(footprint), peakLive === undefined ? NONE : figure(peakLive / footprint)];
};

/** A scenario's times. */
export const timeTable = (scenario: Scenario, entries: readonly Entry[]): string => {
  const baseline = baselineOf(scenario);
  const base = measured(entries, baseline, scenario.id);
  const rows = entries.filter((entry) => entry.scenario === scenario).map((entry) => timeRow(entry, base));
  const head = ["contender", "median ns", "80 % of rounds", `times as fast as ${OPPONENTS[baseline]} (95 %)`];
  return `${scenario.id}: ${scenario.title}\n(${scenario.what})\n${textTable(head, rows)}`;
};

/** One row of the cold table: contender, median, range, ratio. */
export const coldRow = (entry: Entry, base: Entry | undefined): Row => {
  const cold = coldOf(entry, base);
  if (cold === undefined) return [label(entry), entry.coldNote ?? unmeasured(entry), NONE, NONE];
  const { ns, timesAsLong } = cold;
  const ratio = entry === base ? "1" : timesAsLong === undefined ? NONE : times(timesAsLong);
  return [label(entry), figure(ns.value), `${figure(ns.low)} to ${figure(ns.high)}`, ratio];
};

/** The first repetitions of new processes; none when nothing was measured cold. */
const coldTables = (scenario: Scenario, entries: readonly Entry[]): string[] => {
  const these = entries.filter((entry) => entry.scenario === scenario);
  const base = measured(these, baselineOf(scenario), scenario.id);
  const count = Math.max(0, ...these.map(({ cold }) => cold.length));
  if (count === 0) return [];
  const head = ["contender", "cold ns", "lowest to highest", "times as long as malloc, cold too"];
  const what = `the first time in a new process: median of ${count} processes of each; the aim is 3 times malloc`;
  return [
    `${scenario.id}: ${scenario.title}, cold\n(${what})\n${textTable(
      head,
      these.map((entry) => coldRow(entry, base)),
    )}`,
  ];
};

/** A scenario's memory. */
export const memoryTable = (scenario: Scenario, entries: readonly Entry[]): string => {
  const rows = entries.filter((entry) => entry.scenario === scenario).map(memoryRow);
  const head = ["contender", "peak footprint", "utilization"];
  return `${scenario.id}: ${scenario.title}, memory\n(utilization is peak live bytes / peak footprint)\n${textTable(head, rows)}`;
};

/** One row of a table of shares, of slots reused or of a space in use: contender, share. */
export const shareRow = (entry: Entry): Row => [
  label(entry),
  entry.status === "measured" ? percent(entry.ready.reused ?? entry.ready.filled) : unmeasured(entry),
];

const shareTable = (scenario: Scenario, entries: readonly Entry[]): string => {
  const rows = entries.filter((entry) => entry.scenario === scenario).map(shareRow);
  return `${scenario.id}: ${scenario.title}\n(${scenario.what})\n${textTable(["contender", shareOf(scenario) ?? ""], rows)}`;
};

/** All tables of one scenario. */
export const scenarioTables = (scenario: Scenario, entries: readonly Entry[]): string[] => {
  return [
    ...(isTimed(scenario) ? [timeTable(scenario, entries)] : []),
    ...coldTables(scenario, entries),
    ...(isCounted(scenario) ? [memoryTable(scenario, entries)] : []),
    ...(shareOf(scenario) !== undefined ? [shareTable(scenario, entries)] : []),
  ];
};

const limit = ({ floor: { atLeast, atMost, goal } }: Verdict): string =>
  `${atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`}${goal === undefined ? "" : ` (goal ${goal})`}`;

/** One row for each floor. */
export const floorRow = (verdict: Verdict): Row => {
  const { floor, figure: found, held, problem } = verdict;
  const value = found === undefined ? `not measured (${problem})` : `${figure(found.value)}`;
  const range = found === undefined ? NONE : `${figure(found.low)} to ${figure(found.high)}`;
  return [floor.what, value, range, floor.unit, limit(verdict), held ? "held" : "MISSED"];
};

/** The floors and what was measured. */
export const floorTable = (verdicts: readonly Verdict[]): string =>
  textTable(["floor", "measured", "95 % interval", "unit", "limit", ""], verdicts.map(floorRow));

/** One row for each claim of the original's. */
export const claimRow = ({ claim, constant, parameter, reference }: Claimed): Row => {
  const shown = (value: number | undefined): string => (value === undefined ? NONE : figure(value));
  return [claim.what, figure(claim.claimed), shown(constant), shown(parameter), shown(reference), claim.unit];
};

/** What the original claims and what was measured. */
export const claimTable = (claims: readonly Claimed[]): string => {
  const head = ["the original's claim", "claimed", "morph, constant", "morph, parameter", "C reference", "unit"];
  return `claims of the original beside what was measured here\n${textTable(head, claims.map(claimRow))}`;
};
