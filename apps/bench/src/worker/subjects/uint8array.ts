import type { Scenario } from "../../catalogue/scenario.js";
import { references, type Subject, separate, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

const create = (): Subject<Uint8Array> => ({
  allocator: { alloc: (size) => new Uint8Array(size), free: () => undefined },
  store: references,
  objects: separate,
});

/** The work of any scenario. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
