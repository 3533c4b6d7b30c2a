import { figure } from "../format.js";
import type { Comparison, Side } from "./measure.js";
import { layoutsOf } from "./sizes.js";

/** What the original's documents project for 1,000 lines. Quoted; it was never run. */
export const PROJECTIONS = [
  { name: "the original's V1, projected", megabytes: 13.2, milliseconds: 950 },
  { name: "the original's V2, projected", megabytes: 3.5, milliseconds: 420 },
] as const;

/** Heads of the table of programs. */
export const HEAD: readonly string[] = [
  "program",
  "",
  "allocations",
  "payload MB",
  "peak MB",
  "allocator ms",
  "of that GC",
  "whole ms",
  "GCs",
  "GC ms",
  "longest",
];

const NONE = "-";
const MB = 1e6;

const shown = (value: number | undefined, scale = 1): string => (value === undefined ? NONE : figure(value / scale));

/** One allocator in one program. What was not measured says why in the place of its figure. */
export const sideRow = (name: string, side: Side): string[] => {
  const { allocator, note, collections, allocatorMs, collectionMs, wholeMs } = side;
  return [
    name,
    allocator,
    side.allocations?.toLocaleString("en-US") ?? NONE,
    shown(side.payload, MB),
    shown(side.peakFootprint, MB),
    // Without the reason, which `saying` gives.
    allocatorMs === undefined ? (side.replayNote ?? note ?? NONE).replace(/:.*/, "") : figure(allocatorMs),
    shown(collectionMs),
    note ?? shown(wholeMs),
    collections === undefined ? NONE : String(collections.count),
    shown(collections?.totalMs),
    shown(collections?.maxMs),
  ];
};

/** The rows of a comparison. */
export const comparisonRows = ({ what, v1, v2 }: Comparison): string[][] => [sideRow(what, v1), sideRow("", v2)];

/** The original's projections, in the same columns. */
export const projectionRows = (): string[][] =>
  PROJECTIONS.map(({ name, megabytes, milliseconds }) => [
    name,
    "1,000 lines",
    NONE,
    NONE,
    figure(megabytes),
    NONE,
    NONE,
    figure(milliseconds),
    NONE,
    NONE,
    NONE,
  ]);

const percentBelow = (v2: number, v1: number): string => {
  const percent = (1 - v2 / v1) * 100;
  return percent >= 0 ? `${percent.toFixed(1)} % below V1` : `${(-percent).toFixed(1)} % above V1`;
};

const smaller = (v2: number, v1: number): string =>
  `${v2 <= v1 ? "V2" : "V1"} is smaller (${figure(v2 / MB)} against ${figure(v1 / MB)} MB)`;

/** What the figures of a comparison say, in words. */
export const saying = (comparison: Comparison): string => {
  const { what, v1, v2, equalOutput } = comparison;
  const parts: string[] = [];
  if (v1.peakFootprint !== undefined && v2.peakFootprint !== undefined) {
    parts.push(`V2's footprint ${percentBelow(v2.peakFootprint, v1.peakFootprint)}`);
    const { count = 0 } = v1.collections ?? {};
    if (count > 0) parts.push(`V1 collects ${count} times, V2 never: ${smaller(v2.peakFootprint, v1.peakFootprint)}`);
  }
  if (v1.allocatorMs !== undefined && v2.allocatorMs !== undefined) {
    parts.push(`allocator time ${percentBelow(v2.allocatorMs, v1.allocatorMs)}`);
  }
  for (const { allocator, note, replayNote } of [v1, v2]) {
    if (note !== undefined) parts.push(`${allocator.toUpperCase()} ${note}`);
    else if (replayNote !== undefined) parts.push(`${allocator.toUpperCase()}'s calls ${replayNote}`);
  }
  if (equalOutput === false) parts.push("THE OUTPUTS DIFFER");
  return `${what}: ${parts.join("; ")}`;
};

/** Heads of the table of layouts. */
export const LAYOUT_HEAD: readonly string[] = ["layout (computed from the recorded sizes)", "MB", "% below V1"];

/** The table of layouts of a comparison that has a histogram. */
export const layoutRows = ({ histogram = {} }: Comparison): string[][] =>
  layoutsOf(histogram).map(({ name, bytes, saved }) => [name, figure(bytes / MB), (saved * 100).toFixed(1)]);

/** Those of which the sizes were recorded. */
export const withHistogram = (comparisons: readonly Comparison[]): Comparison[] =>
  comparisons.filter(({ histogram }) => histogram !== undefined);
