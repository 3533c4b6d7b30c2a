import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, MemoryContext, RUNTIME } from "../src/index.ts";

const MODES = [
  ["COMPILER", COMPILER],
  ["RUNTIME", RUNTIME],
] as const;

describe.each(MODES)("when the memory grows, in %s mode", (_, config) => {
  it("listeners may grow it by themselves", () => {
    for (const size of [0, 100, 300, 5000, 70_000]) {
      for (let initialPages = 1; initialPages < 6; initialPages++) {
        const memory = new LinearMemory({ initialPages });
        const ctx = new MemoryContext({ ...config, memory });
        let calls = 0;
        memory.onGrow(() => {
          if (++calls < 10) memory.wasm.grow(1);
        });
        for (let i = 0; i < 120; i++) expect(ctx.headerOf(ctx.allocZeroed(size, 1)).size).toBe(size);
        expect(ctx.stats().liveObjects).toBe(120);
        ctx.verify();
      }
    }
  });

  it("names of types are kept when it grows for them", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const ctx = new MemoryContext({ ...config, memory });
    const { pageCount } = memory;
    while (memory.footprint < pageCount * 65_536 || memory.pageCount === 1) ctx.alloc(60_000, 1);
    ctx.registerType(0, "zero");
    expect(ctx.typeName(0)).toBe("zero");
    ctx.alloc(8, 1);
    ctx.verify();
  });
});

describe.each(MODES)("when the memory is full, in %s mode", (_, config) => {
  it("an object that fails takes nothing with it", () => {
    for (const maxPages of [12, 60, 300]) {
      const memory = new LinearMemory({ initialPages: 1, maxPages });
      const ctx = new MemoryContext({ ...config, memory });
      ctx.alloc(100, 1);
      const { footprint } = memory;
      // From just too large down to what fits; of those that are too large, some fail only when their mark has no room.
      let pages = maxPages + 1;
      while (codeOf(() => ctx.alloc(pages * 65_536 - 100, 1)) === "ERR_MORPH_OUT_OF_MEMORY") {
        expect(memory.footprint).toBeLessThanOrEqual(footprint + 2 * 65_536);
        ctx.verify();
        pages--;
      }
      expect(pages).toBeGreaterThan(maxPages / 2);
      expect(ctx.stats().liveObjects).toBe(2);
      ctx.verify();
    }
  });

  it("cleared objects that the pool cannot serve leave their neighbours as they were", () => {
    for (let size = 0; size <= 240; size += 8) {
      const memory = new LinearMemory({ initialPages: 1, maxPages: 5 });
      const ctx = new MemoryContext({ ...config, memory });
      const pointers = [ctx.alloc(1000, 1)];
      const fill = () => {
        for (;;) pointers.push(ctx.alloc(size, 1));
      };
      expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
      const large = pointers.slice(1).filter((pointer) => ctx.headerOf(pointer).flags !== 0);
      expect(large.length).toBeGreaterThan(0);
      for (const [i, pointer] of large.entries()) if (i % 2 === 0) ctx.free(pointer);
      codeOf(() => {
        for (;;) ctx.allocZeroed(size, 1);
      });
      for (const [i, pointer] of large.entries()) if (i % 2 === 1) expect(ctx.headerOf(pointer).size).toBe(size);
      ctx.verify();
    }
  });

  it("small objects that fail take no slabs with them", () => {
    const memory = new LinearMemory({ maxPages: 40 });
    const ctx = new MemoryContext({ ...config, memory });
    for (const size of [200, 0, 100]) {
      expect(
        codeOf(() => {
          for (;;) ctx.alloc(size, 1);
        }),
      ).toBe("ERR_MORPH_OUT_OF_MEMORY");
      const before = ctx.stats();
      for (let i = 0; i < 500; i++) codeOf(() => ctx.alloc(240, 1));
      ctx.verify();
      expect(ctx.stats().pool.slabs).toBeLessThanOrEqual(before.pool.slabs + 1);
    }
  });
});

it("objects lie on both sides of 2 GiB, and at the end of 4 GiB", () => {
  const memory = new LinearMemory({ maxPages: 65_536 });
  const other = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
  const until = (page: number) => {
    // In pieces: tables may lie between the free pages.
    for (let run = 0x4000; run > 0; ) {
      const free = page - memory.footprint / 65_536;
      if (free < run || memory.tryAcquire(run, other) === 0) run >>>= 1;
    }
  };
  const ctx = new MemoryContext({ ...COMPILER, memory });
  const pointers: [number, number][] = [];
  for (const page of [32_766, 65_520]) {
    until(page);
    for (let i = 0; i < 3000; i++) {
      const size = [0, 50, 200, 1000][i % 4]!;
      const code = codeOf(() => pointers.push([ctx.alloc(size, 1), size]));
      if (code === "ERR_MORPH_OUT_OF_MEMORY") break;
    }
    ctx.verify();
  }
  while (codeOf(() => pointers.push([ctx.alloc(0, 2), 0])) === "did not throw");
  expect(pointers.some(([pointer]) => pointer > 2 ** 31)).toBe(true);
  for (const [pointer, size] of pointers) {
    expect(pointer).toBeGreaterThan(0);
    expect(pointer + size).toBeLessThanOrEqual(2 ** 32);
  }
  expect(new Set(pointers.map(([pointer]) => pointer)).size).toBe(pointers.length);
  ctx.verify();
  for (const [pointer] of pointers) ctx.free(pointer);
  ctx.verify();
});
