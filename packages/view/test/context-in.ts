import { type Context, type ContextOptions, MemoryContext, SharedContext } from "@morph/mem-v2";
import type { LinearMemory } from "@morph/memory";

/** A context on whichever memory it is given. */
export function contextIn(options: ContextOptions & { memory: LinearMemory }): Context {
  return options.memory.shared ? new SharedContext(options) : new MemoryContext(options);
}
