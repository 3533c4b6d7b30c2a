import { PoolManager } from "@morph/pool";
import type { Scenario } from "../../catalogue/scenario.js";
import { memoryFor } from "../memory.js";
import { pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

/** Makes the allocator, for constant.ts too. */
export const create = (scenario: Scenario): Subject<number> => ({
  allocator: new PoolManager({ memory: memoryFor(scenario) }),
  store: pointers,
});

/** The work of a scenario of sizes up to 256 bytes. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
