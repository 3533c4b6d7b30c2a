import { shareOf } from "../../catalogue/scenario.js";
import { embeddedJson, embeddedScript, escapeHtml } from "../../markup.js";
import {
  type PauseChart,
  pauseCharts,
  type SizeChart,
  sizeCharts,
  type TimesChart,
  timesCharts,
} from "../../milestone/charts.js";
import { milestoneSection } from "../../milestone/section.js";
import { SAMPLES } from "../../trace.js";
import type { Results } from "../results.js";
import { type BarChart, barCharts } from "./bars.js";
import { CAVEATS } from "./caveats.js";
import { type LeadRow, leadRows, type Standing } from "./lead.js";
import { claimSection, floorSection, machineSection, memorySection, shareSection, timeSection } from "./sections.js";
import { STYLE } from "./style.js";
import { type Timeline, timelines } from "./timelines.js";

/** Code that the page carries along. */
export interface Assets {
  /** The charting library. */
  readonly library: string;
  /** What draws the charts with it, see client/main.ts. */
  readonly client: string;
}

/** What the page's script draws. */
export interface PageData {
  readonly lead: readonly LeadRow[];
  readonly charts: readonly BarChart[];
  readonly timelines: readonly Timeline[];
  readonly sizes: readonly SizeChart[];
  readonly times: readonly TimesChart[];
  readonly pauses: readonly PauseChart[];
}

const TILES: readonly (readonly [Standing, string])[] = [
  ["ahead", "&#9650; ahead"],
  ["depends", "&#9670; level, or depends on how it is held"],
  ["behind", "&#9660; behind"],
];

const tile = (standing: Standing, title: string, rows: readonly LeadRow[]): string => {
  const these = rows.filter((row) => row.standing === standing);
  const names = these.map(({ scenario, name, of }) => {
    const where = of === "memory" ? `memory-of-${scenario}` : scenario;
    return `<a href="#${where}">${escapeHtml(name)}${of === "memory" ? ", memory" : ""}</a>`;
  });
  return `<div class="tile ${standing}"><b>${title} in ${these.length} of ${rows.length}</b><p>${names.join("; ") || "none"}</p></div>`;
};

const LEGEND = `<ul class="legend">
<li><span>&#9650; &#9660;</span> Morph, each way of holding it: ahead, behind</li>
<li><span>&#9671;</span> best other allocator for JavaScript, or none at all</li>
<li><span>&#9633;</span> best other native allocator</li>
<li>solid bar: ahead; striped bar: behind</li>
</ul>`;

const NO_JUDGE = "Taken from a quick run of one process each: an impression, not a verdict. --check decides.";

const notes = ({ mode, scenarios }: Results): string => {
  const one =
    mode === "quick" ? `<p class="warning">A quick run: one process each, few rounds. A first impression.</p>` : "";
  const few = mode === "check" ? `<p class="warning">A run of the floors: only the contenders that they need.</p>` : "";
  return `${one}${few}<p class="what">${scenarios.length} scenarios, everybody interleaved with everybody on the same machine.</p>`;
};

/** What the leading chart cannot show: ours that failed, and scenarios whose baseline is missing. */
const gaps = ({ scenarios, results }: Results, lead: readonly LeadRow[]): string => {
  const failed = results
    .filter(({ side, status }) => side === "ours" && status !== "measured")
    .map(({ label, scenario, status, note }) => `${label} in ${scenario}: ${status} (${note ?? "no reason given"})`);
  const without = scenarios
    .filter(({ id, timed }) => timed && !lead.some(({ scenario }) => scenario === id))
    .map(({ id }) => `no ratio in ${id}`);
  const all = [...failed, ...without];
  return all.length === 0 ? "" : `<p class="warning">Not in the chart: ${escapeHtml(all.join("; "))}</p>`;
};

/** The whole page: one file that loads nothing. */
export const reportPage = (results: Results, assets: Assets): string => {
  const { scenarios } = results;
  const lead = leadRows(results);
  const data: PageData = {
    lead,
    charts: barCharts(results),
    timelines: timelines(results),
    sizes: sizeCharts(results.milestone),
    times: timesCharts(results.milestone),
    pauses: pauseCharts(results.milestone),
  };
  const times = scenarios.filter(({ timed }) => timed).map((scenario) => timeSection(scenario, results));
  const memory = scenarios
    .filter(({ counted }) => counted)
    .map((scenario) => `<div id="memory-of-${scenario.id}">${memorySection(scenario, results)}</div>`);
  const shares = scenarios
    .filter((scenario) => shareOf(scenario) !== undefined)
    .map((scenario) => shareSection(scenario, results));
  const alone = scenarios.length === 0 && results.milestone !== undefined;
  // A run of the milestone alone has none of these.
  const measured = `${notes(results)}
${gaps(results, lead)}
<div class="tiles">${TILES.map(([standing, title]) => tile(standing, title, lead)).join("\n")}</div>
<p class="what">Right of the line at 1: so many times as fast (or as small) as native malloc, or, in a context's scenarios (&#167;), as
our C reference of the original's context. Left of it: slower or larger. The axis is logarithmic.</p>
<div class="chart"><canvas id="lead" role="img" aria-label="Ratios to the baseline in every scenario; the tables below have the figures"></canvas></div>
${LEGEND}
<h2>Times, scenario by scenario</h2>
<p class="what">Bars are the median of the processes' medians; the whisker holds 80 % of all rounds. A bar that ends in &#187; is longer than shown.</p>
${times.join("\n")}
${
  memory.length === 0
    ? ""
    : `<h2>Memory</h2>\n<p class="what">Utilization, beside the bar, is peak live bytes over peak footprint. Of a
trace, the second chart shows live bytes and footprints at ${SAMPLES} moments; peaks between them are in the table only.</p>\n${memory.join("\n")}`
}
${shares.join("\n")}`;
  const judged = `<h2>The original's claims</h2>
<p class="what">Claimed figures are quoted from the original's documents, on a machine that they do not name; the others were measured in this run.</p>
<div class="claims">${claimSection(results.claims)}</div>
<h2>Floors</h2>
${results.mode === "quick" ? `<p class="what">${NO_JUDGE}</p>` : ""}
<div class="floors">${floorSection(results.floors)}</div>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Morph memory beside native malloc</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Morph memory beside native malloc and a context in C</h1>
${alone ? "" : measured}
${milestoneSection(results.milestone)}
${alone ? "" : judged}
<h2>Machine and caveats</h2>
<div class="machine">${machineSection(results)}</div>
<ul>${CAVEATS.map((caveat) => `<li>${escapeHtml(caveat)}</li>`).join("\n")}</ul>
<script type="application/json" id="data">${embeddedJson(data)}</script>
<script>${embeddedScript(assets.library)}</script>
<script>${embeddedScript(assets.client)}</script>
</body>
</html>
`;
};
