import type { Scenario } from "../../catalogue/scenarios.js";
import { Headers } from "../headers.js";
import { memoryFor } from "../memory.js";
import type { Task } from "../subject.js";
import { pairTask } from "../typed-tasks.js";

/** The work of pairs. */
export const prepare = (scenario: Scenario): Task => pairTask(scenario, new Headers(memoryFor(scenario)));
