import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Pool, PoolManager } from "../src/index.ts";

const KINDS = [
  { name: "Pool", make: (memory: LinearMemory) => new Pool({ slotSize: 64, memory }) },
  { name: "PoolManager", make: (memory: LinearMemory) => new PoolManager({ memory }) },
];

describe.each(KINDS)("a growth listener of a $name", ({ make }) => {
  it("may look", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const pool = make(memory);
    const live = pool.alloc(64);
    const freed = pool.alloc(64);
    pool.free(freed);
    let heard = 0;
    memory.onGrow(() => {
      if (heard++ > 0) return;
      expect(pool.owns(live)).toBe(true);
      expect(pool.owns(freed)).toBe(false);
      expect([...pool.liveObjects()]).toEqual([live]);
      expect(pool.stats().used).toBe(1);
      pool.verify();
      expect(codeOf(() => pool.alloc(64))).toBe("ERR_MORPH_BUSY");
      expect(codeOf(() => pool.free(live))).toBe("ERR_MORPH_BUSY");
      // Neither when it has grown the memory itself, and read a view.
      memory.wasm.grow(1);
      expect(memory.u8.length).toBe(memory.wasm.buffer.byteLength);
      expect(codeOf(() => pool.alloc(64))).toBe("ERR_MORPH_BUSY");
      expect(codeOf(() => pool.free(live))).toBe("ERR_MORPH_BUSY");
    });
    memory.reserve(memory.pageCount + 10);
    expect(heard).toBeGreaterThan(0);
    pool.verify();
    expect(pool.alloc(64)).toBe(freed);
    pool.free(live);
  });
});

describe.each(KINDS)("a growth that a $name causes", ({ make }) => {
  it("lets listeners look, too", () => {
    const memory = new LinearMemory({ initialPages: 1, exactGrowth: true });
    const pool = make(memory);
    const live: number[] = [];
    let heard = 0;
    const told: string[] = [];
    memory.onGrow(() => {
      heard++;
      told.push(codeOf(() => pool.verify()));
      const { used } = pool.stats();
      if (used !== live.length || [...pool.liveObjects()].length !== used) told.push(`${used} of ${live.length}`);
      if (!live.every((pointer) => pool.owns(pointer))) told.push("not owned");
    });
    while (live.length < 20_000) live.push(pool.alloc(64));
    expect(heard).toBeGreaterThan(3);
    expect(new Set(told)).toEqual(new Set(["did not throw"]));
    pool.verify();
  });
});

describe.each(KINDS)("a $name", ({ make }) => {
  it("can be destroyed after its memory", () => {
    for (const used of [false, true]) {
      const memory = new LinearMemory();
      const pool = make(memory);
      if (used) pool.alloc(64);
      memory.destroy();
      pool.destroy();
      pool.destroy();
      expect(codeOf(() => pool.alloc(64))).toBe("ERR_MORPH_DESTROYED");
    }
  });
});
