import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPILER, MemoryContext, SharedContext } from "../src/index.ts";
import { detectConfig, dumpStats } from "../src/node.ts";

describe("statistics", () => {
  it("keep the peak when more than a GiB is freed, and count on from there", () => {
    const ctx = new MemoryContext(COMPILER);
    const large = [900_000_000, 900_000_000, 900_000_000].map((size) => ctx.alloc(size, 1));
    for (const pointer of large) ctx.free(pointer);
    expect(ctx.stats()).toMatchObject({ currentLive: 0, peakLive: 2_700_000_000 });
    const small = Array.from({ length: 5000 }, () => ctx.alloc(200, 2));
    expect(ctx.stats()).toMatchObject({ currentLive: 1_000_000, peakLive: 2_700_000_000, liveObjects: 5000 });
    for (const pointer of small) ctx.free(pointer);
    const again = ctx.alloc(1_000_000_000, 1);
    expect(ctx.stats()).toMatchObject({ currentLive: 1_000_000_000, peakLive: 2_700_000_000 });
    ctx.free(again);
    expect(ctx.stats()).toMatchObject({ currentLive: 0, peakLive: 2_700_000_000 });
    ctx.verify();
  });

  it("are exact after every operation of a random program", () => {
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "free", "free", "reset", "bad"),
      size: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 100_000 })),
      typeId: fc.integer({ min: 0, max: 127 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const ctx = new MemoryContext(COMPILER);
        const live: { pointer: number; size: number; typeId: number }[] = [];
        const ever = new Map<number, { count: number; bytes: number }>();
        let peak = 0;
        let freed = 0;
        for (const { kind, size, typeId } of steps) {
          if (kind === "alloc") {
            live.push({ pointer: ctx.alloc(size, typeId), size, typeId });
            const { count, bytes } = ever.get(typeId) ?? { count: 0, bytes: 0 };
            ever.set(typeId, { count: count + 1, bytes: bytes + size });
          } else if (kind === "free" && live.length > 0) {
            const [object] = live.splice(size % live.length, 1);
            ctx.free(object!.pointer);
            freed += object!.size;
          } else if (kind === "bad") {
            expect(() => ctx.free(size + 0.5)).toThrow();
            expect(() => ctx.alloc(-1, typeId)).toThrow();
          } else if (kind === "reset") {
            ctx.reset();
            freed += live.reduce((sum, object) => sum + object.size, 0);
            live.length = 0;
          }
          const bytes = live.reduce((sum, object) => sum + object.size, 0);
          peak = Math.max(peak, bytes);
          const stats = ctx.stats();
          expect(stats).toMatchObject({
            currentLive: bytes,
            peakLive: peak,
            liveObjects: live.length,
            totalFreed: freed,
            totalAllocated: bytes + freed,
            arenaBytes: live.filter((object) => object.size > 248).reduce((sum, object) => sum + object.size, 0),
          });
          expect(stats.poolBytes + stats.arenaBytes + stats.heapBytes).toBe(bytes);
          for (const [id, { count, bytes: everBytes }] of ever) {
            const same = live.filter((object) => object.typeId === id);
            expect(stats.objectCountByType[id]).toEqual({ live: same.length, ever: count });
            expect(stats.bytesByType[id]).toEqual({
              live: same.reduce((sum, { size: s }) => sum + s, 0),
              ever: everBytes,
            });
          }
        }
        ctx.verify();
      }),
      { numRuns: 40 },
    );
  });

  it("stay exact where a counter is full and carries", () => {
    const ctx = new MemoryContext(COMPILER);
    const sizes = [0, 240, 100, 2047, 5000];
    const live: number[] = [];
    const allocated = { count: 0, bytes: 0 };
    const freed = { count: 0, bytes: 0 };
    for (let i = 1; i <= 4200; i++) {
      for (const size of sizes) {
        const pointer = ctx.alloc(size, 9);
        allocated.count++;
        allocated.bytes += size;
        if (i % 3 === 0) live.push(pointer);
        else {
          ctx.free(pointer);
          freed.count++;
          freed.bytes += size;
        }
      }
      if (i === 3000) {
        ctx.reset();
        Object.assign(freed, allocated);
        live.length = 0;
      }
      if (i % 100 > 3 && i % 2048 > 3 && i % 3072 > 3) continue;
      expect(ctx.stats()).toMatchObject({
        objectCount: allocated.count,
        liveObjects: live.length,
        totalAllocated: allocated.bytes,
        totalFreed: freed.bytes,
        objectCountByType: { 9: { live: live.length, ever: allocated.count } },
        bytesByType: { 9: { live: allocated.bytes - freed.bytes, ever: allocated.bytes } },
        pool: { used: (live.length / 5) * 3 },
        poolBytes: (live.length / 5) * 340,
        arenaBytes: (live.length / 5) * 7047,
      });
    }
    ctx.verify();
  });

  it("print as the original's: mode, allocations, breakdown with percentages, top types by name", () => {
    const ctx = new MemoryContext(COMPILER);
    ctx.registerType(7, "Token");
    ctx.registerType(7, "Knoten ä");
    for (let i = 0; i < 3; i++) ctx.alloc(100, 7);
    ctx.alloc(900, 2);
    const text = ctx.formatStats();
    expect(text).toContain("mode COMPILER");
    expect(text).toContain("1,200 B in 4 objects");
    expect(text).toContain("300 B (25.0 %)");
    expect(text).toContain("900 B (75.0 %)");
    expect(text).toMatch(/type 2 +900 B in 1 objects/);
    expect(text).toMatch(/Knoten ä +300 B in 3 objects/);
    expect(text.indexOf("type 2")).toBeLessThan(text.indexOf("Knoten"));
    expect(new MemoryContext(COMPILER).formatStats()).toContain("0 B (0.0 %)");
  });

  it("go through JSON unchanged, also by way of a file", () => {
    const shared = new LinearMemory({ shared: true, maxPages: 40 });
    const folder = mkdtempSync(join(tmpdir(), "stats-"));
    try {
      for (const ctx of [new MemoryContext(COMPILER), new SharedContext({ ...COMPILER, memory: shared })]) {
        ctx.alloc(20, 1);
        dumpStats(ctx, join(folder, "stats.json"));
        expect(JSON.parse(readFileSync(join(folder, "stats.json"), "utf8"))).toEqual(ctx.stats());
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("detectConfig gives what suits the free memory", () => {
    new MemoryContext(detectConfig()).alloc(8, 1);
    const MIB = 2 ** 20;
    const expected: [number, object][] = [
      [100 * MIB, { mode: "COMPILER" }],
      [512 * MIB - 1, { mode: "COMPILER" }],
      [512 * MIB, { mode: "RUNTIME" }],
      [4096 * MIB, { mode: "RUNTIME" }],
    ];
    for (const [free, config] of expected) expect(detectConfig(free)).toMatchObject(config);
  });
});
