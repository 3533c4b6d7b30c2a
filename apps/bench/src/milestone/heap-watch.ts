import { GCProfiler, getHeapStatistics } from "node:v8";

/** What the engine's collector did, and what its heap came to, beyond what it held before. */
export interface HeapFigures {
  readonly collections: number;
  readonly totalMs: number;
  readonly maxMs: number;
  /** Counts: entry i is of pauses below 2^i microseconds that are in no entry before, the last one of all others. */
  readonly pauses: readonly number[];
  /** The most bytes in objects, live or not yet collected, and in pages taken for them. */
  readonly peakUsed: number;
  readonly peakCommitted: number;
}

/** As many classes as `@morph/gc` has. */
const PAUSE_CLASSES = 24;

/** Counts pauses by length in microseconds. */
export const pauseClasses = (microseconds: readonly number[]): number[] => {
  const counts = new Array<number>(PAUSE_CLASSES).fill(0);
  for (const pause of microseconds) counts[Math.min(32 - Math.clz32(pause), PAUSE_CLASSES - 1)]!++;
  return counts;
};

/**
 * Runs something and looks at the engine's heap meanwhile. In use it is most right before a collection, or at the end, so only these
 * moments are looked at. The process must have been started with `--expose-gc`.
 */
export const watchHeap = (body: () => void): HeapFigures => {
  globalThis.gc?.();
  const before = getHeapStatistics();
  const profiler = new GCProfiler();
  profiler.start();
  body();
  const end = getHeapStatistics();
  const { statistics } = profiler.stop();
  const heaps = statistics.flatMap(({ beforeGC, afterGC }) => [beforeGC.heapStatistics, afterGC.heapStatistics]);
  const most = (values: number[], atEnd: number): number => values.reduce((a, b) => Math.max(a, b), atEnd);
  const costs = statistics.map(({ cost }) => cost);
  return {
    collections: costs.length,
    totalMs: costs.reduce((sum, cost) => sum + cost, 0) / 1_000,
    maxMs: most(costs, 0) / 1_000,
    pauses: pauseClasses(costs),
    peakUsed: most(
      heaps.map(({ usedHeapSize }) => usedHeapSize - before.used_heap_size),
      end.used_heap_size - before.used_heap_size,
    ),
    peakCommitted: most(
      heaps.map(({ totalHeapSize }) => totalHeapSize - before.total_heap_size),
      end.total_heap_size - before.total_heap_size,
    ),
  };
};
