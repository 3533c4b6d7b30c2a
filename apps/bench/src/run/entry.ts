import type { Contender } from "../catalogue/contenders.js";
import type { Scenario } from "../catalogue/scenario.js";
import type { Ready } from "./process.js";

/** How a measurement ended. */
export type Status = "measured" | "missing" | "stopped" | "failed";

/** What was measured of one contender in one scenario. */
export interface Entry {
  readonly contender: Contender;
  readonly scenario: Scenario;
  status: Status;
  /** Why, unless it was measured. */
  note?: string;
  /** Nanoseconds an operation: `rounds[process][round]`. */
  readonly rounds: number[][];
  /** Nanoseconds an operation of the first repetition of a new process, one for each; empty where that is not measured. */
  readonly cold: number[];
  /** Why there is none of them. */
  coldNote?: string;
  /** What it said when it was warm. */
  ready: Ready;
}

/** The entry of that contender and scenario, if it was measured to the end. */
export const measured = (entries: readonly Entry[], contender: string, scenario: string): Entry | undefined =>
  entries.find(
    (entry) => entry.contender.id === contender && entry.scenario.id === scenario && entry.status === "measured",
  );
