import { describe, expect, test } from "vitest";
import { Program, SETUPS, thrown } from "./support.ts";

describe.each(SETUPS)("arrays on %s", (_, setup) => {
  test("a new array has the C layout, length = capacity, and zeros", () => {
    const p = new Program(setup);
    const before = p.runtime.stats().allocations;
    const a = p.root(p.runtime.mph_array_new(3, 8, 1));
    expect(p.runtime.stats().allocations - before).toBe(2);
    expect([8, 16, 24, 32].map((offset) => p.word(a + offset))).toEqual([3, 3, 8, 1]);
    expect(p.runtime.headerOf(p.word(a)).size).toBe(24);
    expect([0, 8, 16].map((offset) => p.word(p.word(a) + offset))).toEqual([0, 0, 0]);
  });

  test("elements of 4, 8 and 24 bytes are found by index", () => {
    const p = new Program(setup);
    for (const size of [4, 8, 24]) {
      const a = p.root(p.runtime.mph_array_new(5, size, 0));
      expect(p.runtime.mph_array_at(a, 4, 0)).toBe((p.word(a) >>> 0) + 4 * size);
    }
  });

  test.each([
    ["the length", 3, 0],
    ["negative", -1, -1],
    ["beyond 32 bits", 1, 1],
    ["the smallest", 0, -0x8000_0000],
  ])("an index out of range panics on stdout and exits 1: %s", (_name, low, high) => {
    const p = new Program(setup);
    const a = p.root(p.runtime.mph_array_new(3, 8, 0));
    p.runtime.mph_native_print(p.string("before"));
    expect(thrown(() => p.runtime.mph_array_at(a, low, high))).toMatchObject({ reason: "index", exitCode: 1 });
    expect(p.out.text()).toBe("before\nPanic: Array index out of bounds\n");
    p.runtime.verify();
  });

  test("concatenation copies both, with a's element size and flag, and no slack", () => {
    const p = new Program(setup);
    const a = p.root(p.runtime.mph_array_new(1, 8, 1));
    const b = p.root(p.runtime.mph_array_new(2, 8, 1));
    const s = p.string("element");
    p.i32[p.runtime.mph_array_at(a, 0, 0) >>> 2] = s;
    p.i32[p.runtime.mph_array_at(b, 1, 0) >>> 2] = s;
    const c = p.root(p.runtime.mph_array_concat(a, b));
    expect([8, 16, 24, 32].map((offset) => p.word(c + offset))).toEqual([3, 3, 8, 1]);
    expect([0, 1, 2].map((i) => p.word(p.runtime.mph_array_at(c, i, 0)))).toEqual([s, 0, s]);
    const empty = p.root(p.runtime.mph_array_new(0, 8, 0));
    expect(p.word(p.runtime.mph_array_concat(empty, empty) + 8)).toBe(0);
  });

  test("interfaces lie in arrays by value, and their instances live", () => {
    const p = new Program(setup);
    const a = p.root(p.runtime.mph_array_new(4, 24, 1));
    for (let i = 0; i < 4; i++) {
      p.i32[p.runtime.mph_array_at(a, i, 0) >>> 2] = p.runtime.newString(`instance ${i}`);
      p.i32[(p.runtime.mph_array_at(a, i, 0) + 8) >>> 2] = 77;
    }
    for (let i = 0; i < 100; i++) p.runtime.newString("other");
    for (let i = 0; i < 4; i++) {
      expect(p.text(p.word(p.runtime.mph_array_at(a, i, 0)))).toBe(`instance ${i}`);
    }
  });

  test("a null array is the failure null; sizes that are none are refused", () => {
    const p = new Program(setup);
    expect(thrown(() => p.runtime.mph_array_at(0, 0, 0))).toMatchObject({ reason: "null" });
    expect(thrown(() => p.runtime.mph_array_concat(0, 0))).toMatchObject({ reason: "null" });
    expect(thrown(() => p.runtime.mph_array_new(-1, 8, 0)).code).toBe("ERR_MORPH_INVALID_SIZE");
    expect(thrown(() => p.runtime.mph_array_new(1, 12, 1)).code).toBe("ERR_MORPH_INVALID_SIZE");
    expect(thrown(() => p.runtime.mph_array_new(2 ** 31 - 1, 24, 0))).toMatchObject({ reason: "memory", exitCode: 1 });
    p.runtime.verify();
  });
});
