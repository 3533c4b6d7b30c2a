import { expect } from "vitest";
import type { Attempt, Program } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const KINDS = [64, 1024, 6000, 70_000, 400_000, 2_500_000];

/** Two heaps in one memory; objects of all sizes, whose first and last bytes tell them apart. */
export function heapProgram(
  { Heap, LinearMemory }: Package,
  next: (below: number) => number,
  attempt: Attempt,
): Program {
  const memory = new LinearMemory({ initialPages: 1 + next(20), maxPages: 4000 });
  const heaps = [new Heap({ memory }), new Heap({ memory, maxBytes: 4_000_000 })];
  const lives = heaps.map(() => new Map<number, number>());
  const mark = (pointer: number, size: number): void => {
    memory.u8[pointer] = memory.u8[pointer + size - 1] = pointer >>> 7;
  };
  const step = (): void => {
    const which = next(2);
    const heap = heaps[which]!;
    const live = lives[which]!;
    if (live.size > 60 + next(100)) {
      for (const pointer of [...live.keys()].slice(next(10))) {
        heap.free(pointer);
        live.delete(pointer);
      }
    }
    const old = [...live.keys()][next(Math.max(1, live.size))] ?? 0;
    const size = 1 + next(KINDS[Math.min(next(6), next(6))]!);
    const operation = next(20);
    let made = 0;
    let ended = false;
    attempt(() => {
      if (operation < 7) made = heap.tryMalloc(size);
      else if (operation < 9) made = heap.tryCalloc(1, size);
      else if (operation < 10) made = heap.tryAlignedAlloc(16 << (size & 15), size);
      else if (operation < 14 && old !== 0) {
        heap.free(old);
        ended = true;
      } else if (operation < 18 && old !== 0) {
        made = heap.tryRealloc(old, size);
        ended = made !== 0;
      } else if (operation === 18) heap.trim();
    });
    if (ended) live.delete(old);
    if (made === 0) return;
    live.set(made, size);
    mark(made, size);
  };
  const check = (): void => {
    const objects: [pointer: number, bytes: number][] = [];
    heaps.forEach((heap, which) => {
      heap.verify();
      const live = lives[which]!;
      let bytes = 0;
      for (const [pointer, size] of live) {
        expect([memory.u8[pointer], memory.u8[pointer + size - 1]]).toEqual([
          (pointer >>> 7) & 255,
          (pointer >>> 7) & 255,
        ]);
        objects.push([pointer, heap.usableSize(pointer)]);
        bytes += heap.usableSize(pointer);
      }
      expect(heap.stats().currentLive).toBe(bytes);
      expect([...heap.liveObjects()]).toEqual([...live.keys()].sort((a, b) => a - b));
    });
    objects.sort(([a], [b]) => a - b);
    objects.forEach(([pointer], i) => {
      const [before, bytes] = objects[i - 1] ?? [0, 0];
      expect(before + bytes).toBeLessThanOrEqual(pointer);
    });
  };
  return { step, check };
}
