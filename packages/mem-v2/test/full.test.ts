import { Arena } from "@morph/arena";
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { Pool } from "@morph/pool";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, type Context, MemoryContext, RUNTIME, SERVER, SharedContext } from "../src/index.ts";
import { contextIn } from "./make.ts";

const SIZES = [48, 100_000, 16, 3000, 0, 240, 500, 200_000, 48];

const MODES = [
  ["COMPILER", COMPILER],
  ["RUNTIME", RUNTIME],
  ["SERVER", { ...SERVER, maxBytes: 3 * 2 ** 20 }],
] as const;

/** Fills a context with objects of one size. */
function fill(ctx: Context, size: number): number[] {
  const pointers: number[] = [];
  for (let pointer = ctx.tryAlloc(size, 1); pointer !== 0; pointer = ctx.tryAlloc(size, 1)) pointers.push(pointer);
  return pointers;
}

describe.each(MODES)("a full context, in %s mode", (_, config) => {
  it.each([40, 48, 64, 79, 100, 130])("of %i pages that freed all small objects serves large ones", (maxPages) => {
    const memory = new LinearMemory({ initialPages: 1, maxPages });
    const ctx = new MemoryContext({
      ...config,
      ...("maxBytes" in config ? { maxBytes: maxPages * PAGE_BYTES } : {}),
      memory,
    });
    for (const pointer of fill(ctx, 200)) ctx.free(pointer);
    ctx.trim();
    fill(ctx, 2388);
    const pages = Array.from({ length: maxPages }, (_, page) => page * PAGE_BYTES);
    const free = pages.filter((pointer) => pointer >= memory.u8.length || memory.ownerOf(pointer) === 0);
    // What is kept for tables, and the page that the last object would have begun in.
    expect(free.length).toBeLessThanOrEqual(Math.ceil(maxPages / 48) + 1);
    ctx.verify();
  });

  it.each([false, true])("that freed everything serves any other size (shared: %s)", (shared) => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: shared ? 20 : 32, shared });
    const ctx = contextIn({ ...config, memory });
    for (const size of SIZES) {
      const pointers = fill(ctx, size);
      expect(pointers.length * Math.max(size, 16)).toBeGreaterThan(
        (shared ? 6 : 12) * PAGE_BYTES * (size < 100_000 ? 1 : 0.6),
      );
      for (const pointer of pointers) ctx.free(pointer);
      ctx.verify();
    }
    expect(ctx.stats()).toMatchObject({ currentLive: 0, liveObjects: 0 });
  });

  it.each([false, true])(
    "holds as many objects again after all of them were freed, or dropped (shared: %s)",
    (shared) => {
      for (const [maxPages, sizes] of [
        [44, [23_083, 9000]],
        [65, [23_083, 100]],
        [90, [70_000]],
      ] as const) {
        const memory = new LinearMemory({ maxPages, shared });
        const ctx = contextIn({ ...config, memory });
        for (const size of sizes) {
          const pointers = fill(ctx, size);
          const { length } = pointers;
          expect(length * size).toBeGreaterThan(2_200_000);
          for (const pointer of pointers) ctx.free(pointer);
          ctx.trim();
          expect(fill(ctx, size)).toHaveLength(length);
          ctx.reset();
          expect(fill(ctx, size)).toHaveLength(length);
          ctx.verify();
          ctx.reset();
          ctx.trim();
        }
      }
    },
  );

  it("is refused nothing small while a page of another class is empty", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 24 });
    const ctx = new MemoryContext({ ...config, memory });
    const pointers = fill(ctx, 48);
    // One object a page stays, but for one page.
    const last = pointers[0]! >>> 16;
    const kept = new Map<number, number>();
    for (const pointer of pointers) {
      if (!kept.has(pointer >>> 16) && pointer >>> 16 !== last) kept.set(pointer >>> 16, pointer);
      else ctx.free(pointer);
    }
    expect(ctx.tryAlloc(100, 2)).not.toBe(0);
    for (const pointer of kept.values()) expect(ctx.headerOf(pointer).size).toBe(48);
    ctx.verify();
  });

  it("refuses without a change, and goes on when something is freed", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 24 });
    const ctx = new MemoryContext({ ...config, memory });
    const small = ctx.alloc(100, 1);
    for (const size of [100_000, 100, 0]) fill(ctx, size);
    const before = ctx.stats();
    for (let i = 0; i < 50; i++) {
      for (const size of [0, 100, 1000, 100_000]) {
        expect(ctx.tryAlloc(size, 1)).toBe(0);
        expect(codeOf(() => ctx.alloc(size, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
        expect(codeOf(() => ctx.allocZeroed(size, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      }
    }
    expect(ctx.stats()).toEqual(before);
    expect(codeOf(() => ctx.tryAlloc(-1, 1))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => ctx.tryAlloc(8, 128))).toBe("ERR_MORPH_INVALID_TYPE");
    ctx.free(small);
    expect(ctx.tryAlloc(100, 1)).toBe(small);
    ctx.verify();
  });

  it("has room again in a page that it got since, though the memory is full again", () => {
    const memory = new LinearMemory({ initialPages: 16, maxPages: 16 });
    const pool = new Pool({ slotSize: PAGE_BYTES / 2, memory });
    const slot = pool.alloc();
    const ctx = new MemoryContext({ ...config, memory });
    for (const size of [5000, 1000, 300, 40]) fill(ctx, size);
    expect(ctx.tryAlloc(3000)).toBe(0);
    pool.free(slot);
    pool.trim();
    expect(ctx.tryAlloc(1000)).not.toBe(0);
    expect(pool.tryAlloc()).toBe(0);
    expect(ctx.tryAlloc(3000)).not.toBe(0);
    ctx.verify();
  });
});

describe("a context beside other allocators", () => {
  it("leaves the last page to a small object after a large one was refused that would have needed a table there", () => {
    const memory = new LinearMemory({ initialPages: 12, maxPages: 12 });
    const ctx = new MemoryContext({ ...RUNTIME, memory });
    ctx.alloc(140, 1);
    const other = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const runs: number[] = [];
    for (let run = memory.tryAcquire(1, other); run !== 0; run = memory.tryAcquire(1, other)) runs.push(run);
    for (const bytes of [8192, 1024, 64]) while (memory.tryAcquireTable(bytes) !== 0);
    fill(ctx, 140);
    memory.release(runs[0] as number, 1);
    for (const large of [63_000, 5000, 700_000]) {
      expect(ctx.tryAlloc(large, 1)).toBe(0);
      expect(codeOf(() => ctx.alloc(large, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(memory.ownerOf(runs[0] as number)).toBe(0);
    }
    expect(ctx.tryAlloc(140, 1)).toBeGreaterThan(0);
    ctx.verify();
  });

  it.each(MODES)("gives them back what it does not need: %s", (_, config) => {
    const memory = new LinearMemory({ maxPages: 64 });
    const ctx = new MemoryContext({ ...config, memory });
    const pool = new Pool({ slotSize: 4096, memory });
    const kept = ctx.alloc(48, 1);
    const pointers = [...fill(ctx, 48), ...fill(ctx, 2500)];
    for (const pointer of pointers) ctx.free(pointer);
    expect(ctx.trim()).toBeGreaterThan(30 * PAGE_BYTES);
    expect(ctx.headerOf(kept).size).toBe(48);
    ctx.verify();
    const slots: number[] = [];
    for (let slot = pool.tryAlloc(); slot !== 0; slot = pool.tryAlloc()) slots.push(slot);
    expect(slots.length).toBeGreaterThan(16 * 40);
    // And takes them again.
    for (const slot of slots) pool.free(slot);
    expect(ctx.tryAlloc(10_000, 1)).toBe(0);
    pool.trim();
    expect(ctx.tryAlloc(10_000, 1)).not.toBe(0);
    ctx.verify();
  });
});

describe("frames of a COMPILER context", () => {
  const MIB = 2 ** 20;

  it("leave no more than twice the largest of them, whatever their sizes are", () => {
    const memory = new LinearMemory();
    const ctx = new MemoryContext({ ...COMPILER, memory });
    for (let frame = 0; frame < 200; frame++) {
      ctx.alloc(2_500_000 + frame * 65_536, 1);
      ctx.reset();
      expect(memory.footprint).toBeLessThanOrEqual(2 * (2_500_000 + frame * 65_536) + 4 * MIB);
    }
  });

  it("leave the pages of small objects to the next, which takes none, until they are trimmed or not used", () => {
    const memory = new LinearMemory();
    const ctx = new MemoryContext({ ...COMPILER, memory });
    const frame = (size: number, bytes: number): number => {
      const pointers = Array.from({ length: bytes / size }, () => ctx.alloc(size, 1));
      expect(new Set(pointers).size).toBe(pointers.length);
      for (const pointer of pointers) memory.u8.fill(pointer % 251, pointer, pointer + size);
      for (const pointer of pointers) expect(memory.u8[pointer + size - 1]).toBe(pointer % 251);
      ctx.verify();
      ctx.reset();
      ctx.verify();
      expect(ctx.stats().liveObjects).toBe(0);
      return memory.footprint;
    };
    const { footprint } = memory;
    const large = frame(32, MIB);
    expect(large - footprint).toBeGreaterThan(MIB);
    expect(memory.peakFootprint).toBe(large);
    // Of another class, in the same pages.
    expect(frame(64, MIB)).toBeLessThanOrEqual(large);
    expect(memory.peakFootprint).toBe(large);
    expect(frame(32, MIB / 8)).toBeLessThan(large);
    // What the last but one used and the last did not is the memory's again.
    expect(frame(32, MIB / 8) - footprint).toBeLessThan(MIB / 2);
    ctx.trim();
    expect(memory.footprint - footprint).toBeLessThan(PAGE_BYTES);
  });

  it("leave no pages of a class behind that another frame used", () => {
    const memory = new LinearMemory();
    const ctx = new MemoryContext({ ...COMPILER, memory });
    for (let round = 0; round < 2; round++) {
      for (const size of [0, 16, 48, 112, 240, 1000, 5000, 3 * MIB]) {
        for (let bytes = 0; bytes < 12 * MIB; bytes += Math.max(size, 16)) ctx.alloc(size, 1);
        ctx.reset();
        // With its header the smallest object takes as much again.
        expect(memory.footprint).toBeLessThanOrEqual(2 * 2 * 12 * MIB + 4 * MIB);
      }
    }
    ctx.verify();
  });
});

describe("a constructor that fails", () => {
  it("at any step leaves no owner, no page and no table", () => {
    for (const shared of [false, true]) {
      for (const [, config] of MODES) {
        const memory = new LinearMemory({ initialPages: 4, maxPages: 200, shared });
        const known = new Set<number>();
        let tables = 0;
        let left = Number.POSITIVE_INFINITY;
        const step = (): void => {
          if (left-- <= 0) throw new Error("refused");
        };
        const real = { ...wrapped(memory) };
        Object.assign(memory, {
          register: (...of: Parameters<typeof real.register>) => {
            step();
            const id = real.register(...of);
            known.add(id);
            return id;
          },
          unregister: (id: number) => {
            real.unregister(id);
            known.delete(id);
          },
          tryAcquireTable: (bytes: number) => {
            step();
            const pointer = real.tryAcquireTable(bytes);
            if (pointer !== 0) tables++;
            return pointer;
          },
          acquireTable: (bytes: number) => {
            step();
            const pointer = real.acquireTable(bytes);
            tables++;
            return pointer;
          },
          releaseTable: (pointer: number, bytes: number) => {
            tables--;
            real.releaseTable(pointer, bytes);
          },
          seal: (owners: readonly number[]) => {
            step();
            real.seal(owners);
          },
        });
        let failures = 0;
        // A destroyed shared context leaves its anchor for the next.
        let rest = 0;
        for (let after = 0; ; after++) {
          left = after;
          if (codeOf(() => contextIn({ ...config, memory }).destroy()) === "did not throw") break;
          failures++;
          rest = Math.max(rest, tables);
          expect([known.size, rest]).toEqual([0, shared ? Math.min(rest, 1) : 0]);
        }
        expect(failures).toBeGreaterThan(4);
        expect([known.size, tables]).toEqual([0, shared ? 1 : 0]);
      }
    }
  });

  it("of one context after the other takes nothing more", () => {
    const memory = new LinearMemory({ maxPages: 40, shared: true });
    const first = new SharedContext({ ...COMPILER, memory });
    const { footprint } = memory;
    for (let i = 0; i < 50; i++) {
      expect(codeOf(() => new SharedContext({ ...RUNTIME, memory }))).toBe("ERR_MORPH_INVALID_CONFIG");
      expect(codeOf(() => new Arena({ memory }))).toBe("ERR_MORPH_INVALID_CONFIG");
      expect(codeOf(() => new Pool({ slotSize: 8, memory }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(memory.footprint).toBe(footprint);
    first.alloc(100, 1);
    first.verify();
    first.destroy();
    for (let i = 0; i < 200; i++) {
      const ctx = new SharedContext({ ...(i % 2 === 0 ? RUNTIME : COMPILER), memory });
      ctx.registerType(1, "T");
      ctx.alloc(300, 1);
      ctx.destroy();
    }
    expect(memory.footprint).toBeLessThanOrEqual(footprint);
  });

  it("is none of a shared context where another allocator is", () => {
    const memory = new LinearMemory({ maxPages: 40, shared: true });
    const pool = new Pool({ slotSize: 64, memory });
    const { footprint } = memory;
    expect(codeOf(() => new SharedContext({ ...COMPILER, memory }))).toBe("ERR_MORPH_INVALID_CONFIG");
    // An anchor is left, for the next one.
    expect(memory.footprint).toBeLessThanOrEqual(footprint + PAGE_BYTES);
    pool.destroy();
    new SharedContext({ ...COMPILER, memory }).alloc(8);
  });
});

function wrapped(memory: LinearMemory) {
  const bind = <K extends "register" | "unregister" | "acquireTable" | "tryAcquireTable" | "releaseTable" | "seal">(
    name: K,
  ) => memory[name].bind(memory) as LinearMemory[K];
  return {
    register: bind("register"),
    unregister: bind("unregister"),
    acquireTable: bind("acquireTable"),
    tryAcquireTable: bind("tryAcquireTable"),
    releaseTable: bind("releaseTable"),
    seal: bind("seal"),
  };
}
