/* Programs that are run on the collector, with frees by hand on the heap, and on plain JavaScript objects. */

import { Collector } from "@morph/gc";
import type { LinearMemory } from "@morph/memory";

const NURSERY_STEP = 262_144;
const MOST_STEPS = 16;
const NURSERY_PART = 0.4;

/** Its nursery has two fifths of so many live bytes, up to 4 MiB. */
export const collectorFor = (memory: LinearMemory, peakLive: number, maxBytes?: number): Collector => {
  const steps = Math.max(1, Math.min(MOST_STEPS, Math.floor((peakLive * NURSERY_PART) / NURSERY_STEP)));
  return new Collector({ memory, nurseryBytes: NURSERY_STEP * steps, ...(maxBytes !== undefined && { maxBytes }) });
};

/** A way to run a program. @returns something that depends on all it did */
export type Run = () => number;

/** A program, and the ways to run it. */
export interface Program {
  /** Bytes of the objects that are alive at most at a time, as they are asked for. */
  readonly peakLive: number;
  /** On the collector, with that much memory at most; without, as it likes. */
  onCollector(maxBytes?: number): { run: Run; peakFootprint(): number };
  /** Each object is freed after it was used last. */
  onHeap(): Run;
  onObjects?(): Run;
}
