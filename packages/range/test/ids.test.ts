import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Ids } from "../src/index.ts";

describe("ids", () => {
  it("are the lowest free ones, and -1 when there are none", () => {
    const ids = new Ids(3);
    expect([ids.highest, ids.take(), ids.take(), ids.take(), ids.take()]).toEqual([-1, 0, 1, 2, -1]);
    ids.give(1);
    expect([ids.highest, ids.count, ids.take()]).toEqual([2, 2, 1]);
    ids.give(2);
    ids.give(1);
    expect(ids.highest).toBe(0);
    ids.give(0);
    expect(ids.highest).toBe(-1);
  });

  it.each([0, 1, 31, 32, 33, 1023, 1024, 1025, 40_000])("number %i are all handed out once", (capacity) => {
    const ids = new Ids(capacity);
    for (let i = 0; i < capacity; i++) expect(ids.take()).toBe(i);
    expect(ids.take()).toBe(-1);
    expect([ids.count, ids.highest]).toEqual([capacity, capacity - 1]);
    for (let i = capacity - 1; i >= 0; i--) {
      ids.give(i);
      expect(ids.highest).toBe(i - 1);
    }
    expect(ids.take()).toBe(capacity > 0 ? 0 : -1);
  });

  it("that are wrong are refused, and nothing changes", () => {
    const ids = new Ids(10);
    ids.take();
    for (const id of [-1, 10, 1.5, Number.NaN, "0"]) {
      expect(codeOf(() => ids.give(id as number))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(ids.owns(id as number)).toBe(false);
    }
    expect(codeOf(() => ids.give(5))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(codeOf(() => ids.grow(9))).toBe("ERR_MORPH_INVALID_SIZE");
    for (const capacity of [-1, 1.5, 2 ** 31 + 1, "4"]) {
      expect(codeOf(() => new Ids(capacity as number))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect([ids.count, ids.highest, ids.owns(0), ids.capacity]).toEqual([1, 0, true, 10]);
  });

  it("follow a plain model through random programs", () => {
    const step = fc.record({ kind: fc.constantFrom("take", "take", "give", "grow"), pick: fc.nat(100_000) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300, size: "max" }),
        fc.integer({ min: 0, max: 80 }),
        (steps, initial) => {
          const ids = new Ids(initial);
          let capacity = initial;
          const taken = new Set<number>();
          for (const { kind, pick } of steps) {
            if (kind === "take") {
              let lowest = 0;
              while (taken.has(lowest)) lowest++;
              expect(ids.take()).toBe(lowest < capacity ? lowest : -1);
              if (lowest < capacity) taken.add(lowest);
            } else if (kind === "give" && taken.size > 0) {
              const id = [...taken][pick % taken.size]!;
              ids.give(id);
              taken.delete(id);
            } else if (kind === "grow" && pick % 10 === 0) {
              capacity += pick % 70;
              ids.grow(capacity);
            }
            expect(ids.count).toBe(taken.size);
            expect(ids.highest).toBe(Math.max(-1, ...taken));
          }
          for (let id = 0; id < capacity; id++) expect(ids.owns(id)).toBe(taken.has(id));
        },
      ),
      { numRuns: 60 },
    );
  });
});
