/** What `compiler.ts` tells `batch.ts`. */
import type { AllocatorName } from "n0-runtime";

/** The runs of one compiler: the arguments of each. */
export interface Batch {
  readonly allocator: AllocatorName;
  readonly tasks: readonly (readonly string[])[];
}

/** Stands on stderr behind what each run has written there. */
export const MARK = "\u0001end of run\u0001";

/** The stack that the command gives a program. */
export const STACK_MIB = 256;
