import { momentNow, requireLive } from "./liveness.ts";
import type { Place } from "./struct-field.ts";
import type { StructViews } from "./struct-views.ts";

/** What is asked of a place in a memory with the option `debugViews`. */
export interface Watch {
  /** Refuses the place when its object has ended since. @throws ERR_MORPH_USE_AFTER_FREE */
  readonly guard: () => void;
  /** Says that the place has come to an object that is live. */
  readonly moved: () => void;
}

/** Watches a place; in a memory without the option there is nothing to do, and nothing is. */
export function watchPlace({ memory }: StructViews, place: Place, what: string): Watch | undefined {
  if (memory.objectEnds === undefined) return undefined;
  let moment = momentNow(memory);
  return {
    guard: () => requireLive(memory, place.pointer >>> 0, moment, what),
    moved: () => {
      moment = momentNow(memory);
    },
  };
}
