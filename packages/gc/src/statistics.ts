/* What collections took and found. */

/** Pauses by their length; see {@link CollectorStats.pauses}. */
const PAUSE_CLASSES = 24;

/** Figures of a collector; plain numbers, times in milliseconds. */
export interface CollectorStats {
  /** Bytes of pages and tables taken from the memory, nursery included. */
  footprint: number;
  /** The largest {@link footprint} so far. */
  peakFootprint: number;
  /** Bytes of tables; part of {@link footprint}. */
  tableBytes: number;
  /** Bytes of the nursery; of its blocks that were never used, which are addresses and no more; and of what was handed out there since it was last collected. */
  nurseryBytes: number;
  untouchedBytes: number;
  youngBytes: number;
  /** Bytes of slots of the old space that hold objects, dead ones that no collection found yet included. */
  oldBytes: number;
  /** Old bytes that the last major collection left. */
  liveBytes: number;
  /** Bytes of blocks handed to the nursery's cursors, and of large objects: all that was ever allocated, rounded up to blocks. */
  allocatedBytes: number;
  /** How often collections ran: minor ones, finished major ones, those of them done in one pause, and evacuations. */
  minorCollections: number;
  majorCollections: number;
  fullCollections: number;
  compactions: number;
  /** Sparse blocks of 4 KiB that major collections emptied while the program ran, altogether. */
  emptiedBlocks: number;
  /** Bytes copied in the nursery and to the old space, and objects copied and marked, altogether. */
  survivedBytes: number;
  promotedBytes: number;
  copiedObjects: number;
  markedObjects: number;
  /** Part of the nursery that survived the last minor collection, 0 to 1. */
  survival: number;
  /** Objects that should have become old when there was no room, altogether: they stay young. */
  keptYoung: number;
  /** Bytes that major collections and evacuations freed, altogether. */
  freedBytes: number;
  /** Time in each phase, altogether. */
  minorMs: number;
  markMs: number;
  sweepMs: number;
  compactMs: number;
  /** The longest minor collection, slices of marking and sweeping, and evacuation: parts of pauses. */
  longestMinorMs: number;
  longestMarkMs: number;
  longestSweepMs: number;
  longestCompactMs: number;
  /** The longest pause. */
  longestPauseMs: number;
  /** Pauses by length: `pauses[i]` counts those below 2^i microseconds that are in no entry before; the last one all others. */
  pauses: number[];
  /** `"idle"`, `"marking"` or `"sweeping"`. */
  phase: "idle" | "marking" | "sweeping";
  /** Handles, weak handles and finalizers that are open. */
  handles: number;
  weakHandles: number;
}

/** What time is spent with. */
export type Phase = "minorMs" | "markMs" | "sweepMs" | "compactMs";

/** What there is of a type; see {@link Collector.census}. */
export interface TypeCensus {
  /** The type's id and name. */
  readonly type: number;
  readonly name: string;
  /** Objects that were ever allocated, and the bytes of their slots; of those beyond 2 KiB, as they were asked for. */
  readonly allocated: number;
  readonly allocatedBytes: number;
  /** Objects that are there, dead ones too that no collection has found yet, and their bytes as they were asked for, of arrays with their 8 of length. */
  readonly objects: number;
  readonly bytes: number;
}

/** Objects that were allocated, and their bytes, by type. */
export class Allocated {
  readonly objects: number[];
  readonly bytes: number[];

  constructor(objects: readonly number[] = [], bytes: readonly number[] = []) {
    this.objects = [...objects];
    this.bytes = [...bytes];
  }

  add(type: number, objects: number, bytes: number): void {
    this.objects[type] = (this.objects[type] ?? 0) + objects;
    this.bytes[type] = (this.bytes[type] ?? 0) + bytes;
  }
}

/** The counters. */
export class Statistics {
  /** Objects in blocks that were collected since they were allocated, and large ones. */
  readonly allocated: Allocated = new Allocated();
  allocatedBlocks = 0;
  minorCollections = 0;
  majorCollections = 0;
  fullCollections = 0;
  compactions = 0;
  emptiedBlocks = 0;
  survivedBytes = 0;
  promotedBytes = 0;
  copiedObjects = 0;
  keptYoung = 0;
  markedObjects = 0;
  survival = 0;
  freedBytes = 0;
  minorMs = 0;
  markMs = 0;
  sweepMs = 0;
  compactMs = 0;
  readonly longest: Record<Phase, number> = { minorMs: 0, markMs: 0, sweepMs: 0, compactMs: 0 };
  longestPauseMs = 0;
  readonly pauses: number[] = new Array<number>(PAUSE_CLASSES).fill(0);

  /** Notes a pause. */
  pause(ms: number): void {
    if (ms > this.longestPauseMs) this.longestPauseMs = ms;
    const length = 32 - Math.clz32(ms * 1000);
    const at = Math.min(length, PAUSE_CLASSES - 1);
    this.pauses[at] = (this.pauses[at] as number) + 1;
  }
}
