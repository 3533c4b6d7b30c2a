import { expect, test } from "vitest";
import { executeLiteralsEachTime, executeSource, FIXED_WAYS, GC_WAYS, WAYS } from "./execute.ts";
import { program } from "./support.ts";

/** Allocations of statements that run once, the same in each of these ways. */
function allocations(prelude: string, statement: string, ways = FIXED_WAYS): number {
  const count = (source: string): number[] =>
    ways.map(([, options]) => executeSource(source, options).stats!.allocations);
  const without = count(prelude);
  const difference = count(`${prelude}\n${statement}`).map((total, i) => total - without[i]!);
  for (const other of difference) expect(other).toBe(difference[0]);
  return difference[0]!;
}

const PRELUDE = `
ambil "conv"
struktur P  a int  s string akhir
struktur E akhir
antarmuka N  fungsi A() int akhir
fungsi (p P) A() int kembalikan p.a akhir
fungsi f(x int) int kembalikan x akhir
fungsi closure(x int, y string) fungsi() int kembalikan fungsi() int kembalikan x + panjang(y) akhir akhir
var s = "abc" var xs = [1, 2] var m = {1: 1} var p = P(1, s) var i N = p
`;

test.each([
  ["a string literal", 's = "x"', 2],
  ["an empty string literal", 's = ""', 2],
  ["strings that are joined", "s = s + s", 2],
  ["strings that are compared", "jika s == s akhir", 0],
  ["an interpolated string of three parts", 's = "a #{s} b"', 4 + 4],
  ["an array literal", "xs = [1, 2, 3]", 2],
  ["an empty array", "xs = []", 2],
  ["arrays that are joined", "xs = xs + xs", 2],
  ["array elements", "xs[0] = xs[1]", 0],
  ["a map literal", "m = {1: 1}", 2],
  ["an empty map", "m = {}", 2],
  ["a store into a map with room", "m[2] = 1", 0],
  ["a struct literal", "p = P{a: 1, s: s}", 1],
  ["a constructor", "p = P(1, s)", 1],
  ["a struct without fields", "var e = E()", 1],
  ["fields", "p.a = p.a + 1", 0],
  ["a conversion to an interface", "i = p", 0],
  ["an interface in a map", "var q = {1: i}", 2 + 1],
  ["interface calls", "native_print_int(i.A())", 0],
  ["a closure without captures", "var c = fungsi() int kembalikan 1 akhir", 1],
  ["a closure that captures", "var c = closure(1, s)", 2],
  ["a function as a value", "var c = f", 1],
  ["calls", "native_print_int(f(f(1)))", 0],
  ["an error", "native_print_error(error(s))", 1],
  ["conv.Itoa", "s = conv.Itoa(12)", 2],
  ["split into two", 'var parts = split("a,b", ",")', 2 + 2 + (2 + 4)],
  ["an append without room", "tambah(xs, 3)", 1],
  ["an append with room", "tambah(xs, 3) tambah(xs, 4)", 1],
  ["a test for a key", "var there = punya(m, 1)", 0],
  ["the keys of a map", "var ks = kunci(m)", 2],
  ["substring", "s = substring(s, 0, 1)", 2],
])("%s", (_, statement, expected) => {
  expect(allocations(PRELUDE, statement)).toBe(expected);
});

test.each([
  ["a string is one object", "s = s + s", 1],
  ["a literal too", 's = "x"', 1],
  ["an array is two", "xs = [1, 2, 3]", 2],
  ["an interface in a map needs no box", "var q = {1: i}", 2],
  ["a closure that captures", "var c = closure(1, s)", 2],
  ["split into two", 'var parts = split("a,b", ",")', 2 + 2 + 2],
])("on gc: %s", (_, statement, expected) => {
  expect(allocations(PRELUDE, statement, GC_WAYS)).toBe(expected);
});

test("a literal is made once, at the start, however often it stands and is evaluated", () => {
  const loop = 'var i = 0 var s string selama i < 10 s = "x" s = "x" i = i + 1 akhir native_print(s)';
  expect(allocations("", loop)).toBe(2);
  expect(allocations("", 'fungsi f() string kembalikan "never called" akhir')).toBe(2);
  expect(allocations("", 'native_print("") native_print("") native_print("a")')).toBe(4);
});

test("as the original does it: a new string each time a literal is evaluated", () => {
  const checked = program('var i = 0 var s string selama i < 10 s = "x" i = i + 1 akhir');
  for (const [, options] of WAYS) {
    const { stats } = executeLiteralsEachTime(checked, options);
    expect(stats!.allocations).toBe(options.allocator === "gc" ? 10 : 20);
  }
});

test("a map that grows allocates once more", () => {
  const fill = (count: number): string =>
    `var m map[int]int = {} var i = 0 selama i < ${count} m[i] = i i = i + 1 akhir`;
  expect(allocations("", fill(12))).toBe(2);
  expect(allocations("", fill(13))).toBe(3);
});

test("more types than V2 can tell apart", () => {
  const structs = Array.from({ length: 200 }, (_, i) => `struktur S${i}  a int  b string akhir`).join("\n");
  const objects = Array.from({ length: 200 }, (_, i) => `var s${i} = S${i}(${i}, "x")`).join("\n");
  for (const [, options] of WAYS) {
    const { stats, stdout } = executeSource(`${structs}\n${objects}\nnative_print_int(s0.a + s199.a)`, options);
    expect(stdout).toBe("199\n");
    expect(stats!.allocations).toBe(options.allocator === "gc" ? 201 : 202);
  }
});
