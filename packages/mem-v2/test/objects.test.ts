import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, MemoryContext, RUNTIME, SERVER, SharedContext } from "../src/index.ts";
import { contextIn } from "./make.ts";

const MODES = [COMPILER, RUNTIME, { ...SERVER, maxBytes: 2 * 2 ** 20 }];

describe.each(MODES.flatMap((config) => [false, true].map((shared) => ({ config, shared, mode: config.mode }))))(
  "objects of a context in $mode mode, shared: $shared",
  ({ config, shared }) => {
    it("keep type and bytes through realloc, in full memories too, and are found by type", () => {
      const step = fc.record({
        kind: fc.constantFrom(
          "alloc",
          "alloc",
          "alloc",
          "free",
          "realloc",
          "realloc",
          "trim",
          "grow",
          "misuse",
          "walk",
        ),
        size: fc.oneof(
          fc.integer({ min: 0, max: 260 }),
          fc.integer({ min: 0, max: 5000 }),
          fc.integer({ min: 0, max: 150_000 }),
        ),
        pick: fc.nat(),
      });
      fc.assert(
        fc.property(fc.array(step, { minLength: 30, maxLength: 100 }), (steps) => {
          const memory = new LinearMemory({ initialPages: 1, maxPages: 40, shared });
          const ctx = contextIn({ ...config, memory });
          let grown = 0;
          memory.onGrow(() => {
            grown++;
            expect(ctx.stats().mode).toBe(config.mode);
            expect(codeOf(() => ctx.alloc(8, 1))).toBe("ERR_MORPH_BUSY");
          });
          const live: { pointer: number; size: number; type: number; fill: number }[] = [];
          const check = ({ pointer, size, fill }: (typeof live)[number], bytes = size): void => {
            expect(memory.u8.subarray(pointer, pointer + bytes).every((byte) => byte === fill)).toBe(true);
          };
          steps.forEach(({ kind, size, pick }, i) => {
            const at = live.length === 0 ? -1 : pick % live.length;
            const object = live[at];
            if (kind === "alloc") {
              const pointer = ctx.tryAlloc(size, i & 3);
              if (pointer === 0) return;
              expect(pointer % 8).toBe(0);
              expect(ctx.usableSize(pointer)).toBeGreaterThanOrEqual(size);
              memory.u8.fill(i, pointer, pointer + ctx.usableSize(pointer));
              live.push({ pointer, size, type: i & 3, fill: i & 255 });
            } else if (kind === "free" && object !== undefined) {
              check(object);
              ctx.free(object.pointer);
              live.splice(at, 1);
            } else if (kind === "realloc" && object !== undefined) {
              let pointer = 0;
              if (codeOf(() => (pointer = ctx.realloc(object.pointer, size))) === "ERR_MORPH_OUT_OF_MEMORY") {
                check(object);
                return;
              }
              check({ ...object, pointer }, Math.min(size, object.size));
              memory.u8.fill(object.fill, pointer, pointer + size);
              Object.assign(object, { pointer, size });
              expect(ctx.headerOf(pointer)).toMatchObject({ size, typeId: object.type });
            } else if (kind === "trim") ctx.trim();
            else if (kind === "grow" && memory.wasm.buffer.byteLength < 40 * 65_536) memory.wasm.grow(1);
            else if (kind === "misuse" && object !== undefined) {
              const wrong = object.pointer + 16;
              if (live.some(({ pointer }) => pointer === wrong)) return;
              expect(ctx.owns(wrong)).toBe(false);
              expect(codeOf(() => ctx.realloc(wrong, 8))).not.toBe("did not throw");
              expect(codeOf(() => ctx.usableSize(wrong))).not.toBe("did not throw");
              expect(codeOf(() => ctx.realloc(object.pointer, -1))).toBe("ERR_MORPH_INVALID_SIZE");
            } else if (kind === "walk") {
              for (let type = 0; type < 4; type++) {
                const wanted = live.filter((each) => each.type === type).map(({ pointer }) => pointer);
                expect([...ctx.liveObjects(type)].sort()).toEqual(wanted.sort());
              }
            }
          });
          for (const object of live) {
            check(object);
            expect(ctx.owns(object.pointer)).toBe(true);
          }
          const sum = live.reduce((bytes, { size }) => bytes + size, 0);
          expect(ctx.stats()).toMatchObject({ liveObjects: live.length, currentLive: sum });
          ctx.verify();
          // The one at hand may be freed.
          for (const pointer of ctx.liveObjects()) ctx.free(pointer);
          expect(ctx.stats()).toMatchObject({ liveObjects: 0, currentLive: 0 });
          ctx.verify();
          ctx.destroy();
          expect(ctx.owns(live[0]?.pointer ?? 8)).toBe(false);
          expect(grown).toBeGreaterThan(0);
        }),
        { numRuns: 6 },
      );
    });
  },
);

describe.each([COMPILER, RUNTIME])("a growth listener, in $mode mode", (config) => {
  it.each([false, true])("looks, and changes nothing (shared: %s)", (shared) => {
    for (const size of [8, 500, 5000, 200_000]) {
      const memory = new LinearMemory({ initialPages: 2, maxPages: 400, shared });
      const ctx = contextIn({ ...config, memory });
      const kept = [ctx.alloc(100, 1), ctx.alloc(1000, 2)];
      let calls = 0;
      memory.onGrow(() => {
        calls++;
        const before = ctx.stats();
        const acts = [
          () => ctx.alloc(8, 1),
          () => ctx.alloc(1000, 1),
          () => ctx.alloc(100_000, 1),
          () => ctx.allocZeroed(8, 1),
          () => ctx.allocZeroed(800, 1),
          () => ctx.tryAlloc(8, 1),
          () => ctx.free(kept[0]!),
          () => ctx.free(kept[1]!),
          () => ctx.realloc(kept[0]!, 8),
          () => ctx.registerType(1, "T"),
          () => ctx.trim(),
          () => ctx.reset(),
          () => ctx.destroy(),
        ];
        expect(acts.map((act) => codeOf(act))).toEqual(acts.map(() => "ERR_MORPH_BUSY"));
        expect(ctx.stats()).toEqual(before);
        expect(ctx.headerOf(kept[0]!).size).toBe(100);
        expect(ctx.typeName(1)).toBe(undefined);
      });
      let made = 2;
      for (; calls < 3; made++) ctx.alloc(size, 3);
      memory.wasm.grow(1);
      memory.refresh();
      ctx.free(kept[0]!);
      expect(calls).toBeGreaterThanOrEqual(4);
      expect(ctx.stats().liveObjects).toBe(made - 1);
      ctx.verify();
    }
  });
});

describe("a context's options", () => {
  it("may be a mode alone, and are refused when there is no such option", () => {
    for (const mode of ["COMPILER", "RUNTIME", "SERVER"] as const) {
      const memory = new LinearMemory();
      const ctx = new MemoryContext({ mode, memory });
      expect(ctx.memory).toBe(memory);
      expect(ctx.config.mode).toBe(mode);
      ctx.alloc(3000, 1);
    }
    for (const wrong of [{ memori: 1 }, { heapSize: 1 }, { lockTimeout: 5 }, { slabBytes: 65_536 }, { owner: 2 }]) {
      expect(codeOf(() => new MemoryContext({ ...COMPILER, ...wrong }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(() => new MemoryContext({ ...COMPILER, memori: 1 } as never)).toThrow(/memory/);
    for (const lockTimeoutMs of [-1, Number.NaN, "5", 5000]) {
      expect(codeOf(() => new MemoryContext({ ...COMPILER, lockTimeoutMs: lockTimeoutMs as number }))).toBe(
        "ERR_MORPH_INVALID_CONFIG",
      );
    }
    for (const options of [undefined, null, 7, {}, { mode: "toString" }]) {
      expect(codeOf(() => new MemoryContext(options as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => new (MemoryContext as never as new (...of: unknown[]) => unknown)(COMPILER, 64))).toBe(
      "ERR_MORPH_INVALID_CONFIG",
    );
  });
});

describe("a handle", () => {
  it("that is not a context's is refused, and one of a destroyed context", () => {
    const memory = new LinearMemory({ shared: true, maxPages: 200 });
    const ctx = new SharedContext({ ...COMPILER, memory });
    const handle = ctx.handle();
    const { place } = handle;
    const wrong = [
      { ...handle, place: { ...place, anchor: place.anchor + 64 } },
      { ...handle, place: { ...place, anchor: place.anchor + 4 } },
      { ...handle, place: { ...place, anchor: 2 ** 32 } },
      { ...handle, place: undefined },
      { ...handle, config: RUNTIME },
      { ...handle, config: undefined },
    ];
    for (const each of wrong)
      expect(codeOf(() => SharedContext.attach(each as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    const there = SharedContext.attach(handle);
    ctx.destroy();
    for (const use of [() => there.alloc(8, 1), () => there.handle(), () => SharedContext.attach(handle)]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    }
    expect(there.owns(64)).toBe(false);
    // At the same place there may be another one now.
    const next = new SharedContext({ ...COMPILER, memory });
    expect(codeOf(() => SharedContext.attach(handle))).toBe("ERR_MORPH_DESTROYED");
    SharedContext.attach(next.handle()).alloc(8, 1);
    expect(next.stats().liveObjects).toBe(1);
  });
});
