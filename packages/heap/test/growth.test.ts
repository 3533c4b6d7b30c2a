import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";
import { HeapModel, someSize } from "./model.ts";

/** A memory whose growth fails while `fails()` says so. */
const failing = (fails: () => boolean): LinearMemory => {
  const memory = new LinearMemory({ initialPages: 1 });
  const grow = memory.wasm.grow.bind(memory.wasm);
  memory.wasm.grow = (pages: number) => {
    if (fails()) throw new RangeError("refused");
    return grow(pages);
  };
  return memory;
};

/** One step of a random program; returns the code of what it threw. */
const step = (model: HeapModel, heap: Heap, next: (below: number) => number): string | undefined => {
  const kind = next(10);
  try {
    if (model.live === 0 || kind < 4) model.malloc(someSize(next));
    else if (kind === 4) model.alignedAlloc(1 << next(17), someSize(next));
    else if (kind === 5) model.calloc(1 + next(5), 1 + next(3000));
    else if (kind < 8) model.realloc(next(model.live), someSize(next));
    else if (kind === 8) model.free(next(model.live));
    else if (next(10) === 0) heap.trim();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code;
  }
  return undefined;
};

describe("growth that fails", () => {
  it("at every possible point of a random program is an error, loses nothing, and ends when it may grow again", () => {
    const count = (failAt: number): number => {
      let calls = 0;
      const memory = failing(() => ++calls === failAt);
      const heap = new Heap({ memory });
      const model = new HeapModel(heap, memory);
      const next = random(99);
      let refused = 0;
      for (let i = 0; i < 500; i++) {
        const code = step(model, heap, next);
        if (code === undefined) continue;
        expect(code).toBe("ERR_MORPH_OUT_OF_MEMORY");
        refused++;
        model.check();
      }
      model.check();
      // Growing by more than needed may fail where growing by less succeeds: then nobody notices.
      expect(refused).toBeLessThanOrEqual(1);
      while (model.live > 0) model.free(0);
      heap.trim();
      model.check();
      return calls;
    };
    const calls = count(0);
    expect(calls).toBeGreaterThan(5);
    for (let failAt = 1; failAt <= calls + 1; failAt++) count(failAt);
  });

  it("from every possible point on is an error, loses nothing, and ends when something is freed", () => {
    let refused = 0;
    for (let failFrom = 1; failFrom < 14; failFrom++) {
      let calls = 0;
      const memory = failing(() => ++calls >= failFrom);
      let heap: Heap;
      try {
        heap = new Heap({ memory });
      } catch (error) {
        expect((error as { code: string }).code).toBe("ERR_MORPH_OUT_OF_MEMORY");
        continue;
      }
      const model = new HeapModel(heap, memory);
      const next = random(failFrom);
      for (let i = 0; i < 400; i++) {
        const code = step(model, heap, next);
        if (code === undefined) continue;
        expect(code).toBe("ERR_MORPH_OUT_OF_MEMORY");
        refused++;
        if (refused % 8 === 0) model.check();
      }
      model.check();
      while (model.live > 0) model.free(0);
      if (memory.footprint > 4 * PAGE_BYTES) model.malloc(10_000);
      model.check();
    }
    expect(refused).toBeGreaterThan(100);
  });

  it("is an error for whoever reaches maxBytes, at every limit", () => {
    for (let maxBytes = 24_576; maxBytes < 1_000_000; maxBytes += 13_007) {
      const memory = new LinearMemory();
      const heap = new Heap({ memory, maxBytes });
      const model = new HeapModel(heap, memory);
      const next = random(maxBytes);
      for (let i = 0; i < 150; i++) step(model, heap, next);
      expect(heap.stats().peakFootprint).toBeLessThanOrEqual(maxBytes);
      model.check();
    }
  });
});

describe("a limit that is changed", () => {
  it("holds from then on, also below what the heap has", () => {
    const heap = new Heap();
    const first = heap.malloc(100_000);
    heap.maxBytes = 1;
    expect(codeOf(() => heap.malloc(500_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    heap.maxBytes = 1_000_000;
    heap.free(heap.malloc(500_000));
    expect(codeOf(() => heap.malloc(1_000_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(heap.maxBytes).toBe(1_000_000);
    for (const bytes of [0, -1, 1.5, Number.NaN]) {
      expect(
        codeOf(() => {
          heap.maxBytes = bytes;
        }),
      ).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    heap.free(first);
    heap.verify();
  });
});

describe("free pages that lie apart", () => {
  it("are returned before a large object is refused", () => {
    const heap = new Heap({ maxBytes: 2_000_000 });
    for (const size of [900_000, 1_700_000, 900_000, 200_000]) heap.free(heap.malloc(size));
    heap.free(heap.alignedAlloc(2 ** 17, 1_600_000));
    const block = heap.malloc(900_000);
    const wall = heap.malloc(5000);
    heap.free(block);
    // The wall is at the end, so that the free block cannot be made longer.
    heap.free(heap.malloc(1_000_000));
    heap.free(heap.malloc(900_000));
    const run = heap.malloc(1_050_000);
    expect(heap.realloc(run, 1_700_000)).toBe(run);
    expect(codeOf(() => heap.malloc(900_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect([...heap.liveObjects()]).toEqual([wall, run].sort((a, b) => a - b));
    expect(heap.stats().peakFootprint).toBeLessThanOrEqual(2_000_000);
    heap.verify();
  });
});

describe("growth by someone else", () => {
  it("in the middle of a walk hides no object", () => {
    const memory = new LinearMemory({ initialPages: 8 });
    const heap = new Heap({ memory });
    const pointers = Array.from({ length: 3000 }, (_, i) => heap.malloc(1 + (i % 2000))).sort((a, b) => a - b);
    const walked: number[] = [];
    for (const pointer of heap.liveObjects()) {
      if (walked.push(pointer) % 700 === 0) memory.wasm.grow(1);
    }
    expect(walked).toEqual(pointers);
  });

  it("leaves the pages that it brought alone", () => {
    const memory = new LinearMemory({ initialPages: 4 });
    const heap = new Heap({ memory });
    const model = new HeapModel(heap, memory);
    const next = random(3);
    const theirs: number[] = [];
    for (let i = 0; i < 2000; i++) {
      if (i % 50 === 0) {
        const page = memory.wasm.grow(1);
        new Uint8Array(memory.wasm.buffer).fill(page, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
        theirs.push(page);
      }
      step(model, heap, next);
    }
    model.check();
    for (const page of theirs) {
      for (let p = page * PAGE_BYTES; p < (page + 1) * PAGE_BYTES; p += 97) expect(memory.u8[p]).toBe(page & 255);
    }
  });
});
