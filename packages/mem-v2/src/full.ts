import type { MorphError } from "@morph/memory";

/** What `take` returns, or 0 when it ends in ERR_MORPH_OUT_OF_MEMORY. */
export function zeroIfFull(take: () => number): number {
  try {
    return take();
  } catch (error) {
    if ((error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY") return 0;
    throw error;
  }
}
