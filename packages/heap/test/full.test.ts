/** What lies free in a full heap can be had as anything that fits. */
import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";

/** Allocates until there is no room for one more byte, first objects of a size. */
const fillUp = (heap: Heap, size: number): number[] => {
  const pointers: number[] = [];
  for (const each of [size, 5000, 1024, 64, 16, 1]) {
    for (let pointer = heap.tryMalloc(each); pointer !== 0; pointer = heap.tryMalloc(each)) pointers.push(pointer);
  }
  return pointers;
};

const limits: [name: string, make: () => Heap][] = [
  ["at maxBytes", () => new Heap({ maxBytes: 6_000_000 })],
  ["at the memory's maximum", () => new Heap({ memory: new LinearMemory({ initialPages: 1, maxPages: 100 }) })],
];

describe.each(limits)("a full heap %s", (_, make) => {
  it.each([5000, 70_000, 100_000, 200_000])(
    "gives neighbours of %i bytes that were freed as one object, also where it is larger than a MiB",
    (size) => {
      for (const wanted of [300_000, 1_048_576, 1_300_000, 2_500_000]) {
        const heap = make();
        const objects = fillUp(heap, size);
        const each = heap.usableSize(objects[3]!);
        const count = Math.ceil(wanted / each);
        // The first that lie side by side: tables or small objects may lie between some.
        const first = objects.findIndex((object, i) => objects[i + count - 1] === object + (count - 1) * each);
        const freed = objects.slice(first, first + count);
        expect(freed.length).toBe(count);
        for (const object of freed) heap.free(object);
        const large = heap.malloc(count * each);
        heap.verify();
        heap.free(large);
        expect(heap.alignedAlloc(65_536, wanted - 65_536) % 65_536).toBe(0);
        heap.verify();
      }
    },
  );

  it("gives a free slot of the next larger class, whichever it is", () => {
    for (const slot of [21, 23, 25, 28, 32, 36, 42, 51, 64]) {
      const heap = make();
      const objects = fillUp(heap, slot * 16).filter((object) => heap.usableSize(object) === slot * 16);
      heap.free(objects[10]!);
      expect(heap.malloc(slot * 16 - 70)).toBe(objects[10]);
      heap.verify();
    }
  });
});

describe("a full heap", () => {
  it("gives every free slot that is aligned and large enough, whatever its class", () => {
    for (const slot of [16, 48, 64, 112, 176, 336, 400, 576, 816, 1024]) {
      for (const alignment of [32, 64, 256, 1024, 4096]) {
        const heap = new Heap({ maxBytes: 400_000 });
        const objects = fillUp(heap, slot).filter((object) => heap.usableSize(object) === slot);
        const freed = objects.filter((_object, i) => i % 7 === 3);
        for (const object of freed) heap.free(object);
        for (let i = freed.filter((object) => object % alignment === 0).length; i > 0; i--) {
          const pointer = heap.alignedAlloc(alignment, slot);
          expect(pointer % alignment).toBe(0);
          expect(freed).toContain(pointer);
        }
        heap.verify();
        expect(heap.tryAlignedAlloc(alignment, slot)).toBe(0);
        for (const object of [...heap.liveObjects()]) heap.free(object);
        heap.verify();
      }
    }
  });
});

describe("a refusal", () => {
  it("is not repeated when an object that waits for its size has come free between two free ones", () => {
    const heap = new Heap({ maxBytes: 3_000_000 });
    const objects = [600_000, 2048, 600_000].map((size) => heap.malloc(size));
    fillUp(heap, 5000);
    const bytes = objects.reduce((sum, object) => sum + heap.usableSize(object), 0);
    heap.free(objects[0]!);
    heap.free(objects[2]!);
    for (let i = 0; i < 3; i++) expect(heap.tryMalloc(bytes)).toBe(0);
    heap.free(objects[1]!);
    expect(heap.tryMalloc(bytes)).toBe(objects[0]);
    heap.verify();
  });

  const reliefs: [name: string, relief: (heap: Heap, other: Heap, own: number[], run: () => void) => void][] = [
    ["it frees", (heap, _other, own) => own.forEach((object) => void heap.free(object))],
    ["it is reset", (heap) => heap.reset()],
    ["another heap is reset", (_heap, other) => other.reset()],
    ["another heap is destroyed", (_heap, other) => other.destroy()],
    [
      "another heap frees and is trimmed",
      (_heap, other) => {
        for (const object of [...other.liveObjects()]) other.free(object);
        other.trim();
      },
    ],
    ["somebody returns pages", (_heap, _other, _own, release) => release()],
  ];

  it.each(reliefs)("is not repeated when %s", (_, relief) => {
    for (const maxBytes of [Number.POSITIVE_INFINITY, 1_500_000]) {
      const memory = new LinearMemory({ initialPages: 1, maxPages: 90 });
      const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
      const run = memory.acquire(22, id);
      const other = new Heap({ memory, maxBytes: 1_500_000 });
      fillUp(other, 40_000);
      const heap = new Heap({ memory, maxBytes: 2 ** 31 });
      const own = fillUp(heap, 3000);
      const sizes = [16, 1024, 5000, 100_000, 1_150_000];
      for (let i = 0; i < 3; i++) for (const size of sizes) expect(heap.tryMalloc(size)).toBe(0);
      relief(heap, other, own, () => memory.release(run, 22));
      heap.maxBytes = Math.max(maxBytes, heap.stats().footprint + 1_300_000);
      for (const size of [1_150_000, 100_000, 16]) {
        const pointer = heap.malloc(size);
        heap.free(pointer);
      }
      heap.verify();
    }
  });

  it("at maxBytes ends when that is raised", () => {
    const heap = new Heap({ maxBytes: 500_000 });
    fillUp(heap, 3000);
    for (let i = 0; i < 3; i++) expect(heap.tryMalloc(100_000)).toBe(0);
    heap.maxBytes = 700_000;
    expect(heap.tryMalloc(100_000)).not.toBe(0);
    heap.verify();
  });
});

describe("a heap that random programs fill and free", () => {
  it("gives what is freed again, as any size and at any alignment that fits", () => {
    const sizes = [64, 300, 1024, 1100, 5000, 30_000, 200_000, 1_300_000, 3_000_000];
    fc.assert(
      fc.property(fc.nat(2 ** 30), fc.constantFrom(3, 7, 20, 40, 41, 70, 150), (seed, maxPages) => {
        const next = random(seed);
        const heap = new Heap({ memory: new LinearMemory({ initialPages: 1 + next(3), maxPages }) });
        const live: number[] = [];
        for (let round = 0; round < 6; round++) {
          for (let misses = 0; misses < 10; ) {
            const pointer = heap.tryMalloc(1 + next(sizes[next(sizes.length)]!));
            if (pointer === 0) misses++;
            else live.push(pointer);
          }
          live.push(...fillUp(heap, 200_000));
          live.sort((a, b) => a - b);
          const first = next(live.length);
          const freed = live.splice(first, 1 + next(60));
          // The stretches of blocks; slots are given only as they are.
          let [start, end] = [0, 0];
          let longest = [0, 0] as [number, number];
          for (const pointer of freed) {
            const bytes = heap.usableSize(pointer);
            heap.free(pointer);
            if (bytes <= 1024) continue;
            if (pointer !== end) start = pointer;
            end = pointer + bytes;
            if (end - start > longest[1] - longest[0]) longest = [start, end];
          }
          heap.verify();
          const alignment = 128 << next(10);
          const place = Math.ceil(longest[0] / alignment) * alignment;
          // Where a run needs a table that there is no page for, a MiB is too much to ask.
          const size = Math.min(longest[1] - place, 1_000_000) - next(100);
          if (size <= 0) continue;
          const again = heap.alignedAlloc(alignment, size);
          expect(again % alignment).toBe(0);
          live.push(again);
          heap.verify();
        }
        for (const pointer of live) heap.free(pointer);
        expect(heap.stats().currentLive).toBe(0);
        heap.verify();
      }),
      { numRuns: 30 },
    );
  });
});
