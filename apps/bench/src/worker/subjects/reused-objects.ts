import type { Scenario } from "../../catalogue/scenario.js";
import { type EightFields, eightFields } from "../eight-fields.js";
import { references, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

/** Freed objects wait in an array and are handed out again. It ignores the size asked for. */
const create = (): Subject<EightFields> => {
  const idle: EightFields[] = [];
  return {
    allocator: { alloc: () => idle.pop() ?? eightFields(), free: (object) => idle.push(object) },
    store: references,
  };
};

/** The work of a scenario of small sizes. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
