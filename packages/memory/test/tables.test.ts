import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

/** Bytes before and behind every table that nobody is given. */
const GUARD = 1024;

describe("side tables", () => {
  it("never lie where an allocator's pages were, nor near them, whatever is written there", () => {
    const memory = new LinearMemory({ initialPages: 4 });
    const id = memory.register(quiet);
    const run = memory.acquire(16, id);
    const kept = memory.acquire(1, id);
    memory.release(run, 16);
    const tables = [100, 30_000, 60_000, 200_000, 64].map((bytes) => ({ bytes, pointer: memory.acquireTable(bytes) }));
    for (const { pointer, bytes } of tables) memory.u8.fill(5, pointer, pointer + bytes);
    // What was freed is written to, and a little before and behind what is live.
    memory.u8.fill(0xee, run, run + 16 * PAGE_BYTES);
    memory.u8.fill(0xee, kept - GUARD, kept + PAGE_BYTES + GUARD);
    for (const { pointer, bytes } of tables) {
      expect(memory.u8.subarray(pointer, pointer + bytes).every((byte) => byte === 5)).toBe(true);
      memory.releaseTable(pointer, bytes);
    }
    expect(memory.ownerOf(kept)).toBe(id);
    memory.unregister(id);
    expect(memory.footprint).toBe(PAGE_BYTES);
  });

  it("of any size become pages again, for other tables and, when nothing else is left, for allocators", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 100 });
    const id = memory.register(quiet);
    for (let round = 0; round < 50; round++) {
      const tables = [24_576, 16_384, 40_000, 64, 300_000, 16_384].map((bytes) => [memory.acquireTable(bytes), bytes]);
      for (const [pointer, bytes] of tables) memory.releaseTable(pointer!, bytes!);
      expect(memory.footprint).toBe(PAGE_BYTES);
      expect(memory.pageCount).toBeLessThan(20);
    }
    // Three pages are kept for tables.
    expect(memory.tryAcquire(97, id)).toBe(0);
    expect(memory.acquire(96, id)).toBe(PAGE_BYTES);
    for (let i = 0; i < 4; i++) memory.acquireTable(40_000);
    expect(memory.footprint).toBe(100 * PAGE_BYTES);
    expect(codeOf(() => memory.acquireTable(70_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
  });

  it.each([9, 20, 39, 64, 200, 1000])(
    "have pages of their own also when allocators filled a memory of %i pages before",
    (maxPages) => {
      const memory = new LinearMemory({ initialPages: 1, maxPages });
      const id = memory.register(quiet);
      memory.acquireTable(64);
      const theirs = new Set<number>();
      for (let run = memory.tryAcquire(1, id); run !== 0; run = memory.tryAcquire(1, id)) theirs.add(run);
      expect(theirs.size).toBeGreaterThan(0.97 * maxPages - 2);
      for (const run of theirs) memory.release(run, 1);
      // As many as the records of a heap of all these pages take.
      for (let i = 0; i < maxPages / 16; i++) {
        const table = memory.acquireTable(16_384);
        expect(theirs.has(Math.floor(table / PAGE_BYTES) * PAGE_BYTES)).toBe(false);
      }
      // All of them can be had again, one by one and in a run.
      for (const _ of theirs) memory.acquire(1, id);
      memory.unregister(id);
      expect(memory.tryAcquire(Math.floor(theirs.size / 2), memory.register(quiet))).toBeGreaterThan(0);
    },
  );

  it.each([100, 380])("lie where allocators had pages only when all that is kept of %i is used", (maxPages) => {
    const memory = new LinearMemory({ initialPages: 1, maxPages });
    const id = memory.register(quiet);
    memory.acquireTable(64);
    const theirs = new Set<number>();
    for (let run = memory.tryAcquire(1, id); run !== 0; run = memory.tryAcquire(1, id)) theirs.add(run);
    for (const run of theirs) memory.release(run, 1);
    let table: number;
    do table = memory.tryAcquireTable(16_384);
    while (!theirs.has(Math.floor(table / PAGE_BYTES) * PAGE_BYTES));
    for (let page = PAGE_BYTES; page < memory.u8.length; page += PAGE_BYTES) {
      expect(theirs.has(page) || memory.ownerOf(page) !== 0).toBe(true);
    }
    // What lay there is pages of allocators again, the first that are had.
    memory.releaseTable(table, 16_384);
    expect(theirs.has(memory.acquire(1, id))).toBe(true);
  });

  it("are kept pages for, of which a run may have some that are left beside pages that allocators had", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 100 });
    const id = memory.register(quiet);
    memory.acquireTable(64);
    const run = memory.acquire(90, id);
    memory.release(run + 50 * PAGE_BYTES, 40);
    // 6 of the 9 pages that nobody had may be had, behind the 40.
    for (const pages of [47, 48, 49]) expect(memory.tryAcquire(pages, id)).toBe(0);
    expect(memory.tryExtend(run, 50, 47)).toBe(false);
    expect(memory.tryAcquire(46, id)).toBe(run + 50 * PAGE_BYTES);
    memory.release(run + 50 * PAGE_BYTES, 46);
    expect(memory.tryExtend(run, 50, 46)).toBe(true);
    expect(memory.tryAcquire(1, id)).toBe(0);
    expect(memory.acquireTable(100_000)).toBeGreaterThan(run + 96 * PAGE_BYTES);
  });

  it("may have lost what was kept to someone else's growth: what allocators had before can be had again", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 60 });
    const id = memory.register(quiet);
    memory.acquireTable(64);
    const run = memory.acquire(40, id);
    memory.wasm.grow(memory.maxPages - memory.pageCount);
    memory.release(run, 40);
    expect(memory.tryAcquire(40, id)).toBe(run);
    memory.release(run, 40);
    for (let i = 0; i < 40; i++) expect(memory.tryAcquire(1, id)).toBe(run + i * PAGE_BYTES);
    expect(memory.tryAcquire(1, id)).toBe(0);
  });

  it("are kept pages for in a large memory, too, which only a run longer than all of them may take", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 8192 });
    const id = memory.register(quiet);
    memory.acquireTable(64);
    const runs: number[] = [];
    for (let run = memory.tryAcquire(64, id); run !== 0; run = memory.tryAcquire(64, id)) runs.push(run);
    expect(runs.length * 64).toBeGreaterThan(0.97 * 8192);
    const end = runs.at(-1)! + 64 * PAGE_BYTES;
    expect(memory.acquireTable(5_000_000)).toBeGreaterThan(end);
    const other = new LinearMemory({ initialPages: 1, maxPages: 8192 });
    other.acquireTable(64);
    const all = other.acquire(8150, other.register(quiet));
    other.release(all, 8150);
    expect(other.acquireTable(5_000_000)).toBeGreaterThan(0);
  });

  it("of many allocators become pages again when they have left", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    for (const many of [30, 1000]) {
      const first = memory.register(quiet);
      const others = Array.from({ length: many }, () => [memory.register(quiet), memory.acquireTable(16_384)] as const);
      for (const [id, table] of others) {
        memory.unregister(id);
        memory.releaseTable(table, 16_384);
      }
      expect(memory.footprint).toBe(PAGE_BYTES);
      // Who is there is known as before.
      expect(memory.acquire(1, first)).toBeGreaterThan(0);
      memory.unregister(first);
      expect(codeOf(() => memory.register(quiet, first))).toBe("ERR_MORPH_NOT_OWNER");
    }
  });

  it("lie in pages that allocators had only when they had all before the first table", () => {
    const memory = new LinearMemory({ maxPages: 10 });
    const id = memory.register(quiet);
    const run = memory.acquire(9, id);
    memory.release(run, 9);
    const table = memory.acquireTable(100_000);
    expect(memory.u8.subarray(table, table + 100_000).every((byte) => byte === 0)).toBe(true);
    memory.releaseTable(table, 100_000);
    expect(memory.acquire(9, id)).toBe(run);
  });

  it("are taken back exactly as they were given", () => {
    const memory = new LinearMemory();
    const id = memory.register(quiet);
    const run = memory.acquire(1, id);
    const first = memory.acquireTable(100);
    const second = memory.acquireTable(1000);
    const { footprint, pageMap } = memory;
    for (const [pointer, bytes] of [
      [first, 64],
      [first, 129],
      [first + 64, 64],
      [first + 8, 100],
      [second, 100],
      [run, 64],
      [0, 256],
      [pageMap, 4096],
      [-64, 64],
      [2 ** 33, 64],
      [Number.NaN, 64],
      ["64" as unknown as number, 64],
    ] as const) {
      expect(codeOf(() => memory.releaseTable(pointer, bytes))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    expect(codeOf(() => memory.releaseTable(first, -1))).toBe("ERR_MORPH_INVALID_SIZE");
    memory.releaseTable(first, 128);
    expect(codeOf(() => memory.releaseTable(first, -1))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(codeOf(() => memory.releaseTable(first, 128))).toBe("ERR_MORPH_DOUBLE_FREE");
    memory.releaseTable(second, 1000);
    expect(memory.footprint).toBe(footprint);
  });

  it("follow a plain model through random programs in a small memory, beside pages that are written over", () => {
    const step = fc.record({
      kind: fc.constantFrom("table", "table", "untable", "acquire", "release"),
      size: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 200_000 })),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.integer({ min: 20, max: 120 }), (steps, maxPages) => {
        const memory = new LinearMemory({ initialPages: 1, maxPages });
        const id = memory.register(quiet);
        const tables: { pointer: number; bytes: number; fill: number }[] = [];
        const runs: { pointer: number; pages: number }[] = [];
        for (const [i, { kind, size, pick }] of steps.entries()) {
          if (kind === "table") {
            try {
              const pointer = memory.acquireTable(size);
              expect(pointer % 64).toBe(0);
              expect(memory.u8.subarray(pointer, pointer + size).every((byte) => byte === 0)).toBe(true);
              memory.u8.fill(1 + (i & 127), pointer, pointer + size);
              tables.push({ pointer, bytes: size, fill: 1 + (i & 127) });
            } catch (error) {
              expect((error as { code: string }).code).toBe("ERR_MORPH_OUT_OF_MEMORY");
            }
          } else if (kind === "untable" && tables.length > 0) {
            const [table] = tables.splice(pick % tables.length, 1);
            memory.releaseTable(table!.pointer, table!.bytes);
          } else if (kind === "acquire") {
            const pages = 1 + (size % 9);
            const pointer = memory.tryAcquire(pages, id);
            if (pointer === 0) continue;
            const { zeroedFrom } = memory;
            expect(memory.u8.subarray(zeroedFrom, pointer + pages * PAGE_BYTES).every((byte) => byte === 0)).toBe(true);
            memory.u8.fill(0xee, pointer, pointer + pages * PAGE_BYTES);
            runs.push({ pointer, pages });
          } else if (kind === "release" && runs.length > 0) {
            const [run] = runs.splice(pick % runs.length, 1);
            memory.release(run!.pointer, run!.pages);
          }
          for (const { pointer, bytes, fill } of tables) {
            expect(memory.u8[pointer]).toBe(fill);
            expect(memory.u8[pointer + bytes - 1]).toBe(fill);
            expect(memory.ownerOf(pointer)).toBe(1);
          }
          let used = 0;
          for (let page = 0; page < memory.pageCount; page++) if (memory.ownerOf(page * PAGE_BYTES) > 0) used++;
          expect(memory.footprint).toBe(used * PAGE_BYTES);
          expect(memory.pageCount).toBeLessThanOrEqual(maxPages);
        }
        for (const { pointer, bytes } of tables) memory.releaseTable(pointer, bytes);
        memory.unregister(id);
        expect(memory.footprint).toBe(PAGE_BYTES);
      }),
      { numRuns: 25 },
    );
  });
});
