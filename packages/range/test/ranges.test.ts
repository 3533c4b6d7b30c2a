import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { nearTheStackLimit } from "../../../scripts/test-kit/stack-limit.ts";
import { Ranges } from "../src/index.ts";

describe("ranges", () => {
  it("are the smallest that fit, the lowest of several, with exact sizes", () => {
    const ranges = new Ranges({ length: 1000 });
    expect([ranges.tryAlloc(10), ranges.tryAlloc(1), ranges.tryAlloc(500)]).toEqual([0, 10, 11]);
    expect(ranges.sizeOf(10)).toBe(1);
    expect(ranges.used).toBe(511);
    ranges.free(0);
    expect(ranges.tryAlloc(11)).toBe(511);
    expect(ranges.tryAlloc(4)).toBe(0);
    expect(ranges.tryAlloc(6)).toBe(4);
    expect(ranges.tryAlloc(479)).toBe(-1);
    expect(ranges.tryAlloc(478)).toBe(522);
    expect(ranges.tryAlloc(1)).toBe(-1);
    expect(ranges.used).toBe(ranges.length);
    ranges.verify();
    ranges.reset();
    const offsets = [30, 1, 10, 1, 20, 1, 10, 1].map((count) => ranges.tryAlloc(count));
    for (const i of [0, 2, 4, 6]) ranges.free(offsets[i]!);
    expect([9, 1, 11, 10, 30, 1].map((count) => ranges.tryAlloc(count))).toEqual([31, 40, 42, 63, 0, 53]);
    ranges.verify();
  });

  it("start at multiples of the granule, and count what was asked for", () => {
    const ranges = new Ranges({ length: 1030, granule: 256 });
    expect([ranges.tryAlloc(1), ranges.tryAlloc(257), ranges.tryAlloc(256)]).toEqual([0, 256, 768]);
    expect(ranges.tryAlloc(1)).toBe(-1);
    expect([ranges.sizeOf(256), ranges.used, ranges.largestFree]).toEqual([257, 514, 0]);
    ranges.grow(1280);
    expect(ranges.tryAlloc(200)).toBe(1024);
    ranges.verify();
  });

  it("reach to 2^53, and may be none", () => {
    const empty = new Ranges({ length: 0 });
    expect(empty.tryAlloc(1)).toBe(-1);
    empty.compact(() => {});
    expect(codeOf(() => empty.compact(undefined as unknown as () => void))).toBe("ERR_MORPH_INVALID_CONFIG");
    const large = new Ranges({ length: Number.MAX_SAFE_INTEGER });
    expect(large.tryAlloc(2 ** 52)).toBe(0);
    expect(large.tryAlloc(2 ** 33 + 1)).toBe(2 ** 52);
    large.free(0);
    expect(large.largestFree).toBe(2 ** 52);
    large.verify();
  });

  it("grow at the end, where free ranges merge", () => {
    const ranges = new Ranges({ length: 10 });
    ranges.tryAlloc(8);
    ranges.grow(20);
    expect(ranges.largestFree).toBe(12);
    expect(ranges.tryAlloc(12)).toBe(8);
    expect(codeOf(() => ranges.grow(19))).toBe("ERR_MORPH_INVALID_SIZE");
  });

  it("move down in order when they are compacted, so that all that is free is one", () => {
    const ranges = new Ranges({ length: 100 });
    const data = new Uint8Array(100);
    const offsets = [10, 20, 30, 5].map((count, i) => {
      const offset = ranges.tryAlloc(count);
      data.fill(i + 1, offset, offset + count);
      return offset;
    });
    ranges.free(offsets[0]!);
    ranges.free(offsets[2]!);
    const moves: number[][] = [];
    ranges.compact((from, to, count) => {
      moves.push([from, to, count]);
      data.copyWithin(to, from, from + count);
      expect(codeOf(() => ranges.tryAlloc(1))).toBe("ERR_MORPH_BUSY");
      expect(codeOf(() => ranges.free(to))).toBe("ERR_MORPH_BUSY");
      expect(codeOf(() => ranges.compact(() => {}))).toBe("ERR_MORPH_BUSY");
      expect(codeOf(() => ranges.verify())).toBe("ERR_MORPH_BUSY");
    });
    expect(moves).toEqual([
      [10, 0, 20],
      [60, 20, 5],
    ]);
    expect([...data.subarray(0, 25)]).toEqual([...Array(20).fill(2), ...Array(5).fill(4)]);
    expect([ranges.liveObjects(), ranges.largestFree]).toEqual([[0, 20], 75]);
    ranges.verify();
  });

  it("stay where they are from the one on that cannot be moved", () => {
    const ranges = new Ranges({ length: 100 });
    const offsets = [10, 10, 10, 10].map((count) => ranges.tryAlloc(count));
    ranges.free(offsets[0]!);
    expect(() =>
      ranges.compact((from) => {
        if (from === 20) throw new Error("cannot");
      }),
    ).toThrow("cannot");
    expect(ranges.liveObjects()).toEqual([0, 20, 30]);
    ranges.verify();
    expect(ranges.tryAlloc(10)).toBe(10);
  });

  it("that are wrong are refused, and nothing changes", () => {
    const ranges = new Ranges({ length: 100, granule: 4 });
    const first = ranges.tryAlloc(7);
    const second = ranges.tryAlloc(8);
    ranges.free(first);
    for (const [offset, code] of [
      [first, "ERR_MORPH_DOUBLE_FREE"],
      [4, "ERR_MORPH_DOUBLE_FREE"],
      [60, "ERR_MORPH_DOUBLE_FREE"],
      [second + 4, "ERR_MORPH_INVALID_POINTER"],
      [-1, "ERR_MORPH_INVALID_POINTER"],
      [100, "ERR_MORPH_INVALID_POINTER"],
      [Number.NaN, "ERR_MORPH_INVALID_POINTER"],
      ["8", "ERR_MORPH_INVALID_POINTER"],
      [8n, "ERR_MORPH_INVALID_POINTER"],
      [second + 2 ** 32, "ERR_MORPH_INVALID_POINTER"],
    ] as const) {
      expect(ranges.owns(offset as number)).toBe(false);
      expect(codeOf(() => ranges.free(offset as number))).toBe(code);
      expect(codeOf(() => ranges.sizeOf(offset as number))).toBe(code);
    }
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 53, "1"]) {
      expect(codeOf(() => ranges.tryAlloc(count as number))).toBe("ERR_MORPH_INVALID_SIZE");
    }
    for (const options of [
      null,
      {},
      { length: -1 },
      { length: 1.5 },
      { length: 9, granule: 0 },
      { length: 9, size: 1 },
    ]) {
      expect(codeOf(() => new Ranges(options as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect([ranges.used, ranges.count]).toEqual([8, 1]);
    ranges.verify();
    ranges.reset();
    expect(ranges.largestFree).toBe(100);
    ranges.verify();
  });

  it("follow a plain model through random programs", () => {
    let choices = 0;
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "free", "free", "grow", "compact", "reset"),
      size: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 120 })),
      pick: fc.nat(10_000),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: "max" }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, length, granule) => {
          const ranges = new Ranges({ length, granule });
          // Whose each unit is; 0 is nobody's.
          let owners: number[] = Array(length).fill(0);
          const live = new Map<number, { offset: number; count: number }>();
          let next = 1;
          for (const { kind, size, pick } of steps) {
            const keys = [...live.keys()];
            const key = keys[pick % Math.max(1, keys.length)];
            if (kind === "alloc") {
              const whole = Math.ceil(size / granule) * granule;
              const fitting = gapsOf(owners, granule).filter((gap) => gap.size >= whole);
              const best = fitting.sort((a, b) => a.size - b.size || a.start - b.start)[0]?.start ?? -1;
              if (fitting.some((gap) => gap.start < best)) choices++;
              expect(ranges.tryAlloc(size)).toBe(best);
              if (best < 0) continue;
              owners.fill(next, best, best + whole);
              live.set(next++, { offset: best, count: size });
            } else if (kind === "free" && key !== undefined) {
              ranges.free(live.get(key)!.offset);
              live.delete(key);
              owners = owners.map((owner) => (owner === key ? 0 : owner));
            } else if (kind === "grow") {
              owners.push(...Array(size).fill(0));
              ranges.grow(owners.length);
            } else if (kind === "compact" && pick % 5 === 0) {
              const moved = new Map<number, number>();
              ranges.compact((from, to) => moved.set(from, to));
              owners = Array(owners.length).fill(0);
              for (const [id, range] of live) {
                range.offset = moved.get(range.offset) ?? range.offset;
                owners.fill(id, range.offset, range.offset + Math.ceil(range.count / granule) * granule);
              }
            } else if (kind === "reset" && pick % 20 === 0) {
              ranges.reset();
              live.clear();
              owners.fill(0);
            }
            ranges.verify();
            expect(ranges.liveObjects()).toEqual([...live.values()].map(({ offset }) => offset).sort((a, b) => a - b));
            expect(ranges.used).toBe([...live.values()].reduce((sum, { count }) => sum + count, 0));
          }
        },
      ),
      { numRuns: 80 },
    );
    // Where the best fit is not the first.
    expect(choices).toBeGreaterThan(100);
  });

  it("of all sizes, far up too, follow a plain model through random programs", () => {
    const step = fc.record({
      goes: fc.boolean(),
      size: fc.oneof(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1000, max: 1050 }),
        fc.integer({ min: 1, max: 2 ** 20 }),
        fc.integer({ min: 2 ** 32, max: 2 ** 34 }),
      ),
      pick: fc.nat(10_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250 }), fc.integer({ min: 2000, max: 2 ** 38 }), (steps, length) => {
        const ranges = new Ranges({ length });
        const live = new Map<number, number>();
        for (const { goes, size, pick } of steps) {
          const ascending = [...live].sort(([a], [b]) => a - b);
          if (goes && ascending.length > 8) {
            const [offset] = ascending[pick % ascending.length]!;
            ranges.free(offset);
            live.delete(offset);
            continue;
          }
          const gaps: { start: number; size: number }[] = [];
          let end = 0;
          for (const [offset, count] of [...ascending, [length, 0] as const]) {
            if (offset > end) gaps.push({ start: end, size: offset - end });
            end = offset + count;
          }
          const fitting = gaps.filter((gap) => gap.size >= size).sort((a, b) => a.size - b.size || a.start - b.start);
          const best = fitting[0]?.start ?? -1;
          expect(ranges.largestFree).toBe(Math.max(0, ...gaps.map((gap) => gap.size)));
          expect(ranges.tryAlloc(size)).toBe(best);
          if (best >= 0) live.set(best, size);
        }
        ranges.verify();
        expect(ranges.liveObjects()).toEqual([...live.keys()].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["two come for one that goes", 0.95, (turn: number, _: number) => turn % 3 === 2],
    ["one comes or goes at random", 0.92, (_: number, chance: number) => chance < 45],
    ["none goes", 0.995, () => false],
  ] as const)("fill the space before the first is refused: %s", (_, least, goes) => {
    const fills = Array.from({ length: 30 }, (_, seed) => {
      const random = randomFrom(seed + 1);
      const ranges = new Ranges({ length: 100_000 });
      const live: number[] = [];
      for (let turn = 0; ; turn++) {
        if (live.length > 0 && goes(turn, random(0, 99))) {
          ranges.free(live.splice(random(0, live.length - 1), 1)[0]!);
          continue;
        }
        const offset = ranges.tryAlloc(random(24, 500));
        if (offset < 0) break;
        live.push(offset);
      }
      ranges.verify();
      const fill = ranges.used / ranges.length;
      // Moved together, they leave one range of all that is free.
      ranges.compact(() => {});
      expect(ranges.largestFree).toBe(ranges.length - ranges.used);
      return fill;
    });
    expect(fills.reduce((sum, fill) => sum + fill) / fills.length).toBeGreaterThan(least);
  });

  it("are full once they are compacted: nothing is refused that is free", () => {
    const random = randomFrom(7);
    const ranges = new Ranges({ length: 100_000 });
    const live = new Map<number, number>();
    const add = (key: number, count: number): boolean => {
      let offset = ranges.tryAlloc(count);
      if (offset < 0 && count <= ranges.length - ranges.used) {
        const moved = new Map<number, number>();
        ranges.compact((from, to) => moved.set(from, to));
        for (const [key, from] of live) live.set(key, moved.get(from) ?? from);
        offset = ranges.tryAlloc(count);
      }
      if (offset >= 0) live.set(key, offset);
      return offset >= 0;
    };
    for (let turn = 0; turn < 5000; turn++) {
      const count = random(24, 500);
      if (add(turn, count)) continue;
      expect(count).toBeGreaterThan(ranges.length - ranges.used);
      const key = [...live.keys()][random(0, live.size - 1)]!;
      ranges.free(live.get(key)!);
      live.delete(key);
    }
    while (ranges.used < ranges.length)
      expect(add(-1 - live.size, Math.min(24, ranges.length - ranges.used))).toBe(true);
    expect(ranges.used).toBe(ranges.length);
    ranges.verify();
  });

  it.each([0, 200])("are whole after a stack overflow, wherever it comes, and %i uses before", async (warm) => {
    const { Ranges } = (await import(
      await bundle(new URL("..", import.meta.url), "esm")
    )) as typeof import("../src/index.ts");
    const ranges = new Ranges({ length: 1_000_000 });
    const live: number[] = [];
    const random = randomFrom(3);
    const use = (): void => {
      if (live.length > 0 && random(0, 2) === 0) {
        const at = random(0, live.length - 1);
        const offset = live[at] as number;
        ranges.free(offset);
        live[at] = live[live.length - 1] as number;
        live.length--;
      } else {
        const offset = ranges.tryAlloc(random(1, 50));
        if (offset >= 0) live[live.length] = offset;
      }
    };
    for (let turn = 0; turn < warm; turn++) use();
    let [overflows, done] = [0, 0];
    for (let turn = 0; turn < 4; turn++) {
      const tried = nearTheStackLimit(use);
      overflows += tried.overflows;
      done += tried.done;
      ranges.verify();
      expect(ranges.liveObjects()).toEqual([...live].sort((a, b) => a - b));
    }
    expect([overflows > 0, done > 0]).toEqual([true, true]);
  });
});

/** The free places among units of which each has an owner or 0, in whole granules. */
function gapsOf(owners: readonly number[], granule: number): { start: number; size: number }[] {
  const gaps: { start: number; size: number }[] = [];
  for (let at = 0; at + granule <= owners.length; at += granule) {
    if (owners[at] !== 0) continue;
    const last = gaps[gaps.length - 1];
    if (last !== undefined && last.start + last.size === at) last.size += granule;
    else gaps.push({ start: at, size: granule });
  }
  return gaps;
}

/** Integers of a range, the same for a seed each time. */
function randomFrom(seed: number): (low: number, high: number) => number {
  let state = seed;
  return (low, high) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((state >>> 8) % (high - low + 1));
  };
}
