import type { Scenario } from "../../catalogue/scenario.js";
import { instantiateC } from "../c-module.js";
import { cTaskFor } from "../c-tasks.js";
import type { Task } from "../subject.js";

/** The work of a scenario in C, with wasi-libc's allocator in the module. */
export const prepare = (scenario: Scenario): Task => cTaskFor(scenario, () => instantiateC("own"));
