import { describe, expect, test } from "vitest";
import { lines } from "./execute.ts";

const PRELUDE = `
struktur P  a int  b string  next P akhir
antarmuka Named
  fungsi Name(n int, s string) string
akhir
fungsi (p P) Name(n int, s string) string kembalikan p.b + s akhir
fungsi (p P) Self(x int) P native_print("self #{p.b}") kembalikan p akhir
fungsi n(i int, said string) int native_print(said) kembalikan i akhir
fungsi s(said string) string native_print(said) kembalikan said akhir
fungsi p(said string) P native_print(said) kembalikan P{a: 1, b: said, next: kosong} akhir
fungsi b(value bool, said string) bool native_print(said) kembalikan value akhir
fungsi xs(said string) []int native_print(said) kembalikan [1, 2, 3] akhir
fungsi m(said string) map[string]int native_print(said) kembalikan {"k": 1} akhir
`;

/** What the program prints, one after the other. */
const order = (source: string): string => lines(PRELUDE + source).join(" ");

describe("from left to right", () => {
  test.each([
    [
      "arguments",
      'fungsi f(a int, b string, c int, d P) void akhir f(n(1, "1"), s("2"), n(3, "3"), p("4"))',
      "1 2 3 4",
    ],
    ["receiver, then arguments", 'native_print(p("1").Name(n(2, "2"), s("3")))', "1 2 3 13"],
    ["interface receiver, then arguments", 'var i Named = p("0") native_print(i.Name(n(2, "1"), s("2")))', "0 1 2 02"],
    [
      "closure, then arguments",
      'fungsi make() fungsi(int, string) int native_print("1") kembalikan fungsi(a int, b string) int kembalikan a akhir akhir native_print_int(make()(n(7, "2"), s("3")))',
      "1 2 3 7",
    ],
    ["both operands", 'native_print_int(n(5, "1") - n(3, "2") * n(2, "3"))', "1 2 3 -1"],
    ["strings that are joined", 'native_print(s("1") + s("2") + s("3"))', "1 2 3 123"],
    ["parts of an interpolated string", 'native_print("#{s("1")}-#{s("2")}-#{s("3")}")', "1 2 3 1-2-3"],
    ["array elements", 'var a = [n(1, "1"), n(2, "2"), n(3, "3")] native_print_int(a[2])', "1 2 3 3"],
    ["map pairs", 'var a = {s("1"): n(1, "2"), s("3"): n(1, "4")} native_print_int(a["3"])', "1 2 3 4 1"],
    ["struct fields as written", 'var a = P{next: p("1"), b: s("2"), a: n(1, "3")} native_print(a.b)', "1 2 3 2"],
    ["constructor arguments", 'var a = P(n(1, "1"), s("2"), p("3")) native_print(a.b)', "1 2 3 2"],
    ["object, index, value of a store", 'xs("1")[n(0, "2")] = n(1, "3")', "1 2 3"],
    ["object and value of a store into a field", 'p("1").next = p("2")', "1 2"],
    ["map, key, value of a store", 'm("1")[s("2")] = n(3, "3")', "1 2 3"],
    [
      "results of a function",
      'fungsi f() (int, string) kembalikan n(1, "1"), s("2") akhir var x, y = f() native_print(y)',
      "1 2 2",
    ],
    [
      "targets, then values of a parallel assignment",
      'var a = 0 xs("1")[n(0, "2")], a, p("3").next = n(1, "4"), n(2, "5"), p("6") native_print_int(a)',
      "1 2 3 4 5 6 2",
    ],
    ["calls in a chain", 'native_print(p("1").Self(n(1, "2")).Self(n(1, "3")).b)', "1 2 self 1 3 self 1 1"],
    ["division", 'native_print_int(n(7, "1") / n(2, "2"))', "1 2 3"],
    ["comparison of strings", 'jika s("1") == s("2") akhir', "1 2"],
    [
      "case values, up to the one that is equal",
      'pilih s("1") kasus s("0"), s("1"): native_print("one") kasus s("2"): akhir',
      "1 0 1 one",
    ],
  ])("%s", (_, source, expected) => {
    expect(order(source)).toBe(expected);
  });

  test("dan and atau evaluate the right side only when it matters", () => {
    const source =
      'jika b(salah, "1") dan b(benar, "no") akhir jika b(benar, "2") atau b(benar, "no") akhir jika b(benar, "3") dan b(salah, "4") akhir jika b(salah, "5") atau b(benar, "6") akhir';
    expect(order(source)).toBe("1 2 3 4 5 6");
  });

  test("a value that was read stays what it was when a later operand changes the variable", () => {
    const source = `
var g = "old"
var k = 1
fungsi change() string g = "new" k = 2 kembalikan "!" akhir
fungsi two(a string, x int, b string) void native_print(a + b) native_print_int(x) akhir
two(g, k, change())
g = "old"
native_print(g + change())
var c = "captured"
var f = fungsi(d int) string
  jika d == 0
    c = "changed"
    kembalikan "."
  akhir
  kembalikan c
akhir
native_print(f(1) + f(0) + f(1))`;
    expect(order(source)).toBe("old! 1 old! captured.changed");
  });

  test("swapping and rotating", () => {
    const source = `
fungsi f() void
  var x, y, z = "x", "y", "z"
  x, y = y, x
  x, y, z = z, x, y
  native_print(x + y + z)
  var a = [1, 2]
  var i = 0
  i, a[i] = 1, 9
  native_print_int(a[0] * 10 + a[1])
akhir
f()`;
    expect(order(source)).toBe("zyx 92");
  });
});

describe("deeply nested expressions", () => {
  const nested = (open: string, middle: string, close: string, depth: number): string =>
    open.repeat(depth) + middle + close.repeat(depth);
  test.each([
    ["sums", `native_print_int(${"1 + ".repeat(900)}1)`, "901"],
    ["strings", `native_print_int(panjang(${'"a" + '.repeat(400)}"b"))`, "401"],
    [
      "parentheses and calls",
      `fungsi f(x int) int kembalikan x + 1 akhir native_print_int(${nested("f(", "0", ")", 450)})`,
      "450",
    ],
    ["arrays", `var a = ${nested("[", "7", "]", 300)} native_print_int(panjang(a))`, "1"],
    [
      "a long chain of else-ifs",
      `var x = 4999 jika x < 0 ${Array.from({ length: 5000 }, (_, i) => `atau_jika x == ${i} native_print_int(${i}) `).join("")} akhir`,
      "4999",
    ],
    [
      "a long switch",
      `pilih 2999 ${Array.from({ length: 3000 }, (_, i) => `kasus ${i}: native_print_int(${i}) `).join("")} akhir`,
      "2999",
    ],
  ])("%s", (_, source, expected) => {
    expect(lines(source)).toEqual([expected]);
  });
});
