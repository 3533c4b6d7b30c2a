import { figure } from "../format.js";
import { escapeHtml, type Row, table } from "../markup.js";
import { pauseCharts, sizeCharts, timesCharts } from "./charts.js";
import type { MilestoneResults } from "./results.js";
import { comparisonRows, HEAD, LAYOUT_HEAD, layoutRows, projectionRows, saying, withHistogram } from "./rows.js";
import { arithmeticOf } from "./sizes.js";

const toRow = (cells: readonly string[]): Row => ({
  cells,
  kind: cells[1] === "v2" || cells[1] === "gc" ? "ours" : "native",
});

const canvas = (id: string, what: string): string =>
  `<div class="chart"><canvas id="${id}" role="img" aria-label="${escapeHtml(what)}"></canvas></div>`;

const pausesPart = (milestone: MilestoneResults): string => {
  const charts = pauseCharts(milestone);
  if (charts.length === 0) return "";
  return `<h3>Pauses</h3>
<p class="what">How often a program stood still for a collection, and how long. Both axes are logarithmic. On plain objects it is the engine's collector, which does a
part of its work on other threads meanwhile; the slices in which it marks are not in its account.</p>
${charts.map(({ id, title }) => `<p>${escapeHtml(title)}</p>${canvas(id, `Pauses by length: ${title}`)}`).join("\n")}`;
};

/** The milestone's part of the report; nothing when it was not measured. */
export const milestoneSection = (milestone: MilestoneResults | undefined): string => {
  if (milestone === undefined) return "";
  const { comparisons, settings } = milestone;
  const recorded = withHistogram(comparisons);
  const computed = recorded.map(
    (each) =>
      `<p>${arithmeticOf(each).map(escapeHtml).join("<br>")}</p>${table(
        LAYOUT_HEAD,
        layoutRows(each).map((cells): Row => ({ cells })),
      )}`,
  );
  return `<h2 id="milestone">The milestone: Morph programs</h2>
<p class="what">A tokenizer and parser for Morph, written in Morph, over generated sources, and other programs, compiled to WebAssembly and
run on the original's allocator (V1) and on ours, which frees nothing (V2) or collects (GC); and the same programs written in TypeScript on plain objects, which is what one would do without any of this. Whole time is that of a run on a new memory; "again" that of a run in the memory of the runs before, which is how the programs run on plain objects: these two are compared. "First" is the first run of a process. All of these are times on the wall: what the engine's collector does on other threads counts as far as the program waits for it. Allocator time is that of the
recorded calls replayed, V1's clock off. V1 is stopped after ${figure(settings.limitV1Ms / 1_000)} s, others after ${figure(settings.limitMs / 1_000)} s; what was stopped has no point in the charts and says so in the table. Both axes are logarithmic.</p>
${sizeCharts(milestone)
  .map(({ id, unit }) => canvas(id, `${unit} over lines of source; the table below has the figures`))
  .join("\n")}
${timesCharts(milestone)
  .map(
    ({ id }) =>
      `<p>Whole time, in times of that on plain objects: V1 and V2 on a new memory, the collector in one that it has used before</p>${canvas(id, "Whole time beside plain objects")}`,
  )
  .join("\n")}
${table(HEAD, [...comparisons.flatMap(comparisonRows), ...projectionRows()].map(toRow))}
<ul>${comparisons.map((each) => `<li>${escapeHtml(saying(each))}</li>`).join("\n")}</ul>
${pausesPart(milestone)}
<h3>What a header costs</h3>
<p class="what">Computed from the sizes of the recorded allocations; not measured.</p>
${computed.join("\n")}`;
};
