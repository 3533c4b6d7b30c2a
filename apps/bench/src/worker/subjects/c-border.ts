import type { Scenario } from "../../catalogue/scenario.js";
import { emptyImports, instantiateC } from "../c-module.js";
import { cTaskFor } from "../c-tasks.js";
import type { Task } from "../subject.js";

/**
 * The border alone: the module calls functions that do nothing. A program needs memory, so it calls them before each call of its own
 * allocator.
 */
export const prepare = (scenario: Scenario): Task =>
  cTaskFor(scenario, () => instantiateC(scenario.kind === "c-program" ? "border" : "imported", emptyImports()));
