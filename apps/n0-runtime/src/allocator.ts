/** Objects of a type: ever allocated, and live now; payload bytes. */
export interface TypeStats {
  readonly name: string;
  readonly allocations: number;
  readonly payload: number;
  readonly liveObjects: number;
  readonly livePayload: number;
}

/** Collections of one kind: how often, and how long the program stood still for them, altogether and at a time. */
export interface CollectionTimes {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/** Collections of all kinds. */
export interface CollectionStats extends CollectionTimes {
  /** Objects found dead. */
  readonly freedObjects: number;
  /** Pauses by length: `pauses[i]` counts those below 2^i microseconds that are in no entry before; the last one all others. V2 has none. */
  readonly pauses?: readonly number[];
  /** What only a generational collector has. */
  readonly generations?: GenerationStats;
}

/** What the generational collector did. */
export interface GenerationStats {
  /** Of the nursery; of everything, in slices: `maxMs` is the longest slice; and evacuations. */
  readonly minor: CollectionTimes;
  readonly major: CollectionTimes;
  readonly evacuation: CollectionTimes;
  /** Bytes that survived in the nursery, and that became old. */
  readonly survivedBytes: number;
  readonly promotedBytes: number;
  /** The part of the nursery that survived the last minor collection, 0 to 1. */
  readonly survival: number;
}

/** What an allocator holds and has done; plain numbers, so that `JSON.stringify` gives all of it. */
export interface AllocatorStats {
  readonly allocator: "v1" | "v2" | "gc";
  readonly allocations: number;
  /** Payload bytes ever asked for; on gc, of strings and data blocks, those of their slots. */
  readonly payload: number;
  /** Objects that were not found dead, and their payload bytes. */
  readonly liveObjects: number;
  readonly livePayload: number;
  /**
   * Bytes taken now, and the most there were. V1: 4 KiB pages, 72 bytes for each page's descriptor, mark blocks, 32 for each root.
   * V2: 64 KiB pages and tables taken from the memory, 8 for each root. gc: the same, nursery included, and the shadow stacks as far as they were used.
   */
  readonly footprint: number;
  readonly peakFootprint: number;
  readonly collections: CollectionStats;
  /** Entries of the free list that were looked at; V1 only. */
  readonly freeListSteps?: number;
  /** Types that were ever used, those with most payload first. */
  readonly byType: readonly TypeStats[];
}

/** What the runtime needs of an allocator. */
export interface Allocator {
  /**
   * An object whose payload bytes are all 0.
   * @param size payload bytes
   * @param type a handle of the type table
   * @returns pointer of the payload, a multiple of 8
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_TYPE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED; nothing is lost then
   */
  alloc(size: number, type: number): number;
  /** Frees what no root leads to, where the allocator collects. */
  collect(): void;
  /** Payload bytes of an object. O(1). */
  sizeOf(pointer: number): number;
  /** Type handle of an object. O(1). */
  typeOf(pointer: number): number;
  /** O(live objects). */
  stats(): AllocatorStats;
  /** Walks everything. @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong */
  verify(): void;
  /** Gives all pages back to the memory. */
  destroy(): void;
}
