import { type AddressSpace, describe, MorphError } from "@morph/memory";

/** What a context is for; decides where objects go. */
export type Mode = "COMPILER" | "RUNTIME" | "VM" | "SERVER";

/** A context's configuration, as the original has it. */
export interface ContextConfig {
  /** Where objects go. COMPILER: small ones to the pool, large ones to the arena. The others are not available yet. */
  readonly mode: Mode;
  /** Bytes the context expects to need. In COMPILER mode a hint, not a limit. */
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
}

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

/** For programs that run long. Not available yet: constructing one is ERR_MORPH_INVALID_CONFIG. */
export const RUNTIME: ContextConfig = {
  mode: "RUNTIME",
  heapSizeHint: 0x2000_0000,
  gcThreshold: 0x0400_0000,
  gcPauseTargetMs: 10,
  enableGenerational: true,
  enableCompaction: false,
};

/** For virtual machines. Not available yet: constructing one is ERR_MORPH_INVALID_CONFIG. */
export const VM: ContextConfig = {
  mode: "VM",
  heapSizeHint: 0x8000_0000,
  gcThreshold: 0x0800_0000,
  gcPauseTargetMs: 5,
  enableGenerational: true,
  enableCompaction: true,
};

/** For servers. Not available yet: constructing one is ERR_MORPH_INVALID_CONFIG. */
export const SERVER: ContextConfig = {
  mode: "SERVER",
  heapSizeHint: 0x4000_0000,
  gcThreshold: 0x0800_0000,
  gcPauseTargetMs: 5,
  enableGenerational: true,
  enableCompaction: true,
};

/** @throws ERR_MORPH_INVALID_CONFIG unless a context can be made of it */
export function requireConfig(config: ContextConfig): void {
  const mode: unknown = config?.mode;
  if (mode !== "COMPILER") {
    const known = mode === "RUNTIME" || mode === "VM" || mode === "SERVER";
    const why = known ? "this mode needs a heap and is not available yet" : "expected COMPILER";
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `mode: ${why}, got ${describe(mode)}`);
  }
  const numbers = ["heapSizeHint", "gcThreshold", "gcPauseTargetMs"] as const;
  for (const name of numbers) {
    const value = config[name];
    if (!Number.isFinite(value) || value < 0) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected a number from 0, got ${describe(value)}`);
    }
  }
}
