import { Heap } from "@morph/heap";
import { array } from "@morph/view";
import type { Scenario } from "../../catalogue/scenario.js";
import { memoryFor } from "../memory.js";
import { numberOf, numbersTask } from "../numbers.js";
import type { Task } from "../subject.js";

/** A block, whose view is read for each number. */
export const prepare = (scenario: Scenario): Task => {
  const block = array(new Heap({ memory: memoryFor(scenario) }), Float64Array, scenario.batch);
  for (let i = 0; i < scenario.batch; i++) block.view[i] = numberOf(i);
  return numbersTask(scenario, (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += block.view[i]!;
    return sum;
  });
};
