import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Pool, PoolManager } from "../src/index.ts";
import { PoolModel } from "./model.ts";

describe("growth that fails", () => {
  it("at any point of a random program is an error, loses nothing, and ends when it may grow again", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const next = random(seed);
      const memory = new LinearMemory({ initialPages: 1 });
      const grow = memory.wasm.grow.bind(memory.wasm);
      let fails = false;
      memory.wasm.grow = (pages: number) => {
        if (fails) throw new RangeError("refused");
        return grow(pages);
      };
      const pools = new PoolManager({ memory, sizeClasses: [16, 40, 1000, 8192] });
      const model = new PoolModel(pools, memory);
      let refused = 0;
      for (let i = 0; i < 3000; i++) {
        fails = next(3) > 0;
        if (model.live > 0 && next(5) === 0) model.free(next(model.live));
        else {
          try {
            model.alloc(1 + next(8192));
          } catch (error) {
            expect((error as { code: string }).code).toBe("ERR_MORPH_OUT_OF_MEMORY");
            refused++;
          }
        }
        if (i % 500 === 0) model.check();
      }
      expect(refused).toBeGreaterThan(0);
      model.check();
      fails = false;
      model.alloc(8192);
      model.check();
    }
  });
});

describe("growth by someone else", () => {
  it("in the middle of a walk hides no slot", () => {
    const memory = new LinearMemory({ initialPages: 8 });
    const pool = new Pool({ slotSize: 64, memory });
    const pointers = Array.from({ length: 3000 }, () => pool.alloc());
    const walked: number[] = [];
    for (const pointer of pool.liveObjects()) {
      if (walked.push(pointer) % 700 === 0) memory.wasm.grow(1);
    }
    expect(walked).toEqual(pointers);
  });
});

describe("trim", () => {
  it("over a free list that a write after free has broken neither hangs nor loses a slot", () => {
    for (const link of ["itself", 4, -1, 0]) {
      const pool = new Pool({ slotSize: 256 });
      const pointers = Array.from({ length: 1024 }, () => pool.alloc());
      for (const pointer of pointers.slice(0, 600)) pool.free(pointer);
      const broken = pointers[550]!;
      pool.memory.i32[broken / 4] = link === "itself" ? broken : (link as number);
      expect(pool.trim()).toBe(2 * 65_536);
      const again = Array.from({ length: 88 + 512 }, () => pool.alloc());
      expect(new Set([...again, ...pointers.slice(600)]).size).toBe(1024);
      pool.verify();
    }
  });
});

describe("owner ids with gaps", () => {
  it("do not confuse a manager", () => {
    const memory = new LinearMemory();
    const register = memory.register.bind(memory);
    memory.register = (allocator, owner) => {
      register({ name: "other", contractVersion: 1, viewsChanged() {} });
      return register(allocator, owner);
    };
    const pools = new PoolManager({ memory });
    const pointers = [16, 32, 64, 128, 256].map((size) => pools.alloc(size));
    for (const pointer of pointers) pools.free(pointer);
    expect(pools.stats().used).toBe(0);
  });
});

describe("a manager whose memory's page map moves", () => {
  it("goes on at once", () => {
    const memory = new LinearMemory();
    const other = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const pools = new PoolManager({ memory });
    const pointer = pools.alloc(64);
    const map = memory.pageMap;
    memory.acquire(9000, other);
    expect(memory.pageMap).not.toBe(map);
    pools.free(pointer);
    expect(pools.alloc(64)).toBe(pointer);
    pools.verify();
  });
});
