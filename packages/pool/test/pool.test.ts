import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it, vi } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Pool, type PoolOptions } from "../src/index.ts";

describe("a pool", () => {
  it("hands out aligned slots that do not overlap, and exactly fills its slabs", () => {
    for (const slotSize of [8, 16, 24, 40, 64, 256, 1000, 32_768]) {
      const pool = new Pool({ slotSize });
      const perSlab = Math.floor(PAGE_BYTES / slotSize);
      const pointers = Array.from({ length: perSlab }, () => pool.alloc());
      expect(pool.stats()).toMatchObject({ slots: perSlab, used: perSlab, free: 0, slabs: 1, slabBytes: PAGE_BYTES });
      pointers.sort((a, b) => a - b);
      pointers.forEach((pointer, i) => {
        expect(pointer % (slotSize & -slotSize)).toBe(0);
        if (i > 0) expect(pointer - pointers[i - 1]!).toBe(slotSize);
      });
      pool.alloc();
      expect(pool.stats().slabs).toBe(2);
      pool.verify();
    }
  });

  it("reuses the slot freed last first", () => {
    const pool = new Pool({ slotSize: 32 });
    const [a, b, c] = [pool.alloc(), pool.alloc(), pool.alloc()];
    pool.free(a);
    pool.free(c);
    pool.free(b);
    expect([pool.alloc(), pool.alloc(), pool.alloc()]).toEqual([b, c, a]);
  });

  it("refuses every wrong pointer with its error, and loses nothing", () => {
    const memory = new LinearMemory();
    const pool = new Pool({ slotSize: 64, memory });
    const other = new Pool({ slotSize: 64, memory });
    const live = pool.alloc();
    const freed = pool.alloc();
    const foreign = other.alloc();
    pool.free(freed);
    const bytes = memory.u8.fill(0x5a, live, live + 64).slice(live, live + 64);
    const wrong: [unknown, string][] = [
      [freed, "ERR_MORPH_DOUBLE_FREE"],
      [live + 8, "ERR_MORPH_INVALID_POINTER"],
      [live + 1, "ERR_MORPH_INVALID_POINTER"],
      [live + 0.5, "ERR_MORPH_INVALID_POINTER"],
      [live + 2 ** 32, "ERR_MORPH_INVALID_POINTER"],
      [live - 2 ** 32, "ERR_MORPH_INVALID_POINTER"],
      [freed + 64, "ERR_MORPH_INVALID_POINTER"],
      [foreign, "ERR_MORPH_INVALID_POINTER"],
      [0, "ERR_MORPH_INVALID_POINTER"],
      [-0, "ERR_MORPH_INVALID_POINTER"],
      [-64, "ERR_MORPH_INVALID_POINTER"],
      [null, "ERR_MORPH_INVALID_POINTER"],
      [undefined, "ERR_MORPH_INVALID_POINTER"],
      [Number.NaN, "ERR_MORPH_INVALID_POINTER"],
      [Number.POSITIVE_INFINITY, "ERR_MORPH_INVALID_POINTER"],
      [2 ** 32 - 64, "ERR_MORPH_INVALID_POINTER"],
      [2 ** 40, "ERR_MORPH_INVALID_POINTER"],
      [`${live}`, "ERR_MORPH_INVALID_POINTER"],
      [[live], "ERR_MORPH_INVALID_POINTER"],
      [true, "ERR_MORPH_INVALID_POINTER"],
      [BigInt(live), "ERR_MORPH_INVALID_POINTER"],
      [{ valueOf: () => live }, "ERR_MORPH_INVALID_POINTER"],
    ];
    const before = pool.stats();
    for (const [pointer, code] of wrong) {
      expect([String(pointer), codeOf(() => pool.free(pointer as number))]).toEqual([String(pointer), code]);
      expect(pool.owns(pointer as number)).toBe(false);
    }
    expect(pool.stats()).toEqual(before);
    expect(memory.u8.slice(live, live + 64)).toEqual(bytes);
    expect(pool.owns(live)).toBe(true);
    expect(pool.alloc()).toBe(freed);
    pool.verify();
    pool.free(live);
  });

  it("refuses every wrong pointer before its first slab", () => {
    const pool = new Pool({ slotSize: 64 });
    for (const pointer of [0, 64, PAGE_BYTES, Number.NaN]) {
      expect(codeOf(() => pool.free(pointer))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    pool.verify();
    expect([...pool.liveObjects()]).toEqual([]);
  });

  it("takes pointers that come as heap numbers", () => {
    const pool = new Pool({ slotSize: 16 });
    const pointers = Float64Array.from({ length: 1000 }, () => pool.alloc());
    for (const pointer of pointers) pool.free(pointer);
    expect(pool.stats().used).toBe(0);
    pool.verify();
  });

  it("survives a write after free: only the written object is hurt", () => {
    for (const garbage of [0, 3, -1, 64, 0x7fffffff, "self", "live", "foreign", "other free"] as const) {
      const memory = new LinearMemory();
      const pool = new Pool({ slotSize: 64, memory });
      const other = new Pool({ slotSize: 64, memory });
      const foreign = other.alloc();
      const all = Array.from({ length: 20 }, () => pool.alloc());
      const live = all.slice(10);
      for (const pointer of live) memory.u8.fill(pointer / 64, pointer, pointer + 64);
      for (const pointer of all.slice(0, 10)) pool.free(pointer);
      const link = { self: all[5], live: live[3], foreign, "other free": all[2] }[String(garbage)] ?? garbage;
      memory.i32[all[5]! / 4] = link as number;
      const again = Array.from({ length: 15 }, () => pool.alloc());
      expect(new Set([...live, ...again]).size).toBe(25);
      expect(again).not.toContain(foreign);
      pool.verify();
      for (const pointer of live) {
        expect(memory.u8.subarray(pointer, pointer + 64).every((byte) => byte === ((pointer / 64) & 255))).toBe(true);
      }
    }
  });

  it("verify says which link of the free list a write after free has broken", () => {
    const pool = new Pool({ slotSize: 64 });
    const [a, b] = [pool.alloc(), pool.alloc()];
    pool.free(a);
    pool.free(b);
    pool.verify();
    pool.memory.i32[b / 4] = 12;
    expect(codeOf(() => pool.verify())).toBe("ERR_MORPH_INVALID_POINTER");
    expect(() => pool.verify()).toThrow(`leads from ${b} to 12`);
  });

  it("walks its live slots in ascending order", () => {
    const pool = new Pool({ slotSize: 128 });
    const pointers = Array.from({ length: 1500 }, () => pool.alloc());
    const kept = pointers.filter((pointer, i) => i % 3 === 0 || pool.free(pointer) !== undefined);
    expect([...pool.liveObjects()]).toEqual(kept.sort((a, b) => a - b));
  });

  it("trims slabs in which nothing is live, wherever they are in the free list", () => {
    const pool = new Pool({ slotSize: 256 });
    const pointers = Array.from({ length: 256 * 4 }, () => pool.alloc());
    const { footprint } = pool.memory;
    for (const pointer of pointers.filter((_, i) => i % 2 === 0 || (i >= 256 && i < 768))) pool.free(pointer);
    expect(pool.trim()).toBe(2 * PAGE_BYTES);
    expect(pool.stats()).toMatchObject({ slabs: 2, slots: 512, used: 256, free: 256 });
    expect(pool.memory.footprint).toBe(footprint - 2 * PAGE_BYTES);
    pool.verify();
    expect(pool.trim()).toBe(0);
    const again = Array.from({ length: 300 }, () => pool.alloc());
    expect(new Set([...again, ...pointers.filter((pointer) => pool.owns(pointer))]).size).toBe(556);
    pool.verify();
    for (const pointer of [...pool.liveObjects()]) pool.free(pointer);
    expect(pool.trim()).toBe(3 * PAGE_BYTES);
    expect(pool.stats()).toMatchObject({
      slabs: 0,
      slots: 0,
      used: 0,
      free: 0,
      slabBytes: 0,
      tableBytes: 0,
      footprint: 0,
    });
    pool.free(pool.alloc());
    pool.verify();
  });

  it("returns its pages when destroyed, and refuses every use after that", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    const pool = new Pool({ slotSize: 64, memory });
    const other = new Pool({ slotSize: 64, memory });
    const kept = other.alloc();
    const pointer = pool.alloc();
    pool.alloc();
    const walk = pool.liveObjects();
    walk.next();
    pool.destroy();
    pool.destroy();
    expect(memory.footprint).toBe(footprint + PAGE_BYTES);
    for (const use of [
      () => pool.alloc(),
      () => pool.free(pointer),
      () => pool.trim(),
      () => pool.verify(),
      () => walk.next(),
      () => [...pool.liveObjects()],
    ]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    }
    expect(pool.owns(pointer)).toBe(false);
    expect(other.owns(kept)).toBe(true);
    other[Symbol.dispose]();
    expect(memory.footprint).toBe(footprint);
  });

  it("goes on after the memory is full, as soon as something is freed", () => {
    const pool = new Pool({ slotSize: 32_768, memory: new LinearMemory({ maxPages: 5 }) });
    const pointers: number[] = [];
    const fill = () => {
      for (;;) pointers.push(pool.alloc());
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(pointers.length).toBe(8);
    pool.verify();
    pool.free(pointers[3]!);
    expect(pool.alloc()).toBe(pointers[3]);
    expect(codeOf(() => pool.alloc())).toBe("ERR_MORPH_OUT_OF_MEMORY");
  });

  it("works on after someone else grew the memory", () => {
    for (const shared of [false, true]) {
      const memory = new LinearMemory({ initialPages: 8, maxPages: 100, shared });
      const pool = new Pool({ slotSize: 64, memory });
      const [a, b, c] = [pool.alloc(), pool.alloc(), pool.alloc()];
      pool.free(a);
      memory.wasm.grow(1);
      pool.free(b);
      memory.wasm.grow(1);
      expect(pool.alloc()).toBe(b);
      memory.wasm.grow(1);
      expect(codeOf(() => pool.free(a))).toBe("ERR_MORPH_DOUBLE_FREE");
      memory.wasm.grow(1);
      expect(pool.owns(c)).toBe(true);
      expect(pool.alloc()).toBe(a);
      memory.wasm.grow(1);
      const more = Array.from({ length: 20_000 }, () => pool.alloc());
      expect(new Set([a, b, c, ...more]).size).toBe(20_003);
      pool.verify();
    }
  });

  it("works above 2 GiB, and up to the last byte of 4 GiB", () => {
    // With exact growth tables lie below the last pages, and not at the memory's very end.
    const memory = new LinearMemory({ initialPages: 16, exactGrowth: true });
    const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const low = new Pool({ slotSize: 64, memory });
    const first = low.alloc();
    memory.acquire(memory.pageCount - memory.footprint / PAGE_BYTES, id);
    memory.acquire(65_536 - 60 - memory.pageCount, id);
    const pool = new Pool({ slotSize: 4096, memory });
    const pointers: number[] = [];
    const fill = () => {
      for (;;) pointers.push(pool.alloc());
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(Math.max(...pointers)).toBe(2 ** 32 - 4096);
    expect(Math.min(...pointers)).toBeGreaterThan(2 ** 31);
    pool.verify();
    pointers.forEach((pointer, i) => {
      memory.u32.fill(i, pointer / 4, pointer / 4 + 1024);
    });
    pointers.forEach((pointer, i) => {
      expect(memory.u32[pointer / 4 + 1023]).toBe(i);
    });
    for (const pointer of pointers) pool.free(pointer);
    expect(codeOf(() => pool.free(pointers[0]! | 0))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => pool.free(pointers[0]!))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(pool.alloc()).toBe(pointers.at(-1));
    expect(low.owns(first)).toBe(true);
    pool.verify();
    pool.free(pointers.at(-1)!);
    expect(pool.trim()).toBe((pointers.length / 16) * PAGE_BYTES);
  });

  it("keeps 2^20 live 64-byte slots in 64 MiB and 2 %, everything counted", () => {
    const pool = new Pool({ slotSize: 64 });
    for (let i = 0; i < 2 ** 20; i++) pool.alloc();
    expect(pool.memory.footprint).toBeLessThanOrEqual(64 * 2 ** 20 * 1.02);
    expect(pool.memory.peakFootprint).toBeLessThanOrEqual(64 * 2 ** 20 * 1.02);
  });

  it("takes slabs of several pages", () => {
    const pool = new Pool({ slotSize: 24_576, slabBytes: 3 * PAGE_BYTES });
    const pointers = Array.from({ length: 16 }, () => pool.alloc());
    expect(pool.stats()).toMatchObject({ slabs: 2, slots: 16, slabBytes: 6 * PAGE_BYTES });
    pool.verify();
    for (const pointer of pointers) pool.free(pointer);
    expect(pool.trim()).toBe(6 * PAGE_BYTES);
  });

  it("refuses options that make no sense", () => {
    const sizes = [0, -8, 7, 12, 32_776, 64.5, Number.NaN, "64", undefined];
    for (const slotSize of sizes) {
      expect(codeOf(() => new Pool({ slotSize } as PoolOptions))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    for (const slabBytes of [0, 1000, 65_537, 2 ** 23, Number.NaN]) {
      expect(codeOf(() => new Pool({ slotSize: 64, slabBytes }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => new Pool({ slotSize: 64, memory: {} as LinearMemory }))).toBe("ERR_MORPH_INVALID_CONFIG");
    const other = { contractVersion: 99 } as LinearMemory;
    expect(codeOf(() => new Pool({ slotSize: 64, memory: other }))).toBe("ERR_MORPH_VERSION");
  });
});

describe("a pool in a memory of which every second page is in use", () => {
  it("looks once in vain for a place for its table, and again when something is free", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 300 });
    const owner = memory.register({ name: "neighbour", contractVersion: 1, viewsChanged: () => {} });
    memory.acquireTable(64);
    const theirs: number[] = [];
    for (let page = memory.tryAcquire(1, owner); page !== 0; page = memory.tryAcquire(1, owner)) theirs.push(page);
    for (let i = 0; i < theirs.length; i += 2) memory.release(theirs[i]!, 1);
    const pool = new Pool({ slotSize: 8, memory });
    while (pool.tryAlloc() !== 0);
    expect(memory.refuses(1)).toBe(false);
    const asked = vi.spyOn(memory, "tryAcquireTable");
    for (let i = 0; i < 100; i++) expect(pool.tryAlloc()).toBe(0);
    expect(asked).not.toHaveBeenCalled();
    for (let i = 1; i < theirs.length; i += 2) memory.release(theirs[i]!, 1);
    expect(pool.tryAlloc()).not.toBe(0);
    asked.mockRestore();
    pool.verify();
  });
});
