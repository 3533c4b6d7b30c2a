import type { Comparison } from "./comparison.js";
import { PROJECTIONS, saying, withHistogram } from "./rows.js";
import type { MilestoneSettings } from "./settings.js";
import { arithmeticOf, type Layout, layoutsOf } from "./sizes.js";
import { type MilestoneVerdict, milestoneVerdicts } from "./verdicts.js";

/** Everything of a run of the milestone. */
export interface MilestoneResults {
  readonly settings: Omit<MilestoneSettings, "programs">;
  readonly comparisons: readonly Comparison[];
  readonly sayings: readonly string[];
  /** Quoted, never run. */
  readonly projections: typeof PROJECTIONS;
  /** Computed from the recorded sizes. */
  readonly computed: readonly {
    readonly program: string;
    readonly arithmetic: readonly string[];
    readonly layouts: readonly Layout[];
  }[];
  readonly floors: readonly MilestoneVerdict[];
}

/** The results of comparisons. */
export const milestoneResults = (
  { programs: _, ...settings }: MilestoneSettings,
  comparisons: readonly Comparison[],
): MilestoneResults => ({
  settings,
  comparisons,
  sayings: comparisons.map(saying),
  projections: PROJECTIONS,
  computed: withHistogram(comparisons).map((each) => ({
    program: each.id,
    arithmetic: arithmeticOf(each),
    layouts: layoutsOf(each.histogram ?? {}),
  })),
  floors: milestoneVerdicts(comparisons),
});
