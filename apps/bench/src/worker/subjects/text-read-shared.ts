import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { readUtf8, writeUtf8 } from "@morph/view";
import type { Scenario } from "../../catalogue/scenario.js";
import type { Task } from "../subject.js";
import { textOf, textTask } from "../texts.js";

/** The same from a shared memory. */
export const prepare = (scenario: Scenario): Task => {
  const memory = new LinearMemory({ shared: true });
  const pointer = writeUtf8(new Heap({ memory }), textOf(scenario));
  return textTask(scenario, () => readUtf8(memory, pointer));
};
