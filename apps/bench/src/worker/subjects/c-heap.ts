import type { Scenario } from "../../catalogue/scenario.js";
import { instantiateOnHeap } from "../c-module.js";
import { cTaskFor } from "../c-tasks.js";
import type { Task } from "../subject.js";

/** The work of a scenario in C, on a heap's functions. */
export const prepare = (scenario: Scenario): Task => cTaskFor(scenario, () => instantiateOnHeap());
