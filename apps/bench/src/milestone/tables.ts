import { figure } from "../format.js";
import { textTable } from "../text-table.js";
import type { Comparison } from "./comparison.js";
import { comparisonRows, HEAD, LAYOUT_HEAD, layoutRows, projectionRows, saying, withHistogram } from "./rows.js";
import { arithmeticOf } from "./sizes.js";
import type { MilestoneVerdict } from "./verdicts.js";

/** Everything of a run, as text. */
export const milestoneText = (comparisons: readonly Comparison[], verdicts: readonly MilestoneVerdict[]): string => {
  const recorded = withHistogram(comparisons);
  const floors = verdicts.map(({ what, value, problem = "", unit, atLeast, atMost, aim, held }) => [
    what,
    value === undefined ? `not measured (${problem})` : figure(value),
    unit,
    `${atLeast === undefined ? `at most ${figure(atMost as number)}` : `at least ${atLeast}`}${aim === undefined ? "" : ` (aim ${aim})`}`,
    held ? "held" : value === undefined ? "not measured" : "MISSED",
  ]);
  return [
    "The milestone: Morph programs on each allocator, and the same on plain JavaScript objects (MB is a million bytes; times are the best of several runs)",
    textTable(HEAD, [...comparisons.flatMap(comparisonRows), ...projectionRows()], 2),
    comparisons.map(saying).join("\n"),
    ...recorded.flatMap((each) => ["", arithmeticOf(each).join("\n"), textTable(LAYOUT_HEAD, layoutRows(each))]),
    "",
    textTable(["floor of the milestone", "measured", "unit", "limit", ""], floors),
  ].join("\n");
};
