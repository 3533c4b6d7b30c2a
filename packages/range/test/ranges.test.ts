import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Ranges } from "../src/index.ts";

describe("ranges", () => {
  it("are the lowest that fit, side by side, with exact sizes", () => {
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
    ] as const) {
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
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "free", "free", "grow", "compact", "reset"),
      size: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 120 })),
      pick: fc.nat(10_000),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
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
              let lowest = -1;
              for (
                let at = 0;
                at + whole <= Math.floor(owners.length / granule) * granule && lowest < 0;
                at += granule
              ) {
                if (owners.slice(at, at + whole).every((owner) => owner === 0)) lowest = at;
              }
              expect(ranges.tryAlloc(size)).toBe(lowest);
              if (lowest < 0) continue;
              owners.fill(next, lowest, lowest + whole);
              live.set(next++, { offset: lowest, count: size });
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
  });

  it("fill the space before the first is refused", () => {
    let seed = 1;
    const random = (low: number, high: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return low + (seed % (high - low + 1));
    };
    const ranges = new Ranges({ length: 100_000 });
    const live: number[] = [];
    // Two come for one that goes.
    for (let turn = 1; ; turn++) {
      const offset = ranges.tryAlloc(random(24, 500));
      if (offset < 0) break;
      live.push(offset);
      if (turn % 2 === 0) ranges.free(live.splice(random(0, live.length - 1), 1)[0]!);
    }
    expect(ranges.used / ranges.length).toBeGreaterThan(0.9);
    ranges.compact(() => {});
    expect(ranges.largestFree).toBe(ranges.length - ranges.used);
  });
});
