import { Arena } from "@morph/arena";
import type { Scenario } from "../../catalogue/scenario.js";
import { type Allocator, pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

/** Makes the allocator, for constant.ts too. */
export const create = (): Subject<number> => {
  const arena = new Arena();
  // An arena frees in bulk only; nothing calls `free` where there is a `reset`.
  const allocator = arena as unknown as Allocator<number>;
  return { allocator, store: pointers, reset: () => arena.reset() };
};

/** The work of a bulk allocation. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
