import { type AddressSpace, describe, MorphError, requireOptions } from "@morph/memory";
import { LOCK_TIMEOUT_MS, requireTimeout } from "./mutex.ts";

/** What a context is for; decides where objects go. */
export type Mode = "COMPILER" | "RUNTIME" | "VM" | "SERVER";

/** A context's configuration, as the original has it. */
export interface ContextConfig {
  /**
   * Where objects go: small ones, up to 240 bytes, to the pool. COMPILER: large ones to the arena, whose bytes come back at
   * `reset`. RUNTIME, VM, SERVER: large ones to the heap, which takes each back when it is freed; SERVER is bounded too.
   */
  readonly mode: Mode;
  /** Bytes the context expects to need: a hint; in SERVER mode the limit of the pages that it takes, from 1 MiB. */
  readonly heapSizeHint: number;
  /** Bytes allocated between collections; 0 is never. Nothing collects yet. */
  readonly gcThreshold: number;
  /** Milliseconds a collection should not exceed. Nothing collects yet. */
  readonly gcPauseTargetMs: number;
  /** Whether collections are generational. Nothing collects yet. */
  readonly enableGenerational: boolean;
  /** Whether collections move objects together. Nothing collects yet. */
  readonly enableCompaction: boolean;
  /** The memory to take pages from. Default: a new one. A shared one makes a context that several threads can use. */
  readonly memory?: AddressSpace;
  /**
   * On shared memory: how many milliseconds a call waits for a thread that is at work before it is ERR_MORPH_TIMEOUT. Default 5,000. A worker
   * that was terminated inside a call never gives the lock back.
   */
  readonly lockTimeoutMs?: number;
  /**
   * Called in SERVER mode when the pages taken have risen above four fifths of the limit, before the next object for which more has to be
   * done than to take a free slot; and when an allocation would be refused, which is then tried once more. It may free objects, also all
   * by `reset`, and allocate; on shared memory this thread has the lock. Not taken over by `attach`.
   * @param held bytes of pages and tables that the context has
   * @param limit `heapSizeHint`
   */
  readonly onMemoryPressure?: (held: number, limit: number) => void;
}

/** What a context is made with: a preset, or a mode and what shall differ from the mode's preset. */
export type ContextOptions = Pick<ContextConfig, "mode"> & Partial<ContextConfig>;

// Sizes are written out, in hexadecimal: computed ones would stay in bundles that use none of these.

/** For programs that run briefly and stop: nothing is collected. */
export const COMPILER: ContextConfig = {
  mode: "COMPILER",
  heapSizeHint: 0x1000_0000,
  gcThreshold: 0,
  gcPauseTargetMs: 0,
  enableGenerational: false,
  enableCompaction: false,
};

/** For programs that run long: everything is freed one by one. */
export const RUNTIME: ContextConfig = {
  mode: "RUNTIME",
  heapSizeHint: 0x2000_0000,
  gcThreshold: 0x0400_0000,
  gcPauseTargetMs: 10,
  enableGenerational: true,
  enableCompaction: false,
};

/** For virtual machines: as RUNTIME, with a larger hint. */
export const VM: ContextConfig = {
  mode: "VM",
  heapSizeHint: 0x8000_0000,
  gcThreshold: 0x0800_0000,
  gcPauseTargetMs: 5,
  enableGenerational: true,
  enableCompaction: true,
};

/** For servers: as RUNTIME, but bounded: the context never takes more than `heapSizeHint`. */
export const SERVER: ContextConfig = {
  mode: "SERVER",
  heapSizeHint: 0x4000_0000,
  gcThreshold: 0x0800_0000,
  gcPauseTargetMs: 5,
  enableGenerational: true,
  enableCompaction: true,
};

/** Smallest limit of a SERVER context: its tables and a slab of each class. */
const LEAST_LIMIT = 0x10_0000;

/** Every option there is. */
const OPTIONS: readonly (keyof ContextConfig)[] = [
  "mode",
  "heapSizeHint",
  "gcThreshold",
  "gcPauseTargetMs",
  "enableGenerational",
  "enableCompaction",
  "memory",
  "lockTimeoutMs",
  "onMemoryPressure",
];

/** The options with what their mode's preset says where they say nothing. @throws ERR_MORPH_INVALID_CONFIG unless a context can be made of them */
export function completeConfig(options: ContextOptions): ContextConfig {
  requireOptions(options, OPTIONS);
  const presets = { COMPILER, RUNTIME, VM, SERVER };
  const mode: unknown = options.mode;
  if (typeof mode !== "string" || !Object.hasOwn(presets, mode)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `mode: expected COMPILER, RUNTIME, VM or SERVER, got ${describe(mode)}`,
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const config: ContextConfig = { ...presets[mode as Mode], ...Object.fromEntries(given) };
  requireConfig(config);
  return config;
}

function requireConfig(config: ContextConfig): void {
  const numbers = ["heapSizeHint", "gcThreshold", "gcPauseTargetMs"] as const;
  for (const name of numbers) {
    const value = config[name];
    if (!Number.isFinite(value) || value < 0) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected a number from 0, got ${describe(value)}`);
    }
  }
  for (const name of ["enableGenerational", "enableCompaction"] as const) {
    if (typeof config[name] !== "boolean") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected a boolean, got ${describe(config[name])}`);
    }
  }
  if (config.mode === "SERVER" && config.heapSizeHint < LEAST_LIMIT) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `heapSizeHint: a SERVER context needs at least ${LEAST_LIMIT} bytes, got ${describe(config.heapSizeHint)}`,
    );
  }
  requireTimeout("lockTimeoutMs", config.lockTimeoutMs ?? LOCK_TIMEOUT_MS);
  const listener: unknown = config.onMemoryPressure;
  if (listener !== undefined && typeof listener !== "function") {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `onMemoryPressure: expected a function, got ${describe(listener)}`,
    );
  }
}
