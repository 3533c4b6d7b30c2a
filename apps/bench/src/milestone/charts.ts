import { type Comparison, type Side, sideOf, timesPlain, wholeMsOf } from "./comparison.js";
import { ALLOCATORS, CONTENDER_NAMES, type ContenderName } from "./contenders.js";
import { STYLES, type Style } from "./programs.js";
import type { MilestoneResults } from "./results.js";
import { PROJECTIONS } from "./rows.js";

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

/** The charts over source size of a milestone. */
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

/** Whole times of programs, as times of that on plain objects. */
export interface TimesChart {
  readonly id: string;
  readonly programs: readonly string[];
  /** A value for each program; null where it did not end. */
  readonly series: readonly {
    readonly side: ContenderName;
    readonly label: string;
    readonly values: readonly (number | null)[];
  }[];
}

/** The allocators' times beside plain objects; no chart where those were not measured. */
export const timesCharts = (milestone: MilestoneResults | undefined): TimesChart[] => {
  const compared = (milestone?.comparisons ?? []).filter((each) => wholeMsOf(each, "plain") !== undefined);
  if (compared.length === 0) return [];
  const series = ALLOCATORS.map((side) => ({
    side,
    label: CONTENDER_NAMES[side],
    values: compared.map((each) => timesPlain(each, side) ?? null),
  }));
  return [{ id: "milestone-times", programs: compared.map(({ what }) => what), series }];
};

/** Pauses of collections by length. */
export interface PauseChart {
  readonly id: string;
  readonly title: string;
  /** The entries' lengths, as text: "below 8 \u00b5s". */
  readonly classes: readonly string[];
  readonly series: readonly {
    readonly side: ContenderName;
    readonly label: string;
    readonly counts: readonly number[];
  }[];
}

/** The bound of a class of pauses. */
const below = (index: number): string => {
  const microseconds = 2 ** index;
  return microseconds < 1_000 ? `< ${microseconds} \u00b5s` : `< ${Number((microseconds / 1_000).toPrecision(3))} ms`;
};

const sum = (all: readonly (readonly number[])[]): number[] =>
  all.reduce<number[]>((total, counts) => counts.map((count, i) => count + (total[i] ?? 0)), []);

const pausesOf = (side: Side | undefined): (readonly number[])[] =>
  side?.collections?.pauses === undefined ? [] : [side.collections.pauses];

const pauseChart = (id: string, title: string, comparisons: readonly Comparison[]): PauseChart[] => {
  const series = [...ALLOCATORS, "plain" as const].flatMap((side) => {
    const counts = sum(comparisons.flatMap((each) => pausesOf(sideOf(each, side))));
    return counts.some((count) => count > 0) ? [{ side, label: CONTENDER_NAMES[side], counts }] : [];
  });
  const all = sum(series.map(({ counts }) => counts));
  const [first, last] = [all.findIndex((count) => count > 0), all.findLastIndex((count) => count > 0)];
  if (first < 0) return [];
  const classes = all
    .slice(first, last + 1)
    .map((_, i) => (first + i === all.length - 1 ? "longer" : below(first + i)));
  const shown = series.map((each) => ({ ...each, counts: each.counts.slice(first, last + 1) }));
  return [{ id, title, classes, series: shown }];
};

/** The histograms of pauses: of all programs together, and of each that is no front end. */
export const pauseCharts = (milestone: MilestoneResults | undefined): PauseChart[] => {
  const comparisons = milestone?.comparisons ?? [];
  return [
    ...pauseChart("pauses", "all programs", comparisons),
    ...comparisons.flatMap((each) =>
      each.lines === undefined ? pauseChart(`pauses-${each.id}`, each.what, [each]) : [],
    ),
  ];
};
