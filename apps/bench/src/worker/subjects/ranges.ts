import { Ranges } from "@morph/range";
import type { Scenario } from "../../catalogue/scenario.js";
import { spaceOf } from "../space.js";
import { pointers, type Subject, type Task } from "../subject.js";
import { rangesTask } from "../tasks.js";

const create = (scenario: Scenario): Subject<number> => {
  const ranges = new Ranges({ length: spaceOf(scenario) });
  return {
    allocator: { alloc: (size) => ranges.tryAlloc(size), free: (offset) => ranges.free(offset) },
    store: pointers,
  };
};

/** The work of ranges. */
export const prepare = (scenario: Scenario): Task => rangesTask(scenario, create);
