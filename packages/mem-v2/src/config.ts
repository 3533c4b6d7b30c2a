import { type AddressSpace, describe, MorphError, requireOptions } from "@morph/memory";
import { LOCK_TIMEOUT_MS, requireTimeout } from "./mutex.ts";

/** What a context is for; decides where large objects go. */
export type Mode = "COMPILER" | "RUNTIME" | "SERVER";

/** How to make a context: a preset, or a mode and what is to differ from the mode's preset. */
export interface ContextOptions {
  /**
   * Where large objects go. COMPILER: to an arena, whose bytes come back at `reset`. RUNTIME and SERVER: to a heap, which takes each back
   * when it is freed; SERVER is bounded too.
   */
  readonly mode: Mode;
  /** The memory to take pages from: a shared one for a `SharedContext`, any other for a `MemoryContext`, which makes a new one by default. */
  readonly memory?: AddressSpace;
  /** In SERVER mode: bytes of pages and tables that the context takes at most, from 1 MiB. Default 1 GiB. */
  readonly maxBytes?: number;
  /**
   * Of a `SharedContext` alone: how many milliseconds a call waits for a thread that is at work before it is ERR_MORPH_TIMEOUT. Default 5,000. A worker
   * that was terminated inside a call never gives the lock back.
   */
  readonly lockTimeoutMs?: number;
  /**
   * Called in SERVER mode when the pages taken have risen above four fifths of the limit, before the next object for which more has to be
   * done than to take a free slot; and when an allocation would be refused, which is then tried once more. It may free objects, also all
   * by `reset`, and allocate; on shared memory this thread has the lock. Not taken over by `attach`.
   * @param held bytes of pages and tables that the context has
   * @param limit `maxBytes`
   */
  readonly onMemoryPressure?: (held: number, limit: number) => void;
}

/** What a context was made with, without the memory and the listener. */
export type ContextConfig = Omit<ContextOptions, "memory" | "onMemoryPressure">;

/** For programs that run briefly and stop, or work in frames: large objects come back together. */
export const COMPILER: ContextConfig = { mode: "COMPILER" };

/** For programs that run long: everything is freed one by one. */
export const RUNTIME: ContextConfig = { mode: "RUNTIME" };

/** For servers: as RUNTIME, but bounded: the context never takes more than `maxBytes`. */
export const SERVER: ContextConfig = { mode: "SERVER", maxBytes: 1_073_741_824 };

/** The modes, in the order of their numbers in a context's state. */
export const MODES: readonly Mode[] = ["COMPILER", "RUNTIME", "SERVER"];

/** Smallest limit of a SERVER context. */
const LEAST_LIMIT = 0x10_0000;

/** Every option there is. */
const OPTIONS: readonly (keyof ContextOptions)[] = ["mode", "memory", "maxBytes", "lockTimeoutMs", "onMemoryPressure"];

/** The options with what their mode's preset says where they say nothing. @throws ERR_MORPH_INVALID_CONFIG unless a context can be made of them */
export function completeConfig(options: ContextOptions): ContextOptions {
  requireOptions(options, OPTIONS);
  const presets = { COMPILER, RUNTIME, SERVER };
  const mode: unknown = options.mode;
  if (typeof mode !== "string" || !Object.hasOwn(presets, mode)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `mode: expected COMPILER, RUNTIME or SERVER, got ${describe(mode)}`,
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const config: ContextOptions = { ...presets[mode as Mode], ...Object.fromEntries(given) };
  requireConfig(config);
  return config;
}

function requireConfig({ mode, maxBytes, lockTimeoutMs = LOCK_TIMEOUT_MS, onMemoryPressure }: ContextOptions): void {
  if (mode === "SERVER") {
    if (!Number.isInteger(maxBytes) || (maxBytes as number) < LEAST_LIMIT) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `maxBytes: a SERVER context needs an integer from ${LEAST_LIMIT}, got ${describe(maxBytes)}`,
      );
    }
  } else if (maxBytes !== undefined || onMemoryPressure !== undefined) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `maxBytes and onMemoryPressure are options of SERVER contexts, the mode is ${mode}`,
    );
  }
  requireTimeout("lockTimeoutMs", lockTimeoutMs);
  if (onMemoryPressure !== undefined && typeof onMemoryPressure !== "function") {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `onMemoryPressure: expected a function, got ${describe(onMemoryPressure)}`,
    );
  }
}
