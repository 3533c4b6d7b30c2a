import type { Scenario } from "../../catalogue/scenario.js";
import { asAllocator, heapFor, heapSubject } from "../heaps.js";
import { givenTrace, replayTask } from "../replay.js";
import type { Subject, Task } from "../subject.js";
import { taskFor } from "../tasks.js";

/** Makes the allocator, for constant.ts too. */
export const create = (scenario: Scenario): Subject<number> => heapSubject(heapFor(scenario));

/** The work of any scenario. */
export const prepare = (scenario: Scenario): Task => {
  if (scenario.kind !== "replay") return taskFor(scenario, create);
  const heap = heapFor(scenario);
  return replayTask(heapSubject(heap), asAllocator(heap), givenTrace(scenario));
};
