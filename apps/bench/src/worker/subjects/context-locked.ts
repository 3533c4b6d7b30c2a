import type { Scenario } from "../../catalogue/scenario.js";
import { lockedContext } from "../contexts.js";
import { Crew } from "../crew.js";
import type { Task } from "../subject.js";
import { pairTask } from "../typed-tasks.js";

/** The work of pairs in this thread alone, or of workers that share the context. */
export const prepare = async (scenario: Scenario): Promise<Task> => {
  const context = lockedContext();
  if (scenario.kind !== "locked") return pairTask(scenario, context);
  const crew = await Crew.start(scenario, context.handle());
  return { operations: scenario.workers * scenario.times, run: () => crew.work() };
};
