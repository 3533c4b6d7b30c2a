import { figure } from "../format.js";
import { type Comparison, type Side, sideOf, timesPlain, timesPlainAtFirst, wholeMsOf } from "./comparison.js";
import { ALLOCATORS, CONTENDER_NAMES } from "./contenders.js";
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
  "again",
  "first",
  "GCs",
  "GC ms",
  "longest",
];

const NONE = "-";
const MB = 1e6;

const shown = (value: number | undefined, scale = 1): string => (value === undefined ? NONE : figure(value / scale));

/** One contender in one program. What was not measured says why in the place of its figure. */
export const sideRow = (name: string, side: Side): string[] => {
  const { contender, note, collections, allocatorMs, collectionMs, wholeMs } = side;
  return [
    name,
    contender,
    side.allocations?.toLocaleString("en-US") ?? NONE,
    shown(side.payload, MB),
    shown(side.peakFootprint, MB),
    // Without the reason, which `saying` gives.
    allocatorMs === undefined ? (side.replayNote ?? note ?? NONE).replace(/:.*/, "") : figure(allocatorMs),
    shown(collectionMs),
    note ?? shown(wholeMs),
    shown(side.againMs),
    shown(side.firstMs),
    collections === undefined ? NONE : String(collections.count),
    shown(collections?.totalMs),
    shown(collections?.maxMs),
  ];
};

/** The rows of a comparison. */
export const comparisonRows = ({ what, sides }: Comparison): string[][] =>
  sides.map((side, i) => sideRow(i === 0 ? what : "", side));

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
    NONE,
    NONE,
  ]);

const percentBelow = (side: number, v1: number): string => {
  const percent = (1 - side / v1) * 100;
  return percent >= 0 ? `${percent.toFixed(1)} % below V1` : `${(-percent).toFixed(1)} % above V1`;
};

/** How an allocator stands to V1. */
const besideV1 = (side: Side, v1: Side): string[] => {
  const name = CONTENDER_NAMES[side.contender];
  const parts: string[] = [];
  if (v1.peakFootprint !== undefined && side.peakFootprint !== undefined) {
    parts.push(`${name}'s footprint ${percentBelow(side.peakFootprint, v1.peakFootprint)}`);
    const { count = 0 } = v1.collections ?? {};
    if (count > 0 && side.collections?.count === 0) {
      const smaller = side.peakFootprint <= v1.peakFootprint ? name : "V1";
      const sizes = `${figure(side.peakFootprint / MB)} against ${figure(v1.peakFootprint / MB)} MB`;
      parts.push(`V1 collects ${count} times, ${name} never: ${smaller} is smaller (${sizes})`);
    }
  }
  if (v1.allocatorMs !== undefined && side.allocatorMs !== undefined) {
    parts.push(`${name}'s allocator time ${percentBelow(side.allocatorMs, v1.allocatorMs)}`);
  }
  return parts;
};

/** How the allocators stand to plain objects, and what those take. */
const besidePlain = (comparison: Comparison, { wholeMs, peakFootprint, peakCommitted }: Side): string[] => {
  if (wholeMs === undefined) return [];
  const timesBy = (times: typeof timesPlain): string =>
    ALLOCATORS.flatMap((each) => {
      const value = times(comparison, each);
      return value === undefined ? [] : [`${CONTENDER_NAMES[each]} ${figure(value)}`];
    }).join(", ");
  const [times, firsts] = [timesBy(timesPlain), timesBy(timesPlainAtFirst)];
  const parts = times === "" ? [] : [`times the whole time on plain objects: ${times}`];
  const collected = wholeMsOf(comparison, "gc");
  if (collected !== undefined) parts.push(`the collector on a new memory: ${figure(collected / wholeMs)}`);
  if (firsts !== "") parts.push(`in the first run of a process: ${firsts}`);
  if (peakFootprint !== undefined && peakCommitted !== undefined) {
    const [used, committed] = [figure(peakFootprint / MB), figure(peakCommitted / MB)];
    parts.push(`plain objects and their garbage take ${used} MB of the engine's heap, which grows by ${committed} MB`);
  }
  return parts;
};

/** What the figures of a comparison say, in words. */
export const saying = (comparison: Comparison): string => {
  const { what, sides, equalOutput } = comparison;
  const [v1, plain] = [sideOf(comparison, "v1"), sideOf(comparison, "plain")];
  const allocators = sides.filter((side) => side !== plain);
  const parts = [
    ...(v1 === undefined ? [] : allocators.flatMap((side) => (side === v1 ? [] : besideV1(side, v1)))),
    ...(plain === undefined ? [] : besidePlain(comparison, plain)),
  ];
  for (const { contender, note, replayNote } of sides) {
    const name = CONTENDER_NAMES[contender];
    if (note !== undefined) parts.push(`${name} ${note}`);
    else if (replayNote !== undefined) parts.push(`${name}'s calls ${replayNote}`);
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
