import { Pool } from "@morph/pool";
import type { Scenario } from "../../catalogue/scenario.js";
import { memoryFor, takenOf } from "../memory.js";
import { pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

/** Makes the allocator, for constant.ts too. */
export const create = (scenario: Scenario): Subject<number> => {
  const memory = memoryFor(scenario);
  return {
    allocator: new Pool({ slotSize: scenario.size, memory }),
    store: pointers,
    footprint: () => takenOf(memory),
  };
};

/** The work of any scenario with one size. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
