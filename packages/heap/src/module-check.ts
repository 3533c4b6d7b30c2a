import { type AddressSpace, describe, MorphError, PAGE_BYTES } from "@morph/memory";

const ALLOCATION = ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "free"];

/** `WebAssembly.Module`, also where that name has no type: it is in the DOM library. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

/** What an instance exports. */
export type WasmExports = Readonly<Record<string, unknown>>;

/**
 * Refuses a module that would not leave a heap's pages alone: one that imports no allocation function, so that an allocator of its own takes
 * the memory behind its data; one whose data, or its stack, reach into the memory's pages; one that has another memory. O(imports).
 * @throws ERR_MORPH_INVALID_CONFIG that says which and what to do
 */
export function requireModule(memory: AddressSpace, module: WasmModule, exports?: WasmExports): void {
  // As in `LinearMemory`: the class may be another realm's.
  if (Object.prototype.toString.call(module) !== "[object WebAssembly.Module]") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `module: expected a WebAssembly.Module, got ${describe(module)}`);
  }
  const imported = WebAssembly.Module.imports(module);
  if (!imported.some(({ kind, name }) => kind === "function" && ALLOCATION.includes(name))) {
    throw refusal(
      "it does not import malloc, or a function of its kind: an allocator of its own takes the heap's pages. Link c/malloc.c of @morph/heap, with emscripten -sMALLOC=none",
    );
  }
  if (!imported.some(({ kind }) => kind === "memory")) {
    throw refusal("it does not import its memory: link with --import-memory, with emscripten -sIMPORTED_MEMORY=1");
  }
  const { __heap_base: global } = exports ?? {};
  const base: unknown = (global as WebAssembly.Global | undefined)?.value;
  if (exports !== undefined && typeof base !== "number") {
    throw refusal(`it exports no __heap_base, but ${describe(base)}: link with --export=__heap_base`);
  }
  const end = typeof base === "number" ? base >>> 0 : 0;
  if (end > memory.firstPage * PAGE_BYTES) {
    const needed = Math.ceil(end / PAGE_BYTES);
    throw refusal(
      `its data and stack end at ${end}, in the memory's pages: make the memory with firstPage ${needed}, not ${memory.firstPage}`,
    );
  }
}

function refusal(why: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_CONFIG", `the module cannot share the heap's memory: ${why}`);
}
