import type { Collector } from "@morph/gc";
import type { AllocatorStats, TypeStats } from "../allocator.ts";

/** What statistics need beside the collector. */
export interface GcCounts {
  /** By the collector's type: the handle of the type table under which it is shown. */
  readonly handles: readonly number[];
  readonly nameOf: (handle: number) => string;
  /** Whether a type's objects begin with 8 bytes of length. */
  readonly isArray: (id: number) => boolean;
  /** By handle: payload of arrays ever, where it is known. Default: that of their slots. */
  readonly payloads?: Readonly<Record<number, number>>;
  /** Bytes of shadow stacks that are or were in use. */
  readonly stackBytes: number;
  readonly peakStackBytes: number;
}

const ARRAY_HEADER_BYTES = 8;

/** Statistics of a collector in the shape of all allocators. O(blocks + objects). */
export function gcStats(collector: Collector, counts: GcCounts): AllocatorStats {
  const s = collector.stats();
  const byType = typeStats(collector, counts);
  const sum = (of: (stats: TypeStats) => number): number => byType.reduce((total, stats) => total + of(stats), 0);
  const allocations = sum((stats) => stats.allocations);
  const liveObjects = sum((stats) => stats.liveObjects);
  return {
    allocator: "gc",
    allocations,
    payload: sum((stats) => stats.payload),
    liveObjects,
    livePayload: sum((stats) => stats.livePayload),
    // As of the stacks, what was never used does not count.
    footprint: s.footprint - s.untouchedBytes + counts.stackBytes,
    peakFootprint: s.peakFootprint - s.untouchedBytes + counts.peakStackBytes,
    collections: {
      count: s.minorCollections + s.majorCollections + s.compactions,
      totalMs: s.minorMs + s.markMs + s.sweepMs + s.compactMs,
      maxMs: s.longestPauseMs,
      freedObjects: allocations - liveObjects,
      pauses: s.pauses,
      generations: {
        minor: { count: s.minorCollections, totalMs: s.minorMs, maxMs: s.longestMinorMs },
        major: {
          count: s.majorCollections,
          totalMs: s.markMs + s.sweepMs,
          maxMs: Math.max(s.longestMarkMs, s.longestSweepMs),
        },
        evacuation: { count: s.compactions, totalMs: s.compactMs, maxMs: s.longestCompactMs },
        survivedBytes: s.survivedBytes,
        promotedBytes: s.promotedBytes,
        survival: s.survival,
      },
    },
    byType,
  };
}

/** The types that were ever used, those with most payload first. */
function typeStats(collector: Collector, counts: GcCounts): TypeStats[] {
  const sizes = collector.types();
  const { payloads = {} } = counts;
  const byHandle = new Map<
    number,
    { allocations: number; payload: number; liveObjects: number; livePayload: number }
  >();
  for (const { type, allocated, allocatedBytes, objects, bytes } of collector.census()) {
    if (allocated === 0) continue;
    const handle = counts.handles[type] as number;
    const entry = byHandle.get(handle) ?? { allocations: 0, payload: 0, liveObjects: 0, livePayload: 0 };
    byHandle.set(handle, entry);
    const isArray = counts.isArray(type);
    entry.allocations += allocated;
    entry.liveObjects += objects;
    entry.livePayload += bytes - (isArray ? objects * ARRAY_HEADER_BYTES : 0);
    if (!isArray) entry.payload += allocated * sizes[type - 1]!.size;
    else if (payloads[handle] === undefined) entry.payload += allocatedBytes - allocated * ARRAY_HEADER_BYTES;
  }
  for (const [handle, entry] of byHandle) entry.payload += payloads[handle] ?? 0;
  return [...byHandle]
    .map(([handle, entry]) => ({ name: counts.nameOf(handle), ...entry }))
    .sort((a, b) => b.payload - a.payload);
}
