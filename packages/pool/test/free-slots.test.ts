import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { PoolManager } from "../src/index.ts";

/** Takes every free slot that a manager has; all of them have to be different ones. */
function takeFreeSlots(pools: PoolManager, live: Set<number>): void {
  const { slabs } = pools.stats();
  for (const { slotSize, free } of pools.stats().classes) {
    for (let i = 0; i < free; i++) {
      const pointer = pools.alloc(slotSize);
      expect(live.has(pointer)).toBe(false);
      live.add(pointer);
    }
  }
  expect(pools.stats()).toMatchObject({ slabs, free: 0, used: live.size });
  expect([...pools.liveObjects()]).toEqual([...live].sort((a, b) => a - b));
  pools.verify();
}

describe("what is written into free slots", () => {
  it("loses no slot, and hands none out twice, whatever it is", () => {
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "free", "free", "write", "write", "copy", "save", "restore", "trim"),
      value: fc.nat(2 ** 20),
    });
    const sizeClasses = fc.constantFrom([16, 32, 64, 128, 256], [8, 24, 40], [8192]);
    fc.assert(
      fc.property(sizeClasses, fc.array(step, { minLength: 20, maxLength: 200 }), (classes, steps) => {
        const memory = new LinearMemory({ initialPages: 1 });
        const pools = new PoolManager({ memory, sizeClasses: classes });
        const live = new Set<number>();
        const freed = new Set<number>();
        const saved = new Map<number, number[]>();
        const one = (from: Iterable<number>, value: number): number => [...from].at(value % live.size || 0) ?? 0;
        const alloc = (size: number): void => {
          const pointer = pools.alloc(size);
          expect(live.has(pointer)).toBe(false);
          live.add(pointer);
          freed.delete(pointer);
          memory.u8.fill(value(pointer), pointer, pointer + pools.usableSize(pointer));
        };
        const value = (pointer: number): number => (pointer >>> 3) & 255;
        const wordsOf = (pointer: number): number[] => [...memory.i32.subarray(pointer / 4, pointer / 4 + 2)];
        for (let i = 0; i < 30; i++) alloc(1 + ((i * 37) % classes.at(-1)!));
        for (const { kind, value: random } of steps) {
          const slots = [...freed];
          const slot = slots[random % slots.length];
          if (kind === "alloc") alloc(1 + (random % classes.at(-1)!));
          else if (kind === "free" && live.size > 0) {
            const pointer = one(live, random);
            if (!live.has(pointer)) continue;
            expect(memory.u8[pointer]).toBe(value(pointer));
            pools.free(pointer);
            live.delete(pointer);
            freed.add(pointer);
          } else if (kind === "trim") {
            pools.trim();
            for (const pointer of freed) if (memory.ownerOf(pointer) <= 0) freed.delete(pointer);
          } else if (slot === undefined) continue;
          else if (kind === "write") {
            const words = [0, -1, slot, slot / 4, random, 4, slots[0]! / 4, (slots[0]! / 4) ^ 0x4000_0000];
            memory.i32[slot / 4 + (random & 1)] = words[random % words.length]!;
          } else if (kind === "copy") memory.i32.set(wordsOf(slots[0]!), slot / 4);
          else if (kind === "save") saved.set(slot, wordsOf(slot));
          else if (kind === "restore" && saved.has(slot)) memory.i32.set(saved.get(slot)!, slot / 4);
          for (const pointer of freed) expect(codeOf(() => pools.free(pointer))).not.toBe("did not throw");
        }
        for (const pointer of live) expect(memory.u8[pointer]).toBe(value(pointer));
        takeFreeSlots(pools, live);
      }),
      { numRuns: 30 },
    );
  });

  it("is told by verify, and mended by the alloc that meets it", () => {
    const pools = new PoolManager();
    const pointers = Array.from({ length: 10 }, () => pools.alloc(64));
    for (const pointer of pointers) pools.free(pointer);
    for (const word of [0, 1]) {
      pools.memory.i32[pointers[5]! / 4 + word]! ^= 64;
      expect(() => pools.verify()).toThrow(String(pointers[5]));
      expect(new Set(Array.from({ length: 10 }, () => pools.alloc(64)))).toEqual(new Set(pointers));
      pools.verify();
      for (const pointer of pointers) pools.free(pointer);
    }
  });

  it("may be what was there before: no slot is lost that a list then leads past, and no live one handed out that it leads to", () => {
    const pools = new PoolManager();
    const live = new Set(Array.from({ length: 5 }, () => pools.alloc(64)));
    const [a, b, c] = [...live] as [number, number, number];
    const words = (): Int32Array => pools.memory.i32.slice(a / 4, a / 4 + 2);
    pools.free(b);
    pools.free(a);
    const toB = words();
    expect([pools.alloc(64), pools.alloc(64)]).toEqual([a, b]);
    pools.free(a);
    pools.memory.i32.set(toB, a / 4);
    expect(pools.alloc(64)).toBe(a);
    const another = pools.alloc(64);
    expect(live.has(another)).toBe(false);
    live.add(another);
    pools.free(a);
    const pastOthers = words();
    expect(pools.alloc(64)).toBe(a);
    for (const pointer of [b, c, a]) {
      pools.free(pointer);
      live.delete(pointer);
    }
    pools.memory.i32.set(pastOthers, a / 4);
    takeFreeSlots(pools, live);
    expect([a, b, c].every((pointer) => live.has(pointer))).toBe(true);
  });

  it("from before a trim is not believed after it", () => {
    const memory = new LinearMemory({ initialPages: 16 });
    const stranger = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const pools = new PoolManager({ memory });
    const pointers = Array.from({ length: 4096 + 1 }, () => pools.alloc(16)).sort((x, y) => x - y);
    const kept = pointers[0]!;
    const inOtherPage = pointers[4096]!;
    for (const pointer of pointers) if (pointer !== kept && pointer !== inOtherPage) pools.free(pointer);
    pools.alloc(16);
    pools.free(inOtherPage);
    const second = pools.alloc(16);
    expect(second).toBe(inOtherPage);
    const first = [...pools.liveObjects()].find((pointer) => pointer !== kept && pointer !== second)!;
    pools.free(second);
    pools.free(first);
    // The first leads to the second, in a page that the trim returns.
    const words = memory.i32.slice(first / 4, first / 4 + 2);
    expect(pools.trim()).toBe(PAGE_BYTES);
    expect(memory.acquire(1, stranger)).toBe(second & -PAGE_BYTES);
    memory.i32.set(words, first / 4);
    for (let i = 0; i < 5000; i++) expect(memory.ownerOf(pools.alloc(16))).not.toBe(stranger);
    pools.verify();
  });
});

describe("a wrong pointer", () => {
  it("is refused wherever in a page it points, with the code that says what is there", () => {
    const pools = new PoolManager({ sizeClasses: [24, 4096], memory: new LinearMemory({ initialPages: 16 }) });
    const pointers = Array.from({ length: 100 }, () => pools.alloc(24));
    const page = Math.min(...pointers);
    const live = new Set(pointers);
    const freed = new Set(pointers.filter((_, i) => i % 3 === 0));
    for (const pointer of freed) pools.free(pointer);
    const look = (): void => {
      for (let pointer = page; pointer < page + PAGE_BYTES; pointer += 4) {
        const isLive = live.has(pointer) && !freed.has(pointer);
        expect([pointer, pools.owns(pointer)]).toEqual([pointer, isLive]);
        if (isLive) continue;
        const code = freed.has(pointer) ? "ERR_MORPH_DOUBLE_FREE" : "ERR_MORPH_INVALID_POINTER";
        expect([pointer, codeOf(() => pools.free(pointer))]).toEqual([pointer, code]);
      }
    };
    look();
    // Mended: what was never handed out is still known.
    pools.memory.i32[pointers[99]! / 4] = 12;
    expect(freed.has(pools.alloc(24))).toBe(true);
    freed.delete(pointers[0]!);
    look();
  });
});

describe("the tables", () => {
  it("of five classes take at most 3.2 % of their pages", () => {
    const pools = new PoolManager();
    for (let i = 0; i < 100_000; i++) pools.alloc(1 + ((i * 97) % 256));
    const { slabBytes, tableBytes } = pools.stats();
    expect(tableBytes).toBeLessThan(slabBytes * 0.032);
    expect(pools.memory.footprint).toBeLessThan(slabBytes * 1.035);
  });

  it("go when the slabs go, and come back", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    const pools = new PoolManager({ memory });
    for (const empty of [() => pools.reset(), () => pools.trim()]) {
      const pointers = Array.from({ length: 50_000 }, () => pools.alloc(64));
      for (const pointer of pointers) pools.free(pointer);
      empty();
      expect(pools.stats()).toMatchObject({ slabs: 0, used: 0, free: 0, slabBytes: 0 });
      expect(codeOf(() => pools.free(pointers[0]!))).toBe("ERR_MORPH_INVALID_POINTER");
      pools.verify();
    }
    pools.destroy();
    expect(memory.footprint).toBe(footprint);
  });

  it("reach above 2 GiB, and to the last byte of 4 GiB", () => {
    const memory = new LinearMemory({ initialPages: 16, exactGrowth: true });
    const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const pools = new PoolManager({ memory, sizeClasses: [8, 4096] });
    memory.acquire(65_536 - 40 - memory.pageCount, id);
    const pointers: number[] = [];
    for (let pointer = pools.tryAlloc(4096); pointer !== 0; pointer = pools.tryAlloc(4096)) pointers.push(pointer);
    expect(Math.max(...pointers)).toBe(2 ** 32 - 4096);
    pools.verify();
    for (const [i, pointer] of pointers.entries()) memory.u32.fill(i, pointer / 4, pointer / 4 + 1024);
    for (const [i, pointer] of pointers.entries()) expect(memory.u32[pointer / 4 + 1023]).toBe(i);
    const last = 2 ** 32 - 4096;
    expect(codeOf(() => pools.free(last | 0))).toBe("ERR_MORPH_INVALID_POINTER");
    pools.free(last);
    expect(codeOf(() => pools.free(last))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(pools.alloc(4096)).toBe(last);
    for (const pointer of pointers) pools.free(pointer);
    expect(pools.trim()).toBe((pointers.length / 16) * PAGE_BYTES);
    // The last 8 bytes of 4 GiB are a slot, too.
    const small: number[] = [];
    for (let pointer = pools.tryAlloc(8); pointer !== 0; pointer = pools.tryAlloc(8)) small.push(pointer);
    expect(small).toContain(2 ** 32 - 8);
    pools.free(2 ** 32 - 8);
    expect(pools.alloc(8)).toBe(2 ** 32 - 8);
    pools.verify();
  });
});
