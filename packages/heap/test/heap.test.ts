import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Heap } from "../src/index.ts";

const SIZES = [
  1, 15, 16, 17, 31, 32, 33, 256, 257, 304, 305, 1023, 1024, 1025, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_000_000,
];

describe("a heap", () => {
  it("hands out what was asked for, aligned and apart", () => {
    const heap = new Heap();
    const pointers = SIZES.flatMap((size) => Array.from({ length: 50 }, () => [heap.malloc(size), size] as const));
    const sorted = pointers.sort(([a], [b]) => a - b);
    sorted.forEach(([pointer, size], i) => {
      expect(pointer % 16).toBe(0);
      expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(size);
      if (i > 0) expect(sorted[i - 1]![0] + heap.usableSize(sorted[i - 1]![0])).toBeLessThanOrEqual(pointer);
    });
    heap.verify();
    for (const [pointer] of pointers) heap.free(pointer);
    expect(heap.stats().currentLive).toBe(0);
    heap.verify();
  });

  it("does so wherever its tables lie: the memory aligns them to 64 bytes, no more", () => {
    for (let tables = 0; tables < 4; tables++) {
      const memory = new LinearMemory();
      for (let i = 0; i < tables; i++) memory.acquireTable(64);
      const heap = new Heap({ memory });
      for (let size = 1; size <= 1024; size++) {
        for (let i = 0; i < 3; i++) expect(heap.usableSize(heap.malloc(size))).toBeGreaterThanOrEqual(size);
      }
      heap.verify();
    }
  });

  it("wastes little: 16 bytes up to 304, a quarter or 128 bytes above", () => {
    const heap = new Heap();
    for (let size = 1; size < 20_000; size += size < 2000 ? 1 : 97) {
      const pointer = heap.malloc(size);
      const waste = heap.usableSize(pointer) - size;
      expect(waste).toBeLessThan(size <= 304 ? 16 : Math.max(128, size / 3.9));
      heap.free(pointer);
    }
  });

  it("uses a freed place again", () => {
    const heap = new Heap();
    for (const size of SIZES) {
      const keep = heap.malloc(size);
      const pointer = heap.malloc(size);
      heap.free(pointer);
      expect(heap.malloc(size)).toBe(pointer);
      heap.free(keep);
    }
  });

  it("refuses every size that is none, and goes on", () => {
    const heap = new Heap();
    const kept = heap.malloc(100);
    const sizes = [
      0,
      -0,
      -1,
      -16,
      1.5,
      0.1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 32 + 1,
      2 ** 53,
      "64",
      undefined,
      null,
      10n,
      {},
    ];
    for (const size of sizes as number[]) {
      for (const use of [
        () => heap.malloc(size),
        () => heap.calloc(1, size),
        () => heap.calloc(size, 1),
        () => heap.realloc(kept, size),
        () => heap.alignedAlloc(64, size),
      ]) {
        // A BigInt does not even multiply.
        expect(typeof size === "bigint" ? "ERR_MORPH_INVALID_SIZE" : codeOf(use)).toBe("ERR_MORPH_INVALID_SIZE");
      }
    }
    expect(codeOf(() => heap.malloc(10n as unknown as number))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => heap.malloc(2 ** 32))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect([...heap.liveObjects()]).toEqual([kept]);
    heap.verify();
  });

  it.each([64, 1000, 5000, 200_000])("refuses every pointer that is not a live object of %i bytes", (size) => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    const other = new Heap({ memory });
    const foreign = other.malloc(size);
    const [a, b] = [heap.malloc(size), heap.malloc(size)];
    const wrong = [
      0,
      1,
      8,
      16,
      a + 1,
      a + 8,
      a + 16,
      a + 0.5,
      -a,
      a + 2 ** 32,
      foreign,
      2 ** 32 - 16,
      2 ** 31,
      2 ** 30,
    ];
    const odd = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      undefined,
      null,
      String(a),
      {},
      true,
      [a],
      BigInt(a),
      Symbol("a"),
    ] as unknown as number[];
    for (const pointer of [...wrong, ...odd]) {
      expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => heap.realloc(pointer, 10))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => heap.usableSize(pointer))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(heap.owns(pointer)).toBe(false);
    }
    heap.free(a);
    for (const use of [() => heap.free(a), () => heap.realloc(a, 10), () => heap.usableSize(a)]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DOUBLE_FREE");
    }
    expect([...heap.liveObjects()]).toEqual([b]);
    heap.free(b);
    expect(codeOf(() => heap.free(b))).toBe("ERR_MORPH_DOUBLE_FREE");
    other.free(foreign);
    heap.verify();
    other.verify();
  });

  it("knows a place of a slab that was never handed out from one that was freed", () => {
    const heap = new Heap();
    const pointer = heap.malloc(48);
    // Slots go downward from the unit's end.
    expect(codeOf(() => heap.free(pointer - 48))).toBe("ERR_MORPH_INVALID_POINTER");
    heap.free(pointer);
    expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
    heap.verify();
  });

  it("takes no place of a slab for an object that is only left over at its start", () => {
    const heap = new Heap();
    for (let c = 1; c <= 64; c++) {
      const objects = Array.from({ length: Math.floor(256 / c) }, () => heap.malloc(c * 16));
      const unit = Math.floor(objects[0]! / 4096) * 4096;
      for (let p = unit; p < unit + 4096; p += 16) {
        if (heap.owns(p) !== objects.includes(p)) expect(heap.usableSize(p)).toBeGreaterThan(c * 16);
      }
      for (const pointer of objects) heap.free(pointer);
    }
  });

  it("tells a double free also after the slab or the pages went elsewhere", () => {
    const heap = new Heap();
    const small = Array.from({ length: 2000 }, () => heap.malloc(64));
    const large = [heap.malloc(3_000_000), heap.malloc(40_000)];
    for (const pointer of [...small, ...large]) heap.free(pointer);
    heap.verify();
    for (const pointer of [...small, ...large]) {
      expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
    }
    const again = heap.malloc(2_900_000);
    expect(codeOf(() => heap.free(again + 64))).toBe("ERR_MORPH_INVALID_POINTER");
  });

  it("clears what calloc hands out, also when the place was used", () => {
    const heap = new Heap();
    for (const size of SIZES) {
      const pointer = heap.malloc(size);
      heap.memory.u8.fill(255, pointer, pointer + size);
      heap.free(pointer);
      const cleared = heap.calloc(1, size);
      expect(heap.memory.u8.subarray(cleared, cleared + size).every((byte) => byte === 0)).toBe(true);
    }
    expect(codeOf(() => heap.calloc(2 ** 20, 2 ** 20))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => heap.calloc(2 ** 31, 2 ** 31))).toBe("ERR_MORPH_INVALID_SIZE");
  });

  it("aligns to any power of two", () => {
    const heap = new Heap({ memory: new LinearMemory({ initialPages: 1 }) });
    for (let bits = 0; bits <= 24; bits++) {
      for (const size of [1, 16, 100, 1000, 5000]) {
        const pointer = heap.alignedAlloc(2 ** bits, size);
        expect(pointer % 2 ** bits).toBe(0);
        expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(size);
        if (bits % 3 === 0) heap.free(pointer);
      }
      heap.verify();
    }
    for (const alignment of [0, 3, 24, -16, 1.5, Number.NaN, 2 ** 32, "16" as unknown as number]) {
      expect(codeOf(() => heap.alignedAlloc(alignment, 16))).toBe("ERR_MORPH_INVALID_ALIGNMENT");
    }
    // The upper half of 4 GiB, once.
    expect(heap.alignedAlloc(2 ** 31, 2 ** 31)).toBe(2 ** 31);
    expect(codeOf(() => heap.alignedAlloc(2 ** 31, 2 ** 31))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    heap.verify();
  });

  it("keeps nothing of what a large alignment skips", () => {
    for (const [alignment, size] of [
      [2 ** 17, 100],
      [2 ** 20, 2_000_000],
      [2 ** 24, 100_000],
      [2 ** 31, 1],
    ] as const) {
      const heap = new Heap();
      const { footprint } = heap.stats();
      const pointer = heap.alignedAlloc(alignment, size);
      expect(pointer % alignment).toBe(0);
      expect(heap.stats().footprint - footprint).toBeLessThanOrEqual(size + PAGE_BYTES + 64);
      heap.verify();
      heap.free(heap.realloc(pointer, size * 2));
      expect(heap.trim()).toBeGreaterThan(0);
      expect(heap.stats()).toMatchObject({ currentLive: 0, footprint });
      heap.verify();
    }
  });

  it("counts live bytes as what the objects may use", () => {
    const heap = new Heap();
    const pointers = SIZES.map((size) => heap.malloc(size));
    const usable = pointers.reduce((sum, pointer) => sum + heap.usableSize(pointer), 0);
    expect(heap.stats()).toMatchObject({ currentLive: usable, peakLive: usable });
    heap.free(pointers[3]!);
    for (const pointer of pointers.filter((_, i) => i !== 3)) heap.free(pointer);
    expect(heap.stats()).toMatchObject({ currentLive: 0, peakLive: usable });
  });

  it("walks its live objects in ascending order", () => {
    const heap = new Heap();
    const pointers = Array.from({ length: 1500 }, (_, i) => heap.malloc(1 + ((i * 37) % 3000)));
    const kept = pointers.filter((pointer, i) => i % 3 === 0 || heap.free(pointer) !== undefined);
    expect([...heap.liveObjects()]).toEqual(kept.sort((a, b) => a - b));
  });

  it("returns empty pages and tables when trimmed, a large run by itself", () => {
    const memory = new LinearMemory();
    const before = memory.footprint;
    const heap = new Heap({ memory });
    const empty = memory.footprint;
    const small = Array.from({ length: 10_000 }, () => heap.malloc(100));
    const large = heap.malloc(5_000_000);
    heap.free(large);
    expect(memory.footprint).toBeLessThan(empty + 3_000_000);
    for (const pointer of small.filter((_, i) => i !== 5000)) heap.free(pointer);
    const returned = heap.trim();
    expect(returned).toBeGreaterThan(0);
    heap.verify();
    expect(heap.stats().slabs).toBe(1);
    heap.free(small[5000]!);
    heap.trim();
    expect(heap.trim()).toBe(0);
    expect(heap.stats()).toMatchObject({ slabs: 0, currentLive: 0, footprint: heap.stats().tableBytes });
    heap.verify();
    heap.free(heap.malloc(10));
    const runs = Array.from({ length: 100 }, () => heap.malloc(1_100_000));
    for (const pointer of runs) heap.free(pointer);
    heap.trim();
    expect(heap.stats()).toMatchObject({ footprint: 24_576, tableBytes: 24_576 });
    heap.verify();
    heap.destroy();
    // The memory keeps pages of small tables.
    expect(memory.footprint).toBeLessThanOrEqual(before + 2 * PAGE_BYTES);
  });

  it("shares a memory with others, and never touches their pages", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const heaps = [new Heap({ memory }), new Heap({ memory }), new Heap({ memory })];
    const pointers = Array.from({ length: 3000 }, (_, i) => heaps[i % 3]!.malloc(1 + ((i * 131) % 9000)));
    pointers.forEach((pointer, i) => {
      memory.u8.fill(i, pointer, pointer + 1 + ((i * 131) % 9000));
    });
    pointers.forEach((pointer, i) => {
      if (i % 2 === 0) heaps[i % 3]!.free(pointer);
    });
    for (const heap of heaps) heap.trim();
    pointers.forEach((pointer, i) => {
      if (i % 2 === 1 && memory.u8[pointer + ((i * 131) % 9000)] !== (i & 255)) throw new Error(`${pointer} changed`);
    });
    for (const heap of heaps) heap.verify();
  });

  it("frees everything at once on reset", () => {
    const heap = new Heap();
    const pointers = SIZES.map((size) => heap.malloc(size));
    const { footprint } = heap.memory;
    heap.reset();
    heap.verify();
    expect(heap.memory.footprint).toBeLessThan(footprint);
    expect(heap.stats()).toMatchObject({ currentLive: 0, slabs: 0 });
    expect([...heap.liveObjects()]).toEqual([]);
    for (const pointer of pointers) expect(heap.owns(pointer)).toBe(false);
    for (const size of SIZES) heap.malloc(size);
    heap.verify();
  });

  it("returns its pages when destroyed, and refuses every use after that", () => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    const pointer = heap.malloc(100);
    const state = memory.acquireTable(heap.stateBytes);
    heap.malloc(5000);
    const walk = heap.liveObjects();
    walk.next();
    heap.saveState(state);
    heap.destroy();
    heap.destroy();
    const uses = [
      () => walk.next(),
      () => heap.malloc(1),
      () => heap.malloc(5000),
      () => heap.calloc(1, 1),
      () => heap.realloc(pointer, 1),
      () => heap.alignedAlloc(64, 1),
      () => heap.free(pointer),
      () => heap.usableSize(pointer),
      () => heap.trim(),
      () => heap.verify(),
      () => heap.reset(),
      () => [...heap.liveObjects()],
      () => heap.saveState(state),
      () => heap.loadState(state),
    ];
    for (const use of uses) expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    expect(heap.owns(pointer)).toBe(false);
    expect(heap.stats()).toMatchObject({ footprint: 0, currentLive: 0, tableBytes: 0 });
    new Heap({ memory })[Symbol.dispose]();
  });

  it("works above 2 GiB, and up to the last byte of 4 GiB", () => {
    const memory = new LinearMemory();
    const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    memory.acquire(65_536 - 60 - memory.footprint / PAGE_BYTES, id);
    const heap = new Heap({ memory });
    const pointers: number[] = [];
    const fill = () => {
      for (let i = 0; ; i++) pointers.push(heap.malloc(1 + ((i * 97) % 3000)));
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(Math.min(...pointers)).toBeGreaterThan(2 ** 31);
    heap.verify();
    expect([...heap.liveObjects()]).toEqual([...pointers].sort((a, b) => a - b));
    pointers.forEach((pointer, i) => {
      memory.u8.fill(i, pointer, pointer + heap.usableSize(pointer));
    });
    pointers.forEach((pointer, i) => {
      expect(memory.u8[pointer + heap.usableSize(pointer) - 1]).toBe(i & 255);
    });
    for (const pointer of pointers) heap.free(pointer);
    expect(codeOf(() => heap.free(pointers[0]! | 0))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => heap.free(pointers[0]!))).toBe("ERR_MORPH_DOUBLE_FREE");
    heap.verify();
    heap.trim();
    const all = heap.malloc(40 * PAGE_BYTES);
    expect(all + 40 * PAGE_BYTES).toBeLessThanOrEqual(2 ** 32);
    heap.free(heap.realloc(all, 41 * PAGE_BYTES));
  });

  it("hands out more than 2 GiB at once", () => {
    const heap = new Heap();
    const size = 2 ** 31 + 2 ** 30 + 5;
    const pointer = heap.malloc(size);
    heap.memory.u8[pointer + size - 1] = 7;
    expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(size);
    expect(codeOf(() => heap.malloc(2 ** 31))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    heap.verify();
    expect(heap.realloc(pointer, 2 ** 31 + 100)).toBe(pointer);
    heap.free(heap.malloc(2 ** 29));
    heap.free(pointer);
    expect(heap.stats()).toMatchObject({ currentLive: 0 });
    heap.verify();
  });

  it("keeps maxBytes", () => {
    const heap = new Heap({ maxBytes: 1_000_000 });
    const pointers: number[] = [];
    const fill = () => {
      for (;;) pointers.push(heap.malloc(700));
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(pointers.length).toBeGreaterThan(1100);
    expect(heap.stats().peakFootprint).toBeLessThanOrEqual(1_000_000);
    heap.verify();
    for (const pointer of pointers.splice(0, 600)) heap.free(pointer);
    pointers.push(heap.malloc(200_000));
    heap.verify();
    expect(codeOf(() => new Heap({ maxBytes: 1000 }))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    for (const maxBytes of [0, -1, 1.5, Number.NaN, "1" as unknown as number]) {
      expect(codeOf(() => new Heap({ maxBytes }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => new Heap(7 as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => new Heap({ memory: {} as LinearMemory }))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => new Heap({ memory: { contractVersion: 99 } as LinearMemory }))).toBe("ERR_MORPH_VERSION");
  });

  it("goes on in another object from its saved state, as another thread does", () => {
    const memory = new LinearMemory({ initialPages: 10, maxPages: 2000, shared: true });
    const attached = new LinearMemory({ wasm: memory.wasm, firstPage: memory.firstPage, attach: true });
    const first = new Heap({ memory });
    const second = new Heap({ memory: attached, owner: first.owner });
    const state = memory.acquireTable(first.stateBytes);
    const live: number[] = [];
    for (let round = 0; round < 40; round++) {
      const heap = round % 2 === 0 ? first : second;
      heap.memory.refresh();
      if (round > 0) heap.loadState(state);
      for (let i = 0; i < 100; i++) live.push(heap.malloc(1 + ((i * 61 * round) % 5000)));
      live.push(heap.malloc(1_500_000));
      for (let i = 0; i < 50; i++) heap.free(live.splice((i * 17) % live.length, 1)[0]!);
      if (round % 7 === 0) heap.trim();
      heap.verify();
      heap.saveState(state);
    }
    memory.refresh();
    first.loadState(state);
    expect([...first.liveObjects()]).toEqual(live.sort((a, b) => a - b));
    expect(first.stats().peakFootprint).toBeGreaterThan(0);
  });
});

describe("a heap that continues another thread's", () => {
  it("refuses every use before its state is loaded, and harms nobody", () => {
    const memory = new LinearMemory({ initialPages: 10, maxPages: 100, shared: true });
    const first = new Heap({ memory });
    const pointer = first.malloc(100);
    const attached = new LinearMemory({ wasm: memory.wasm, firstPage: memory.firstPage, attach: true });
    const second = new Heap({ memory: attached, owner: first.owner });
    const state = memory.acquireTable(first.stateBytes);
    const { footprint } = memory;
    const uses = [
      () => second.malloc(1),
      () => second.malloc(5000),
      () => second.malloc(2_000_000),
      () => second.realloc(pointer, 1),
      () => second.alignedAlloc(64, 1),
      () => second.free(pointer),
      () => second.free(PAGE_BYTES),
      () => second.usableSize(pointer),
      () => second.trim(),
      () => second.verify(),
      () => second.reset(),
      () => [...second.liveObjects()],
      () => second.saveState(state),
      () => second.destroy(),
    ];
    for (const use of uses) expect(codeOf(use)).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(second.owns(pointer)).toBe(false);
    expect(second.stats()).toMatchObject({ footprint: 0, currentLive: 0 });
    expect(memory.footprint).toBe(footprint);
    first.verify();
    first.saveState(state);
    second.loadState(state);
    second.free(pointer);
    second.verify();
  });
});

describe("realloc", () => {
  const filled = (heap: Heap, size: number): number => {
    const pointer = heap.malloc(size);
    for (let i = 0; i < size; i++) heap.memory.u8[pointer + i] = i * 7;
    return pointer;
  };
  const expectFilled = (heap: Heap, pointer: number, size: number): void => {
    for (let i = 0; i < size; i++)
      if (heap.memory.u8[pointer + i] !== ((i * 7) & 255)) throw new Error(`byte ${i} lost`);
  };

  it("keeps the bytes from any size to any other", () => {
    const heap = new Heap();
    for (const from of [1, 16, 17, 100, 1000, 1025, 5000, 70_000]) {
      for (const to of [1, 16, 17, 100, 1000, 1025, 5000, 70_000]) {
        const pointer = heap.realloc(filled(heap, from), to);
        expectFilled(heap, pointer, Math.min(from, to));
        expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(to);
        heap.verify();
      }
    }
  });

  it("grows into the free space behind", () => {
    const heap = new Heap();
    const [a, b, c] = [filled(heap, 5000), heap.malloc(5000), heap.malloc(5000)];
    heap.free(b);
    expect(heap.realloc(a, 9000)).toBe(a);
    expectFilled(heap, a, 5000);
    heap.verify();
    expect(heap.realloc(a, 20_000)).not.toBe(a);
    heap.free(c);
    heap.verify();
  });

  it("grows at the end of the memory in place, and moves once to pages of its own", () => {
    const heap = new Heap();
    let pointer = heap.malloc(2000);
    let moves = 0;
    for (let size = 4000; size <= 2 ** 24; size *= 2) {
      const now = heap.realloc(pointer, size);
      if (now !== pointer) moves++;
      pointer = now;
    }
    expect(moves).toBeLessThanOrEqual(1);
    expect(heap.stats().peakFootprint).toBeLessThan(2 ** 24 * 1.1);
    heap.verify();
  });

  it("shrinks in place and gives the rest back", () => {
    const heap = new Heap();
    const a = filled(heap, 60_000);
    heap.malloc(5000);
    const { footprint } = heap.stats();
    expect(heap.realloc(a, 20_000)).toBe(a);
    expectFilled(heap, a, 20_000);
    heap.verify();
    const b = heap.malloc(39_000);
    expect(b).toBeGreaterThan(a);
    expect(b).toBeLessThan(a + 60_000);
    expect(heap.stats().footprint).toBe(footprint);
  });

  it("moves to a smaller slot when less than half is used", () => {
    const heap = new Heap();
    const a = filled(heap, 1000);
    expect(heap.realloc(a, 600)).toBe(a);
    const b = heap.realloc(a, 20);
    expectFilled(heap, b, 20);
    expect(heap.usableSize(b)).toBe(32);
    expect(codeOf(() => heap.free(a))).toBe("ERR_MORPH_DOUBLE_FREE");
  });

  it("keeps the object when it fails", () => {
    for (const size of [100, 1000, 50_000]) {
      const heap = new Heap({ memory: new LinearMemory({ maxPages: 20 }) });
      const pointer = filled(heap, size);
      expect(codeOf(() => heap.realloc(pointer, 2_000_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expectFilled(heap, pointer, size);
      heap.verify();
      heap.free(pointer);
    }
  });

  it("shrinks even where there is no room for a move", () => {
    const heap = new Heap({ memory: new LinearMemory({ maxPages: 8 }) });
    const pointers: number[] = [];
    const fill = () => {
      for (;;) pointers.push(heap.malloc(1000));
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    for (const pointer of pointers) expect(heap.realloc(pointer, 17)).toBeGreaterThan(0);
    heap.verify();
  });
});

describe("verify", () => {
  const broken = (
    spoil: (heap: Heap, pointers: number[], tables: { control: number; record: (p: number) => number }) => void,
  ): string => {
    const heap = new Heap();
    const pointers = Array.from({ length: 300 }, (_, i) => heap.malloc(1 + ((i * 97) % 4000)));
    for (const pointer of pointers.filter((_, i) => i % 3 === 0)) heap.free(pointer);
    heap.malloc(2_000_000);
    heap.verify();
    const state = heap.memory.acquireTable(heap.stateBytes) / 4;
    heap.saveState(state * 4);
    const { i32 } = heap.memory;
    const directory = i32[state + 1]!;
    const record = (p: number): number => i32[directory + (p >>> 20)]! + ((p >>> 8) & 0xff0);
    spoil(heap, pointers, { control: i32[state]!, record });
    try {
      heap.verify();
    } catch (error) {
      expect((error as { code: string }).code).toBe("ERR_MORPH_INVALID_POINTER");
      return (error as Error).message;
    }
    return "nothing wrong";
  };

  it("says what is wrong, and where", () => {
    const unit = (p: number): number => Math.floor(p / 4096) * 4096;
    const large = (pointers: number[]): number => pointers.find((_, i) => i % 3 === 1 && 1 + ((i * 97) % 4000) > 1100)!;
    expect(broken(() => {})).toBe("nothing wrong");
    expect(
      broken((heap, pointers, { record }) => {
        heap.memory.i32[record(pointers[1]!) + 12]! += 1;
      }),
    ).toContain("the slab has no class");
    expect(
      broken((heap, pointers, { record }) => {
        heap.memory.i32[record(large(pointers)) + 13]! += 1;
      }),
    ).toMatch(/granules are noted as free/);
    expect(
      broken((heap, pointers, { record }) => {
        heap.memory.i32[record(large(pointers)) + 15]! += 4096;
      }),
    ).toMatch(/record is another's/);
    expect(
      broken((heap, _, { control }) => {
        heap.memory.i32[control + 200] = 0;
      }),
    ).toMatch(/the bit of the group of bin/);
    expect(
      broken((heap, pointers) => {
        heap.memory.release(Math.floor(unit(pointers[1]!) / PAGE_BYTES) * PAGE_BYTES, 1);
      }),
    ).toContain("the page is not the heap's");
    expect(
      broken((heap, pointers, { record }) => {
        const p = large(pointers);
        heap.memory.i32[record(p)]! &= ~(1 << (p >>> 7));
      }),
    ).toMatch(/the heap is broken at \d+: /);
    expect(
      broken((heap, _, { control }) => {
        const slots = Array.from({ length: 20 }, () => heap.malloc(1024));
        // Three of the four in one slab, so that the list of the sparse slabs of 1,024 bytes has it.
        for (const slot of slots.filter((p) => unit(p) === unit(slots[10]!)).slice(1)) heap.free(slot);
        expect(heap.memory.i32[control + 1704 + 64]).not.toBe(0);
        heap.memory.i32[control + 1704 + 64] = 0;
      }),
    ).toMatch(/slabs have free slots, the lists have/);
    expect(
      broken((heap, _, { control }) => {
        heap.memory.i32[control + 232 + 20]!++;
      }),
    ).toContain("336 bytes have the wrong class");
    expect(broken((heap) => heap.memory.acquire(1, heap.owner))).toMatch(/pages are counted, the memory says that/);
    for (const word of [1777, 1778, 1779, 1780]) {
      expect(
        broken((heap, _, { control }) => {
          heap.memory.i32[control + word]!++;
        }),
      ).toContain("the heap is broken in ");
    }
  });
});
