import { type LinearMemory, PAGE_BYTES } from "@morph/memory";
import type { AllocatorStats } from "../allocator.ts";
import type { Recording } from "./decoder.ts";

/** How a replay went. */
export interface ReplayResult {
  /** Time of the allocator's calls, collections included. */
  readonly allocatorMs: number;
  /** Of that, time of collections. */
  readonly collectionMs: number;
  readonly allocations: number;
  readonly stats: AllocatorStats;
}

/** The regions of a recording; their bytes are 0, because the memory is new. */
export function acquireRegions(memory: LinearMemory, regions: readonly number[]): number[] {
  const owner = memory.register({ name: "replay", contractVersion: 1, viewsChanged: () => {} });
  return regions.map((bytes) => memory.acquire(Math.ceil(bytes / PAGE_BYTES), owner));
}

/** Pages that either allocator needs at most, and not more than 3 GiB. */
export function pagesFor({ allocations, payload, regions }: Recording): number {
  const regionBytes = regions.reduce((sum, bytes) => sum + bytes + PAGE_BYTES, 0);
  return Math.min(256 + Math.ceil((payload * 2 + allocations * 120 + regionBytes) / PAGE_BYTES), 49152);
}
