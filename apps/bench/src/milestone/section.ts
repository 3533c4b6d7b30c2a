import { figure } from "../format.js";
import { escapeHtml, type Row, table } from "../markup.js";
import { type Comparison, type Side, sideOf } from "./comparison.js";
import { ALLOCATORS, CONTENDER_NAMES, type ContenderName } from "./contenders.js";
import { STYLES, type Style } from "./programs.js";
import type { MilestoneResults } from "./results.js";
import {
  comparisonRows,
  HEAD,
  LAYOUT_HEAD,
  layoutRows,
  PROJECTIONS,
  projectionRows,
  saying,
  withHistogram,
} from "./rows.js";
import { arithmeticOf } from "./sizes.js";

/** A line over the lines of source; both axes are logarithmic. */
export interface SizeLine {
  readonly label: string;
  readonly side: ContenderName;
  readonly broken: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A chart over source size. */
export interface SizeChart {
  readonly id: string;
  readonly unit: string;
  readonly lines: readonly SizeLine[];
}

const MB = 1e6;
const PROJECTED_LINES = 1_000;

const lineOf = (
  comparisons: readonly Comparison[],
  style: Style,
  contender: ContenderName,
  figureOf: (side: Side) => number | undefined,
): SizeLine => ({
  label: `${CONTENDER_NAMES[contender]}${contender === "plain" ? "" : `, ${style}${style === "literal" ? " (dashed)" : ""}`}`,
  side: contender,
  broken: style === "literal",
  points: comparisons.flatMap((each) => {
    const side = each.style === style ? sideOf(each, contender) : undefined;
    const value = side && figureOf(side);
    return value === undefined || each.lines === undefined ? [] : [{ x: each.lines, y: value }];
  }),
});

/** The styles are one program on plain objects, so it has one line. */
const linesOf = (comparisons: readonly Comparison[], figureOf: (side: Side) => number | undefined): SizeLine[] => [
  ...STYLES.flatMap((style) => ALLOCATORS.map((allocator) => lineOf(comparisons, style, allocator, figureOf))),
  lineOf(comparisons, "lean", "plain", figureOf),
];

const projected = (of: "megabytes" | "milliseconds"): SizeLine[] =>
  PROJECTIONS.map((each, i) => ({
    label: each.name,
    side: i === 0 ? "v1" : "v2",
    broken: false,
    points: [{ x: PROJECTED_LINES, y: each[of] }],
  }));

/** The charts of a milestone. */
export const sizeCharts = (milestone: MilestoneResults | undefined): SizeChart[] => {
  if (milestone === undefined) return [];
  const { comparisons } = milestone;
  return [
    {
      id: "milestone-footprint",
      unit: "peak MB",
      lines: [
        ...linesOf(comparisons, ({ peakFootprint }) => (peakFootprint === undefined ? undefined : peakFootprint / MB)),
        ...projected("megabytes"),
      ],
    },
    {
      id: "milestone-time",
      unit: "whole ms",
      lines: [...linesOf(comparisons, ({ wholeMs }) => wholeMs), ...projected("milliseconds")],
    },
  ];
};

const toRow = (cells: readonly string[]): Row => ({ cells, kind: cells[1] === "v2" ? "ours" : "native" });

const canvas = ({ id, unit }: SizeChart): string =>
  `<div class="chart"><canvas id="${id}" role="img" aria-label="${unit} over lines of source; the table below has the figures"></canvas></div>`;

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
<p class="what">A tokenizer and parser for Morph, written in Morph, over generated sources, and five other programs; compiled to WebAssembly and
run on the original's allocator (V1) and on ours (V2). Allocator time is that of the recorded calls replayed, V1's clock off. V1 is stopped after ${figure(settings.limitV1Ms / 1_000)} s, V2 after ${figure(settings.limitMs / 1_000)} s; what was stopped has no point in the charts and says so in the table. Both axes are logarithmic.</p>
${sizeCharts(milestone).map(canvas).join("\n")}
${table(HEAD, [...comparisons.flatMap(comparisonRows), ...projectionRows()].map(toRow))}
<ul>${comparisons.map((each) => `<li>${escapeHtml(saying(each))}</li>`).join("\n")}</ul>
<h3>What a header costs</h3>
<p class="what">Computed from the sizes of the recorded allocations; not measured.</p>
${computed.join("\n")}`;
};
