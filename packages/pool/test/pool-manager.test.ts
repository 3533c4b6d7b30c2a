import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { PoolManager } from "../src/index.ts";

describe("a pool manager", () => {
  it("maps sizes to the default classes", () => {
    const pools = new PoolManager();
    const expected: [number, number][] = [
      [0, -1],
      [1, 0],
      [16, 0],
      [17, 1],
      [32, 1],
      [33, 2],
      [64, 2],
      [65, 3],
      [128, 3],
      [129, 4],
      [256, 4],
      [257, -1],
      [65_536, -1],
      [-1, -1],
      [1.5, -1],
      [Number.NaN, -1],
      [2 ** 32 + 16, -1],
    ];
    for (const [size, index] of expected) expect([size, pools.sizeClassIndex(size)]).toEqual([size, index]);
  });

  it("holds exactly 4096, 2048, 1024, 512 and 256 slots a slab", () => {
    const pools = new PoolManager();
    for (const size of [16, 32, 64, 128, 256]) pools.alloc(size);
    expect(pools.stats().classes.map(({ slots }) => slots)).toEqual([4096, 2048, 1024, 512, 256]);
  });

  it("allocates in every class and frees without a size", () => {
    const pools = new PoolManager();
    const pointers = Array.from({ length: 256 }, (_, i) => pools.alloc(i + 1));
    expect(new Set(pointers).size).toBe(256);
    pointers.forEach((pointer, i) => {
      expect(pools.usableSize(pointer)).toBe([16, 32, 64, 128, 256].find((slot) => slot > i));
      expect(pointer % pools.usableSize(pointer)).toBe(0);
    });
    expect(pools.stats()).toMatchObject({ used: 256, slabs: 5, slabBytes: 5 * PAGE_BYTES });
    expect([...pools.liveObjects()].sort((a, b) => a - b)).toEqual([...pointers].sort((a, b) => a - b));
    pools.verify();
    for (const pointer of pointers) pools.free(pointer);
    expect(pools.stats()).toMatchObject({ used: 0, free: 4096 + 2048 + 1024 + 512 + 256 });
    expect(pools.trim()).toBe(5 * PAGE_BYTES);
    pools.verify();
  });

  it("takes any ascending list of multiples of 8 up to 32 KiB, also with slabs of several pages", () => {
    const sizeClasses = [8, 24, 40, 100 * 8, 4104, 32_768];
    for (const slabBytes of [PAGE_BYTES, 4 * PAGE_BYTES]) {
      const pools = new PoolManager({ sizeClasses, slabBytes });
      for (const size of [1, 8, 9, 24, 25, 40, 41, 800, 801, 4104, 4105, 32_768]) {
        const pointer = pools.alloc(size);
        expect(pools.usableSize(pointer)).toBe(sizeClasses.find((slot) => slot >= size));
      }
      expect(codeOf(() => pools.alloc(32_769))).toBe("ERR_MORPH_INVALID_SIZE");
      pools.verify();
    }
    for (const bad of [[], [16, 16], [32, 16], [12], [0], [32_776], [16.5], "16", [16, undefined]]) {
      expect(codeOf(() => new PoolManager({ sizeClasses: bad as number[] }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => new PoolManager({ slabBytes: 100 }))).toBe("ERR_MORPH_INVALID_CONFIG");
  });

  it("refuses sizes that make no sense", () => {
    const pools = new PoolManager();
    for (const size of [0, -1, Number.NaN, 1.5, 257, 2 ** 32, 2 ** 32 + 16, Number.POSITIVE_INFINITY, "16", null]) {
      expect([size, codeOf(() => pools.alloc(size as number))]).toEqual([size, "ERR_MORPH_INVALID_SIZE"]);
    }
    expect(pools.stats().slabs).toBe(0);
  });

  it("refuses wrong pointers, of whichever class or allocator, and loses nothing", () => {
    const memory = new LinearMemory();
    const pools = new PoolManager({ memory });
    const others = new PoolManager({ memory });
    const live = pools.alloc(100);
    const freed = pools.alloc(20);
    pools.free(freed);
    const foreign = others.alloc(100);
    const wrong: [unknown, string][] = [
      [freed, "ERR_MORPH_DOUBLE_FREE"],
      [live + 16, "ERR_MORPH_INVALID_POINTER"],
      [live + 0.5, "ERR_MORPH_INVALID_POINTER"],
      [live + 128, "ERR_MORPH_INVALID_POINTER"],
      [foreign, "ERR_MORPH_INVALID_POINTER"],
      [0, "ERR_MORPH_INVALID_POINTER"],
      [64, "ERR_MORPH_INVALID_POINTER"],
      [-live, "ERR_MORPH_INVALID_POINTER"],
      [live - 2 ** 32, "ERR_MORPH_INVALID_POINTER"],
      [live + 2 ** 32, "ERR_MORPH_INVALID_POINTER"],
      [2 ** 31, "ERR_MORPH_INVALID_POINTER"],
      [2 ** 32 - 16, "ERR_MORPH_INVALID_POINTER"],
      [Number.NaN, "ERR_MORPH_INVALID_POINTER"],
      [null, "ERR_MORPH_INVALID_POINTER"],
      [undefined, "ERR_MORPH_INVALID_POINTER"],
      [`${live}`, "ERR_MORPH_INVALID_POINTER"],
    ];
    const before = pools.stats();
    for (const [pointer, code] of wrong) {
      expect([pointer, codeOf(() => pools.free(pointer as number))]).toEqual([pointer, code]);
      expect(codeOf(() => pools.usableSize(pointer as number))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(pools.owns(pointer as number)).toBe(false);
    }
    expect(pools.stats()).toEqual(before);
    expect(pools.owns(live)).toBe(true);
    pools.free(live);
    others.free(foreign);
    pools.verify();
  });

  it("works on after someone else grew the memory, whatever the next call is", () => {
    const memory = new LinearMemory({ initialPages: 20, maxPages: 100 });
    const pools = new PoolManager({ memory });
    const pointers = Array.from({ length: 10 }, () => pools.alloc(200));
    const uses = [
      () => pools.free(pointers.pop()!),
      () => pools.alloc(200),
      () => expect(codeOf(() => pools.free(1))).toBe("ERR_MORPH_INVALID_POINTER"),
      () => expect(pools.usableSize(pointers[0]!)).toBe(256),
      () => expect(pools.owns(pointers[0]!)).toBe(true),
      () => expect([...pools.liveObjects()].length).toBe(10),
      () => pools.verify(),
      () => pools.trim(),
      () => pools.stats(),
      () => pools.destroy(),
    ];
    for (const use of uses) {
      memory.wasm.grow(1);
      use();
    }
    expect(memory.footprint).toBe(PAGE_BYTES);
  });

  it("refuses every use after destroy", () => {
    const pools = new PoolManager();
    const pointer = pools.alloc(16);
    pools.alloc(16);
    const walk = pools.liveObjects();
    walk.next();
    pools[Symbol.dispose]();
    for (const use of [() => pools.alloc(16), () => pools.free(pointer), () => pools.trim(), () => pools.verify()]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    }
    expect(codeOf(() => pools.usableSize(pointer))).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => walk.next())).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => [...pools.liveObjects()])).toBe("ERR_MORPH_DESTROYED");
  });
});
