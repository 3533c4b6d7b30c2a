import type { Scenario } from "../catalogue/scenario.js";

/** Units of the space that ranges are taken from: what the scenario says, or half as much again as its ranges have. */
export const spaceOf = ({ kind, batch, live, sizes: [smallest = 0, largest = 0] = [] }: Scenario): number =>
  kind === "fill" ? batch : Math.ceil(live * ((smallest + largest) / 2) * 1.5);
