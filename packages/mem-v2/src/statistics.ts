import type { AddressSpace } from "@morph/memory";
import type { PoolsStats } from "@morph/pool";
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

/** What the counters say. */
interface Counted extends Omit<ObjectStats, keyof LiveBytes> {
  /** Live bytes in the arena or the heap. */
  largeBytes: number;
}

/** What a context holds and has done; plain numbers. */
export interface ContextStats extends ObjectStats {
  mode: Mode;
  /** Bytes of the memory's pages in use, whoever uses them, and the most there were. */
  footprint: number;
  peakFootprint: number;
  /** The pool's size classes. */
  pool: PoolsStats;
}

/*
 * Counters, in the memory so that every thread of a context counts in one place. Words from the heads of the free lists on:
 *
 *   0 ... 17     32 + 16 * typeId ...                            2080 ...               2085 ...      2089 ...  2094         2096 ...
 *   ┌──────────┬────────────────────────────────────────────────┬──────────────────────┬─────────────┬─────────┬────────────┬────────────────┐
 *   │ free     │ counters of a type: + 0 allocated, + 8 freed;  │ used slots, carried  │ known types │ free    │ live bytes │ totals of a    │
 *   │ slots,   │ each 0..4 small by size class; 6 allocated     │ here from counters   │ 128 bits    │ runs    │ of large   │ type: 4 floats │
 *   │ chunk    │ from chunks                                    │                      │             │         │ ones       │                │
 *   └──────────┴────────────────────────────────────────────────┴──────────────────────┴─────────────┴─────────┴────────────┴────────────────┘
 *
 * A counter has both the objects' count and their bytes in one word, so that the hot paths write only one. Left of small objects, right
 * of those from chunks:
 *
 *   31          30 ... 20          19 ... 0                             31         30 ... 22         21 ... 0
 *   ┌──────────┬──────────────────┬──────────────────────────┐         ┌──────────┬─────────────────┬──────────────────────────┐
 *   │ overflow │ objects, to 2047 │ bytes, to 2047 * 240     │         │ overflow │ objects, to 511 │ bytes, to 511 * 2047     │
 *   └──────────┴──────────────────┴──────────────────────────┘         └──────────┴─────────────────┴──────────────────────────┘
 *
 * When the top bit is set, they move to the totals: objects and bytes ever allocated, objects and bytes freed. The counters
 * of allocated objects start full, so that the first one carries too, and makes its type known; word 5 of a type says
 * which of its counters are known. Larger objects, and the freed ones of chunks, are counted in the totals at once.
 */

const CARRIED = 2080;
const KNOWN_TYPES = 2085;
const TYPES = 32;
const TYPE_WORDS = 16;
const KNOWN_CLASSES = 5;
const FREED_AT = 8;
const LARGE_LIVE = 2094;
const TOTALS = 2096;
const ONE_OBJECT = 0x10_0000;
const BYTES_MASK = 0xf_ffff;
/** Where counters of allocated objects start: one more overflows. */
const FULL = 0x7ff0_0000;
const FULL_CHUNKED = 0x7fc0_0000;
const CHUNKED_SHIFT = 22;
const CHUNKED_MASK = 0x3f_ffff;
/** Place of the objects from chunks among a type's counters, and of its bit in word 5; the bit after it says that larger ones were counted. */
const CHUNKED = 6;
const LARGER = 7;
const CLASSES = 5;

/** Bytes of all that. */
export const LISTS_BYTES = 12480;

/** Counts objects by type; see above. */
export class Statistics {
  /** The memory's views; whoever owns the counters replaces them when the views change. */
  i32: Int32Array;
  f64: Float64Array;
  /** Word index of the heads, and where among the floats the live bytes of large objects and the types' totals are. */
  private readonly lists: number;
  readonly largeLive: number;
  readonly totals: number;

  /** @param fresh whether to start at 0, on bytes that are 0; otherwise goes on */
  constructor(memory: AddressSpace, pointer: number, fresh: boolean) {
    this.i32 = memory.i32;
    this.f64 = memory.f64;
    this.lists = pointer / 4;
    this.largeLive = (this.lists + LARGE_LIVE) / 2;
    this.totals = (this.lists + TOTALS) / 2;
    if (!fresh) return;
    for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
      const type = this.lists + TYPES + typeId * TYPE_WORDS;
      this.i32.fill(FULL, type, type + CLASSES);
      this.i32[type + CHUNKED] = FULL_CHUNKED;
    }
  }

  /**
   * Empties a counter into the totals; called when its top bit is set. Calls nothing, so that a stack that is full cannot leave it half done:
   * then nothing was done, and the next object of the kind brings it here again.
   */
  carry(counter: number): void {
    const { i32, f64, lists } = this;
    const offset = counter - lists - TYPES;
    const typeId = offset >>> 4;
    const freed = offset & FREED_AT;
    const index = offset & 7;
    const sum = i32[counter] as number;
    i32[counter] = 0;
    let start = 0;
    if (freed === 0) {
      const known = lists + TYPES + typeId * TYPE_WORDS + KNOWN_CLASSES;
      if (((i32[known] as number) & (1 << index)) === 0) start = index === CHUNKED ? FULL_CHUNKED : FULL;
      i32[known]! |= 1 << index;
      i32[lists + KNOWN_TYPES + (typeId >>> 5)]! |= 1 << typeId;
    }
    const total = this.totals + typeId * 4 + (freed >>> 2);
    if (index === CHUNKED) {
      const bytes = sum & CHUNKED_MASK;
      f64[this.largeLive]! += bytes;
      f64[total]! += (sum - start) >>> CHUNKED_SHIFT;
      f64[total + 1]! += bytes;
    } else {
      const objects = (sum - start) >>> 20;
      i32[lists + CARRIED + index]! += freed === 0 ? objects : -objects;
      f64[total]! += objects;
      f64[total + 1]! += sum & BYTES_MASK;
    }
  }

  /** Counts a small object as freed. Those that are allocated `MemoryContext.alloc` counts itself. */
  countSmallFreed(typeId: number, index: number, size: number): void {
    const counter = this.lists + TYPES + typeId * TYPE_WORDS + FREED_AT + index;
    this.i32[counter]! += size + ONE_OBJECT;
    if ((this.i32[counter] as number) < 0) this.carry(counter);
  }

  /** Counts a large object as allocated; calls nothing. Those from chunks `MemoryContext` counts itself. */
  countAllocated(typeId: number, size: number): void {
    const { i32, f64, lists } = this;
    i32[lists + TYPES + typeId * TYPE_WORDS + KNOWN_CLASSES]! |= 1 << LARGER;
    i32[lists + KNOWN_TYPES + (typeId >>> 5)]! |= 1 << typeId;
    const total = this.totals + typeId * 4;
    f64[this.largeLive]! += size;
    f64[total]! += 1;
    f64[total + 1]! += size;
  }

  /** Counts a large object as freed. */
  countFreed(typeId: number, size: number): void {
    const { f64 } = this;
    const total = this.totals + typeId * 4 + 2;
    f64[this.largeLive]! -= size;
    f64[total]! += 1;
    f64[total + 1]! += size;
  }

  /** Live bytes of large objects. O(types that were used). */
  largeBytes(): number {
    const { i32, f64, lists } = this;
    let bytes = f64[this.largeLive] as number;
    for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
      const type = lists + TYPES + typeId * TYPE_WORDS;
      if (this.isKnown(typeId) && this.isKnownClass(type, CHUNKED))
        bytes += (i32[type + CHUNKED] as number) & CHUNKED_MASK;
    }
    return bytes;
  }

  /** How many objects were ever freed. O(types that were used). */
  freed(): number {
    return this.sum(2, FREED_AT);
  }

  /** How many objects were ever allocated, but for those that the first counters have not told of. O(types that were used). */
  allocated(): number {
    return this.sum(0, 0);
  }

  private sum(total: number, first: number): number {
    const { i32, f64, lists } = this;
    let objects = 0;
    for (let word = 0; word < 4; word++) {
      for (let types = i32[lists + KNOWN_TYPES + word] as number; types !== 0; types &= types - 1) {
        const typeId = word * 32 + 31 - Math.clz32(types & -types);
        const counters = lists + TYPES + typeId * TYPE_WORDS + first;
        objects += f64[this.totals + typeId * 4 + total] as number;
        for (let index = 0; index < CLASSES; index++) objects += (i32[counters + index] as number) >>> 20;
      }
    }
    return objects;
  }

  /** Counts every live object as freed. O(types). */
  reset(): void {
    const { i32, f64, lists } = this;
    for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
      if (!this.isKnown(typeId)) continue;
      const type = lists + TYPES + typeId * TYPE_WORDS;
      for (let index = 0; index < CLASSES; index++) {
        if (this.isKnownClass(type, index)) this.carry(type + index);
        i32[type + FREED_AT + index] = 0;
      }
      if (this.isKnownClass(type, CHUNKED)) this.carry(type + CHUNKED);
      const total = this.totals + typeId * 4;
      f64.copyWithin(total + 2, total, total + 2);
    }
    f64[this.largeLive] = 0;
    i32.fill(0, lists + CARRIED, lists + CARRIED + CLASSES);
  }

  /**
   * What was counted, by type and in all. O(types).
   * @param pool the pool's statistics, in which the slots on the context's free lists become free ones
   */
  readInto(pool: PoolsStats): Counted {
    const { i32, f64, lists } = this;
    const objectCountByType: Record<number, LiveAndEver> = {};
    const bytesByType: Record<number, LiveAndEver> = {};
    const { classes } = pool;
    for (let index = 0; index < CLASSES; index++) classes[index]!.used = i32[lists + CARRIED + index] as number;
    let totalAllocated = 0;
    let totalFreed = 0;
    let objectCount = 0;
    let liveObjects = 0;
    let largeBytes = f64[this.largeLive] as number;
    for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
      if (!this.isKnown(typeId)) continue;
      const total = this.totals + typeId * 4;
      let ever = f64[total] as number;
      let everBytes = f64[total + 1] as number;
      let freed = f64[total + 2] as number;
      let freedBytes = f64[total + 3] as number;
      const type = lists + TYPES + typeId * TYPE_WORDS;
      const known = i32[type + KNOWN_CLASSES] as number;
      for (let index = 0; index < CLASSES; index++) {
        if ((known & (1 << index)) === 0) continue;
        const allocatedHere = i32[type + index] as number;
        const freedHere = i32[type + FREED_AT + index] as number;
        ever += allocatedHere >>> 20;
        everBytes += allocatedHere & BYTES_MASK;
        freed += freedHere >>> 20;
        freedBytes += freedHere & BYTES_MASK;
        classes[index]!.used += (allocatedHere >>> 20) - (freedHere >>> 20);
      }
      if ((known & (1 << CHUNKED)) !== 0) {
        const chunked = i32[type + CHUNKED] as number;
        ever += chunked >>> CHUNKED_SHIFT;
        everBytes += chunked & CHUNKED_MASK;
        largeBytes += chunked & CHUNKED_MASK;
      }
      objectCountByType[typeId] = { live: ever - freed, ever };
      bytesByType[typeId] = { live: everBytes - freedBytes, ever: everBytes };
      totalAllocated += everBytes;
      totalFreed += freedBytes;
      objectCount += ever;
      liveObjects += ever - freed;
    }
    pool.used = 0;
    for (const stats of pool.classes) {
      stats.free = stats.slots - stats.used;
      pool.used += stats.used;
    }
    pool.free = pool.slots - pool.used;
    return { totalAllocated, totalFreed, objectCount, liveObjects, objectCountByType, bytesByType, largeBytes };
  }

  private isKnown(typeId: number): boolean {
    return (((this.i32[this.lists + KNOWN_TYPES + (typeId >>> 5)] as number) >>> typeId) & 1) === 1;
  }

  private isKnownClass(type: number, index: number): boolean {
    return (((this.i32[type + KNOWN_CLASSES] as number) >>> index) & 1) === 1;
  }
}
