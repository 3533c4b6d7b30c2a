import { describe, joinMemory, type LinearMemory, MorphError } from "@morph/memory";
import type { Allocator, AllocatorStats, TypeStats } from "../allocator.ts";
import type { Footprint } from "../footprint.ts";
import type { RootStacks } from "../roots.ts";
import type { TypeTable } from "../values/types.ts";
import { V1Collector } from "./collector.ts";
import { Descriptors } from "./descriptors.ts";
import type { V1Heap } from "./heap.ts";
import {
  DESCRIPTOR_BYTES,
  FREE_NEXT,
  FREE_PREVIOUS,
  HEADER_AND_ROUNDING,
  HEADER_BYTES,
  LARGEST_IN_PAGE,
  MULTIPLE_OF_8,
  PAGE,
  PAGE_FREE_LIST,
  PAGE_FREE_NEXT,
  PAGE_FREE_PREVIOUS,
  PAGE_LAST_ACCESS,
  PAGE_NEXT,
  PAGE_SIZE,
  PAGE_START,
  PAGE_USED,
  SIZE,
  TYPE,
  V1_PAGE_BYTES,
} from "./layout.ts";
import { PageSource } from "./page-source.ts";
import { verifyV1 } from "./verify.ts";
import type { ZombieLog } from "./zombie-log.ts";

/*
 * An object is its header and its payload (layout: `layout.ts`), rounded up to 8 bytes. A page of 4 KiB is filled from its start, with
 * objects of any size; a larger object has pages of its own. Objects lie on one list; dead ones on two more, the context's and their
 * page's.
 */

const MIB = 1024 * 1024;

/** What of V1 can be asked for. */
export interface V1Options {
  /** Payload bytes after which the first collection runs, and the step while less than 64 MiB live. Default 8 MiB; 0 collects at every allocation. */
  readonly threshold?: number;
  /** Whether each allocation reads the clock, as the original does for its daemon. Default false. */
  readonly clock?: boolean;
  /** Where dead objects are logged, a line for each, the file opened and closed each time. Default: nowhere. */
  readonly zombieLog?: string;
  /** The folder for swap files of the daemon's pass, `Runtime.runDaemon`. Default: no daemon. */
  readonly swapFolder?: string;
}

/** The original's allocator. Its defects that would crash or corrupt are repaired; the README names them. */
export class V1Allocator implements Allocator, V1Heap {
  // The hot fields. Pointers are kept signed: they stay small integers above 2 GiB too.
  i32: Int32Array;
  private f64: Float64Array;
  private lastType = 0;
  /** Payload bytes of objects that were not found dead. */
  allocated = 0;
  private threshold: number;
  /** First header of the list of all objects, and of the free list. */
  heapHead = 0;
  freeHead = 0;
  /** Where the next object goes in the current page, and the bytes left there. */
  bump = 0;
  left = 0;
  /** Descriptor of the current page. */
  page = 0;
  private readonly clock: boolean;
  /** When the last allocation was, in ms, if the clock is read. */
  lastAllocation: number = performance.now();

  /** First descriptor of the list of all pages. */
  pageHead = 0;
  freeListSteps = 0;
  readonly memory: LinearMemory;
  readonly footprint: Footprint;
  readonly types: TypeTable;
  readonly pages: PageSource;
  readonly descriptors: Descriptors;
  readonly collector: V1Collector;
  private readonly owner: number;
  private readonly step: number;
  private destroyed = false;

  /** @throws ERR_MORPH_INVALID_CONFIG */
  constructor(
    memory: LinearMemory,
    types: TypeTable,
    roots: RootStacks,
    footprint: Footprint,
    options: V1Options = {},
    log?: ZombieLog,
  ) {
    const { threshold = 8 * MIB, clock = false } = options;
    if (!Number.isInteger(threshold) || threshold < 0) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `v1.threshold: expected bytes, an integer from 0, got ${describe(threshold)}`,
      );
    }
    this.memory = memory;
    this.types = types;
    this.footprint = footprint;
    this.threshold = threshold === 0 ? -1 : threshold;
    this.step = threshold;
    this.clock = clock;
    this.lastType = types.last;
    this.owner = joinMemory(memory, {
      name: "n0-runtime",
      contractVersion: 1,
      viewsChanged: () => {
        this.i32 = memory.i32;
        this.f64 = memory.f64;
      },
    });
    this.i32 = memory.i32;
    this.f64 = memory.f64;
    this.pages = new PageSource(memory, this.owner);
    this.descriptors = new Descriptors(memory, this.owner);
    this.collector = new V1Collector(this, roots, log);
  }

  alloc(size: number, type: number): number {
    if (this.allocated > this.threshold) this.collectAtThreshold();
    if (this.clock) this.lastAllocation = performance.now();
    if (type >>> 0 !== type || type > this.lastType) this.checkType(type);
    let header = 0;
    if (this.freeHead !== 0) header = this.takeFree(size);
    const i32 = this.i32;
    if (header === 0) {
      const total = (size + HEADER_AND_ROUNDING) & MULTIPLE_OF_8;
      // Also negative, fractional and too large ones.
      if (size >>> 0 !== size || size > LARGEST_IN_PAGE || total > this.left) return this.allocInNewPage(size, type);
      header = this.bump;
      this.bump = (header + total) | 0;
      this.left -= total;
      // The page was zeroed as a whole, so zeros need not be written.
      const word = header >>> 2;
      i32[word] = this.heapHead;
      i32[word + TYPE / 4] = type;
      i32[word + SIZE / 4] = size;
      i32[word + PAGE / 4] = this.page;
    } else {
      const word = header >>> 2;
      i32[word] = this.heapHead;
      i32[word + TYPE / 4] = type;
      // V1-6: the original leaves the last owner's bytes, and a collection may follow what looks like pointers there.
      this.clear((header + HEADER_BYTES) >>> 3, size);
    }
    this.heapHead = header;
    this.allocated += size;
    return (header + HEADER_BYTES) >>> 0;
  }

  collect(): void {
    this.requireAlive();
    this.writeUsed();
    this.collector.collect();
  }

  sizeOf(pointer: number): number {
    return (this.i32[(pointer - (HEADER_BYTES - SIZE)) >>> 2] as number) >>> 0;
  }

  typeOf(pointer: number): number {
    return this.i32[(pointer - (HEADER_BYTES - TYPE)) >>> 2] as number;
  }

  stats(): AllocatorStats {
    const { collector, footprint, i32, types } = this;
    footprint.note();
    const count = types.last + 1;
    const objects = new Float64Array(count);
    const payload = new Float64Array(count);
    for (let header = this.heapHead; header !== 0; header = i32[header >>> 2] as number) {
      const type = i32[(header + TYPE) >>> 2] as number;
      objects[type]!++;
      payload[type]! += (i32[(header + SIZE) >>> 2] as number) >>> 0;
    }
    const byType: TypeStats[] = [];
    for (let type = 0; type < count; type++) {
      const liveObjects = objects[type] as number;
      const livePayload = payload[type] as number;
      const allocations = liveObjects + (collector.deadObjects[type] ?? 0);
      if (allocations === 0) continue;
      byType.push({
        name: types.infoOf(type).name,
        allocations,
        payload: livePayload + (collector.deadPayload[type] ?? 0),
        liveObjects,
        livePayload,
      });
    }
    const sum = (of: (stats: TypeStats) => number): number => byType.reduce((total, stats) => total + of(stats), 0);
    return {
      allocator: "v1",
      allocations: sum((stats) => stats.allocations),
      payload: sum((stats) => stats.payload),
      liveObjects: sum((stats) => stats.liveObjects),
      livePayload: sum((stats) => stats.livePayload),
      footprint: footprint.current,
      peakFootprint: footprint.peak,
      collections: collector.stats(),
      freeListSteps: this.freeListSteps,
      byType: byType.sort((a, b) => b.payload - a.payload),
    };
  }

  verify(): void {
    this.writeUsed();
    verifyV1(this);
  }

  destroy(): void {
    this.destroyed = true;
    this.collector.destroy();
    this.heapHead = this.freeHead = this.pageHead = this.page = this.bump = this.left = 0;
    this.memory.unregister(this.owner);
  }

  /** Bytes of a page and its descriptor came or went. */
  countPage(bytes: number): void {
    this.footprint.note();
    this.footprint.bytes += bytes + Math.sign(bytes) * DESCRIPTOR_BYTES;
  }

  /** Takes an entry out of the free list. O(1). */
  unlinkFree(header: number): void {
    const { i32 } = this;
    const next = i32[(header + FREE_NEXT) >>> 2] as number;
    const previous = i32[(header + FREE_PREVIOUS) >>> 2] as number;
    if (previous === 0) this.freeHead = next;
    else i32[(previous + FREE_NEXT) >>> 2] = next;
    if (next !== 0) i32[(next + FREE_PREVIOUS) >>> 2] = previous;
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** The first free object of exactly this size, or 0. O(free objects): that is V1's way (V1-4). */
  private takeFree(size: number): number {
    const i32 = this.i32;
    const wanted = size | 0;
    let header = this.freeHead;
    let steps = 0;
    // `| 0` ends the walk at once should the view be detached.
    while (header !== 0) {
      steps++;
      if (i32[(header + SIZE) >>> 2] === wanted) break;
      header = (i32[(header + FREE_NEXT) >>> 2] as number) | 0;
    }
    this.freeListSteps += steps;
    if (header === 0 || wanted >>> 0 !== size) return 0;
    this.unlinkFree(header);
    const word = header >>> 2;
    const page = i32[word + PAGE / 4] as number;
    const next = i32[word + PAGE_FREE_NEXT / 4] as number;
    const previous = i32[word + PAGE_FREE_PREVIOUS / 4] as number;
    if (previous === 0) i32[(page + PAGE_FREE_LIST) >>> 2] = next;
    else i32[(previous + PAGE_FREE_NEXT) >>> 2] = next;
    if (next !== 0) i32[(next + PAGE_FREE_PREVIOUS) >>> 2] = previous;
    return header;
  }

  private collectAtThreshold(): void {
    this.collect();
    const { allocated, step } = this;
    // V1: 8 MiB steps while less than 64 MiB live, then 64 MiB.
    if (step > 0) this.threshold = allocated + (allocated < 64 * MIB ? step : 64 * MIB);
  }

  private allocInNewPage(size: number, type: number): number {
    if (!Number.isInteger(size) || size < 0 || size > 2 ** 32 - V1_PAGE_BYTES) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected 0 to 2^32 - 4096, got ${describe(size)}`);
    }
    this.requireAlive();
    const total = Math.ceil((size + HEADER_BYTES) / 8) * 8;
    const large = total > V1_PAGE_BYTES;
    const pageBytes = large ? Math.ceil(total / V1_PAGE_BYTES) * V1_PAGE_BYTES : V1_PAGE_BYTES;
    const page = this.newPage(pageBytes, large ? total : pageBytes);
    const { i32 } = this;
    const header = i32[(page + PAGE_START) >>> 2] as number;
    if (large) {
      i32[(page + PAGE_USED) >>> 2] = total;
    } else {
      this.writeUsed();
      this.page = page;
      this.bump = (header + total) | 0;
      this.left = V1_PAGE_BYTES - total;
    }
    const word = header >>> 2;
    i32[word] = this.heapHead;
    i32[word + TYPE / 4] = type;
    i32[word + SIZE / 4] = size;
    i32[word + PAGE / 4] = page;
    this.heapHead = header;
    this.allocated += size;
    return (header + HEADER_BYTES) >>> 0;
  }

  /** Zeroes a payload, 8 bytes at a time: an object ends at a multiple of 8. @param at its place in words of 8 bytes */
  private clear(at: number, size: number): void {
    const { f64 } = this;
    const end = at + ((size + 7) >>> 3);
    if (size > 200) f64.fill(0, at, end);
    else for (let word = at; word < end; word++) f64[word] = 0;
  }

  /** A page, at the head of the page list. @param zeroed bytes that have to be 0 @returns its descriptor, signed */
  private newPage(bytes: number, zeroed: number): number {
    const descriptor = this.descriptors.take();
    let start: number;
    try {
      start = this.pages.take(bytes / V1_PAGE_BYTES, zeroed);
    } catch (error) {
      this.descriptors.give(descriptor);
      throw error;
    }
    const { i32 } = this;
    i32[(descriptor + PAGE_START) >>> 2] = start;
    i32[(descriptor + PAGE_SIZE) >>> 2] = bytes;
    i32[(descriptor + PAGE_NEXT) >>> 2] = this.pageHead;
    if (this.clock) i32[(descriptor + PAGE_LAST_ACCESS) >>> 2] = performance.now();
    this.pageHead = descriptor | 0;
    this.countPage(bytes);
    return descriptor | 0;
  }

  /** Writes into the current page's descriptor how far it is filled. */
  private writeUsed(): void {
    if (this.page !== 0) this.i32[(this.page + PAGE_USED) >>> 2] = V1_PAGE_BYTES - this.left;
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the allocator was destroyed");
  }

  /** A type may have been registered since. */
  private checkType(type: number): void {
    this.lastType = this.types.last;
    if (type >>> 0 > this.lastType || !Number.isInteger(type)) this.types.refuse(type);
  }
}
