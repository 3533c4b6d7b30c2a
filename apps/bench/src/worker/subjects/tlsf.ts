import type { Scenario } from "../../catalogue/scenario.js";
import { givenTrace, replayTask } from "../replay.js";
import { linear, pointers, type Reallocator, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";
import { instantiateTlsf } from "../tlsf-module.js";
import { compiledTouch } from "../touch.js";

const create = (): Subject<number> & { readonly allocator: Reallocator<number> } => {
  const tlsf = instantiateTlsf();
  let bytes = new Uint8Array(0);
  return {
    allocator: { alloc: tlsf.alloc, free: tlsf.release, realloc: tlsf.resize },
    store: pointers,
    objects: linear(() => {
      // Growth detaches the view.
      if (bytes.length === 0) bytes = new Uint8Array(tlsf.memory.buffer);
      return bytes;
    }, compiledTouch(tlsf.memory)),
    footprint: () => {
      const size = tlsf.memory.buffer.byteLength;
      return { now: size, peak: size };
    },
  };
};

/** The work of any scenario, each operation a call from JavaScript. */
export const prepare = (scenario: Scenario): Task => {
  if (scenario.kind !== "replay") return taskFor(scenario, create);
  const subject = create();
  return replayTask(subject, subject.allocator, givenTrace(scenario));
};
