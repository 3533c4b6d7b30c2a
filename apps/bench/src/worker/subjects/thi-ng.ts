import { MemPool } from "@thi.ng/malloc";
import type { Scenario } from "../../catalogue/scenarios.js";
import { type Allocator, pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";

const BUFFER_BYTES = 512 * 1024 * 1024;

const create = (scenario: Scenario): Subject<number> => {
  // With one size there is nothing to merge or to split: its documentation offers both as options, and it is faster
  // without them. It never grows, so the buffer is large enough for everything.
  const mixed = scenario.size === 0;
  const buf = new ArrayBuffer(BUFFER_BYTES);
  const bytes = new Uint8Array(buf);
  const pool = new MemPool({ buf, compact: mixed, split: mixed });
  const allocator: Allocator<number> = { alloc: (size) => pool.malloc(size), free: (pointer) => pool.free(pointer) };
  return {
    allocator,
    store: pointers,
    copy: (from, to, count) => {
      bytes.copyWithin(to, from, from + count);
    },
    reset: () => pool.freeAll(),
  };
};

/** The work of any scenario. */
export const prepare = (scenario: Scenario): Task => taskFor(scenario, create);
