import type { LinearMemory } from "@morph/memory";
import { type Context, type ContextOptions, MemoryContext, SharedContext } from "../src/index.ts";

/** A context on whichever memory it is given. */
export function contextIn(options: ContextOptions & { memory: LinearMemory }): Context {
  return options.memory.shared ? new SharedContext(options) : new MemoryContext(options);
}
