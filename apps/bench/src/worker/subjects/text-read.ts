import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { readUtf8, writeUtf8 } from "@morph/view";
import type { Scenario } from "../../catalogue/scenario.js";
import type { Task } from "../subject.js";
import { textOf, textTask } from "../texts.js";

/** Text as readUtf8 reads it. */
export const prepare = (scenario: Scenario): Task => {
  const memory = new LinearMemory({ shared: false });
  const pointer = writeUtf8(new Heap({ memory }), textOf(scenario));
  return textTask(scenario, () => readUtf8(memory, pointer));
};
