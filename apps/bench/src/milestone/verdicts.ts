import { type Comparison, type Side, sideOf } from "./comparison.js";
import { STYLES } from "./programs.js";

/** A floor of the milestone and what came out. */
export interface MilestoneVerdict {
  readonly what: string;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Absent when it could not be measured; then it does not hold. */
  readonly value?: number;
  readonly problem?: string;
  readonly held: boolean;
}

const FOOTPRINT_BELOW = 55;
const TIME_BELOW = 45;
const COST_RATIO = 1.3;
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

/** Judges the floors by the front ends of 1,000, 10,000 and 50,000 lines. */
export const milestoneVerdicts = (comparisons: readonly Comparison[]): MilestoneVerdict[] =>
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
