import { type Comparison, type Side, sideOf, timesPlain, wholeMsOf } from "./comparison.js";
import { CONTENDER_NAMES, type ContenderName } from "./contenders.js";
import { STYLES } from "./programs.js";

/** A floor of the milestone and what came out. */
export interface MilestoneVerdict {
  readonly what: string;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What is wanted, where that is more than the floor. */
  readonly aim?: number;
  /** Absent when it could not be measured; then it does not hold. */
  readonly value?: number;
  readonly problem?: string;
  readonly held: boolean;
}

const FOOTPRINT_BELOW = 55;
const TIME_BELOW = 45;
const COST_RATIO = 1.3;
const COLLECTED_BELOW = 73;
const COLLECTED_BELOW_AIM = 80;
const TIMES_PLAIN = 4;
const TIMES_PLAIN_AIM = 2;
/** Programs that make far more garbage than they keep. */
const CHURN = ["garbage", "stack_undo"];
const CHURN_AIM = 0.5;
const MOST_BYTES = 4e9;
const REFERENCE_LINES = 1_000;
const LONG = [10_000, 50_000];

const below = (v2: number | undefined, v1: number | undefined): number | undefined =>
  v1 === undefined || v2 === undefined ? undefined : (1 - v2 / v1) * 100;

const judged = (verdict: Omit<MilestoneVerdict, "held" | "value">, value: number | undefined): MilestoneVerdict => {
  if (value === undefined) return { ...verdict, held: false };
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = verdict;
  return { ...verdict, value, held: value >= atLeast && value <= atMost };
};

const problemOf = (...sides: readonly (Side | undefined)[]): string =>
  sides.map((side) => side?.note ?? side?.replayNote).find((note) => note !== undefined) ?? "not measured";

const perLine = (
  what: string,
  of: (side: Side) => number | undefined,
  far: Comparison | undefined,
  near: Comparison | undefined,
): MilestoneVerdict => {
  const [farV2, nearV2] = [far && sideOf(far, "v2"), near && sideOf(near, "v2")];
  const [much, little] = [farV2 && of(farV2), nearV2 && of(nearV2)];
  const value = much === undefined || little === undefined ? undefined : much / far!.lines! / (little / near!.lines!);
  return judged(
    { what, unit: "times that at 1,000 lines", atMost: COST_RATIO, problem: problemOf(farV2, nearV2) },
    value,
  );
};

/** How many times the time of the fastest of some the collector takes, each on a new memory. */
const timesOf = (comparison: Comparison, contenders: readonly ContenderName[]): number | undefined => {
  const times = contenders.map((each) => wholeMsOf(comparison, each)).filter((time) => time !== undefined);
  const collected = wholeMsOf(comparison, "gc");
  return collected === undefined || times.length === 0 ? undefined : collected / Math.min(...times);
};

/** Floors of the collector: footprint and time of the front ends of 1,000 lines, times of the other programs. */
const collectorVerdicts = (comparisons: readonly Comparison[]): MilestoneVerdict[] =>
  comparisons.flatMap((each) => {
    const [gc, v1] = [sideOf(each, "gc"), sideOf(each, "v1")];
    if (gc === undefined || (each.lines !== undefined && each.lines !== REFERENCE_LINES)) return [];
    const unended = (...of: readonly ContenderName[]): string =>
      of.map((contender) => sideOf(each, contender)?.note).find((note) => note !== undefined) ?? "not measured";
    const what = `Milestone, ${each.what}, collected:`;
    const footprint = { what: `${what} peak footprint`, unit: "% below V1", problem: problemOf(gc, v1) };
    const others = {
      what: `${what} whole time`,
      unit: "times the faster of V1 and V2",
      problem: unended("gc", "v2", "v1"),
    };
    const plain = {
      what: `${what} whole time in memory used before`,
      unit: `times ${CONTENDER_NAMES.plain}`,
      problem: unended("gc", "plain"),
    };
    return [
      ...(each.style === undefined
        ? []
        : [
            judged(
              { ...footprint, atLeast: COLLECTED_BELOW, aim: COLLECTED_BELOW_AIM },
              below(gc.peakFootprint, v1?.peakFootprint),
            ),
          ]),
      ...(CHURN.includes(each.id)
        ? [judged({ ...others, atMost: 1, aim: CHURN_AIM }, timesOf(each, ["v1", "v2"]))]
        : []),
      ...(sideOf(each, "plain") === undefined
        ? []
        : [judged({ ...plain, atMost: TIMES_PLAIN, aim: TIMES_PLAIN_AIM }, timesPlain(each, "gc"))]),
    ];
  });

/** Floors of V2. */
const fixedVerdicts = (comparisons: readonly Comparison[]): MilestoneVerdict[] =>
  STYLES.flatMap((style) => {
    const at = (lines: number): Comparison | undefined =>
      comparisons.find((each) => each.style === style && each.lines === lines);
    const near = at(REFERENCE_LINES);
    const [v1, v2] = [near && sideOf(near, "v1"), near && sideOf(near, "v2")];
    const problem = problemOf(v1, v2);
    const percent = "% below V1";
    if (near === undefined) return [];
    return [
      judged(
        { what: `Milestone, ${style}, 1,000 lines: peak footprint`, unit: percent, atLeast: FOOTPRINT_BELOW, problem },
        below(v2?.peakFootprint, v1?.peakFootprint),
      ),
      judged(
        { what: `Milestone, ${style}, 1,000 lines: allocator time`, unit: percent, atLeast: TIME_BELOW, problem },
        below(v2?.allocatorMs, v1?.allocatorMs),
      ),
      ...LONG.flatMap((lines): MilestoneVerdict[] => {
        const far = at(lines);
        const farV2 = far && sideOf(far, "v2");
        if (farV2 === undefined) return [];
        const what = `Milestone, ${style}, ${lines.toLocaleString("en-US")} lines`;
        // A run that failed, out of memory for one, is no figure.
        const peak = farV2.note === undefined ? farV2.peakFootprint : undefined;
        return [
          judged({ what: `${what}: V2's peak`, unit: "bytes", atMost: MOST_BYTES, problem: problemOf(farV2) }, peak),
          perLine(`${what}: whole time a line`, ({ wholeMs }) => wholeMs, far, near),
          perLine(`${what}: footprint a line`, ({ peakFootprint }) => peakFootprint, far, near),
          ...(farV2.allocatorMs === undefined
            ? []
            : [perLine(`${what}: allocator time a line`, ({ allocatorMs }) => allocatorMs, far, near)]),
        ];
      }),
    ];
  });

/** Judges the floors by the front ends of 1,000, 10,000 and 50,000 lines, and those of the collector by the other programs, too. */
export const milestoneVerdicts = (comparisons: readonly Comparison[]): MilestoneVerdict[] => [
  ...fixedVerdicts(comparisons),
  ...collectorVerdicts(comparisons),
];
