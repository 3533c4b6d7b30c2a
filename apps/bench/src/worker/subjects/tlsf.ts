import type { Scenario } from "../../catalogue/scenarios.js";
import { pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";
import { instantiateTlsf } from "../tlsf-module.js";

const create = (): Subject<number> => {
  const tlsf = instantiateTlsf();
  let bytes = new Uint8Array(0);
  return {
    allocator: { alloc: tlsf.alloc, free: tlsf.release },
    store: pointers,
    copy: (from, to, count) => {
      // Growth detaches the view.
      if (bytes.length === 0) bytes = new Uint8Array(tlsf.memory.buffer);
      bytes.copyWithin(to, from, from + count);
    },
    footprint: () => tlsf.memory.buffer.byteLength,
  };
};

/** The work of any scenario, each operation a call from JavaScript. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
