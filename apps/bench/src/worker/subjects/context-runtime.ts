import { MemoryContext, RUNTIME } from "@morph/mem-v2";
import type { Scenario } from "../../catalogue/scenario.js";
import { takenOf } from "../memory.js";
import { givenTrace, replayTask } from "../replay.js";
import { linear, pointers, type Reallocator, type Task } from "../subject.js";
import { TYPE } from "../typed-loops.js";

/** The work of a trace, in which everything is freed one by one. */
export const prepare = (scenario: Scenario): Task => {
  const context = new MemoryContext(RUNTIME);
  const { memory } = context;
  const allocator: Reallocator<number> = {
    alloc: (size) => context.alloc(size, TYPE),
    free: (pointer) => context.free(pointer),
    realloc: (pointer, size) => context.realloc(pointer, size),
  };
  const footprint = () => takenOf(memory);
  return replayTask(
    { allocator, store: pointers, objects: linear(() => memory.u8), footprint },
    allocator,
    givenTrace(scenario),
  );
};
