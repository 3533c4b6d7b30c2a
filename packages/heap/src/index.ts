export type { CFunctions, CFunctionsOptions } from "./c-functions.ts";
export { Heap, type HeapStats } from "./heap.ts";
export type { WasmExports, WasmModule } from "./module-check.ts";
export type { HeapOptions } from "./options.ts";
