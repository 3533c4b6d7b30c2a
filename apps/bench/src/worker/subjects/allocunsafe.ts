import type { Scenario } from "../../catalogue/scenario.js";
import { references, type Subject, separate, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

const create = (): Subject<Buffer> => ({
  allocator: { alloc: (size) => Buffer.allocUnsafe(size), free: () => undefined },
  store: references,
  objects: {
    ...separate,
    copy: (from, to, bytes) => {
      from.copy(to, 0, 0, bytes);
    },
  },
});

/** The work of any scenario. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
