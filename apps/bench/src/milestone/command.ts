import { measureMilestone } from "./measure.js";
import { type MilestoneResults, milestoneResults } from "./results.js";
import { type MilestoneMode, SETTINGS } from "./settings.js";
import { milestoneText } from "./tables.js";

/** Measures the milestone and prints it. @param mode how much of it */
export const runMilestone = async (mode: MilestoneMode): Promise<MilestoneResults> => {
  const settings = SETTINGS[mode];
  const total = settings.programs.length;
  let count = 0;
  const comparisons = await measureMilestone(settings, ({ what }) => {
    count++;
    if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[Kmilestone ${count}/${total}: ${what}${count < total ? "" : "\n"}`);
  });
  const results = milestoneResults(settings, comparisons);
  process.stdout.write(`${milestoneText(comparisons, results.floors)}\n\n`);
  return results;
};
