import { MemPool } from "@thi.ng/malloc";
import type { Scenario } from "../../catalogue/scenario.js";
import { givenTrace, replayTask } from "../replay.js";
import { linear, pointers, type Reallocator, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

const BUFFER_BYTES = 512 * 1024 * 1024;

const create = (scenario: Scenario): Subject<number> & { readonly allocator: Reallocator<number> } => {
  // With one size there is nothing to merge or to split: its documentation offers both as options, and it is faster
  // without them. It never grows, so the buffer is large enough for everything.
  const mixed = scenario.size === 0;
  const buf = new ArrayBuffer(BUFFER_BYTES);
  const bytes = new Uint8Array(buf);
  const pool = new MemPool({ buf, compact: mixed, split: mixed });
  const allocator: Reallocator<number> = {
    alloc: (size) => pool.malloc(size),
    free: (pointer) => pool.free(pointer),
    realloc: (pointer, size) => pool.realloc(pointer, size),
  };
  return {
    allocator,
    store: pointers,
    objects: linear(() => bytes),
    reset: () => pool.freeAll(),
    footprint: () => {
      const { top } = pool.stats();
      return { now: top, peak: top };
    },
  };
};

/** The work of any scenario. */
export const prepare = (scenario: Scenario): Task => {
  if (scenario.kind !== "replay") return taskFor(scenario, create);
  const subject = create(scenario);
  return replayTask(subject, subject.allocator, givenTrace(scenario));
};
