import { describe, expect, test } from "vitest";
import { Program, SETUPS, thrown } from "./support.ts";

describe.each(SETUPS)("strings on %s", (_, setup) => {
  test("a string is two objects with the C layout, its bytes end with a NUL", () => {
    const p = new Program(setup);
    const before = p.runtime.stats().allocations;
    const s = p.string("abc");
    expect(p.runtime.stats().allocations - before).toBe(2);
    expect(p.runtime.headerOf(s).size).toBe(16);
    expect(p.word(s + 4)).toBe(0);
    expect(p.word(s + 8)).toBe(3);
    expect(p.word(p.word(s))).toBe(0x00636261);
    expect(p.runtime.headerOf(p.word(s)).size).toBe(4);
  });

  test("mph_string_new copies bytes from a region", () => {
    const p = new Program(setup);
    const region = p.runtime.acquireRegion(64);
    p.runtime.memory.u8.set([1, 0, 255], region);
    const s = p.root(p.runtime.mph_string_new(region, 3));
    const data = p.word(s) >>> 0;
    expect([...p.runtime.memory.u8.slice(data, data + 4)]).toEqual([1, 0, 255, 0]);
  });

  test("concatenation, short and long", () => {
    const p = new Program(setup);
    const a = p.string("x".repeat(40));
    const b = p.string("yz");
    expect(p.text(p.runtime.mph_string_concat(a, b))).toBe(`${"x".repeat(40)}yz`);
    expect(p.text(p.runtime.mph_string_Concat(b, b))).toBe("yzyz");
    expect(p.text(p.runtime.mph_string_concat(p.string(""), p.string("")))).toBe("");
  });

  test("equality is content; null equals only null", () => {
    const p = new Program(setup);
    const [a, b, c] = [p.string("same"), p.string("same"), p.string("samf")];
    expect(p.runtime.mph_string_eq(a, b)).toBe(1);
    expect(p.runtime.mph_string_eq(a, c)).toBe(0);
    expect(p.runtime.mph_string_eq(a, p.string("sam"))).toBe(0);
    expect(p.runtime.mph_string_eq(0, 0)).toBe(1);
    expect(p.runtime.mph_string_eq(a, 0)).toBe(0);
    expect(p.runtime.mph_string_eq(0, a)).toBe(0);
  });

  test("length counts bytes", () => {
    const p = new Program(setup);
    expect(p.runtime.mph_string_len(p.string("é"))).toBe(2);
    expect(p.runtime.mph_string_Length(p.string(""))).toBe(0);
  });

  test.each([
    ["hello", "l", 2],
    ["hello", "lo", 3],
    ["hello", "x", -1],
    ["hello", "", 0],
    ["", "", 0],
    ["", "a", -1],
    ["aab", "ab", 1],
  ])("index of %j in %j", (s, sub, expected) => {
    const p = new Program(setup);
    expect(p.runtime.mph_string_index(p.string(s), p.string(sub))).toBe(expected);
  });

  test.each([
    ["  a b ", " ", "a b"],
    ["xyaxy", "yx", "a"],
    ["aaa", "a", ""],
    ["abc", "", "abc"],
    ["", "a", ""],
  ])("trim %j of %j", (s, cut, expected) => {
    const p = new Program(setup);
    expect(p.text(p.runtime.mph_string_trim(p.string(s), p.string(cut)))).toBe(expected);
  });

  test.each([
    ["a,b,,c", ",", ["a", "b", "", "c"]],
    [",", ",", ["", ""]],
    ["", ",", [""]],
    ["abc", "", ["a", "b", "c"]],
    ["", "", []],
    ["a--b-c", "--", ["a", "b-c"]],
    ["aaa", "aa", ["", "a"]],
  ])("split %j at %j", (s, separator, parts) => {
    const p = new Program(setup);
    const [string, sep] = [p.string(s), p.string(separator)];
    const before = p.runtime.stats().allocations;
    const array = p.root(p.runtime.mph_string_split(string, sep));
    expect(p.texts(array)).toEqual(parts);
    expect(p.runtime.stats().allocations - before).toBe(2 + 2 * parts.length);
  });

  test.each([
    [1n, 3n, "el"],
    [0n, 5n, "hello"],
    [-5n, 2n, "he"],
    [3n, 100n, "lo"],
    [3n, 3n, ""],
    [4n, 2n, ""],
    [9n, 12n, ""],
    [1n << 40n, 1n << 50n, ""],
    [-(1n << 63n), (1n << 63n) - 1n, "hello"],
    [0n, 0x8000_0000n, "hello"],
  ])("substring %d to %d", (start, end, expected) => {
    const p = new Program(setup);
    const at = (value: bigint): [number, number] => [Number(BigInt.asIntN(32, value)), Number(value >> 32n)];
    expect(p.text(p.runtime.mph_string_substring(p.string("hello"), ...at(start), ...at(end)))).toBe(expected);
  });

  test("no string has a negative length, or one of 2 GiB", () => {
    const p = new Program(setup);
    const s = p.string("kept");
    for (const length of [-1, -(2 ** 31)]) {
      expect(thrown(() => p.runtime.mph_string_new(s, length)).code).toBe("ERR_MORPH_INVALID_SIZE");
    }
    // As if it had so many bytes; none is read.
    p.i32[(s + 8) >>> 2] = 2 ** 30;
    expect(thrown(() => p.runtime.mph_string_concat(s, s))).toMatchObject({ reason: "memory", exitCode: 1 });
    p.i32[(s + 8) >>> 2] = 4;
    expect(p.text(p.runtime.mph_string_concat(s, s))).toBe("keptkept");
    p.runtime.verify();
  });

  test("substring of null is empty", () => {
    const p = new Program(setup);
    expect(p.text(p.runtime.mph_string_substring(0, 0, 0, 1, 0))).toBe("");
  });

  test("a null string is the failure null, and the heap stays sound", () => {
    const p = new Program(setup);
    const s = p.string("kept");
    for (const action of [
      () => p.runtime.mph_string_concat(s, 0),
      () => p.runtime.mph_string_concat(0, s),
      () => p.runtime.mph_string_len(0),
      () => p.runtime.mph_string_index(s, 0),
      () => p.runtime.mph_string_trim(0, s),
      () => p.runtime.mph_string_split(s, 0),
    ]) {
      expect(thrown(action)).toMatchObject({ reason: "null", exitCode: 139 });
    }
    p.string("more");
    expect(p.text(s)).toBe("kept");
    p.runtime.verify();
  });
});
