import { COMPILER, MemoryContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import type { Scenario } from "../../catalogue/scenario.js";
import { takenOf } from "../memory.js";
import { linear, pointers, type Subject, type Task } from "../subject.js";
import { taskFor } from "../tasks.js";
import { TYPE } from "../typed-loops.js";
import { typedTaskFor } from "../typed-tasks.js";

/** For a trace, which has no types: every object has the same one. */
const create = (): Subject<number> => {
  const memory = new LinearMemory();
  const context = new MemoryContext({ ...COMPILER, memory });
  return {
    allocator: { alloc: (size) => context.alloc(size, TYPE), free: (pointer) => context.free(pointer) },
    store: pointers,
    objects: linear(() => memory.u8),
    reset: () => context.reset(),
    footprint: () => takenOf(memory),
  };
};

/** The work of a trace replay, or of objects with a type. */
export const prepare = (scenario: Scenario): Task =>
  scenario.kind === "replay" ? taskFor(scenario, create) : typedTaskFor(scenario);
