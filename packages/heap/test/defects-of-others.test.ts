/** What went wrong in other allocators for linear memory: here each has a test under its own name. */
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";
import { HeapModel } from "./model.ts";

describe("defects of @thi.ng/malloc", () => {
  it("1: realloc that moves an object leaves none behind", () => {
    const heap = new Heap();
    for (const size of [20, 200, 2000, 20_000]) {
      let pointer = heap.malloc(size);
      for (let i = 1; i < 40; i++) {
        const wall = heap.malloc(size * i);
        pointer = heap.realloc(pointer, size * (i + 1));
        heap.free(wall);
        expect([...heap.liveObjects()]).toEqual([pointer]);
      }
      heap.free(pointer);
    }
    expect(heap.stats().currentLive).toBe(0);
  });

  it("2: an object that realloc shrank by little is not overlapped by the next", () => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    const model = new HeapModel(heap, memory);
    const next = random(6463);
    for (let i = 0; i < 40_000; i++) {
      const kind = next(10);
      if (model.live === 0 || (kind < 4 && model.live < 300)) model.malloc(1 + next(2500));
      else if (kind < 8) {
        const index = next(model.live);
        const size = 1 + next(2500);
        model.realloc(index, size);
        // The object is the last one now: by 8 bytes less, and 8 more.
        if (size > 8) model.realloc(model.live - 1, size - 8);
        model.realloc(model.live - 1, size);
      } else model.free(next(model.live));
      if (i % 5000 === 0) model.check();
    }
    model.check();
  });

  it("3: sizes of 2^32, NaN and Infinity get no pointer", () => {
    const heap = new Heap();
    expect(codeOf(() => heap.malloc(2 ** 32))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => heap.malloc(Number.NaN))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => heap.malloc(Number.POSITIVE_INFINITY))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(heap.stats().currentLive).toBe(0);
    heap.verify();
  });

  it("4: it goes on after memory.grow, whoever called it", () => {
    const memory = new LinearMemory({ initialPages: 8 });
    const heap = new Heap({ memory });
    const state = memory.acquireTable(heap.stateBytes);
    for (const size of [10, 300, 3000, 100_000, 1_500_000]) {
      const live: number[] = [];
      const calls: (() => void)[] = [
        () => live.push(heap.malloc(size)),
        () => live.push(heap.malloc(size), heap.calloc(2, size)),
        () => live.push(heap.realloc(live.pop()!, size * 2)),
        () => expect(heap.usableSize(live[0]!)).toBeGreaterThanOrEqual(size),
        () => expect(heap.owns(live[0]!)).toBe(true),
        () => live.push(heap.alignedAlloc(128, size)),
        () => heap.free(live.pop()!),
        () => expect([...heap.liveObjects()].sort()).toEqual([...live].sort()),
        () => heap.verify(),
        () => heap.trim(),
        () => expect(heap.stats().footprint).toBeLessThanOrEqual(memory.footprint),
        () => heap.saveState(state),
        () => heap.loadState(state),
        () => heap.verify(),
        () => expect(codeOf(() => heap.free(live[0]! + 8))).toBe("ERR_MORPH_INVALID_POINTER"),
      ];
      for (const call of calls) {
        memory.wasm.grow(1);
        call();
      }
      for (const pointer of live) heap.free(pointer);
    }
    heap.verify();
  });

  it("5: a write before or after an object, or into a freed one, breaks no allocation", () => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    const next = random(5);
    const live: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const pointer = heap.malloc(1 + next(5000));
      // All that malloc's neighbours may be: underflow, overflow, and everything of a freed object.
      const end = pointer + heap.usableSize(pointer);
      memory.u32.fill(0xdeadbeef, pointer / 4 - 4, end / 4 + 4);
      live.push(pointer);
      if (next(2) === 0) {
        const freed = live.splice(next(live.length), 1)[0]!;
        const words = heap.usableSize(freed) / 4;
        heap.free(freed);
        memory.u32.fill(0x41414141, freed / 4, freed / 4 + words);
      }
    }
    heap.verify();
    expect([...heap.liveObjects()]).toEqual(live.sort((a, b) => a - b));
    for (const pointer of live) heap.free(pointer);
    heap.verify();
    expect(heap.stats().currentLive).toBe(0);
  });

  it("6: above 2 GiB free frees", () => {
    const memory = new LinearMemory();
    memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const heap = new Heap({ memory });
    for (const size of [16, 100, 1000, 10_000, 1_000_000]) {
      const pointer = heap.malloc(size);
      expect(pointer).toBeGreaterThan(2 ** 31);
      heap.free(heap.realloc(pointer, size * 2));
      expect(heap.stats().currentLive).toBe(0);
    }
    heap.verify();
  });

  it("7: free does not walk: 200,000 objects go in any order", () => {
    const heap = new Heap();
    const pointers = Array.from({ length: 200_000 }, () => heap.malloc(64));
    for (const pointer of pointers) heap.free(pointer);
    for (let i = 0; i < 200_000; i++) pointers[i] = heap.malloc(64);
    const next = random(7);
    for (let i = 0; i < 200_000; i++) {
      const k = next(200_000);
      heap.free(pointers[k]!);
      pointers[k] = heap.malloc(1 + next(200));
    }
    heap.verify();
  });
});

describe("defects of malloc (codemix)", () => {
  it("a double free makes nothing loop", () => {
    const heap = new Heap();
    for (const size of [8, 500, 5000]) {
      const pointer = heap.malloc(size);
      heap.free(pointer);
      expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
      expect(new Set([heap.malloc(size), heap.malloc(size), heap.malloc(size)]).size).toBe(3);
    }
    heap.verify();
  });

  it("alloc(-1) gets no pointer", () => {
    expect(codeOf(() => new Heap().malloc(-1))).toBe("ERR_MORPH_INVALID_SIZE");
  });

  it("works over a SharedArrayBuffer", () => {
    const heap = new Heap({ memory: new LinearMemory({ initialPages: 2, maxPages: 100, shared: true }) });
    const pointers = Array.from({ length: 1000 }, (_, i) => heap.malloc(1 + i));
    for (const pointer of pointers) heap.free(pointer);
    heap.verify();
  });

  it("aligns to 16 bytes", () => {
    const heap = new Heap();
    for (let size = 1; size < 3000; size += 7) expect(heap.malloc(size) % 16).toBe(0);
  });
});

describe("defects of others", () => {
  it("shared-memory-objects: what another worker still writes into a freed block breaks no header", () => {
    const heap = new Heap();
    const blocks = Array.from({ length: 100 }, (_, i) => heap.malloc(2000 + i * 40));
    const even = blocks.filter((_, i) => i % 2 === 0);
    const sizes = even.map((block) => heap.usableSize(block));
    for (const block of even) heap.free(block);
    even.forEach((block, i) => {
      heap.memory.u8.fill(255, block, block + sizes[i]!);
    });
    heap.verify();
    for (const block of blocks.filter((_, i) => i % 2 === 1)) heap.free(block);
    heap.verify();
  });

  it("talc 51: what the memory grows by is merged with its old end", () => {
    const heap = new Heap({ memory: new LinearMemory({ initialPages: 1 }) });
    let pointer = heap.malloc(1000);
    for (let size = 50_000; size < 4_000_000; size += 50_000) {
      heap.free(pointer);
      pointer = heap.malloc(size);
      expect(heap.stats().footprint).toBeLessThan(size * 1.02 + 3 * PAGE_BYTES);
    }
  });

  it("talc 47: requests close to the page size end", () => {
    for (let size = 65_536 - 200; size < 65_536 + 200; size++) {
      const heap = new Heap({ memory: new LinearMemory({ initialPages: 1, maxPages: 20 }) });
      const pointers = [heap.malloc(size), heap.malloc(size), heap.malloc(size)];
      heap.verify();
      for (const pointer of pointers) heap.free(pointer);
      heap.verify();
    }
  });

  it("talc 49: what lies behind a gap of 16 MiB and more overlaps nothing", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const heap = new Heap({ memory });
    const model = new HeapModel(heap, memory);
    const gaps: number[] = [];
    for (const pages of [256, 257, 1024]) {
      for (let i = 0; i < 60; i++) model.malloc(1 + i * 1000);
      const gap = memory.wasm.grow(pages) * PAGE_BYTES;
      gaps.push(gap, gap + pages * PAGE_BYTES);
    }
    for (let i = 0; i < 60; i++) model.malloc(1 + i * 1000);
    model.check();
    for (const pointer of heap.liveObjects()) {
      const end = pointer + heap.usableSize(pointer);
      for (let i = 0; i < gaps.length; i += 2) expect(end <= gaps[i]! || pointer >= gaps[i + 1]!).toBe(true);
    }
    while (model.live > 0) {
      model.realloc(0, 70_000);
      model.free(model.live - 1);
    }
    model.check();
  });

  it("wee_alloc 106: large objects do not leak", () => {
    const heap = new Heap();
    for (let i = 0; i < 2000; i++) {
      const [a, b] = [heap.malloc(100_000 + i * 64), heap.malloc(50_000)];
      heap.free(a);
      heap.free(b);
    }
    expect(heap.stats().peakFootprint).toBeLessThan(700_000);
  });

  it("rust 144199: running out of memory loops nowhere, time and again", () => {
    const heap = new Heap({ memory: new LinearMemory({ maxPages: 10 }) });
    for (let round = 0; round < 20; round++) {
      const live: number[] = [];
      const fill = () => {
        for (let i = 0; ; i++) live.push(heap.malloc(1 + ((i * 131) % 3000)));
      };
      expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
      heap.verify();
      for (const pointer of live) heap.free(pointer);
      heap.verify();
    }
  });

  it("AssemblyScript 1060: realloc of one object does not touch its neighbours", () => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    const model = new HeapModel(heap, memory);
    for (let i = 0; i < 300; i++) model.malloc(10 + i * 10);
    for (let i = 0; i < 3000; i++) model.realloc((i * 7) % 300, 10 + ((i * 313) % 6000));
    model.check();
  });
});
