import { MemoryContext, RUNTIME } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import type { Scenario } from "../../catalogue/scenario.js";
import { takenOf } from "../memory.js";
import { copyingReplayTask, givenTrace } from "../replay.js";
import { linear, pointers, type Subject, type Task } from "../subject.js";
import { TYPE } from "../typed-loops.js";

const create = (): Subject<number> => {
  const memory = new LinearMemory();
  const context = new MemoryContext({ ...RUNTIME, memory });
  return {
    allocator: { alloc: (size) => context.alloc(size, TYPE), free: (pointer) => context.free(pointer) },
    store: pointers,
    objects: linear(() => memory.u8),
    footprint: () => takenOf(memory),
  };
};

/** The work of a trace: a context has no realloc, and here everything is freed one by one. */
export const prepare = (scenario: Scenario): Task => copyingReplayTask(create(), givenTrace(scenario));
