import { PAGE_BYTES } from "./address-space.ts";
import { describe, MorphError, requireOptions } from "./errors.ts";

/** Size of a memory whose user did not say: small programs never grow it. */
const DEFAULT_INITIAL_PAGES = 256;

/** 4 GiB: what 32-bit pointers reach. */
export const MAX_PAGES = 65536;

/** How to make a {@link LinearMemory}: a memory of its own, or the pages of a WebAssembly module's memory. */
export type LinearMemoryOptions =
  | {
      /**
       * Size at the start in pages of 64 KiB, 1 to `maxPages`. Default 256 (16 MiB), or `maxPages` when that is less.
       * Pages that nobody touched take no physical memory, while growing an unshared memory detaches its buffer, after
       * which V8 checks every typed array access of the process for that: 2 ns an alloc and free.
       */
      initialPages?: number;
      /** Size that is never grown past, in pages, up to 65,536 (4 GiB, the default). */
      maxPages?: number;
      /** Back it with a SharedArrayBuffer, so that it can be posted to a worker. Default false. */
      shared?: boolean;
    }
  | {
      /** A memory made elsewhere, for instance exported by a WebAssembly module. */
      wasm: WebAssembly.Memory;
      /** Pages below this one belong to the module. Default: all that there are now. */
      firstPage?: number;
      /**
       * Continue the memory that another thread made at `firstPage` of a shared memory. Two threads must not acquire,
       * release or grow at the same time: a lock of the users' (a context's, for instance) keeps them apart.
       */
      attach?: boolean;
    };

/** The options, checked and with the memory made. */
export interface Backing {
  readonly wasm: WebAssembly.Memory;
  readonly firstPage: number;
  readonly maxPages: number;
  readonly attach: boolean;
}

/** Makes the backing memory that the options ask for, or checks the one they bring. */
export function backingOf(options: LinearMemoryOptions): Backing {
  requireOptions(options);
  return "wasm" in options ? take(options) : create(options);
}

function create(options: { initialPages?: number; maxPages?: number; shared?: boolean }): Backing {
  const { maxPages = MAX_PAGES, shared = false } = options;
  requireRange("maxPages", maxPages, 1, MAX_PAGES);
  const { initialPages = Math.min(DEFAULT_INITIAL_PAGES, maxPages) } = options;
  requireRange("initialPages", initialPages, 1, maxPages);
  if (typeof shared !== "boolean") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `shared: expected a boolean, got ${describe(shared)}`);
  }
  try {
    const wasm = new WebAssembly.Memory({ initial: initialPages, maximum: maxPages, shared });
    return { wasm, firstPage: 0, maxPages, attach: false };
  } catch (cause) {
    throw new MorphError(
      "ERR_MORPH_OUT_OF_MEMORY",
      `the engine refused a memory of ${initialPages} pages, at most ${maxPages}: ${cause}`,
    );
  }
}

function take(options: { wasm: WebAssembly.Memory; firstPage?: number; attach?: boolean }): Backing {
  const { wasm, attach = false } = options;
  if (typeof wasm?.grow !== "function" || typeof wasm.buffer?.byteLength !== "number") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `wasm: expected a WebAssembly.Memory, got ${describe(wasm)}`);
  }
  const firstPage = options.firstPage ?? wasm.buffer.byteLength / PAGE_BYTES;
  requireRange("firstPage", firstPage, 0, MAX_PAGES - 1);
  return { wasm, firstPage, maxPages: MAX_PAGES, attach };
}

function requireRange(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `${name}: expected an integer from ${low} to ${high}, got ${describe(value)}`,
    );
  }
}
