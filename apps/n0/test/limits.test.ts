import { describe, expect, test } from "vitest";
import { whyRefused } from "../src/build.ts";
import { generateModule } from "../src/codegen/generate.ts";
import type { LimitError } from "../src/limits.ts";
import { NESTING_MESSAGE } from "../src/parse/cursor.ts";
import { lines } from "./execute.ts";
import { messages, program } from "./support.ts";

/** The one message, at a place in the program's first line. */
const TOO_DEEP = [expect.stringMatching(/^1:\d+ maximum expression nesting depth \(1000\) exceeded/)];

/** For each construct: a program that nests it `n` times. */
const NESTED: Record<string, (n: number) => string> = {
  parentheses: (n) => `var x = ${"(".repeat(n)}1${")".repeat(n)}`,
  arrays: (n) => `var x = ${"[".repeat(n)}1${"]".repeat(n)}`,
  maps: (n) => `var x = ${"{1: ".repeat(n)}1${"}".repeat(n)}`,
  prefixes: (n) => `var x = ${"- ".repeat(n)}1`,
  sums: (n) => `var x = 1${" + 1".repeat(n)}`,
  calls: (n) => `fungsi f(a int) int kembalikan a akhir var x = ${"f(".repeat(n)}1${")".repeat(n)}`,
  "calls of calls": (n) => `fungsi f() int kembalikan 1 akhir var x = f${"()".repeat(n)}`,
  members: (n) => `struktur S s S akhir var s S = kosong var x = s${".s".repeat(n)}`,
  indexes: (n) => `var x${" []".repeat(n)} int = kosong var y = x${"[0]".repeat(n)}`,
  "struct literals": (n) => `struktur S s S akhir var x = ${"S{s: ".repeat(n)}kosong${"}".repeat(n)}`,
  interpolations: (n) => `var x = ${'"#{'.repeat(n)}"a"${'}"'.repeat(n)}`,
  types: (n) => `var x ${"[]".repeat(n)}int = kosong`,
  "map types": (n) => `var x ${"map[int]".repeat(n)}int = kosong`,
  "function types": (n) => `var x ${"fungsi(".repeat(n)}int${")".repeat(n)} = kosong`,
  jika: (n) => `${"jika benar ".repeat(n)}${"akhir ".repeat(n)}`,
  "lainnya jika": (n) => `jika benar ${"lainnya jika benar ".repeat(n)}${"akhir ".repeat(n)} akhir`,
  selama: (n) => `${"selama benar ".repeat(n)}${"akhir ".repeat(n)}`,
  pilih: (n) => `${"pilih 1 kasus 1: ".repeat(n)}${"akhir ".repeat(n)}`,
  closures: (n) => `${"var f = fungsi() int ".repeat(n)} kembalikan 1 ${"akhir kembalikan 1 ".repeat(n - 1)} akhir`,
};

describe.each(Object.keys(NESTED))("nested %s", (name) => {
  const nested = NESTED[name]!;

  test("300 levels are fine", () => {
    expect(messages(nested(300)).filter((message) => message.includes(NESTING_MESSAGE))).toEqual([]);
  });

  test.each([1_001, 20_000])("%i levels are a message", (n) => {
    expect(messages(nested(n)).filter((message) => message.includes(NESTING_MESSAGE))).toEqual(TOO_DEEP);
  });
});

test("a sum of 1,000 terms is the longest", () => {
  expect(messages(NESTED.sums!(999))).toEqual([]);
  expect(messages(NESTED.sums!(1000))).toEqual(TOO_DEEP);
});

test("999 parentheses are the most", () => {
  expect(messages(NESTED.parentheses!(999))).toEqual([]);
  expect(messages(NESTED.parentheses!(1000))).toEqual(TOO_DEEP);
});

/** What is only opened, or repeated without sense, ends too. */
test.each([
  "(",
  "{",
  "[",
  "f(",
  '"#{',
  "fungsi ",
  "fungsi (",
  "jika ",
  "selama ",
  "pilih ",
  "kasus ",
  "var ",
  "struktur ",
  "antarmuka ",
  "akhir ",
  "@ ",
  ". ",
  "x = ",
  "kembalikan ",
  "*",
  "lainnya ",
])("20,000 times %j", (text) => {
  expect(messages(text.repeat(20_000)).length).toBeGreaterThan(0);
});

test("what is long but not deep is fine", () => {
  const many = (text: (i: number) => string) => Array.from({ length: 20_000 }, (_, i) => text(i)).join("");
  expect(messages(`var x = [${many(() => "1, ")}1]`)).toEqual([]);
  expect(messages(`jika benar ${many(() => "atau_jika benar ")}akhir`)).toEqual([]);
  expect(messages(`native_print(${many(() => '"a" "#{"b"}" ')})`)).toEqual([]);
  expect(messages(`struktur S ${many((i) => `f${i} int `)} akhir`)).toEqual([]);
  expect(
    messages(
      `fungsi f20000() int kembalikan 1 akhir ${many((i) => `fungsi f${i}() int kembalikan f${i + 1}() akhir `)}`,
    ),
  ).toEqual([]);
  expect(messages(`${many((i) => `var v${i + 1} = v${i} `)} var v0 = 1`)).toEqual([]);
});

describe("what engines do not run is refused", () => {
  const parameters = (n: number): string => Array.from({ length: n }, (_, i) => `p${i} int`).join(", ");

  test("1,000 parameters of a function, a method, a closure, a type", () => {
    const message = "A function has at most 999 parameters, got 1000";
    expect(messages(`fungsi f(${parameters(1000)}) void akhir`)).toEqual([`1:1 ${message}`]);
    expect(messages(`struktur S akhir\nfungsi (s S) M(${parameters(1000)}) void akhir`)).toEqual([`2:1 ${message}`]);
    expect(messages(`var f = fungsi(${parameters(1000)}) void akhir`)).toEqual([`1:9 ${message}`]);
    const types = Array.from({ length: 1000 }, () => "int").join(", ");
    expect(messages(`var f fungsi(${types}) = kosong`)).toEqual([`1:14 ${message}`]);
  });

  test("999 of them run, also through a value and an interface", () => {
    const zeros = Array.from({ length: 999 }, (_, i) => i).join(", ");
    const source = `antarmuka I fungsi M(${parameters(999)}) int akhir
struktur S akhir
fungsi (s S) M(${parameters(999)}) int kembalikan p998 akhir
fungsi f(${parameters(999)}) int kembalikan p998 akhir
var i I = S()
var g = f
native_print_int(f(${zeros}) + g(${zeros}) + i.M(${zeros}))`;
    expect(lines(source)).toEqual(["2994"]);
  });

  test("60,000 variables of one function, with its place", () => {
    const many = Array.from({ length: 60_000 }, (_, i) => `var v${i} = 1`).join(" ");
    let thrown: unknown;
    try {
      generateModule(program(`var a = 1\nfungsi f() void ${many} akhir f()`));
    } catch (error) {
      thrown = error;
    }
    expect((thrown as LimitError).message).toMatch(
      /^A function has at most 50000 variables and temporaries, this one needs 6000\d$/,
    );
    expect((thrown as LimitError).diagnostic).toMatchObject({ file: "app/main.fox", line: 2, column: 1 });
  });

  test("a function of more code than engines take", () => {
    const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
    const module = (code: number): Uint8Array<ArrayBuffer> => {
      const body = [...leb(code + 2), 0];
      const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
      const section = [10, ...leb(1 + body.length + code + 1), 1, ...body];
      const nops = new Uint8Array(code + 1).fill(1);
      nops[code] = 0x0b;
      return new Uint8Array([...head, ...section, ...nops]);
    };
    expect(whyRefused(module(1000))).toBe(null);
    expect(whyRefused(module(8_000_000))).toMatch(/^the module is one that engines do not run: .*size/);
  });
});
