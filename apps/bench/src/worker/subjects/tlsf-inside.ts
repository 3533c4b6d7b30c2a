import type { Scenario } from "../../catalogue/scenario.js";
import { PLAN_LENGTH } from "../random-plan.js";
import type { Task } from "../subject.js";
import { instantiateTlsf } from "../tlsf-module.js";

/** The work of a scenario with the loop itself in WebAssembly: what a WebAssembly program sees. */
export const prepare = (scenario: Scenario): Task => {
  const tlsf = instantiateTlsf();
  const { batch, times, size, sizes: [smallest = size, largest = size] = [], live } = scenario;
  if (scenario.kind === "random" || scenario.kind === "random-large") {
    tlsf.prepareRandom(live, PLAN_LENGTH, smallest, largest);
    tlsf.replace(live);
    return { operations: times, run: () => tlsf.replace(times) };
  }
  tlsf.prepare(batch);
  tlsf.fill(scenario.resident, size);
  const run = scenario.kind === "lifo" ? () => tlsf.lifo(times, size) : () => tlsf.batch(batch, times, size);
  return { operations: batch * times, run };
};
