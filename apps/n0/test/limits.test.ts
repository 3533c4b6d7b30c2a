import { describe, expect, test } from "vitest";
import { NESTING_MESSAGE } from "../src/parse/cursor.ts";
import { messages } from "./support.ts";

const TOO_DEEP = [`0:0 ${NESTING_MESSAGE}`];

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
