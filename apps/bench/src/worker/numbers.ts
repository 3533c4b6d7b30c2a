import type { LinearMemory } from "@morph/memory";
import type { Scenario } from "../catalogue/scenario.js";
import { memoryFor, takePages } from "./memory.js";
import { BRIEF, type Task } from "./subject.js";

/** The numbers of the scenario, which everybody sums: such that sums of any length are exact. */
export const numberOf = (index: number): number => (index % 1000) / 8;

/** The numbers of a scenario in a memory. */
export const numbersIn = (scenario: Scenario, shared = false): { memory: LinearMemory; pointer: number } => {
  const memory = memoryFor(scenario, shared);
  const pointer = takePages(memory, scenario.batch * 8);
  for (let i = 0; i < scenario.batch; i++) memory.f64[pointer / 8 + i] = numberOf(i);
  return { memory, pointer };
};

/** The work of a scenario, by a loop that sums the first so many numbers. */
export const numbersTask = ({ batch }: Scenario, sum: (count: number) => number): Task => {
  let expected = 0;
  for (let i = 0; i < batch; i++) expected += numberOf(i);
  const found = sum(batch);
  if (found !== expected) throw new Error(`${batch} numbers are ${expected} together, got ${found}`);
  let kept = 0;
  return {
    operations: batch,
    run: () => {
      kept += sum(batch);
    },
    brief: () => {
      kept += sum(BRIEF);
    },
    get keep() {
      return kept;
    },
  };
};
