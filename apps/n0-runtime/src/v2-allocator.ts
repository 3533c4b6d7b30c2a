import { COMPILER, MemoryContext } from "@morph/mem-v2";
import type { LinearMemory } from "@morph/memory";
import type { Allocator, AllocatorStats } from "./allocator.ts";
import type { Footprint } from "./footprint.ts";
import type { TypeTable } from "./values/types.ts";

/** The largest type id in a context's header. */
export const V2_TYPES = 127;

/** The V1 interface on a memory context in COMPILER mode: blocks of any size, zeroed, and nothing is collected. */
export class V2Allocator implements Allocator {
  private lastType = 0;
  private readonly context: MemoryContext;
  private readonly memory: LinearMemory;
  private readonly footprint: Footprint;
  private types!: TypeTable;
  /** The memory's footprint without this allocator. */
  private readonly before: number;
  private readonly regionBytes: () => number;

  /**
   * @param footprint where roots are counted
   * @param regionBytes bytes of the memory that the runtime takes for other things from now on
   */
  constructor(memory: LinearMemory, footprint: Footprint, regionBytes: () => number) {
    this.memory = memory;
    this.footprint = footprint;
    this.regionBytes = regionBytes;
    this.before = memory.footprint - regionBytes();
    this.context = new MemoryContext({ ...COMPILER, memory });
  }

  /** The context counts by id, and ids are the handles; names stay in the type table, so that the memory holds none. */
  registered(handle: number): void {
    this.lastType = handle;
  }

  /** The table that asks {@link registered}. */
  useTypes(types: TypeTable): void {
    this.types = types;
  }

  alloc(size: number, type: number): number {
    // What is no type id at all the context refuses.
    if (type > this.lastType) this.types.refuse(type);
    return this.context.allocZeroed(size, type);
  }

  /** COMPILER mode collects nothing. */
  collect(): void {}

  sizeOf(pointer: number): number {
    return this.context.headerOf(pointer >>> 0).size;
  }

  typeOf(pointer: number): number {
    return this.context.headerOf(pointer >>> 0).typeId;
  }

  stats(): AllocatorStats {
    const stats = this.context.stats();
    const { footprint } = this;
    footprint.note();
    const taken = this.memory.footprint - this.before - this.regionBytes();
    const byType = Object.entries(stats.objectCountByType).map(([id, counts]) => {
      const bytes = stats.bytesByType[Number(id)]!;
      return {
        name: this.types.infoOf(Number(id)).name,
        allocations: counts.ever,
        payload: bytes.ever,
        liveObjects: counts.live,
        livePayload: bytes.live,
      };
    });
    return {
      allocator: "v2",
      allocations: stats.objectCount,
      payload: stats.totalAllocated,
      liveObjects: stats.liveObjects,
      livePayload: stats.currentLive,
      footprint: taken + footprint.current,
      // Nothing is given back, so the most there was is what there is. The memory's own peak would count regions long released.
      peakFootprint: taken + footprint.peak,
      collections: { count: 0, totalMs: 0, maxMs: 0, freedObjects: 0 },
      byType: byType.sort((a, b) => b.payload - a.payload),
    };
  }

  verify(): void {
    this.context.verify();
  }

  destroy(): void {
    this.context.destroy();
  }
}
