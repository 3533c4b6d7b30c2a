import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";

const owner = (name = "test") => ({ name, contractVersion: 1, viewsChanged() {} });

describe("pages", () => {
  it("are handed out in runs that do not overlap, and belong to their owner", () => {
    const memory = new LinearMemory();
    const a = memory.register(owner());
    const b = memory.register(owner());
    const first = memory.acquire(3, a);
    const second = memory.acquire(2, b);
    expect(first % PAGE_BYTES).toBe(0);
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThanOrEqual(first + 3 * PAGE_BYTES);
    expect(memory.ownerOf(first + 3 * PAGE_BYTES - 1)).toBe(a);
    expect(memory.ownerOf(second)).toBe(b);
    expect(memory.ownerOf(0)).toBe(1);
    expect([memory.ownerOf(-1), memory.ownerOf(0.5), memory.ownerOf(2 ** 40)]).toEqual([-1, -1, -1]);
  });

  it("say from where on they hold zeros: those that nobody had before, and a module's never do", () => {
    const memory = new LinearMemory({ initialPages: 8 });
    const id = memory.register(owner());
    const pointer = memory.acquire(3, id);
    expect(memory.zeroedFrom).toBe(pointer);
    memory.release(pointer, 3);
    expect(memory.acquire(5, id)).toBe(pointer);
    expect(memory.zeroedFrom).toBe(pointer + 3 * PAGE_BYTES);
    expect(memory.tryExtend(pointer, 5, 1)).toBe(true);
    expect(memory.zeroedFrom).toBe(pointer + 5 * PAGE_BYTES);
    memory.release(pointer, 6);
    memory.acquire(2, id);
    expect(memory.zeroedFrom).toBe(pointer + 2 * PAGE_BYTES);
    const module = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 10 }), firstPage: 4 });
    const run = module.acquire(5, module.register(owner()));
    expect(module.zeroedFrom).toBe(run + 5 * PAGE_BYTES);
  });

  it("that are released merge and are reused, lowest address first, before the memory grows", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const id = memory.register(owner());
    const runs = [2, 2, 2, 2].map((pages) => memory.acquire(pages, id));
    const size = memory.pageCount;
    memory.release(runs[2]!, 2);
    memory.release(runs[0]!, 2);
    memory.release(runs[1]!, 2);
    expect(memory.acquire(6, id)).toBe(runs[0]);
    memory.release(runs[0]!, 6);
    expect(memory.acquire(1, id)).toBe(runs[0]);
    expect(memory.acquire(5, id)).toBe(runs[0]! + PAGE_BYTES);
    expect(memory.pageCount).toBe(size);
  });

  it("can be released in part", () => {
    const memory = new LinearMemory();
    const id = memory.register(owner());
    const run = memory.acquire(4, id);
    memory.release(run + PAGE_BYTES, 2);
    expect(memory.acquire(2, id)).toBe(run + PAGE_BYTES);
  });

  it("are extended in place only when what follows is free or can be grown", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 12 });
    const id = memory.register(owner());
    const run = memory.acquire(2, id);
    expect(memory.tryExtend(run, 2, 3)).toBe(true);
    expect(memory.footprint).toBe(6 * PAGE_BYTES);
    const next = memory.acquire(1, id);
    expect(memory.tryExtend(run, 5, 1)).toBe(false);
    memory.release(next, 1);
    expect(memory.tryExtend(run, 5, 6)).toBe(true);
    expect(memory.tryExtend(run, 11, 1)).toBe(false);
    expect(memory.ownerOf(run + 10 * PAGE_BYTES)).toBe(id);
  });

  it("count in the footprint from acquire to release, together with the memory's own records", () => {
    const memory = new LinearMemory();
    const id = memory.register(owner());
    const before = memory.footprint;
    expect(before).toBe(PAGE_BYTES);
    const run = memory.acquire(10, id);
    expect(memory.footprint).toBe(before + 10 * PAGE_BYTES);
    memory.release(run, 10);
    expect(memory.footprint).toBe(before);
    expect(memory.peakFootprint).toBe(before + 10 * PAGE_BYTES);
  });

  it("go back when their owner is unregistered, and only its own do", () => {
    const memory = new LinearMemory();
    const a = memory.register(owner());
    const b = memory.register(owner());
    memory.acquire(1, a);
    const kept = memory.acquire(1, b);
    memory.acquire(1, a);
    memory.unregister(a);
    expect(memory.footprint).toBe(2 * PAGE_BYTES);
    expect(memory.ownerOf(kept)).toBe(b);
    expect(codeOf(() => memory.acquire(1, a))).toBe("ERR_MORPH_NOT_OWNER");
    expect(codeOf(() => memory.unregister(a))).toBe("ERR_MORPH_NOT_OWNER");
  });

  it("are refused with an error that changes nothing when the request makes no sense", () => {
    const memory = new LinearMemory({ maxPages: 16 });
    const id = memory.register(owner());
    const run = memory.acquire(2, id);
    const { footprint } = memory;
    for (const pages of [0, -1, 1.5, Number.NaN, "1" as unknown as number]) {
      expect(codeOf(() => memory.acquire(pages, id))).toBe("ERR_MORPH_INVALID_SIZE");
      expect(codeOf(() => memory.release(run, pages))).toBe("ERR_MORPH_INVALID_SIZE");
      expect(codeOf(() => memory.tryExtend(run, 2, pages))).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(codeOf(() => memory.acquire(14, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => memory.acquire(2 ** 32, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => memory.acquire(1, 99))).toBe("ERR_MORPH_NOT_OWNER");
    expect(codeOf(() => memory.release(0, 1))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => memory.release(run + 8, 1))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => memory.release(run, 3))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => memory.release(Number.NaN, 1))).toBe("ERR_MORPH_INVALID_POINTER");
    // Whatever the size, a wrong pointer is told first.
    for (const size of [-1, 0, 1.5, Number.NaN, 2 ** 40]) {
      for (const wrong of [-1, 0, run + 1, 2 ** 40, Number.NaN, "x" as unknown as number]) {
        for (const act of [
          () => memory.release(wrong, size),
          () => memory.tryExtend(wrong, size, 1),
          () => memory.tryExtend(wrong, 1, size),
          () => memory.releaseTable(wrong, size),
        ]) {
          expect(codeOf(act)).toBe("ERR_MORPH_INVALID_POINTER");
        }
      }
    }
    for (const size of [-1, 0, 1.5, Number.NaN]) {
      expect(codeOf(() => memory.release(run, size))).toBe("ERR_MORPH_INVALID_SIZE");
      expect(codeOf(() => memory.tryExtend(run, 1, size))).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(codeOf(() => memory.release(run + 5 * PAGE_BYTES, 1))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(memory.footprint).toBe(footprint);
    memory.release(run, 2);
    expect(codeOf(() => memory.release(run, 2))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(memory.acquire(13, id)).toBe(run);
  });

  it("follow a plain model through random programs", () => {
    type Op = { kind: "acquire" | "release" | "extend" | "table" | "untable"; pages: number; pick: number };
    const op: fc.Arbitrary<Op> = fc.record({
      kind: fc.constantFrom("acquire", "release", "extend", "table", "untable"),
      pages: fc.integer({ min: 1, max: 9 }),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 120 }), fc.integer({ min: 1, max: 40 }), (ops, initialPages) => {
        const memory = new LinearMemory({ initialPages, maxPages: 80 });
        const ids = [memory.register(owner()), memory.register(owner())];
        const runs: { pointer: number; pages: number; id: number }[] = [];
        const tables: { pointer: number; bytes: number }[] = [];
        for (const { kind, pages, pick } of ops) {
          const at = pick % Math.max(1, runs.length);
          const run = runs[at];
          if (kind === "acquire") {
            const id = ids[pick % 2]!;
            try {
              const pointer = memory.acquire(pages, id);
              memory.u8.fill(id, pointer, pointer + pages * PAGE_BYTES);
              runs.push({ pointer, pages, id });
            } catch (error) {
              expect((error as { code: string }).code).toBe("ERR_MORPH_OUT_OF_MEMORY");
            }
          } else if (kind === "release" && run) {
            memory.release(run.pointer, run.pages);
            runs.splice(at, 1);
          } else if (kind === "extend" && run) {
            if (memory.tryExtend(run.pointer, run.pages, pages)) {
              const old = run.pointer + run.pages * PAGE_BYTES;
              run.pages += pages;
              memory.u8.fill(run.id, old, old + pages * PAGE_BYTES);
            }
          } else if (kind === "table") {
            try {
              const bytes = pages ** 6;
              const pointer = memory.acquireTable(bytes);
              expect(memory.u8.subarray(pointer, pointer + bytes).every((byte) => byte === 0)).toBe(true);
              memory.u8.fill(7, pointer, pointer + bytes);
              tables.push({ pointer, bytes });
            } catch (error) {
              expect((error as { code: string }).code).toBe("ERR_MORPH_OUT_OF_MEMORY");
            }
          } else if (kind === "untable" && tables.length > 0) {
            const [table] = tables.splice(pick % tables.length, 1);
            memory.releaseTable(table!.pointer, table!.bytes);
          }
          // Every run is its owner's, keeps its bytes, and overlaps no other.
          for (const { pointer, pages: count, id } of runs) {
            expect(memory.ownerOf(pointer)).toBe(id);
            expect(memory.ownerOf(pointer + count * PAGE_BYTES - 1)).toBe(id);
            expect(memory.u8[pointer]).toBe(id);
            expect(memory.u8[pointer + count * PAGE_BYTES - 1]).toBe(id);
          }
          for (const { pointer, bytes } of tables) {
            expect(memory.u8[pointer]).toBe(7);
            expect(memory.u8[pointer + bytes - 1]).toBe(7);
          }
          const sorted = [...runs].sort((a, b) => a.pointer - b.pointer);
          sorted.forEach(({ pointer }, i) => {
            const before = sorted[i - 1];
            if (before) expect(pointer).toBeGreaterThanOrEqual(before.pointer + before.pages * PAGE_BYTES);
          });
          const owned = runs.reduce((sum, { pages: count }) => sum + count, 0);
          const records = memory.footprint / PAGE_BYTES - owned;
          expect(records).toBeGreaterThanOrEqual(1);
          expect(memory.peakFootprint).toBeGreaterThanOrEqual(memory.footprint);
          expect(memory.pageCount).toBeLessThanOrEqual(80);
        }
        memory.unregister(ids[0]!);
        memory.unregister(ids[1]!);
        for (const { pointer, bytes } of tables) memory.releaseTable(pointer, bytes);
      }),
      { numRuns: 60 },
    );
  });

  it("are handed out at a place that is asked for, when all of them are free there", () => {
    const memory = new LinearMemory({ initialPages: 20, maxPages: 40 });
    const id = memory.register(owner());
    const run = memory.acquire(10, id);
    expect(memory.tryAcquireAt(run + 10 * PAGE_BYTES, 3, id)).toBe(true);
    const { releases, footprint } = memory;
    for (const [pointer, pages] of [
      [run, 1],
      [run + 9 * PAGE_BYTES, 2],
      [run + 12 * PAGE_BYTES, 2],
      [run + 18 * PAGE_BYTES, 2],
      [0, 1],
      [run + 13 * PAGE_BYTES + 8, 1],
      [-PAGE_BYTES, 1],
      [2 ** 33, 1],
      [Number.NaN, 1],
    ] as const) {
      expect(memory.tryAcquireAt(pointer, pages, id)).toBe(false);
    }
    expect(codeOf(() => memory.tryAcquireAt(run + 13 * PAGE_BYTES, 0, id))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => memory.tryAcquireAt(run + 13 * PAGE_BYTES, 1, id + 1))).toBe("ERR_MORPH_NOT_OWNER");
    expect([memory.footprint, memory.releases]).toEqual([footprint, releases]);
    memory.release(run + 4 * PAGE_BYTES, 3);
    expect(memory.releases).not.toBe(releases);
    expect(memory.tryAcquireAt(run + 5 * PAGE_BYTES, 1, id)).toBe(true);
    expect(memory.footprint).toBe(footprint - 2 * PAGE_BYTES);
    const before = memory.releases;
    memory.reserve(25);
    expect(memory.releases).not.toBe(before);
  });
});
