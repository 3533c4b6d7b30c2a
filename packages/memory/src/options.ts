import { PAGE_BYTES, type WasmMemory } from "./address-space.ts";
import { describe, MorphError, requireOptions } from "./errors.ts";
import { MAX_PAGES, ownMaximum } from "./own-maximum.ts";

/** The size of a memory when the options name none; small programs never grow it. */
export const DEFAULT_INITIAL_PAGES = 256;

/** How to make a memory of its own. */
export interface OwnMemoryOptions<Shared extends boolean = boolean> {
  /**
   * Size at the start in pages of 64 KiB, 1 to `maxPages`. Default 256 (16 MiB), or `maxPages` when that is less.
   * Pages that were never written to take no physical memory, while growing an unshared memory detaches its buffer, after
   * which V8 checks every typed array access of the process for that: 2 ns an alloc and free.
   */
  initialPages?: number;
  /** Size that is never grown past, in pages, up to 65,536 (4 GiB, the default). */
  maxPages?: number;
  /** Back it with a SharedArrayBuffer, so that it can be posted to a worker. Default false. */
  shared?: Shared;
  /**
   * Grow by no more pages than are needed, instead of by a quarter of the size or more: the memory stays as small as it can be, and
   * its views detach more often. Default false.
   */
  exactGrowth?: boolean;
  /**
   * To find mistakes: every allocation detaches the views that were read before (of an unshared memory), as a growth does, so that one kept too long fails in the
   * first test; and a block or cursor of `@morph/view` whose object was freed throws ERR_MORPH_USE_AFTER_FREE. Slow. Default false.
   */
  debugViews?: boolean;
  /** A memory that was made elsewhere takes {@link WasmMemoryOptions}. */
  wasm?: never;
}

/** How to use a memory that was made elsewhere, for instance exported by a WebAssembly module. Its own maximum bounds its growth. */
export interface WasmMemoryOptions {
  wasm: WasmMemory;
  /** Pages below this one belong to the module. Default: all that there are now. */
  firstPage?: number;
  /**
   * Continue the memory that another thread made at `firstPage` of a shared memory. The memory's own records have a lock; what
   * lies in the pages needs a lock of its users (a context has one).
   */
  attach?: boolean;
  /** As for a memory of one's own. A memory that is attached to has it already. */
  exactGrowth?: boolean;
  /** As for a memory of one's own. It is this thread's alone. */
  debugViews?: boolean;
}

/** How to make a `LinearMemory`: a memory of its own, or the pages of a WebAssembly module's memory. */
export type LinearMemoryOptions = OwnMemoryOptions | WasmMemoryOptions;

/** The options, checked and with the memory made. */
export interface Backing {
  readonly wasm: WasmMemory;
  readonly firstPage: number;
  readonly maxPages: number;
  readonly attach: boolean;
  readonly exactGrowth: boolean;
  /** Whether it was made elsewhere, so that its pages may have been written to. */
  readonly foreign: boolean;
}

/** Makes the backing memory that the options ask for, or checks the one they bring. */
export function backingOf(options: LinearMemoryOptions): Backing {
  requireOptions(options, [
    "initialPages",
    "maxPages",
    "shared",
    "exactGrowth",
    "debugViews",
    "wasm",
    "firstPage",
    "attach",
  ]);
  const { debugViews = false } = options;
  requireBoolean("debugViews", debugViews);
  return "wasm" in options ? take(options as WasmMemoryOptions) : create(options);
}

/** Whether a buffer is a SharedArrayBuffer, of whichever realm: an iframe, a `vm` context and a test's sandbox have classes of their own. */
export function isSharedBuffer(buffer: unknown): boolean {
  return tagOf(buffer) === "SharedArrayBuffer";
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function create(options: OwnMemoryOptions): Backing {
  refuseBeside(options, ["firstPage", "attach"], "only a memory that `wasm` brings has it");
  const { maxPages = MAX_PAGES, shared = false, exactGrowth = false } = options;
  requireRange("maxPages", maxPages, 1, MAX_PAGES);
  const { initialPages = Math.min(DEFAULT_INITIAL_PAGES, maxPages) } = options;
  requireRange("initialPages", initialPages, 1, maxPages);
  requireBoolean("shared", shared);
  requireBoolean("exactGrowth", exactGrowth);
  try {
    const wasm = new WebAssembly.Memory({ initial: initialPages, maximum: maxPages, shared });
    return { wasm, firstPage: 0, maxPages, attach: false, exactGrowth, foreign: false };
  } catch (cause) {
    throw new MorphError(
      "ERR_MORPH_OUT_OF_MEMORY",
      `the engine refused a memory of ${initialPages} pages, at most ${maxPages}: ${cause}`,
    );
  }
}

function take(options: WasmMemoryOptions): Backing {
  refuseBeside(options, ["initialPages", "maxPages", "shared"], "a memory that `wasm` brings has its own already");
  const { wasm, attach = false, exactGrowth = false } = options;
  requireBoolean("attach", attach);
  if (attach) refuseBeside(options, ["exactGrowth"], "a memory that is attached to has it already");
  requireBoolean("exactGrowth", exactGrowth);
  requireWasmMemory(wasm);
  const pages = wasm.buffer.byteLength / PAGE_BYTES;
  const { firstPage = pages } = options;
  requireRange("firstPage", firstPage, 0, MAX_PAGES - 1);
  // A memory that is attached to has noted its maximum.
  const maxPages = attach ? MAX_PAGES : ownMaximum(wasm, isSharedBuffer(wasm.buffer), pages);
  return { wasm, firstPage, maxPages, attach, exactGrowth, foreign: true };
}

/** A stand-in for an engine's memory will do when it behaves like one. */
function requireWasmMemory(wasm: WasmMemory): void {
  const isReal = tagOf(wasm) === "WebAssembly.Memory";
  if (!isReal && !behavesLikeMemory(wasm)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `wasm: expected a WebAssembly.Memory, got ${describe(wasm)}: its buffer must be the same until it grows, whole pages long, and grow() must return its pages`,
    );
  }
}

function behavesLikeMemory(wasm: WasmMemory | undefined): boolean {
  if (typeof wasm?.grow !== "function") return false;
  const { buffer } = wasm;
  if (!isSharedBuffer(buffer) && tagOf(buffer) !== "ArrayBuffer") return false;
  if (buffer !== wasm.buffer || buffer.byteLength % PAGE_BYTES !== 0) return false;
  try {
    const pages: unknown = wasm.grow(0);
    const after = wasm.buffer;
    return after === wasm.buffer && after.byteLength === Number(pages) * PAGE_BYTES;
  } catch {
    return false;
  }
}

function refuseBeside(options: object, names: readonly string[], why: string): void {
  const name = names.find((each) => each in options && options[each as keyof typeof options] !== undefined);
  if (name !== undefined) throw new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: not possible here, ${why}`);
}

function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected a boolean, got ${describe(value)}`);
  }
}

function requireRange(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `${name}: expected an integer from ${low} to ${high}, got ${describe(value)}`,
    );
  }
}
