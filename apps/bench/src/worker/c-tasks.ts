import type { Scenario } from "../catalogue/scenario.js";
import { type CExports, countProgram, runProgram } from "./c-module.js";
import { BRIEF, type Task } from "./subject.js";

const callsTask = ({ size, times }: Scenario, { run_calls }: CExports): Task => ({
  // An allocation and its free are two calls.
  operations: times * 2,
  run: () => run_calls(size, times),
  brief: () => run_calls(size, BRIEF / 2),
});

/** Each run needs an instance of its own, because the program leaves its variables as they are at its end. */
const programTask = ({ times }: Scenario, instantiate: () => CExports): Task => {
  let instance = instantiate();
  return {
    operations: times,
    check: () => {
      const { calls, peakLive } = countProgram();
      if (calls !== times) throw new Error(`the C program makes ${calls} calls, not ${times}`);
      runProgram(instance);
      // A memory never shrinks, so this is its peak.
      return { footprint: instance.memory.buffer.byteLength, peakLive };
    },
    before: () => {
      // Memories of earlier runs keep their address space until collected, as in tasks.ts.
      globalThis.gc?.();
      instance = instantiate();
    },
    run: () => runProgram(instance),
  };
};

/** The work of a scenario in C. @param instantiate makes a new instance of the module */
export const cTaskFor = (scenario: Scenario, instantiate: () => CExports): Task =>
  scenario.kind === "c-program" ? programTask(scenario, instantiate) : callsTask(scenario, instantiate());
