/* The figures of a collector, as its users get them. */
import { BLOCK_BYTES, GRANULE_SHIFT, NURSERY_BYTES, TYPE } from "./layout.ts";
import type { Parts } from "./parts.ts";
import { Allocated, type CollectorStats, type TypeCensus } from "./statistics.ts";

/** The figures of now. O(blocks of the nursery). @param live old granules that the last major collection left */
export function statsOf({ space, old, nursery, handles, statistics }: Parts, live: number): CollectorStats {
  const { allocated, allocatedBlocks, longest, pauses, ...counters } = statistics;
  return {
    ...counters,
    pauses: [...pauses],
    longestMinorMs: longest.minorMs,
    longestMarkMs: longest.markMs,
    longestSweepMs: longest.sweepMs,
    longestCompactMs: longest.compactMs,
    allocatedBytes: allocatedBlocks * BLOCK_BYTES,
    footprint: space.footprint,
    peakFootprint: space.peakFootprint,
    tableBytes: space.tableBytes,
    nurseryBytes: space.i32[space.control + NURSERY_BYTES] as number,
    untouchedBytes: nursery.untouchedBytes,
    youngBytes: nursery.usedBytes(),
    oldBytes: old.used * (1 << GRANULE_SHIFT),
    liveBytes: live * (1 << GRANULE_SHIFT),
    phase: old.marking ? "marking" : old.sweeping ? "sweeping" : "idle",
    handles: handles.strong.count,
    weakHandles: handles.weak.count,
  };
}

/** What there is of each type. O(blocks + objects). */
export function censusOf({ space, kinds, nursery, objects, statistics }: Parts): TypeCensus[] {
  const { infos } = kinds;
  const allocated = new Allocated(statistics.allocated.objects, statistics.allocated.bytes);
  nursery.countNew(allocated);
  const counts = new Array<number>(infos.length + 1).fill(0);
  const bytes = new Array<number>(infos.length + 1).fill(0);
  objects.walk((pointer, kind) => {
    const type = space.i32[kind + TYPE] as number;
    counts[type] = (counts[type] as number) + 1;
    bytes[type] = (bytes[type] as number) + kinds.dataBytes(kind, pointer);
  });
  return infos.map(({ id, name }) => ({
    type: id,
    name,
    allocated: allocated.objects[id] ?? 0,
    allocatedBytes: allocated.bytes[id] ?? 0,
    objects: counts[id] as number,
    bytes: bytes[id] as number,
  }));
}
