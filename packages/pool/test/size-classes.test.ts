import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { SizeClasses } from "../src/index.ts";

/** The least allocator over the engine: it keeps the live slots in a set. */
function make(slabBytes: number, maxPages: number, inSlots: boolean) {
  const memory = new LinearMemory({ initialPages: 1, maxPages });
  const live = new Set<number>();
  let classes: SizeClasses | undefined;
  const viewsChanged = (): void => {
    if (classes !== undefined) classes.i32 = memory.i32;
  };
  const owner = memory.register({ name: "test", contractVersion: 1, viewsChanged });
  const counts = new Map<number, number>();
  const sizes = [8, 24, 48, 1000];
  const engine = new SizeClasses({
    memory,
    owner,
    sizes,
    slabBytes,
    liveness: {
      isLive: (slot) => live.has(slot),
      cover: () => undefined,
      drop: () => live.clear(),
      ...(inSlots ? { signsWithKey: true, used: (index: number) => counts.get(sizes[index]!) ?? 0 } : {}),
    },
  });
  classes = engine;
  const count = (record: number, by: number): void => {
    const size = engine.slotSize(record);
    counts.set(size, (counts.get(size) ?? 0) + by);
    if (!inSlots) memory.i32[record + (by > 0 ? 1 : 2)]! += 1;
  };
  return {
    memory,
    owner,
    engine,
    live,
    alloc: (size: number): number => {
      const record = engine.recordOf(size);
      if (!engine.prepare(record)) return 0;
      const slot = memory.i32[record]! & 0x3fff_ffff;
      memory.i32[record] = memory.i32[slot]!;
      count(record, 1);
      memory.i32[slot + 1] = 0;
      live.add(slot);
      return slot * 4;
    },
    free: (pointer: number): void => {
      const record = engine.recordAt(pointer);
      const slot = pointer / 4;
      const next = memory.i32[record]! & 0x3fff_ffff;
      live.delete(slot);
      memory.i32[slot] = next;
      memory.i32[slot + 1] = next ^ slot ^ engine.key;
      memory.i32[record] = slot;
      count(record, -1);
    },
    reset: (): void => {
      engine.reset();
      counts.clear();
    },
  };
}

describe.each([4096, 16_384, PAGE_BYTES, 2 * PAGE_BYTES])("size classes with slabs of %i bytes", (slabBytes) => {
  it.each([false, true])("agree with a plain model, also when the memory is full (counted outside: %s)", (inSlots) => {
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "free", "free", "trim", "reset"),
      size: fc.constantFrom(1, 8, 9, 24, 48, 49, 1000),
      times: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const it = make(slabBytes, 12, inSlots);
        const { engine, memory, live } = it;
        const objects = new Map<number, number>();
        for (const { kind, size, times } of steps) {
          for (let i = 0; i < times; i++) {
            if (kind === "alloc") {
              const pointer = it.alloc(size);
              if (pointer === 0) break;
              expect(objects.has(pointer)).toBe(false);
              const bytes = engine.slotSize(engine.recordAt(pointer));
              expect(bytes).toBeGreaterThanOrEqual(size);
              expect([memory.ownerOf(pointer), memory.ownerOf(pointer + bytes - 1)]).toEqual([it.owner, it.owner]);
              objects.set(pointer, bytes);
            } else if (kind === "free" && objects.size > 0) {
              const pointer = [...objects.keys()][(size * i) % objects.size]!;
              it.free(pointer);
              objects.delete(pointer);
              expect(engine.wasFreed(pointer)).toBe(true);
            }
          }
          if (kind === "trim") {
            const { footprint } = memory;
            const bytes = engine.trim();
            expect(bytes % slabBytes).toBe(0);
            expect(memory.footprint).toBeLessThanOrEqual(footprint);
          } else if (kind === "reset" && times % 7 === 0) {
            it.reset();
            objects.clear();
          }
          expect(engine.damage()).toBe(undefined);
          const ends = [...objects].sort(([a], [b]) => a - b);
          for (const [i, [pointer, bytes]] of ends.entries()) {
            expect(pointer + bytes).toBeLessThanOrEqual(ends[i + 1]?.[0] ?? memory.u8.length);
          }
          expect([...engine.liveObjects()]).toEqual([...objects.keys()].sort((a, b) => a - b));
          expect(engine.stats()).toMatchObject({ used: objects.size, slabBytes: engine.stats().slabs * slabBytes });
          expect(engine.stats().footprint).toBeGreaterThanOrEqual(engine.stats().slabBytes);
        }
        expect(live.size).toBe(objects.size);
        for (const pointer of objects.keys()) it.free(pointer);
        engine.trim();
        expect(engine.stats()).toMatchObject({ slabs: 0, used: 0 });
        let owned = 0;
        for (let page = 0; page < memory.u8.length; page += PAGE_BYTES) if (memory.ownerOf(page) === it.owner) owned++;
        expect(owned).toBe(0);
      }),
      { numRuns: 6 },
    );
  });
});

describe("size classes", () => {
  it("share pages when their slabs are smaller", () => {
    const it = make(4096, 12, false);
    const pages = new Set([8, 24, 48, 1000].map((size) => it.alloc(size) >>> 16));
    expect(pages.size).toBe(1);
    expect(it.engine.stats()).toMatchObject({ slabs: 4, used: 4, slabBytes: 4 * 4096 });
  });

  it("refuse options that they do not know, and what is no memory or does not know what is live", () => {
    const liveness = { isLive: () => false, cover: () => {}, drop: () => {} };
    const options = { memory: new LinearMemory(), owner: 1, sizes: [16], slabBytes: PAGE_BYTES, liveness };
    const { footprint } = options.memory;
    for (const wrong of [
      { attached: true },
      { memory: {} },
      { memory: undefined },
      { liveness: undefined },
      { liveness: { ...liveness, cover: undefined } },
      { liveness: {} },
    ]) {
      expect(codeOf(() => new SizeClasses({ ...options, ...wrong } as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => new SizeClasses(undefined as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(options.memory.footprint).toBe(footprint);
  });

  it("refuse slabs that are neither whole pages nor a part of one", () => {
    for (const slabBytes of [0, 2048, 5000, 3 * 4096, PAGE_BYTES + 4096, 65 * PAGE_BYTES, Number.NaN]) {
      expect([slabBytes, codeOf(() => make(slabBytes, 12, false))]).toEqual([slabBytes, "ERR_MORPH_INVALID_CONFIG"]);
    }
  });

  it("leave a slot alone whose liveness something wrote over, together with a link", () => {
    const it = make(4096, 12, true);
    const pointers = Array.from({ length: 500 }, () => it.alloc(48));
    const lost = pointers[250]!;
    for (const pointer of pointers) if (pointer !== lost) it.free(pointer);
    it.live.delete(lost / 4);
    it.memory.i32[pointers[499]! / 4] = 12;
    const again = Array.from({ length: 2000 }, () => it.alloc(48));
    expect(new Set(again).size).toBe(2000);
    expect(again).not.toContain(lost);
    it.engine.trim();
    expect(it.memory.ownerOf(lost)).toBe(it.owner);
  });
});
