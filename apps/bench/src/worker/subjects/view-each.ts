import type { Scenario } from "../../catalogue/scenario.js";
import { numbersIn, numbersTask } from "../numbers.js";
import type { Task } from "../subject.js";

/** The same, but the view is read for each number: growth may come at any time. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = numbersIn(scenario);
  return numbersTask(scenario, (count) => {
    const end = pointer + count * 8;
    let sum = 0;
    for (let p = pointer; p < end; p += 8) sum += memory.f64[p / 8]!;
    return sum;
  });
};
