/** What `compiler.ts` tells `batch.ts`, and what it answers. */
import type { RunOptions } from "n0";

/** A run of a module. */
export interface Task {
  /** The module's file. */
  readonly module: string;
  readonly args: readonly string[];
  readonly options: Pick<RunOptions, "allocator" | "v1" | "gc" | "maxMemory">;
}

/** How a run ended. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  /** Why it could not go on; null when it ended by itself. */
  readonly failure: string | null;
  /** The calls that had not ended. */
  readonly trace: readonly string[];
}

/** Stands on stderr behind what each run has written there. */
export const MARK = "\u0001end of run\u0001";

/** The stack that the command gives a program. */
export const STACK_MIB = 256;
