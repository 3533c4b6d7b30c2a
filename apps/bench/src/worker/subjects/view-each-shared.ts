import type { Scenario } from "../../catalogue/scenario.js";
import { numbersIn, numbersTask } from "../numbers.js";
import type { Task } from "../subject.js";

/** The same of a shared memory, which another thread may grow. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = numbersIn(scenario, true);
  return numbersTask(scenario, (count) => {
    const end = pointer + count * 8;
    let sum = 0;
    for (let p = pointer; p < end; p += 8) sum += memory.f64[p / 8]!;
    return sum;
  });
};
