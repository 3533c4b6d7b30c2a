import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, RUNTIME } from "../src/index.ts";
import { contextIn } from "./make.ts";

const CASES = [COMPILER, RUNTIME].flatMap((config) =>
  [false, true].map((shared) => ({ config, shared, mode: config.mode })),
);

describe.each(CASES)("a growth listener of a context in $mode mode, shared: $shared", ({ config, shared }) => {
  it("is told the truth, also about objects that are free", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 2000, shared });
    const ctx = contextIn({ ...config, memory });
    const sizes = [0, 40, 248, 249, 3000, 70_000];
    const live = sizes.map((size) => ctx.alloc(size, 3));
    const freed = sizes.map((size) => ctx.alloc(size, 4));
    for (const pointer of freed) ctx.free(pointer);
    const before = ctx.stats().liveObjects;
    let heard = 0;
    memory.onGrow(() => {
      if (heard++ > 0) return;
      for (const [i, pointer] of live.entries()) {
        expect(ctx.owns(pointer)).toBe(true);
        expect(ctx.headerOf(pointer)).toMatchObject({ size: sizes[i], typeId: 3 });
        expect(ctx.usableSize(pointer)).toBeGreaterThanOrEqual(sizes[i]!);
      }
      for (const pointer of freed) {
        expect(ctx.owns(pointer)).toBe(false);
        expect(codeOf(() => ctx.headerOf(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
        expect(codeOf(() => ctx.usableSize(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
      }
      expect([...ctx.liveObjects(3)].sort()).toEqual([...live].sort());
      expect([...ctx.liveObjects(4)]).toEqual([]);
      expect(ctx.stats().liveObjects).toBe(before);
      ctx.verify();
      // It may not change anything, either when it has grown the memory itself, and read a view.
      memory.wasm.grow(1);
      expect(memory.u8.length).toBeGreaterThan(0);
      for (const pointer of live) expect(codeOf(() => ctx.free(pointer))).toBe("ERR_MORPH_BUSY");
      for (const size of sizes) expect(codeOf(() => ctx.alloc(size))).toBe("ERR_MORPH_BUSY");
      expect(codeOf(() => ctx.reset())).toBe("ERR_MORPH_BUSY");
      expect(ctx.stats().liveObjects).toBe(before);
    });
    memory.reserve(memory.pageCount + 10);
    expect(heard).toBeGreaterThan(0);
    ctx.verify();
  });
});

describe.each(CASES)("a context in $mode mode, shared: $shared", ({ config, shared }) => {
  it("can be destroyed after its memory", () => {
    for (const used of [false, true]) {
      const memory = new LinearMemory({ maxPages: 2000, shared });
      const ctx = contextIn({ ...config, memory });
      if (used) for (const size of [40, 3000, 70_000]) ctx.alloc(size, 1);
      if (used) ctx.registerType(1, "one");
      const uses: (() => unknown)[] = [
        () => ctx.alloc(8),
        () => ctx.free(65_536),
        () => ctx.usableSize(65_536),
        () => ctx.headerOf(65_536),
        () => ctx.stats(),
        () => ctx.typeName(1),
        () => ctx.verify(),
        () => [...ctx.liveObjects()],
        () => [...ctx.liveObjects(1)],
      ];
      memory.destroy();
      expect(uses.map(codeOf)).toEqual(uses.map(() => "ERR_MORPH_DESTROYED"));
      ctx.destroy();
      ctx.destroy();
      expect(uses.map(codeOf)).toEqual(uses.map(() => "ERR_MORPH_DESTROYED"));
    }
  });
});
