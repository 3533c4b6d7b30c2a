import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { type Context, type ContextOptions, MemoryContext, RUNTIME, SERVER, SharedContext } from "../src/index.ts";
import { contextIn } from "./make.ts";

const MIB = 2 ** 20;

describe.each([
  ["RUNTIME", RUNTIME],
  ["SERVER", SERVER],
])("%s", (mode, config) => {
  it("keeps small objects in the pool and large ones in the heap", () => {
    const ctx = new MemoryContext(config);
    const [small, large] = [ctx.alloc(248, 1), ctx.alloc(249, 2)];
    expect(ctx.stats()).toMatchObject({ mode, poolBytes: 248, arenaBytes: 0, heapBytes: 249, liveObjects: 2 });
    expect([ctx.headerOf(small).flags, ctx.headerOf(large).flags]).toEqual([0, 2]);
    ctx.verify();
    ctx.free(large);
    ctx.free(small);
    expect(ctx.stats()).toMatchObject({ poolBytes: 0, heapBytes: 0, currentLive: 0, peakLive: 497 });
    ctx.verify();
  });

  it("knows small objects for live that lie where large ones were freed", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 400 });
    const ctx = new MemoryContext({ ...config, memory });
    const freed = Array.from({ length: 8 }, () => ctx.alloc(1_000_000, 1));
    for (const pointer of freed) ctx.free(pointer);
    let pointer: number;
    do pointer = ctx.alloc(0, 2);
    while (!freed.includes(pointer));
    expect(ctx.headerOf(pointer)).toMatchObject({ size: 0, typeId: 2 });
    // With the views detached, `free` takes its slow path.
    memory.wasm.grow(1);
    ctx.free(pointer);
    expect(codeOf(() => ctx.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
    ctx.verify();
  });

  it("takes the bytes of each object back when it is freed", () => {
    const ctx = new MemoryContext(config);
    for (let i = 0; i < 2000; i++) ctx.free(ctx.alloc(100_000 + i * 7, 3));
    expect(ctx.stats().peakFootprint).toBeLessThan(MIB);
    ctx.verify();
  });

  it("refuses wrong pointers to large objects, and loses nothing", () => {
    const ctx = new MemoryContext(config);
    const [large, freed] = [ctx.alloc(3000, 1), ctx.alloc(3000, 1)];
    ctx.memory.u8.fill(0xee, large, large + 3000);
    ctx.free(freed);
    expect(codeOf(() => ctx.free(freed))).toBe("ERR_MORPH_DOUBLE_FREE");
    for (const pointer of [large + 16, large + 8, large - 16, large + 0.5, -large]) {
      expect(codeOf(() => ctx.free(pointer))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    expect(ctx.memory.u8.subarray(large, large + 3000).every((byte) => byte === 0xee)).toBe(true);
    ctx.verify();
    ctx.reset();
    expect(codeOf(() => ctx.free(large))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(ctx.stats()).toMatchObject({ heapBytes: 0, liveObjects: 0 });
    ctx.alloc(3000, 1);
    ctx.verify();
  });

  it("agrees with a plain model on random programs", () => {
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "free", "free", "free", "reset"),
      size: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 50_000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
        const ctx = new MemoryContext(config);
        let live: { pointer: number; size: number; fill: number }[] = [];
        steps.forEach(({ kind, size }, i) => {
          if (kind === "alloc") {
            const pointer = ctx.alloc(size, i % 128);
            expect(pointer % 8).toBe(0);
            ctx.memory.u8.fill(i, pointer, pointer + size);
            live.push({ pointer, size, fill: i & 255 });
          } else if (kind === "free" && live.length > 0) {
            const [object] = live.splice(size % live.length, 1);
            const { pointer, fill } = object!;
            expect(ctx.memory.u8.subarray(pointer, pointer + object!.size).every((byte) => byte === fill)).toBe(true);
            ctx.free(pointer);
          } else if (kind === "reset" && size % 5 === 0) {
            ctx.reset();
            live = [];
          }
        });
        for (const { pointer, size, fill } of live) {
          expect(ctx.memory.u8.subarray(pointer, pointer + size).every((byte) => byte === fill)).toBe(true);
        }
        const heapBytes = live.reduce((sum, { size }) => sum + (size > 248 ? size : 0), 0);
        const currentLive = live.reduce((sum, { size }) => sum + size, 0);
        expect(ctx.stats()).toMatchObject({ heapBytes, currentLive, liveObjects: live.length, arenaBytes: 0 });
        ctx.verify();
        ctx.destroy();
      }),
      { numRuns: 30 },
    );
  });

  it("goes on in another thread's handle on shared memory", () => {
    const memory = new LinearMemory({ shared: true, maxPages: 1024 });
    const ctx = new SharedContext({ ...config, memory });
    const there = SharedContext.attach(ctx.handle());
    const pointers = [10, 1000, 100_000].map((size) => ctx.alloc(size, 5));
    for (const pointer of pointers) there.free(pointer);
    const again = there.alloc(100_000, 6);
    expect(ctx.headerOf(again)).toMatchObject({ size: 100_000, typeId: 6 });
    ctx.verify();
    ctx.free(again);
    expect(codeOf(() => there.free(again))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(there.stats()).toMatchObject({ liveObjects: 0, heapBytes: 0, objectCount: 4 });
    there.verify();
  });
});

describe("SERVER", () => {
  const bounded = (more: Partial<ContextOptions> = {}): Context => {
    const { memory = new LinearMemory() } = more;
    return contextIn({ ...SERVER, maxBytes: 4 * MIB, ...more, memory: memory as LinearMemory });
  };
  const alone = (): MemoryContext => new MemoryContext({ ...SERVER, maxBytes: 4 * MIB });

  it.each([
    ["its own memory", () => undefined],
    ["a memory it is given", () => new LinearMemory()],
  ])("never takes more than its limit, loses nothing there, and goes on once something is freed: %s", (_, make) => {
    for (const size of [100, 5000, 300_000]) {
      const memory = make();
      const ctx = memory === undefined ? alone() : bounded({ memory });
      const before = memory === undefined ? 0 : ctx.stats().footprint;
      const pointers: number[] = [];
      const fill = () => {
        for (;;) {
          const pointer = ctx.alloc(size, 1);
          ctx.memory.u8.fill(pointers.length, pointer, pointer + size);
          pointers.push(pointer);
        }
      };
      expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(pointers.length * size).toBeGreaterThan(1.2 * MIB);
      expect(ctx.stats().footprint - before).toBeLessThanOrEqual(4 * MIB);
      const stats = ctx.stats();
      expect(codeOf(() => ctx.alloc(size, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect({ ...ctx.stats(), peakFootprint: 0 }).toEqual({ ...stats, peakFootprint: 0 });
      ctx.verify();
      pointers.forEach((pointer, i) => {
        expect(ctx.memory.u8.subarray(pointer, pointer + size).every((byte) => byte === (i & 255))).toBe(true);
      });
      ctx.free(pointers.pop()!);
      pointers.push(ctx.alloc(size, 1));
      for (const pointer of pointers) ctx.free(pointer);
      // Not all: free pages need not lie side by side any more.
      for (let i = 0; i < pointers.length * 0.7; i++) ctx.alloc(size, 2);
      ctx.verify();
    }
  });

  it("counts the table of its objects, however far apart they lie", () => {
    const memory = new LinearMemory();
    const ctx = bounded({ memory });
    const near = ctx.alloc(5000, 1);
    // From here on the memory has room only behind 2 GiB, and the table covers all between.
    memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const before = memory.footprint;
    const fill = () => {
      for (;;) ctx.alloc(50_000, 1);
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(memory.footprint - before).toBeLessThanOrEqual(4 * MIB);
    ctx.verify();
    ctx.free(near);
    expect(ctx.stats().heapBytes).toBe(ctx.stats().currentLive);
    ctx.verify();
  });

  it.each([false, true])("gives what was freed to objects of any other size, shared: %s", (shared) => {
    const memory = new LinearMemory({ shared, maxPages: 1000 });
    const ctx = bounded({ memory });
    for (const size of [100, 300_000, 200, 16, 3000, 48, 100]) {
      const pointers: number[] = [];
      const fill = () => {
        for (;;) pointers.push(ctx.alloc(size, 1));
      };
      expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(pointers.length * Math.max(size, 64)).toBeGreaterThan(2.4 * MIB);
      ctx.verify();
      // One is kept: its slab must stay.
      const kept = pointers.pop()!;
      ctx.memory.u8.fill(7, kept, kept + size);
      for (const pointer of pointers) ctx.free(pointer);
      expect(codeOf(() => ctx.free(pointers[0]!))).toBe("ERR_MORPH_DOUBLE_FREE");
      ctx.free(ctx.alloc(size === 300_000 ? 100 : 300_000, 2));
      ctx.verify();
      expect(ctx.memory.u8.subarray(kept, kept + size).every((byte) => byte === 7)).toBe(true);
      ctx.free(kept);
      ctx.verify();
    }
    expect(ctx.stats()).toMatchObject({ currentLive: 0, liveObjects: 0 });
  });

  it("returns pages also where something wrote over a link, and loses no slot", () => {
    const ctx = bounded({ maxBytes: MIB });
    const fill = () => {
      const pointers: number[] = [];
      expect(
        codeOf(() => {
          for (;;) pointers.push(ctx.alloc(40, 1));
        }),
      ).toBe("ERR_MORPH_OUT_OF_MEMORY");
      return pointers;
    };
    const first = fill();
    // One in the middle stays, so that its page does, too.
    const [kept] = first.splice(first.length >>> 1, 1);
    for (const pointer of first) ctx.free(pointer);
    ctx.memory.i32[first[first.length >>> 2]! / 4 - 2] = 8;
    expect(codeOf(() => ctx.alloc(2 * MIB, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    ctx.verify();
    expect(fill().length).toBe(first.length);
    ctx.free(kept!);
    ctx.verify();
  });

  it("believes no header that a large object left where slots are now", () => {
    const ctx = bounded({ maxBytes: MIB });
    const large: number[] = [];
    const fill = (size: number, into: number[]) => {
      for (;;) into.push(ctx.alloc(size, 1));
    };
    expect(codeOf(() => fill(1461, large))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    for (const pointer of large) ctx.free(pointer);
    // Makes the heap return its pages.
    expect(codeOf(() => ctx.alloc(2 * MIB, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    const small = new Set<number>();
    // Of the last page few slots are handed out.
    for (let i = 0; i < 2 * 4096 + 5; i++) small.add(ctx.alloc(0, 1));
    for (const pointer of large) {
      if (small.has(pointer)) continue;
      expect(["ERR_MORPH_INVALID_POINTER", "ERR_MORPH_DOUBLE_FREE"]).toContain(codeOf(() => ctx.headerOf(pointer)));
      expect(["ERR_MORPH_INVALID_POINTER", "ERR_MORPH_DOUBLE_FREE"]).toContain(codeOf(() => ctx.free(pointer)));
    }
    expect(ctx.stats()).toMatchObject({ liveObjects: small.size, currentLive: 0 });
    ctx.verify();
  });

  it("tells its listener each time the soft limit is crossed", () => {
    const calls: [number, number][] = [];
    const ctx = bounded({ onMemoryPressure: (held, limit) => calls.push([held, limit]) });
    for (let round = 1; round <= 3; round++) {
      const pointers: number[] = [];
      while (calls.length < round) pointers.push(ctx.alloc(100_000, 1));
      pointers.push(ctx.alloc(100_000, 1));
      expect(calls.length).toBe(round);
      expect(calls.at(-1)![0]).toBeGreaterThan(0.8 * 4 * MIB);
      expect(calls.at(-1)![1]).toBe(4 * MIB);
      for (const pointer of pointers) ctx.free(pointer);
      ctx.reset();
      ctx.free(ctx.alloc(1000, 1));
    }
  });

  it("lets the listener free objects instead of refusing", () => {
    const cache: number[] = [];
    const ctx: Context = bounded({
      onMemoryPressure: () => {
        for (const pointer of cache.splice(0, cache.length / 2)) ctx.free(pointer);
      },
    });
    for (let i = 0; i < 500; i++) cache.push(ctx.alloc(50_000, 1));
    expect(ctx.stats().objectCount).toBe(500);
    ctx.verify();
  });

  it.each([false, true])("calls its listener once for what it refuses (shared memory: %s)", (shared) => {
    let calls = 0;
    const memory = new LinearMemory({ shared, maxPages: 1000 });
    const ctx = bounded({ memory, onMemoryPressure: () => void calls++ });
    expect(codeOf(() => ctx.alloc(5 * MIB, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(calls).toBe(1);
  });

  it.each([false, true])("lets the listener reset it, or grow the memory (shared memory: %s)", (shared) => {
    const memory = new LinearMemory({ shared, maxPages: 1000 });
    const ctx: Context = bounded({
      memory,
      onMemoryPressure: () => {
        ctx.reset();
        memory.wasm.grow(1);
      },
    });
    for (let i = 0; i < 200; i++) {
      const pointer = ctx.allocZeroed(100_000, 1);
      expect(memory.u8.subarray(pointer, pointer + 100_000).every((byte) => byte === 0)).toBe(true);
      memory.u8.fill(255, pointer, pointer + 100_000);
      expect(ctx.headerOf(pointer).size).toBe(100_000);
    }
    ctx.verify();
  });

  it("does not let a listener's error take a pointer away", async () => {
    const uncaught = new Promise((resolve) => {
      const others = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const other of others) process.on("uncaughtException", other);
        resolve(error);
      });
    });
    const ctx = bounded({
      onMemoryPressure: () => {
        throw new Error("in the listener");
      },
    });
    const pointers: number[] = [];
    while (ctx.stats().footprint < 3.5 * MIB) pointers.push(ctx.alloc(100_000, 1));
    expect(ctx.stats().liveObjects).toBe(pointers.length);
    expect(String(await uncaught)).toContain("in the listener");
  });
});
