import { contenders } from "../src/catalogue/contenders.js";
import type { Scenario } from "../src/catalogue/scenario.js";
import { scenarios } from "../src/catalogue/scenarios.js";
import type { Entry } from "../src/run/entry.js";

/** The scenario of that name. */
export const scenarioById = (id: string): Scenario => scenarios.find((scenario) => scenario.id === id)!;

/** An entry as a run would leave it; measured unless told otherwise. */
export const entry = (contender: string, scenario: string, ns: number, rest: Partial<Entry> = {}): Entry => ({
  contender: contenders.find(({ id }) => id === contender)!,
  scenario: scenarioById(scenario),
  status: "measured",
  rounds: [
    [ns, ns],
    [ns, ns],
  ],
  cold: [],
  ready: {},
  ...rest,
});
