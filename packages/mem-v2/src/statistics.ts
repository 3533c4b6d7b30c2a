import type { PoolManagerStats } from "@morph/pool";
import type { Mode } from "./config.ts";
import { MAX_TYPE } from "./header.ts";

/** How many live now, and how many ever. */
export interface LiveAndEver {
  live: number;
  ever: number;
}

/** Live bytes, as asked for. */
export interface LiveBytes {
  /** Bytes live now, and the most there were. */
  currentLive: number;
  peakLive: number;
  /** Live bytes by who serves them; their sum is `currentLive`. */
  poolBytes: number;
  arenaBytes: number;
  heapBytes: number;
}

/** The part of a context's statistics that is counted with each object; plain numbers, bytes as asked for. */
export interface ObjectStats extends LiveBytes {
  /** Bytes ever allocated, and ever freed. */
  totalAllocated: number;
  totalFreed: number;
  /** Objects ever allocated, and live now. */
  objectCount: number;
  liveObjects: number;
  /** Objects, and their bytes, by type id; only types that were ever used. */
  objectCountByType: Record<number, LiveAndEver>;
  bytesByType: Record<number, LiveAndEver>;
}

/** What a context holds and has done; plain numbers. */
export interface ContextStats extends ObjectStats {
  mode: Mode;
  /** Collections and their pauses in microseconds: nothing collects yet. */
  gcCount: number;
  gcTimeUs: number;
  gcPauseMaxUs: number;
  gcPauseAvgUs: number;
  /** Bytes of the memory's pages in use, whoever uses them, and the most there were. */
  footprint: number;
  peakFootprint: number;
  /** The pool's size classes. */
  pool: PoolManagerStats;
}

/*
 * The counters of a type are four 64-bit floats in the memory, exact up to 2^53, so that every thread of a context counts in
 * one place. They are written where objects come and go, in the context's hot methods.
 *
 *   typeId * 4   + 1           + 2          + 3
 *   ┌────────────┬─────────────┬────────────┬─────────────┐
 *   │ ever       │ bytes ever  │ freed      │ bytes freed │
 *   └────────────┴─────────────┴────────────┴─────────────┘
 */

/** Floats of a type. */
export const TYPE_COUNTERS = 4;

/** Bytes that the counters of all 128 types take in the memory. */
export const STATISTICS_BYTES = 4096;

/** Counts every live object as freed. O(types). */
export function countReset(f64: Float64Array, at: number): void {
  for (let type = at; type < at + (MAX_TYPE + 1) * TYPE_COUNTERS; type += TYPE_COUNTERS) {
    f64.copyWithin(type + 2, type, type + 2);
  }
}

/** What was counted, by type and in all. O(types). */
export function readCounters(f64: Float64Array, at: number): Omit<ObjectStats, keyof LiveBytes> {
  const objectCountByType: Record<number, LiveAndEver> = {};
  const bytesByType: Record<number, LiveAndEver> = {};
  let totalAllocated = 0;
  let totalFreed = 0;
  let objectCount = 0;
  let freedCount = 0;
  for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
    const type = at + typeId * TYPE_COUNTERS;
    const ever = f64[type] as number;
    if (ever === 0) continue;
    const everBytes = f64[type + 1] as number;
    const freed = f64[type + 2] as number;
    const freedBytes = f64[type + 3] as number;
    objectCountByType[typeId] = { live: ever - freed, ever };
    bytesByType[typeId] = { live: everBytes - freedBytes, ever: everBytes };
    totalAllocated += everBytes;
    totalFreed += freedBytes;
    objectCount += ever;
    freedCount += freed;
  }
  const liveObjects = objectCount - freedCount;
  return { totalAllocated, totalFreed, objectCount, liveObjects, objectCountByType, bytesByType };
}
