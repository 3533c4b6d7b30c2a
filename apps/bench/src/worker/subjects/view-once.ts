import type { Scenario } from "../../catalogue/scenario.js";
import { numbersIn, numbersTask } from "../numbers.js";
import type { Task } from "../subject.js";

/** A memory, whose view is read before the loop, with the numbers' pointers. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = numbersIn(scenario);
  return numbersTask(scenario, (count) => {
    const end = pointer + count * 8;
    const { f64 } = memory;
    let sum = 0;
    for (let p = pointer; p < end; p += 8) sum += f64[p / 8]!;
    return sum;
  });
};
