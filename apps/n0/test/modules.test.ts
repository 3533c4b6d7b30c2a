import { expect, test } from "vitest";
import { compileFrontEnd } from "../src/front-end.ts";
import { messages, program } from "./support.ts";

const SHOP = `struktur Item
  name string
  price int
akhir
antarmuka Priced
  fungsi Price() int
akhir
fungsi (i Item) Price() int
  kembalikan i.price
akhir
var Total int = 0
var hidden = 1
tetapan LIMIT = 10
tetapan Best = Item("tea", 3)
fungsi Add(p Priced) int
  Total = Total + p.Price()
  kembalikan Total
akhir
fungsi secret() void
akhir
`;

test("a module's exported functions, variables, constants, structs and interfaces can be used", () => {
  const source = `ambil "shop"
var item shop.Item = shop.Item("a", 1)
var priced shop.Priced = item
shop.Total = shop.Add(item) + shop.LIMIT + shop.Best.price
var again = assert(priced, shop.Item)`;
  expect(messages(source, { "app/shop.fox": SHOP })).toEqual([]);
});

test("dari binds members, also from a path with folders (bug 19)", () => {
  const source = `dari "sub/shop" ambil Item, Add, Total
var item = Item{name: "a", price: 1}
native_print_int(Add(item) + Total)`;
  expect(messages(source, { "app/sub/shop.fox": SHOP })).toEqual([]);
});

test.each([
  ['ambil "shop" shop.hidden', "1:18 Module 'shop' does not export 'hidden'"],
  ['ambil "shop" shop.secret()', "1:18 Module 'shop' does not export 'secret'"],
  ['ambil "shop" shop.Nothing', "1:18 Module 'shop' does not export 'Nothing'"],
  ['dari "shop" ambil Add, hidden', "1:1 Module 'shop' does not export 'hidden'"],
  ['ambil "shop" var x shop.Nothing = 1', "1:20 Module 'shop' does not export type 'Nothing'"],
  ['ambil "shop" var x shop.item = 1', "1:20 Module 'shop' does not export type 'item'"],
  ['ambil "shop" var x shop.Total = 1', "1:20 'Total' is not a type"],
  ['ambil "shop" shop = 1', "1:19 Cannot reassign constant 'shop'"],
  ['ambil "shop" shop.Add = shop.Add', "1:23 Cannot reassign constant 'Add'"],
  ['ambil "shop" shop.LIMIT = 1', "1:25 Cannot reassign constant 'LIMIT'"],
  ['dari "shop" ambil Total Total = 1', "1:31 Cannot reassign constant 'Total'"],
  ['ambil "shop" shop()', "1:18 Cannot call module type"],
  ['ambil "shop" var x = shop', "1:22 'shop' is a module, not a value"],
  ['ambil "shop" var shop = 1', "1:18 Global variable 'shop' already declared (type: Module<shop>)"],
  ['ambil "shop" shop.Add(1)', "1:22 Argument 1 type mismatch: expected Priced, got int"],
])("%s", (source, message) => {
  expect(messages(source, { "app/shop.fox": SHOP })).toEqual([message]);
});

test("a module that is not found is reported, and so is what would have come from it", () => {
  expect(messages('ambil "none"\nnone.F()\ndari "x/y" ambil A')).toEqual([
    "1:1 Failed to import module 'none': module 'none' not found",
    "2:1 Undefined variable or type: none",
    "3:1 Failed to import module 'x/y': module 'x/y' not found",
  ]);
});

test("the search goes from the main file's folder over stdlib and n1 to the standard modules", () => {
  const read: string[] = [];
  const reader = {
    read: (path: string) => {
      read.push(path);
      return null;
    },
  };
  const bytes = new TextEncoder().encode('ambil "conv" ambil "a.b" ambil "../x" ambil "/abs/y"');
  compileFrontEnd({ file: "src/app/main.fox", bytes, reader });
  expect(read).toEqual([
    "src/app/conv.fox",
    "stdlib/conv.fox",
    "n1/conv.fox",
    "src/app/a.b",
    "stdlib/a.b",
    "n1/a.b",
    "src/app/../x.fox",
    "stdlib/../x.fox",
    "n1/../x.fox",
    "/abs/y.fox",
  ]);
});

test("what a module imports is looked for beside the main file, not beside the module", () => {
  const files = {
    "app/sub/a.fox": 'ambil "b" fungsi F() int kembalikan b.F() akhir',
    "app/b.fox": "fungsi F() int kembalikan 1 akhir",
  };
  expect(messages('ambil "sub/a" a.F()', files)).toEqual([]);
});

test("a file of the program wins over a standard module", () => {
  const files = { "stdlib/math.fox": "fungsi Double(a int) int kembalikan a * 2 akhir" };
  expect(messages('ambil "math" math.Double(1)', files)).toEqual([]);
  expect(messages('ambil "math" math.Double(1)')).toEqual(["1:18 Module 'math' does not export 'Double'"]);
});

test("the standard modules have what is documented", () => {
  const source = `ambil "io"
ambil "conv"
ambil "time"
ambil "string"
ambil "math"
var f io.File = io.Open("a")
jika f == kosong
  f = io.Create("a")
akhir
var n int = io.Write(io.Stdout, io.Read(f, 5)) + io.Close(f) + f.fd
var i, e = conv.Atoi(conv.Itoa(5))
native_print_error(e)
time.Sleep(time.Now() - i)
n = string.Length(string.Concat("a", "b")) + math.Add(1, 2)
var x float = math.Sin(math.PI)`;
  expect(messages(source)).toEqual([]);
});

test("a program's own copy of a standard module may declare its natives", () => {
  const conv = "fungsi Itoa(n int) string native\nfungsi Other(n int) string native";
  expect(messages('ambil "conv" conv.Itoa(1)', { "stdlib/conv.fox": conv })).toEqual([]);
  expect(messages('ambil "conv" conv.Other(1)', { "stdlib/conv.fox": conv })).toEqual([
    "1:18 Native function 'Other' does not exist in the runtime",
  ]);
  expect(messages('ambil "conv"', { "stdlib/conv.fox": "fungsi Itoa(n string) string native" })).toEqual([
    "stdlib/conv.fox 1:1 Native function 'Itoa' must have type fungsi(int) string, got fungsi(string) string",
  ]);
});

test("each path is loaded once, and dependencies stand before their importers", () => {
  const files = {
    "app/a.fox": 'ambil "c" var A = c.C',
    "app/b.fox": 'ambil "c" ambil "a" var B = c.C + a.A',
    "app/c.fox": "var C = 1",
  };
  const { modules, main } = program('ambil "b" ambil "a" native_print_int(a.A + b.B)', files);
  expect(modules.map(({ path }) => path)).toEqual(["c", "a", "b", ""]);
  expect(modules.at(-1)).toBe(main);
  expect(modules.map(({ file }) => file)).toEqual(["app/c.fox", "app/a.fox", "app/b.fox", "app/main.fox"]);
});

test("two spellings of one file are two modules with two structs", () => {
  const files = {
    "app/a.fox": "struktur S akhir fungsi F() S kembalikan S() akhir",
    "app/./a.fox": "struktur S akhir",
  };
  expect(messages('ambil "a" dari "./a" ambil S var s S = a.F()', files)).toEqual([
    "1:30 Type mismatch for 's': expected S, got S",
  ]);
});

test("interfaces are the same when their names are", () => {
  const files = { "app/a.fox": "antarmuka I fungsi M() int akhir fungsi F(i I) int kembalikan i.M() akhir" };
  expect(
    messages('ambil "a" antarmuka I fungsi M() int akhir fungsi g(i I) int kembalikan a.F(i) akhir', files),
  ).toEqual([]);
});

test("a cycle is reported where it closes", () => {
  const files = { "app/a.fox": 'ambil "b"', "app/b.fox": '\nambil "a"' };
  expect(messages('ambil "a"', files)).toEqual(["app/b.fox 2:1 Import cycle detected: a"]);
  expect(messages('ambil "a"', { "app/a.fox": 'ambil "a"' })).toEqual(["app/a.fox 1:1 Import cycle detected: a"]);
});

test("errors of an imported module come first, with its file", () => {
  expect(messages('ambil "a"\nx', { "app/a.fox": "y\nfungsi F() int akhir" })).toEqual([
    "app/a.fox 1:1 Undefined variable or type: y",
    "app/a.fox 2:1 Not all code paths return a value",
    "2:1 Undefined variable or type: x",
  ]);
});

test("parse errors of an imported module are shown, and the import fails", () => {
  expect(messages('ambil "a"', { "app/a.fox": "var = 1\nf(" })).toEqual([
    "app/a.fox 1:5 expected next token to be IDENT, got = instead",
    "app/a.fox 2:3 no prefix parse function for EOF found",
    "1:1 Failed to import module 'a': 2 parse errors",
  ]);
});

test("names that a module has from dari are exported in turn, modules are not", () => {
  const files = {
    "app/a.fox": 'dari "b" ambil F ambil "B"',
    "app/b.fox": "fungsi F() int kembalikan 1 akhir",
    "app/B.fox": "",
  };
  expect(messages('dari "a" ambil F F()', files)).toEqual([]);
  expect(messages('ambil "a" a.B', files)).toEqual(["1:12 Module 'a' does not export 'B'"]);
});

test("a chain of 20,000 modules is no problem", () => {
  const reader = {
    read: (path: string) => {
      const n = Number(/m(\d+)\.fox$/.exec(path)?.[1]);
      return new TextEncoder().encode(n < 20_000 ? `ambil "m${n + 1}"` : "");
    },
  };
  expect(compileFrontEnd({ file: "m0.fox", bytes: new TextEncoder().encode('ambil "m1"'), reader }).ok).toBe(true);
});
