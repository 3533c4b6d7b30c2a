import { type AddressSpace, LinearMemory, PAGE_BYTES } from "@morph/memory";
import type { Scenario } from "../catalogue/scenario.js";
import type { Footprint } from "./subject.js";

const DEFAULT_PAGES = 256;

/**
 * The memory of a pool's or a heap's scenario: large enough from the start, as the documentation advises where speed matters,
 * or grown before anything is timed, after which V8 checks every access for a detached buffer.
 */
export const memoryFor = (
  { batch, resident, live, size, sizes = [], grown }: Scenario,
  shared = false,
): LinearMemory => {
  if (grown) return new LinearMemory({ initialPages: 1, shared });
  const bytes = (batch + resident + live) * Math.max(size, ...sizes) * 1.1;
  return new LinearMemory({ initialPages: Math.max(DEFAULT_PAGES, Math.ceil(bytes / PAGE_BYTES)), shared });
};

/** Bytes of a memory, for good. */
export const takePages = (memory: LinearMemory, bytes: number): number =>
  memory.acquire(
    Math.ceil(bytes / PAGE_BYTES),
    memory.register({ name: "bench", contractVersion: 1, viewsChanged() {} }),
  );

/** What was taken from a memory. */
export const takenOf = ({ footprint, peakFootprint }: AddressSpace): Footprint => ({
  now: footprint,
  peak: peakFootprint,
});
