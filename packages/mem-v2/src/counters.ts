import type { AddressSpace } from "@morph/memory";
import type { SizeClassesStats } from "@morph/pool";
import type { Mode } from "./config.ts";
import {
  ALL_CLASSES,
  ALLOCATED_BYTES,
  CARRIED,
  CLASS_MASK,
  CLASSES,
  CUT_BYTES,
  CUT_SHIFT,
  CUTS,
  FREED_BYTES,
  FREED_COUNTS,
  FREED_OBJECTS,
  FULL_CUTS,
  FULL_SMALL,
  KNOWN_TYPES,
  KNOWN_WORDS,
  LARGE_LIVE,
  LEFT_FULL,
  MAX_TYPE,
  PEAK,
  PEAK_BEFORE,
  SMALL_BYTES,
  SMALL_SHIFT,
  TOTALS,
  TYPE_SHIFT,
  TYPE_WORDS_SHIFT,
  TYPES,
  USED_CLASSES,
  USED_CUTS,
} from "./layout.ts";

/** A number of objects, or of their bytes. */
export interface LiveAndEver {
  /** Live now. */
  live: number;
  /** Allocated in all. */
  ever: number;
}

/** What a context holds and has done; plain numbers, objects' bytes as asked for. */
export interface ContextStats {
  /** The context's mode. */
  mode: Mode;
  /** Bytes allocated in all. */
  totalAllocated: number;
  /** Bytes freed in all. */
  totalFreed: number;
  /** Objects allocated in all. */
  objectCount: number;
  /** Objects live now. */
  liveObjects: number;
  /** Objects by type id; only types that have been used. */
  objectCountByType: Record<number, LiveAndEver>;
  /** Their bytes by type id. */
  bytesByType: Record<number, LiveAndEver>;
  /** Bytes live now: `poolBytes + arenaBytes + heapBytes`. */
  currentLive: number;
  /** The most bytes that were live. */
  peakLive: number;
  /** Live bytes in slots of the size classes. */
  poolBytes: number;
  /** Live bytes in the arena; 0 unless the mode is COMPILER. */
  arenaBytes: number;
  /** Live bytes in the heap; 0 in COMPILER mode. */
  heapBytes: number;
  /** Bytes of the memory's pages in use, whoever uses them. */
  footprint: number;
  /** The most there were. */
  peakFootprint: number;
  /** The size classes. */
  pool: SizeClassesStats;
}

/** The part of the statistics that the counters of the types say, and the live bytes of large objects. */
type Counted = Pick<
  ContextStats,
  "totalAllocated" | "totalFreed" | "objectCount" | "liveObjects" | "objectCountByType" | "bytesByType"
> & { largeBytes: number };

/**
 * Counts objects by type and class, in a context's state: see `layout.ts`. What is counted with each object the context counts in its hot
 * paths.
 */
export class Counters {
  /** The memory's views; the context replaces them when the memory grows. */
  i32: Int32Array;
  f64: Float64Array;
  /** Word index of the context's state, and of the table of counters. */
  private readonly state: number;
  private readonly counts: number;

  /** @param fresh whether to start at 0, on bytes that are 0; otherwise goes on */
  constructor(memory: AddressSpace, state: number, counts: number, fresh: boolean) {
    this.i32 = memory.i32;
    this.f64 = memory.f64;
    this.state = state;
    this.counts = counts;
    if (!fresh) return;
    for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
      const first = counts + (typeId << TYPE_SHIFT);
      this.i32.fill(FULL_SMALL, first, first + CLASSES);
      this.i32[this.typeAt(typeId) + CUTS] = FULL_CUTS;
    }
  }

  /**
   * Empties the full counter at a word index into the totals. Calls nothing after its first write, so that a full stack cannot stop it half-way:
   * then nothing was done, and the next object of the kind brings it here again.
   */
  carry(counter: number): void {
    const { i32, f64, state } = this;
    const place = (counter - state - TYPES) >>> 0;
    if (place < (MAX_TYPE + 1) << TYPE_WORDS_SHIFT) {
      this.carryCuts(place >>> TYPE_WORDS_SHIFT);
      return;
    }
    const offset = counter - this.counts;
    const typeId = offset >>> TYPE_SHIFT;
    const index = offset & CLASS_MASK;
    const type = state + TYPES + (typeId << TYPE_WORDS_SHIFT);
    const total = (type + TOTALS) >>> 1;
    const sum = i32[counter] as number;
    i32[counter] = 0;
    if ((offset & FREED_COUNTS) !== 0) {
      i32[state + CARRIED + index]! -= sum >>> SMALL_SHIFT;
      f64[total + FREED_OBJECTS]! += sum >>> SMALL_SHIFT;
      f64[total + FREED_BYTES]! += sum & SMALL_BYTES;
      return;
    }
    const used = i32[type + USED_CLASSES] as number;
    const objects = (sum - (((used >>> index) & 1) === 0 ? FULL_SMALL : 0)) >>> SMALL_SHIFT;
    i32[type + USED_CLASSES] = used | (1 << index);
    i32[state + ALL_CLASSES]! |= 1 << index;
    i32[state + KNOWN_TYPES + (typeId >>> 5)]! |= 1 << typeId;
    i32[state + CARRIED + index]! += objects;
    f64[total]! += objects;
    f64[total + ALLOCATED_BYTES]! += sum & SMALL_BYTES;
  }

  /** The same for a type's counter of objects that were cut from chunks. */
  private carryCuts(typeId: number): void {
    const { i32, f64, state } = this;
    const type = state + TYPES + (typeId << TYPE_WORDS_SHIFT);
    const total = (type + TOTALS) >>> 1;
    const sum = i32[type + CUTS] as number;
    const bytes = sum & CUT_BYTES;
    f64[total]! += (sum - (i32[type + USED_CUTS] === 0 ? FULL_CUTS : 0)) >>> CUT_SHIFT;
    f64[total + ALLOCATED_BYTES]! += bytes;
    f64[(state + LARGE_LIVE) >>> 1]! += bytes;
    i32[state + KNOWN_TYPES + (typeId >>> 5)]! |= 1 << typeId;
    i32[type + USED_CUTS] = 1;
    i32[type + CUTS] = 0;
  }

  /** Counts a large object as freed, and another one of its type as allocated. */
  countResized(typeId: number, before: number, size: number): void {
    const { f64, state } = this;
    const total = (this.typeAt(typeId) + TOTALS) >>> 1;
    f64[(state + LARGE_LIVE) >>> 1]! += size - before;
    f64[total]! += 1;
    f64[total + ALLOCATED_BYTES]! += size;
    f64[total + FREED_OBJECTS]! += 1;
    f64[total + FREED_BYTES]! += before;
  }

  /** Live bytes of large objects. O(types that have been used). */
  get largeBytes(): number {
    let bytes = this.f64[(this.state + LARGE_LIVE) >>> 1] as number;
    for (const typeId of this.knownTypes()) bytes += this.cutsOf(this.typeAt(typeId)) & CUT_BYTES;
    return bytes;
  }

  /** Live small objects of a class. O(types that have been used). */
  used(index: number): number {
    const { i32, counts } = this;
    const types = this.knownTypes();
    if ((((i32[this.state + ALL_CLASSES] as number) >>> index) & 1) === 0) return 0;
    let objects = i32[this.state + CARRIED + index] as number;
    for (const typeId of types) {
      if ((((i32[this.typeAt(typeId) + USED_CLASSES] as number) >>> index) & 1) === 0) continue;
      const counter = counts + (typeId << TYPE_SHIFT) + index;
      objects += ((i32[counter] as number) >>> SMALL_SHIFT) - ((i32[counter + FREED_COUNTS] as number) >>> SMALL_SHIFT);
    }
    return objects;
  }

  /** Objects freed so far. O(types that have been used, and their classes). */
  freed(): number {
    const { i32, f64, counts } = this;
    let objects = 0;
    for (const typeId of this.knownTypes()) {
      const type = this.typeAt(typeId);
      objects += f64[((type + TOTALS) >>> 1) + FREED_OBJECTS] as number;
      for (let used = i32[type + USED_CLASSES] as number; used !== 0; used &= used - 1) {
        const index = 31 - Math.clz32(used & -used);
        objects += (i32[counts + (typeId << TYPE_SHIFT) + index + FREED_COUNTS] as number) >>> SMALL_SHIFT;
      }
    }
    return objects;
  }

  /** Counts every live object as freed. O(types that have been used, and their classes). */
  reset(): void {
    const { i32, f64, state, counts } = this;
    for (const typeId of this.knownTypes()) {
      const type = this.typeAt(typeId);
      const first = counts + (typeId << TYPE_SHIFT);
      if (i32[type + USED_CUTS] !== 0) this.carryCuts(typeId);
      for (let index = 0; index < CLASSES; index++) {
        if ((((i32[type + USED_CLASSES] as number) >>> index) & 1) === 1) this.carry(first + index);
      }
      i32.fill(0, first + FREED_COUNTS, first + FREED_COUNTS + CLASSES);
      const total = (type + TOTALS) >>> 1;
      f64.copyWithin(total + FREED_OBJECTS, total, total + FREED_OBJECTS);
    }
    f64[(state + LARGE_LIVE) >>> 1] = 0;
    i32.fill(0, state + CARRIED, state + CARRIED + CLASSES);
  }

  /** What was counted, by type and in all. O(types that have been used, and their classes). */
  read(): Counted {
    const { i32, f64, counts } = this;
    const types = this.knownTypes();
    const counted: Counted = {
      totalAllocated: 0,
      totalFreed: 0,
      objectCount: 0,
      liveObjects: 0,
      objectCountByType: {},
      bytesByType: {},
      largeBytes: f64[(this.state + LARGE_LIVE) >>> 1] as number,
    };
    for (const typeId of types) {
      const type = this.typeAt(typeId);
      const total = (type + TOTALS) >>> 1;
      let ever = f64[total] as number;
      let everBytes = f64[total + ALLOCATED_BYTES] as number;
      let freed = f64[total + FREED_OBJECTS] as number;
      let freedBytes = f64[total + FREED_BYTES] as number;
      const cuts = this.cutsOf(type);
      ever += cuts >>> CUT_SHIFT;
      everBytes += cuts & CUT_BYTES;
      counted.largeBytes += cuts & CUT_BYTES;
      for (let used = i32[type + USED_CLASSES] as number; used !== 0; used &= used - 1) {
        const counter = counts + (typeId << TYPE_SHIFT) + 31 - Math.clz32(used & -used);
        const allocatedHere = i32[counter] as number;
        const freedHere = i32[counter + FREED_COUNTS] as number;
        ever += allocatedHere >>> SMALL_SHIFT;
        everBytes += allocatedHere & SMALL_BYTES;
        freed += freedHere >>> SMALL_SHIFT;
        freedBytes += freedHere & SMALL_BYTES;
      }
      counted.objectCountByType[typeId] = { live: ever - freed, ever };
      counted.bytesByType[typeId] = { live: everBytes - freedBytes, ever: everBytes };
      counted.totalAllocated += everBytes;
      counted.totalFreed += freedBytes;
      counted.objectCount += ever;
      counted.liveObjects += ever - freed;
    }
    return counted;
  }

  /** Lowers the peak by so many bytes, and keeps what it was. Calls nothing. */
  lowerPeak(bytes: number): void {
    const { i32, state } = this;
    const peak = i32[state + PEAK] as number;
    if (peak >>> 0 > (i32[state + PEAK_BEFORE] as number) >>> 0) i32[state + PEAK_BEFORE] = peak;
    i32[state + PEAK] = peak - bytes;
  }

  /** The most live bytes since {@link lowerPeak}. O(1). */
  get peak(): number {
    return this.i32[this.state + PEAK] as number;
  }

  /** The most live bytes there were. O(1). */
  get peakLive(): number {
    return Math.max((this.i32[this.state + PEAK_BEFORE] as number) >>> 0, this.peak >>> 0);
  }

  /** The types that have been used. What is counted can be read after this, and not before. */
  private knownTypes(): number[] {
    if (this.i32[this.state + LEFT_FULL] !== 0) this.carryLeftFull();
    const types: number[] = [];
    for (let word = 0; word < KNOWN_WORDS; word++) {
      for (let bits = this.i32[this.state + KNOWN_TYPES + word] as number; bits !== 0; bits &= bits - 1) {
        types.push(word * 32 + 31 - Math.clz32(bits & -bits));
      }
    }
    return types;
  }

  /** Empties what was left full where the stack was: of the first object of its kind nothing else is known. O(types, and their classes). */
  private carryLeftFull(): void {
    const { i32, counts } = this;
    for (let typeId = 0; typeId <= MAX_TYPE; typeId++) {
      const first = counts + (typeId << TYPE_SHIFT);
      for (let counter = first; counter < first + CLASSES; counter++) if (i32[counter]! < 0) this.carry(counter);
      if (i32[this.typeAt(typeId) + CUTS]! < 0) this.carryCuts(typeId);
    }
    i32[this.state + LEFT_FULL] = 0;
  }

  /** A type's counter of objects that were cut from chunks, by the word index of what is kept of the type. */
  private cutsOf(type: number): number {
    return this.i32[type + USED_CUTS] === 0 ? 0 : (this.i32[type + CUTS] as number);
  }

  /** Word index of what is kept of a type. */
  private typeAt(typeId: number): number {
    return this.state + TYPES + (typeId << TYPE_WORDS_SHIFT);
  }
}
