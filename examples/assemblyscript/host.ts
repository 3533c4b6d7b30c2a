import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";

/** What assembly/program.ts exports. */
export interface Program {
  run(rounds: number): number;
  collect(): void;
  heapBase(): number;
}

/** An instance of a module that was compiled with assembly/morph-runtime.ts, and the heap that its collector takes objects from. */
export function instantiate(module: WebAssembly.Module): { program: Program; heap: Heap } {
  // Data and shadow stack end below this page; `requireModule` makes sure of it.
  const firstPage = 1;
  const wasm = new WebAssembly.Memory({ initial: firstPage });
  const heap = new Heap({ memory: new LinearMemory({ wasm, firstPage, exactGrowth: true }) });
  const abort = (): never => {
    throw new Error("the program was aborted");
  };
  const instance = new WebAssembly.Instance(module, { env: { memory: wasm, abort, ...heap.wasmImports() } });
  const program = instance.exports as unknown as Program;
  heap.requireModule(module, { __heap_base: { value: program.heapBase() } });
  return { program, heap };
}
