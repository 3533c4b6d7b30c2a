import { OPPONENTS } from "../../catalogue/contenders.js";
import { shareOf } from "../../catalogue/scenario.js";
import { figure, mebibytes, percent, times } from "../../format.js";
import { escapeHtml, type Row, table } from "../../markup.js";
import type { Result, ResultClaim, ResultFloor, ResultScenario, Results } from "../results.js";
import { memoryChartId, timeChartId } from "./bars.js";
import { timelineId } from "./timelines.js";

const NONE = "-";
const COLD_NOTE =
  "Cold: the first time in a new process, median of several; the aim is 3 times native malloc's own first time.";

const reason = ({ status, note = "no reason given" }: Result): string =>
  status === "missing" ? note : `${status} (${note})`;

const COLD_HEAD = ["cold ns", "lowest to highest", "times as long as malloc, cold too"];

/** Cells under {@link COLD_HEAD}. */
const coldCells = ({ cold, contender }: Result, baseline: string): string[] => {
  if (cold === undefined) return COLD_HEAD.map(() => NONE);
  const { ns, timesAsLong } = cold;
  const ratio = contender === baseline ? "1" : timesAsLong === undefined ? NONE : times(timesAsLong);
  return [figure(ns.value), `${figure(ns.low)} to ${figure(ns.high)}`, ratio];
};

const timeRow = (result: Result, { baseline, kind }: ResultScenario): Row => {
  const { label, side, medianNs, spreadNs, timesAsFast, contender } = result;
  const perSecond = kind === "locked";
  if (result.status !== "measured" || medianNs === undefined || spreadNs === undefined) {
    return { cells: [label, reason(result), NONE, NONE, ...(perSecond ? [NONE] : [])], kind: "absent" };
  }
  const ratio = contender === baseline ? "1" : timesAsFast === undefined ? NONE : times(timesAsFast);
  const range = `${figure(spreadNs.low)} to ${figure(spreadNs.high)}`;
  return { cells: [label, figure(medianNs), range, ratio, ...(perSecond ? [figure(1e3 / medianNs)] : [])], kind: side };
};

const memoryRow = (result: Result): Row => {
  const { label, side, status, footprintBytes, utilization } = result;
  if (status !== "measured") return { cells: [label, reason(result), NONE], kind: "absent" };
  if (footprintBytes === undefined) return { cells: [label, "not known", NONE], kind: side };
  return {
    cells: [label, mebibytes(footprintBytes), utilization === undefined ? NONE : figure(utilization)],
    kind: side,
  };
};

const canvas = (id: string, label: string): string =>
  `<div class="chart"><canvas id="${id}" role="img" aria-label="${escapeHtml(label)}; the table below has the figures"></canvas></div>`;

const of = (scenario: ResultScenario, { results }: Results): Result[] =>
  results.filter((result) => result.scenario === scenario.id);

const heading = ({ id, title, what }: ResultScenario): string =>
  `<h3 id="${id}"><code>${id}</code> ${escapeHtml(title)}</h3>\n<p class="what">${escapeHtml(what)}</p>`;

/** Chart and table of a scenario's times. */
export const timeSection = (scenario: ResultScenario, results: Results): string => {
  const opponent = `times as fast as ${OPPONENTS[scenario.baseline]} (95 %)`;
  const head = ["contender", "median ns", "80 % of rounds", opponent];
  if (scenario.kind === "locked") head.push("million operations/s");
  const all = of(scenario, results);
  const withCold = all.some(({ cold }) => cold !== undefined);
  const rows = all.map((result): Row => {
    const row = timeRow(result, scenario);
    return withCold ? { ...row, cells: [...row.cells, ...coldCells(result, scenario.baseline)] } : row;
  });
  const note = withCold ? `<p class="what">${COLD_NOTE}</p>` : "";
  const shown = table(withCold ? [...head, ...COLD_HEAD] : head, rows);
  return `<section>${heading(scenario)}\n${note}${canvas(timeChartId(scenario), scenario.title)}\n${shown}</section>`;
};

/** Chart and table of a scenario's memory. */
export const memorySection = (scenario: ResultScenario, results: Results): string => {
  const rows = of(scenario, results).map(memoryRow);
  const title = `<h3><code>${scenario.id}</code> ${escapeHtml(scenario.title)}</h3>`;
  const head = ["contender", "peak footprint", "utilization"];
  const drawn = of(scenario, results).some(
    ({ status, footprintsBytes }) => status === "measured" && footprintsBytes !== undefined,
  );
  const timeline = drawn ? canvas(timelineId(scenario), `${scenario.title}: live bytes and footprints over time`) : "";
  return `<section>${title}\n${canvas(memoryChartId(scenario), scenario.title)}\n${timeline}\n${table(head, rows)}</section>`;
};

/** A share, of slots reused or of a space in use. */
export const shareSection = (scenario: ResultScenario, results: Results): string => {
  const rows = of(scenario, results).map((result): Row => {
    const shown = result.status === "measured" ? percent(result.reused ?? result.filled) : reason(result);
    return { cells: [result.label, shown], kind: result.side };
  });
  return `<section>${heading(scenario)}\n${table(["contender", shareOf(scenario) ?? ""], rows)}</section>`;
};

/** The original's claims beside what was measured. */
export const claimSection = (claims: readonly ResultClaim[]): string => {
  const shown = (value: number | undefined): string => (value === undefined ? NONE : figure(value));
  const rows = claims.map(
    ({ what, unit, claimed, constant, parameter, reference, note }): Row => ({
      cells: [what, figure(claimed), shown(constant), shown(parameter), shown(reference), unit, note],
    }),
  );
  const head = [
    "claim",
    "claimed",
    "Morph, constant",
    "Morph, parameter",
    "C reference",
    "unit",
    "what is set beside it",
  ];
  return table(head, rows);
};

const verdict = ({ held, figure: found }: ResultFloor): { html: string } => {
  if (found === undefined) return { html: '<span class="badge depends">&#8211; not measured</span>' };
  return held
    ? { html: '<span class="badge ahead">&#10003; held</span>' }
    : { html: '<span class="badge behind">&#10007; missed</span>' };
};

/** The floors and what came out. */
export const floorSection = (floors: readonly ResultFloor[]): string => {
  const rows = floors.map((floor): Row => {
    const { what, unit, atLeast, atMost, goal, figure: found, problem } = floor;
    const limit = atLeast === undefined ? `at most ${figure(atMost!)}` : `at least ${figure(atLeast)}`;
    const value = found === undefined ? (problem ?? NONE) : figure(found.value);
    const range = found === undefined ? NONE : `${figure(found.low)} to ${figure(found.high)}`;
    const goalText = goal === undefined ? NONE : figure(goal);
    return { cells: [what, verdict(floor), value, range, limit, goalText, unit] };
  });
  return table(["floor", "", "measured", "95 % interval", "limit", "goal", "unit"], rows);
};

/** Machine, versions and settings. */
export const machineSection = ({ machine, versions, settings, date, mode, seconds }: Results): string => {
  const packages = Object.entries(versions.packages).map(([name, version]) => `${name} ${version}`);
  const { processes, rounds, targetMs, warmMs } = settings;
  const facts: [string, string][] = [
    ["date", date],
    [
      "run",
      `${mode}: ${processes} processes of ${rounds} rounds of ${targetMs} ms, after ${warmMs} ms to warm up; took ${figure(seconds)} s`,
    ],
    ["machine", `${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}`],
    ["system", machine.os],
    ["Node and V8", `${versions.node}, ${versions.v8}`],
    ["C", `${versions.compiler ?? "no compiler"}, ${versions.libc ?? "C library not known"}`],
    ["packages", packages.join(", ")],
  ];
  return table(
    ["", ""],
    facts.map(([name, value]): Row => ({ cells: [name, value] })),
  );
};
