import { readFileSync } from "node:fs";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";

/** What words.rs exports. */
export interface Words {
  count(words: number): number;
  wide(count: number): number;
}

/** An instance of words.wasm, and the heap that is its allocator. */
export function instantiate(): { words: Words; heap: Heap } {
  const module = new WebAssembly.Module(readFileSync(new URL("words.wasm", import.meta.url)));
  // Rust has 1 MiB of stack, and its data behind it: `__heap_base` lies in the page below this one. `requireModule` makes sure of it.
  const firstPage = 17;
  const wasm = new WebAssembly.Memory({ initial: firstPage });
  const heap = new Heap({ memory: new LinearMemory({ wasm, firstPage, exactGrowth: true }) });
  const instance = new WebAssembly.Instance(module, { env: { memory: wasm, ...heap.wasmImports() } });
  heap.requireModule(module, instance.exports);
  return { words: instance.exports as unknown as Words, heap };
}
