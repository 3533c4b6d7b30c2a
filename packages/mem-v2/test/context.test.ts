import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it, vi } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, type ContextOptions, HEADER_BYTES, MemoryContext, RUNTIME, SERVER } from "../src/index.ts";

describe("the original's tests", () => {
  it("manager create and destroy", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    const ctx = new MemoryContext({ ...COMPILER, memory });
    ctx.alloc(10, 1);
    ctx.alloc(1000, 1);
    ctx.destroy();
    ctx.destroy();
    expect(memory.footprint).toBe(footprint);
  });

  it("size class mapping: total size up to 256 goes to the pool", () => {
    const ctx = new MemoryContext(COMPILER);
    const expected: [number, number][] = [
      [0, 8],
      [1, 16],
      [8, 16],
      [9, 24],
      [48, 56],
      [49, 64],
      [112, 120],
      [113, 128],
      [241, 256],
      [248, 256],
    ];
    for (const [size, slotSize] of expected) {
      const before = ctx.stats().pool.classes.find((stats) => stats.slotSize === slotSize)!.used;
      ctx.alloc(size, 1);
      expect(ctx.stats().pool.classes.find((stats) => stats.slotSize === slotSize)!.used).toBe(before + 1);
    }
    ctx.alloc(249, 1);
    expect(ctx.stats().arenaBytes).toBe(249);
  });

  it("alloc in every class, aligned, with the header before the payload", () => {
    const ctx = new MemoryContext(COMPILER);
    for (let size = 0; size <= 600; size++) {
      const pointer = ctx.alloc(size, size % 128);
      expect(pointer % 8).toBe(0);
      expect(ctx.headerOf(pointer)).toEqual({
        size,
        typeId: size % 128,
        flags: size <= 248 ? 0 : 1,
      });
      expect(((ctx.memory.u32[(pointer - HEADER_BYTES) / 4] as number) >>> 6) & 127).toBe(size % 128);
    }
    ctx.verify();
  });

  it("free and reuse of the same slot", () => {
    const ctx = new MemoryContext(COMPILER);
    const pointer = ctx.alloc(24, 2);
    ctx.free(pointer);
    expect(ctx.alloc(24, 3)).toBe(pointer);
  });

  it("growth to several slabs, and free list integrity", () => {
    const ctx = new MemoryContext(COMPILER);
    const pointers = Array.from({ length: 5000 }, (_, i) => {
      const pointer = ctx.alloc(48, 1);
      ctx.memory.u32.fill(i, pointer / 4, pointer / 4 + 12);
      return pointer;
    });
    expect(ctx.stats().pool.slabs).toBe(Math.ceil(5000 / Math.floor(16_384 / 56)));
    for (const pointer of pointers.filter((_, i) => i % 2 === 0)) ctx.free(pointer);
    ctx.verify();
    const again = Array.from({ length: 2500 }, () => ctx.alloc(48, 1));
    expect(new Set(again)).toEqual(new Set(pointers.filter((_, i) => i % 2 === 0)));
    pointers.forEach((pointer, i) => {
      if (i % 2 === 1) expect(ctx.memory.u32[pointer / 4 + 11]).toBe(i);
    });
    ctx.verify();
  });

  it("hybrid routing and explicit free", () => {
    const ctx = new MemoryContext(COMPILER);
    const [small, medium, large] = [ctx.alloc(16, 1), ctx.alloc(200, 1), ctx.alloc(2000, 2)];
    expect(ctx.stats()).toMatchObject({ poolBytes: 216, arenaBytes: 2000, heapBytes: 0, currentLive: 2216 });
    ctx.free(large);
    expect(ctx.stats()).toMatchObject({ poolBytes: 216, arenaBytes: 0, totalFreed: 2000, liveObjects: 2 });
    ctx.free(small);
    ctx.free(medium);
    expect(ctx.stats()).toMatchObject({ currentLive: 0, peakLive: 2216, liveObjects: 0, objectCount: 3 });
    ctx.verify();
  });

  it("chess: 30 moves undone in reverse and made again reuse every slot and keep every field", () => {
    const ctx = new MemoryContext(COMPILER);
    ctx.registerType(5, "Move");
    const make = () =>
      Array.from({ length: 30 }, (_, i) => {
        const move = ctx.alloc(12, 5);
        ctx.memory.i32.set([i, i * 7, i * 13], move / 4);
        return move;
      });
    const check = (moves: number[]) => {
      moves.forEach((move, i) => {
        expect([...ctx.memory.i32.subarray(move / 4, move / 4 + 3)]).toEqual([i, i * 7, i * 13]);
      });
    };
    const first = make();
    check(first);
    for (const move of [...first].reverse()) ctx.free(move);
    const second = make();
    check(second);
    expect(second).toEqual(first);
    expect(ctx.stats().objectCountByType[5]).toEqual({ live: 30, ever: 60 });
  });
});

describe("a context", () => {
  it("gives every object of size 0 a pointer of its own", () => {
    const ctx = new MemoryContext(COMPILER);
    const pointers = Array.from({ length: 100 }, () => ctx.alloc(0, 0));
    expect(new Set(pointers).size).toBe(100);
    for (const pointer of pointers) ctx.free(pointer);
    expect(ctx.stats()).toMatchObject({ objectCount: 100, liveObjects: 0, totalAllocated: 0 });
  });

  it("allocates past the original's 16 MiB, and clears what was used before when asked", () => {
    const ctx = new MemoryContext(COMPILER);
    const size = 20 * 2 ** 20;
    const large = ctx.alloc(size, 9);
    expect(ctx.headerOf(large).size).toBe(size);
    ctx.memory.u8.fill(255, large, large + size);
    ctx.reset();
    for (const bytes of [0, 1, 7, 8, 9, 16, 17, 32, 33, 100, 247, 248, 249, size]) {
      const pointer = ctx.allocZeroed(bytes, 9);
      expect(ctx.memory.u8.subarray(pointer, pointer + bytes).every((byte) => byte === 0)).toBe(true);
    }
  });

  it("takes the arena when the pool cannot serve", () => {
    const memory = new LinearMemory({ maxPages: 5 });
    const ctx = new MemoryContext({ ...COMPILER, memory });
    ctx.alloc(1000, 1);
    const pointers: number[] = [];
    const fill = () => {
      for (;;) pointers.push(ctx.alloc(200, 1));
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(ctx.stats().arenaBytes).toBeGreaterThan(1000);
    expect(pointers.some((pointer) => ctx.headerOf(pointer).flags === 1)).toBe(true);
    ctx.verify();
    const before = ctx.stats();
    expect(codeOf(() => ctx.alloc(200, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(ctx.stats()).toEqual(before);
    const small = pointers.find((pointer) => ctx.headerOf(pointer).flags === 0)!;
    ctx.free(small);
    expect(ctx.alloc(200, 1)).toBe(small);
  });

  it("refuses every bad input with its error, and loses nothing", () => {
    const memory = new LinearMemory();
    const ctx = new MemoryContext({ ...COMPILER, memory });
    const other = new MemoryContext({ ...COMPILER, memory });
    // So that there are free slots of the smallest class and of the largest.
    ctx.free(ctx.alloc(0, 1));
    ctx.free(ctx.alloc(248, 1));
    const small = ctx.alloc(100, 1);
    const large = ctx.alloc(1000, 2);
    const [freedSmall, freedLarge] = [ctx.alloc(100, 1), ctx.alloc(1000, 2)];
    ctx.free(freedSmall);
    ctx.free(freedLarge);
    for (const pointer of [small, large]) memory.u8.fill(0xee, pointer, pointer + 100);
    const before = ctx.stats();
    const pointers: [unknown, string][] = [
      [freedSmall, "ERR_MORPH_DOUBLE_FREE"],
      [freedLarge, "ERR_MORPH_DOUBLE_FREE"],
      ...[
        small + 8,
        large + 16,
        large + 8,
        small - 8,
        small - 16,
        large - 8,
        large - 16,
        small + 0.5,
        -small,
        0,
        8,
        16,
        -0,
      ].map((pointer): [unknown, string] => [pointer, "ERR_MORPH_INVALID_POINTER"]),
      ...[other.alloc(100, 1), other.alloc(1000, 1), 2 ** 32 - 16, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY].map(
        (pointer): [unknown, string] => [pointer, "ERR_MORPH_INVALID_POINTER"],
      ),
      ...[null, undefined, `${small}`, BigInt(small), [small], {}, Symbol("pointer")].map(
        (pointer): [unknown, string] => [pointer, "ERR_MORPH_INVALID_POINTER"],
      ),
    ];
    for (const [pointer, code] of pointers) {
      expect([String(pointer), codeOf(() => ctx.free(pointer as number))]).toEqual([String(pointer), code]);
      expect([String(pointer), codeOf(() => ctx.headerOf(pointer as number))]).toEqual([String(pointer), code]);
    }
    for (const size of [
      -1,
      1.5,
      Number.NaN,
      2 ** 32 - 15,
      2 ** 32 - 7,
      2 ** 32 - 1,
      2 ** 32,
      Number.POSITIVE_INFINITY,
      "8",
      null,
      8n,
    ]) {
      expect([size, codeOf(() => ctx.alloc(size as number, 1))]).toEqual([size, "ERR_MORPH_INVALID_SIZE"]);
    }
    for (const type of [-1, 128, 1.5, Number.NaN, "1", null, 1n]) {
      for (const size of [8, 800]) {
        expect([type, codeOf(() => ctx.alloc(size, type as number))]).toEqual([type, "ERR_MORPH_INVALID_TYPE"]);
      }
      expect(codeOf(() => ctx.registerType(type as number, "T"))).toBe("ERR_MORPH_INVALID_TYPE");
    }
    for (const name of ["", "x".repeat(64), 7, undefined]) {
      expect(codeOf(() => ctx.registerType(1, name as string))).toBe("ERR_MORPH_INVALID_TYPE");
    }
    expect({ ...ctx.stats(), footprint: 0, peakFootprint: 0 }).toEqual({ ...before, footprint: 0, peakFootprint: 0 });
    for (const pointer of [small, large]) {
      expect(memory.u8.subarray(pointer, pointer + 100).every((byte) => byte === 0xee)).toBe(true);
    }
    ctx.verify();
    ctx.free(small);
    ctx.free(large);
    ctx.verify();
  });

  it("believes no header that was written over, or copied from elsewhere", () => {
    const ctx = new MemoryContext(COMPILER);
    const { memory } = ctx;
    const [a, b, large] = [ctx.alloc(100, 1), ctx.alloc(100, 1), ctx.alloc(1000, 1)];
    const header = memory.i32.slice(a / 4 - 2, a / 4);
    memory.i32[a / 4 - 2] = 5;
    expect(codeOf(() => ctx.free(a))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(() => ctx.free(a)).toThrow(/wrote over the header/);
    expect(codeOf(() => ctx.verify())).toBe("ERR_MORPH_INVALID_POINTER");
    // Sound, but another object's: a seal is good at one address only.
    memory.i32.set(memory.i32.slice(b / 4 - 2, b / 4), a / 4 - 2);
    expect(codeOf(() => ctx.free(a))).toBe("ERR_MORPH_INVALID_POINTER");
    memory.i32.set(memory.i32.slice(large / 4 - 2, large / 4), a / 4 - 2);
    expect(codeOf(() => ctx.free(a))).toBe("ERR_MORPH_INVALID_POINTER");
    memory.i32.set(header, a / 4 - 2);
    // A header in user data, inside objects.
    memory.i32.set(header, b / 4);
    memory.i32.set(header, large / 4 + 4);
    expect(codeOf(() => ctx.free(b + 8))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => ctx.free(large + 24))).toBe("ERR_MORPH_INVALID_POINTER");
    ctx.verify();
    for (const pointer of [a, b, large]) ctx.free(pointer);
    ctx.verify();
  });

  it("mends a free list when something wrote over the header of a freed object", () => {
    const ctx = new MemoryContext(COMPILER);
    const { memory } = ctx;
    const pointers = Array.from({ length: 100 }, () => ctx.alloc(40, 1));
    for (const pointer of pointers) ctx.free(pointer);
    const last = pointers.at(-1)!;
    const other = ctx.alloc(100, 1);
    ctx.free(other);
    // The link now leads to a free slot of another class, to nowhere, and beyond the memory.
    for (const link of [(other - 8) / 4, 0, 8, -1, 2 ** 30 - 64]) {
      memory.i32[last / 4 - 2] = link;
      expect(codeOf(() => ctx.verify())).toBe("ERR_MORPH_INVALID_POINTER");
      const again = Array.from({ length: 100 }, () => ctx.alloc(40, 1));
      expect(new Set(again).size).toBe(100);
      for (const pointer of again) expect(pointers).toContain(pointer);
      ctx.verify();
      for (const pointer of pointers) ctx.free(pointer);
    }
    ctx.verify();
  });

  it("notices a double free whatever its key is", () => {
    // Memories of less than the default size all start at the same page.
    const make = (): MemoryContext =>
      new MemoryContext({ ...COMPILER, memory: new LinearMemory({ initialPages: 16 }) });
    const pointer = make().alloc(24, 1);
    // The first would make a free slot's seal a live object's, if it could be a key.
    for (const key of [pointer ^ ((pointer - 8) / 4), 0x6d, 0, -1]) {
      vi.spyOn(Math, "random").mockReturnValueOnce((key >>> 0) / 2 ** 32);
      const ctx = make();
      expect(ctx.alloc(24, 1)).toBe(pointer);
      ctx.free(pointer);
      expect(codeOf(() => ctx.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
    }
    vi.restoreAllMocks();
  });

  it("leaves a live object alone whose header was written over together with a link", () => {
    const ctx = new MemoryContext(COMPILER);
    const { memory } = ctx;
    const pointers = Array.from({ length: 1024 }, () => ctx.alloc(40, 1));
    const live = pointers.splice(500, 1)[0]!;
    memory.u8.fill(0xee, live, live + 40);
    for (const pointer of pointers) ctx.free(pointer);
    const last = pointers.at(-1)!;
    memory.i32[live / 4 - 2] = 0;
    memory.i32[last / 4 - 2] = 8;
    const again = Array.from({ length: 2000 }, () => ctx.alloc(40, 1));
    expect(new Set(again).size).toBe(2000);
    expect(again).not.toContain(live);
    for (const pointer of again) memory.u8.fill(0x11, pointer, pointer + 40);
    expect(memory.u8.subarray(live, live + 40).every((byte) => byte === 0xee)).toBe(true);
    expect(() => ctx.free(live)).toThrow(/wrote over the header/);
  });

  it("believes no header that a destroyed context left where it goes on", () => {
    const memory = new LinearMemory();
    const sizes = [0, 40, 248, 249, 2000, 5000];
    const before = new MemoryContext({ ...COMPILER, memory });
    const left = sizes.flatMap((size) => Array.from({ length: 100 }, () => before.alloc(size, 1)));
    before.destroy();
    const ctx = new MemoryContext({ ...COMPILER, memory });
    // Every page is somebody's again.
    const mine = sizes.map((size) => ctx.alloc(size, 1));
    for (const pointer of left) {
      if (mine.includes(pointer)) continue;
      expect(["ERR_MORPH_INVALID_POINTER", "ERR_MORPH_DOUBLE_FREE"]).toContain(codeOf(() => ctx.free(pointer)));
    }
    for (const pointer of mine) ctx.free(pointer);
    ctx.verify();
  });

  it("keeps objects cut from chunks, larger ones and cleared ones apart", () => {
    const ctx = new MemoryContext(COMPILER);
    const { memory } = ctx;
    for (let round = 0; round < 3; round++) {
      const objects: [pointer: number, size: number][] = [];
      for (let i = 0; i < 3000; i++) {
        const size = [241, 2047, 2048, 1000 + (i % 500), 100, 10_000][i % 6]!;
        const pointer = i % 5 === 0 ? ctx.allocZeroed(size, i % 7) : ctx.alloc(size, i % 7);
        if (i % 5 === 0) expect(memory.u8.subarray(pointer, pointer + size).every((byte) => byte === 0)).toBe(true);
        memory.u8.fill(i, pointer, pointer + size);
        objects.push([pointer, size]);
        if (i % 11 === 0) ctx.free(objects.splice(i % objects.length, 1)[0]![0]);
      }
      ctx.verify();
      objects.sort(([a], [b]) => a - b);
      for (const [i, [pointer, size]] of objects.entries()) {
        expect(ctx.headerOf(pointer).size).toBe(size);
        expect(new Set(memory.u8.subarray(pointer, pointer + size)).size).toBe(1);
        expect(pointer + size).toBeLessThanOrEqual(objects[i + 1]?.[0] ?? 2 ** 32);
      }
      const sum = objects.reduce((bytes, [, size]) => bytes + size, 0);
      expect(ctx.stats()).toMatchObject({ currentLive: sum, liveObjects: objects.length });
      ctx.reset();
    }
  });

  it("clears large objects also where others were before", () => {
    const ctx = new MemoryContext(COMPILER);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 50; i++) {
        const size = 241 + i * 3001;
        const pointer = ctx.allocZeroed(size, 1);
        const bytes = ctx.memory.u8.subarray(pointer, pointer + size);
        expect(bytes.every((byte) => byte === 0)).toBe(true);
        bytes.fill(0xee);
      }
      ctx.verify();
      ctx.reset();
    }
  });

  it("hands out the same slots after a reset, the lowest first", () => {
    const ctx = new MemoryContext(COMPILER);
    const fill = () => Array.from({ length: 5000 }, (_, i) => ctx.alloc((i * 7) % 241, 1));
    const first = fill();
    for (const pointer of first.filter((_, i) => i % 3 === 0)) ctx.free(pointer);
    ctx.reset();
    ctx.verify();
    const again = fill();
    expect(again).toEqual(first);
    ctx.verify();
  });

  it("hands out slots that nobody had side by side, the lowest first, and freed ones before them", () => {
    const ctx = new MemoryContext(COMPILER);
    const pointers = Array.from({ length: 200 }, () => ctx.alloc(40, 1));
    expect(pointers).toEqual(pointers.map((_, i) => pointers[0]! + i * 48));
    for (const i of [10, 150, 64]) ctx.free(pointers[i]!);
    expect([1, 2, 3, 4].map(() => ctx.alloc(40, 1))).toEqual([64, 150, 10, 200].map((i) => pointers[0]! + i * 48));
  });

  it("mends what it would hand out next when something wrote over it", () => {
    const ctx = new MemoryContext(COMPILER);
    const first = ctx.alloc(40, 1);
    ctx.memory.i32[(first + 2 * 48 - 8) / 4] = 1234;
    expect(codeOf(() => ctx.verify())).toBe("ERR_MORPH_INVALID_POINTER");
    const pointers = Array.from({ length: 2000 }, () => ctx.alloc(40, 1));
    expect(new Set([first, ...pointers]).size).toBe(2001);
    ctx.verify();
  });

  it("drops every object at reset and keeps types and totals", () => {
    const ctx = new MemoryContext(COMPILER);
    ctx.registerType(3, "Node");
    const fill = () => Array.from({ length: 3000 }, (_, i) => ctx.alloc(i % 700, 3));
    const first = fill();
    const { totalAllocated, footprint } = ctx.stats();
    ctx.reset();
    expect(ctx.stats()).toMatchObject({
      totalAllocated,
      totalFreed: totalAllocated,
      currentLive: 0,
      liveObjects: 0,
      objectCount: 3000,
      objectCountByType: { 3: { live: 0, ever: 3000 } },
      poolBytes: 0,
      arenaBytes: 0,
    });
    for (const pointer of first) {
      expect(["ERR_MORPH_INVALID_POINTER", "ERR_MORPH_DOUBLE_FREE"]).toContain(codeOf(() => ctx.free(pointer)));
    }
    ctx.verify();
    fill();
    expect(ctx.stats().footprint).toBeLessThanOrEqual(footprint);
    expect(ctx.typeName(3)).toBe("Node");
    ctx.verify();
  });

  it("makes only what can be made", () => {
    const impossible = [
      { ...COMPILER, mode: "OTHER" },
      { ...SERVER, maxBytes: 1000 },
      { ...SERVER, onMemoryPressure: 7 },
      { ...SERVER, maxBytes: Number.NaN },
      { ...COMPILER, maxBytes: 2 ** 24 },
      { ...RUNTIME, onMemoryPressure: () => undefined },
      undefined,
      null,
      {},
    ];
    for (const config of impossible) {
      expect(codeOf(() => new MemoryContext(config as ContextOptions))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    const other = { contractVersion: 99 } as LinearMemory;
    expect(codeOf(() => new MemoryContext({ ...COMPILER, memory: other }))).toBe("ERR_MORPH_VERSION");
  });

  it("refuses every use after destroy", () => {
    const ctx = new MemoryContext(COMPILER);
    const [small, large] = [ctx.alloc(8, 1), ctx.alloc(800, 1)];
    ctx[Symbol.dispose]();
    const uses = [
      () => ctx.alloc(8, 1),
      () => ctx.alloc(800, 1),
      () => ctx.allocZeroed(8, 1),
      () => ctx.free(small),
      () => ctx.free(large),
      () => ctx.headerOf(small),
      () => ctx.stats(),
      () => ctx.formatStats(),
      () => ctx.verify(),
      () => ctx.reset(),
      () => ctx.registerType(1, "T"),
    ];
    for (const use of uses) expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
  });

  it("works on after someone else grew the memory, and above 2 GiB", () => {
    const memory = new LinearMemory();
    memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const ctx = new MemoryContext({ ...COMPILER, memory });
    const [small, large] = [ctx.alloc(8, 1), ctx.alloc(800, 1)];
    const uses = [
      () => ctx.free(small),
      () => expect(ctx.alloc(8, 1)).toBe(small),
      () => ctx.free(large),
      () => expect(codeOf(() => ctx.free(large))).toBe("ERR_MORPH_DOUBLE_FREE"),
      () => expect(ctx.headerOf(small).size).toBe(8),
      () => ctx.verify(),
      () => expect(ctx.stats().liveObjects).toBe(1),
      () => ctx.registerType(1, "T"),
      () => ctx.reset(),
      () => ctx.destroy(),
    ];
    for (const use of uses) {
      memory.wasm.grow(1);
      use();
    }
    expect(memory.footprint).toBe((33_000 + 1 + 5) * PAGE_BYTES);
  });
});
