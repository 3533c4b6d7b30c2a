import type { Scenario } from "../../catalogue/scenario.js";
import { type EightFields, eightFields } from "../eight-fields.js";
import { references, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

/** A new object each time, left to the garbage collector. It ignores the size asked for. */
const create = (): Subject<EightFields> => ({
  allocator: { alloc: eightFields, free: () => undefined },
  store: references,
});

/** The work of a scenario of small sizes. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
