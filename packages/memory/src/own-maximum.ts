import type { WasmMemory } from "./address-space.ts";
import { withoutStackTraces } from "./errors.ts";

/** 4 GiB: what 32-bit pointers reach. */
export const MAX_PAGES = 65536;

/** Magic and version of a WebAssembly module. */
const MODULE_HEAD = /* @__PURE__ */ Array.from("\0asm\u0001\0\0\0", (char) => char.charCodeAt(0));
/** Its import section, an import of a memory, and what that declares. */
const IMPORT_SECTION = 2;
const MEMORY = 2;
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;

/**
 * The maximum of an engine's memory, in pages; 65,536 for one that has none. No property tells it, but the engine compares it when a module imports
 * the memory: one that declares a lower maximum is not linked. So modules of 20 bytes ask, by halves. Where none may be
 * compiled, or the memory is a stand-in, it is 65,536. About a millisecond when there is a maximum.
 */
export function ownMaximum(wasm: WasmMemory, shared: boolean, pageCount: number): number {
  return withoutStackTraces(() => {
    if (!isAtMost(MAX_PAGES, wasm, shared)) return MAX_PAGES;
    let low = pageCount;
    let high = MAX_PAGES;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAtMost(middle, wasm, shared)) high = middle;
      else low = middle + 1;
    }
    return high;
  });
}

/** Whether the memory has a maximum, of at most so many pages. */
function isAtMost(pages: number, wasm: WasmMemory, shared: boolean): boolean {
  const flags = shared ? HAS_MAXIMUM | IS_SHARED : HAS_MAXIMUM;
  const memory = [1, 0, 0, MEMORY, flags, 0, ...leb128(pages)];
  try {
    const module = new WebAssembly.Module(new Uint8Array([...MODULE_HEAD, IMPORT_SECTION, memory.length, ...memory]));
    new WebAssembly.Instance(module, { "": { "": wasm } });
    return true;
  } catch {
    return false;
  }
}

/** A number as WebAssembly's binary format has it: seven bits a byte, lowest first (LEB128). */
function leb128(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...leb128(Math.floor(value / 128))];
}
