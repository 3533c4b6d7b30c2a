import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Arena } from "../src/index.ts";

const MIB = 2 ** 20;
const quiet = { name: "other", contractVersion: 1, viewsChanged() {} };

describe("frames", () => {
  it("that grow a little each time do not pile up blocks that are too small", () => {
    const arena = new Arena();
    let largest = 0;
    for (let frame = 0; frame < 400; frame++) {
      const size = 2_500_000 + frame * 65_536;
      arena.alloc(size);
      largest = Math.max(largest, size);
      arena.reset();
      expect(arena.memory.footprint).toBeLessThanOrEqual(2 * largest + 4 * MIB);
    }
  });

  it("that differ much stay within twice the largest with blocks of up to 1 GiB, too", () => {
    const arena = new Arena({ blockBytes: 1024 * MIB });
    for (let frame = 0; frame < 40; frame++) {
      const size = frame % 2 === 0 ? 5 * MIB + frame * 99_999 : 20 * MIB + frame * 65_536;
      arena.alloc(size);
      arena.alloc(33);
      expect(arena.memory.footprint).toBeLessThanOrEqual(2 * (23 * MIB) + 4 * MIB);
      arena.reset();
    }
    arena.verify();
  });

  it("of any sizes stay within twice the largest and 4 MiB, after reset and after rewind, alone and beside others", () => {
    const frame = fc.array(fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 3_000_000 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), fc.boolean(), fc.boolean(), (frames, rewinds, crowded) => {
        const memory = new LinearMemory();
        const other = memory.register(quiet);
        const arena = new Arena({ memory });
        const start = arena.mark();
        let largest = 0;
        for (const sizes of frames) {
          for (const size of sizes) {
            arena.alloc(size);
            if (crowded) memory.acquire(1, other);
          }
          largest = Math.max(largest, arena.stats().used);
          if (rewinds) arena.rewind(start);
          else arena.reset();
          arena.verify();
          expect(arena.stats().footprint).toBeLessThanOrEqual(2 * largest + 4 * MIB);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("blocks", () => {
  it.each([65_544, 40_000, 100_000, 700_000, 1_100_000, 2_100_000])(
    "of objects of %i bytes are at most 15 % larger than those, and one block",
    (size) => {
      for (const blockBytes of [65_536, 2 * MIB]) {
        const arena = new Arena({ blockBytes });
        for (let i = 0; i < 500; i++) arena.alloc(size);
        expect(arena.stats().footprint).toBeLessThanOrEqual(
          500 * size * 1.15 + Math.max(blockBytes, size + PAGE_BYTES),
        );
        arena.verify();
      }
    },
  );

  it("do not depend on the order of sizes", () => {
    const sizes = [65_544, 8, 1_100_000, 300_000, 24, 131_080];
    const bytesOf = (order: number[]): number => {
      const arena = new Arena();
      for (let i = 0; i < 60; i++) for (const size of order) arena.alloc(size);
      return arena.stats().footprint;
    };
    const used = 60 * sizes.reduce((sum, size) => sum + size, 0);
    for (const order of [sizes, sizes.toReversed(), sizes.toSorted((a, b) => a - b)]) {
      expect(bytesOf(order)).toBeLessThanOrEqual(used * 1.15 + 2 * MIB);
    }
  });
});

describe("trim", () => {
  it("returns what holds no object, and nothing else", () => {
    const memory = new LinearMemory();
    const arena = new Arena({ memory });
    const { footprint } = memory;
    const kept = arena.alloc(100);
    memory.u8.fill(7, kept, kept + 100);
    const mark = arena.mark();
    for (let i = 0; i < 5000; i++) arena.alloc(1000);
    arena.rewind(mark);
    const { footprint: bytes } = arena.stats();
    expect(arena.trim()).toBe(bytes - PAGE_BYTES);
    expect(memory.footprint).toBe(footprint + PAGE_BYTES);
    expect(memory.u8.subarray(kept, kept + 100).every((byte) => byte === 7)).toBe(true);
    arena.rewind(mark);
    expect(arena.alloc(8)).toBe(kept + 104);
    arena.verify();
    arena.reset();
    arena.trim();
    expect(memory.footprint).toBe(footprint);
    expect(arena.trim()).toBe(0);
  });
});

describe("a full memory", () => {
  it("refuses with 0 or an error, tells of it again and again, and serves when there is room", () => {
    const arena = new Arena({ memory: new LinearMemory({ maxPages: 20 }) });
    while (arena.tryAlloc(1000) !== 0);
    for (let i = 0; i < 3; i++) {
      expect(arena.tryAlloc(1000)).toBe(0);
      expect(codeOf(() => arena.alloc(1000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(codeOf(() => arena.alloc(PAGE_BYTES, 64))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    }
    expect(codeOf(() => arena.tryAlloc(0))).toBe("ERR_MORPH_INVALID_SIZE");
    arena.reset();
    expect(arena.tryAlloc(1000)).toBeGreaterThan(0);
    arena.verify();
  });

  it("gives an arena the pages of its spare blocks in one run", () => {
    const memory = new LinearMemory({ maxPages: 64 });
    const arena = new Arena({ memory });
    while (arena.tryAlloc(3000) !== 0);
    arena.reset();
    arena.alloc(62 * PAGE_BYTES);
    arena.verify();
  });
});

describe("sizes near 2^31 and 2^32", () => {
  it("are refused or served whole, in a block with more than 2 GiB left", () => {
    const memory = new LinearMemory();
    const arena = new Arena({ memory });
    const other = new Arena({ memory });
    const start = arena.mark();
    arena.alloc(2 ** 31 + 600 * MIB);
    arena.rewind(start);
    arena.alloc(8);
    const beside = other.alloc(100);
    memory.u8.fill(9, beside, beside + 100);
    const before = arena.mark();
    for (const size of [
      2 ** 31 - 1,
      2 ** 31 - 7,
      2 ** 31 - 8,
      2 ** 31,
      2 ** 31 + 1,
      2 ** 32 - 8,
      2 ** 32 - 1,
      2 ** 32,
    ]) {
      for (const align of [8, 1, 64]) {
        const pointer = arena.tryAlloc(size, align);
        arena.verify();
        if (pointer !== 0) {
          const next = arena.alloc(16);
          expect(next >= pointer + size || next + 16 <= pointer).toBe(true);
          expect(pointer + size).toBeLessThanOrEqual(memory.pageCount * PAGE_BYTES);
          expect(memory.ownerOf(pointer)).toBe(arena.owner);
          expect(memory.ownerOf(pointer + size - 1)).toBe(arena.owner);
        }
        arena.rewind(before);
      }
    }
    expect(memory.u8.subarray(beside, beside + 100).every((byte) => byte === 9)).toBe(true);
  });
});

describe("saved state", () => {
  it("bounds neither how many blocks an arena has, nor which thread goes on with them", () => {
    const memory = new LinearMemory({ shared: true, maxPages: 4000 });
    const here = new Arena({ memory });
    const there = new Arena({
      memory: new LinearMemory({ wasm: memory.wasm, firstPage: memory.firstPage, attach: true }),
      owner: here.owner,
    });
    const state = memory.acquireTable(40);
    here.saveState(state);
    const pointers: number[] = [];
    for (let turn = 0; turn < 30; turn++) {
      const arena = turn % 2 === 0 ? there : here;
      arena.loadState(state);
      for (let i = 0; i < 8; i++) {
        const pointer = arena.alloc(700_000);
        memory.u32[pointer / 4] = pointers.push(pointer);
      }
      arena.verify();
      arena.saveState(state);
    }
    pointers.forEach((pointer, i) => {
      expect(memory.u32[pointer / 4]).toBe(i + 1);
    });
    expect(new Set(pointers).size).toBe(240);
  });
});

describe("an arena whose memory was destroyed before it", () => {
  it("is destroyed without an error, and refuses every use", () => {
    const memory = new LinearMemory({ initialPages: 4 });
    const arena = new Arena({ memory });
    const state = memory.acquireTable(40);
    arena.alloc(100);
    arena.saveState(state);
    memory.destroy();
    for (const use of [() => arena.alloc(100), () => arena.reset(), () => arena.trim()]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    }
    arena.destroy();
    arena.destroy();
    expect(codeOf(() => arena.alloc(100))).toBe("ERR_MORPH_DESTROYED");
    expect(arena.stats()).toEqual({ blocks: 0, footprint: 0, used: 0, free: 0 });
  });
});

describe("a growth listener", () => {
  it("may look, but not allocate, free, reset or destroy", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const arena = new Arena({ memory });
    const first = arena.alloc(10);
    const mark = arena.mark();
    const codes: string[] = [];
    memory.onGrow(() => {
      for (const act of [
        () => arena.alloc(8),
        () => arena.alloc(1, 1),
        () => arena.tryAlloc(8),
        () => arena.allocZeroed(8),
        () => arena.rewind(mark),
        () => arena.reset(),
        () => arena.trim(),
        () => arena.destroy(),
      ]) {
        codes.push(codeOf(act));
      }
      arena.verify();
      expect(arena.stats().used).toBeGreaterThan(0);
    });
    const large = arena.alloc(500_000);
    expect(codes).toEqual(Array(8).fill("ERR_MORPH_BUSY"));
    expect(large).toBeGreaterThan(first);
    const next = arena.alloc(8);
    expect(next).toBeGreaterThan(first);
    arena.verify();
    arena.rewind(mark);
    arena.destroy();
    expect(memory.footprint).toBe(PAGE_BYTES);
  });
});

describe("construction", () => {
  it("refuses options it does not know, and leaves nothing behind", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    for (const options of [{ blockByte: 65_536 }, { size: 4 }, { memory, blockBytes: 7 }, { memory: {} }, null]) {
      expect(codeOf(() => new Arena(options as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(() => new Arena({ blockByte: 65_536 } as never)).toThrow(/did you mean "blockBytes"/);
    const id = new Arena({ memory }).owner;
    expect(new Arena({ memory }).owner).toBe(id + 1);
    expect(memory.footprint).toBe(footprint);
  });
});
