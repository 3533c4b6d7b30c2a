import { MemoryContext, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";

/** What a frame makes of a memory of the page around it. */
export function use(wasm) {
  const memory = new LinearMemory({ wasm, firstPage: 0 });
  const context = new (memory.shared ? SharedContext : MemoryContext)({ mode: "COMPILER", memory });
  for (let i = 0; i < 3000; i++) context.alloc(500, 1);
  context.verify();
  return [memory.shared, context.stats().liveObjects];
}
