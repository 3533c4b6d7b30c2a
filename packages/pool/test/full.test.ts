import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { Pool, PoolManager } from "../src/index.ts";

function fill(alloc: () => number): number[] {
  const pointers: number[] = [];
  expect(
    codeOf(() => {
      for (;;) pointers.push(alloc());
    }),
  ).toBe("ERR_MORPH_OUT_OF_MEMORY");
  return pointers;
}

describe("a full memory", () => {
  it("whose manager freed everything serves any other size", () => {
    const memory = new LinearMemory({ maxPages: 40 });
    const pools = new PoolManager({ memory });
    for (const size of [48, 16, 256, 1, 100, 48, 200, 32]) {
      const pointers = fill(() => pools.alloc(size));
      expect(pointers.length * size).toBeGreaterThan(
        30 * PAGE_BYTES * (size / 2 ** Math.ceil(Math.log2(Math.max(size, 16)))),
      );
      for (const pointer of pointers) pools.free(pointer);
      pools.verify();
    }
  });

  it("is refused to no size while a slab of the manager's is empty", () => {
    const next = random(99);
    const memory = new LinearMemory({ maxPages: 12 });
    const pools = new PoolManager({ memory, sizeClasses: [64, 512, 4096, 32_768] });
    const live = new Map<number, number>();
    const pages = () => new Set([...live].flatMap(([pointer, size]) => [pointer >>> 16, (pointer + size - 1) >>> 16]));
    for (let i = 0; i < 30_000; i++) {
      const size = [64, 512, 4096, 32_768][next(4)]!;
      if (next(2) === 0 || live.size === 0) {
        const pointer = pools.tryAlloc(size);
        if (pointer !== 0) live.set(pointer, size);
        // No page is somebody's without holding a live slot.
        else expect(pools.stats().slabs).toBe(pages().size);
      } else {
        const pointer = [...live.keys()][next(live.size)]!;
        pools.free(pointer);
        live.delete(pointer);
      }
    }
    pools.verify();
  });

  it("gives tryAlloc 0, and changes nothing", () => {
    const memory = new LinearMemory({ maxPages: 4 });
    const pool = new Pool({ slotSize: 64, memory });
    const pools = new PoolManager({ memory });
    const kept = pools.alloc(100);
    let last = 0;
    for (let pointer = pool.tryAlloc(); pointer !== 0; pointer = pool.tryAlloc()) last = pointer;
    const before = [pool.stats(), pools.stats(), memory.footprint];
    for (let i = 0; i < 100; i++) {
      expect(pool.tryAlloc()).toBe(0);
      expect(pools.tryAlloc(16)).toBe(0);
      expect(codeOf(() => pools.alloc(16))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    }
    expect([pool.stats(), pools.stats(), memory.footprint]).toEqual(before);
    expect(codeOf(() => pools.tryAlloc(0))).toBe("ERR_MORPH_INVALID_SIZE");
    pool.free(last);
    expect(pool.tryAlloc()).toBe(last);
    pools.free(kept);
    expect(pools.tryAlloc(16)).not.toBe(0);
    pool.destroy();
    expect(codeOf(() => pool.tryAlloc())).toBe("ERR_MORPH_DESTROYED");
  });
});

describe("a constructor that fails", () => {
  it("leaves nothing behind", () => {
    const memory = new LinearMemory();
    const register = memory.register.bind(memory);
    const unregister = memory.unregister.bind(memory);
    const known = new Set<number>();
    let left = 0;
    memory.register = (allocator, owner) => {
      if (left-- === 0) throw new Error("refused");
      const id = register(allocator, owner);
      known.add(id);
      return id;
    };
    memory.unregister = (id) => {
      unregister(id);
      known.delete(id);
    };
    for (const make of [() => new PoolManager({ memory }), () => new Pool({ slotSize: 8, memory })]) {
      left = 0;
      expect(make).toThrow("refused");
      expect(known.size).toBe(0);
    }
    new PoolManager({ memory }).destroy();
    expect(known.size).toBe(0);
  });
});
