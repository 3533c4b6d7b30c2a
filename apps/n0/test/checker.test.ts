import { describe, expect, test } from "vitest";
import { messages } from "./support.ts";

/** Each program with everything the checker says about it. */
type Table = [source: string, ...messages: string[]][];

const rejects = (table: Table): void => {
  test.each(table.map(([source, ...expected]) => [source.slice(source.indexOf("\n") + 1), source, expected] as const))(
    "%s",
    (_, source, expected) => {
      expect(messages(source)).toEqual(expected);
    },
  );
};

const accepts = (sources: string[]): void => {
  test.each(sources)("%s", (source) => {
    expect(messages(source)).toEqual([]);
  });
};

/** Declarations that tables build on, on one line of their own: what they test starts in line 2. */
const given = (source: string): string =>
  `struktur S a int akhir struktur L xs []int akhir antarmuka I fungsi M() int akhir struktur T t int akhir fungsi (t T) M() int kembalikan 1 akhir fungsi f(a int) int kembalikan a akhir fungsi g(s string) void akhir fungsi two() (int, string) kembalikan 1, "" akhir var xs = [1] var m = {"k": 1} var s = S(1) var e error = kosong\n${source}`;

describe("names", () => {
  rejects([
    ["x", "1:1 Undefined variable or type: x"],
    ["x()", "1:1 Undefined variable or type: x"],
    ["x = 1", "1:1 Undefined variable or type: x"],
    ["var f = panjang", "1:9 Undefined variable or type: panjang"],
    ["var x Int = 1", "1:7 Unknown type: Int"],
    ["var x []any = []", "1:9 Unknown type: any"],
    ["struktur S a T akhir", "1:14 Unknown type: T"],
    ["fungsi f(a T) U kembalikan a akhir", "1:12 Unknown type: T", "1:15 Unknown type: U"],
    ["antarmuka I fungsi M(s S) akhir struktur S akhir", "1:24 Unknown type: S"],
    ["var x mod.T = 1", "1:7 Unknown module: mod"],
    ["var mod int = 1 var x mod.T = 1", "1:23 Expected module, got int"],
    ["fungsi f() void var g = fungsi() void akhir akhir g()", "1:51 Undefined variable or type: g"],
    ["fungsi f() void fungsi g() void akhir g() akhir", "1:39 Undefined variable or type: g"],
    ["jika benar var a = 1 akhir native_print_int(a)", "1:45 Undefined variable or type: a"],
    ["fungsi f() void var g = fungsi() void g() akhir akhir", "1:39 Undefined variable or type: g"],
  ]);
  accepts([
    "fungsi f() int kembalikan g() akhir fungsi g() int kembalikan 1 akhir",
    "struktur A b B akhir struktur B a A akhir",
    "struktur S akhir antarmuka I fungsi M(s S, i I) akhir",
    "var fact = fungsi(n int) int jika n < 2 kembalikan 1 akhir kembalikan n * fact(n - 1) akhir",
    "var a = 1 fungsi f(a string) string kembalikan a akhir",
  ]);
});

describe("maps and arrays that are asked and lengthened", () => {
  rejects([
    ["punya()", "1:6 punya expects 2 arguments: map and key"],
    ["punya({1: 1}, 1, 2)", "1:6 punya expects 2 arguments: map and key"],
    ["punya([1], 1)", "1:6 Argument 1 must be a map, got []int"],
    ['punya({1: 1}, "a")', "1:6 Key type mismatch: expected int, got string"],
    ["punya(x, 1)", "1:7 Undefined variable or type: x"],
    ["kunci()", "1:6 kunci expects 1 argument: a map"],
    ["kunci({1: 1}, 1)", "1:6 kunci expects 1 argument: a map"],
    ["kunci([1])", "1:6 Argument 1 must be a map, got []int"],
    ["struktur P akhir kunci({P(): 1})", "1:23 kunci requires keys of type int, float, bool or string, got P"],
    ["var ks []string = kunci({1: 1})", "1:1 Type mismatch for 'ks': expected []string, got []int"],
    ["tambah([1])", "1:7 tambah expects 2 arguments: array and element"],
    ["tambah([1], 1, 2)", "1:7 tambah expects 2 arguments: array and element"],
    ['tambah("a", "b")', "1:7 Argument 1 must be an array, got string"],
    ['tambah([1], "b")', "1:7 Argument 2 type mismatch: expected int, got string"],
    ["var p = punya", "1:9 Undefined variable or type: punya"],
    ["var x = tambah([1], 2)", "1:15 A call without result has no value"],
  ]);
  accepts([
    'var m map[string]int = {} jika punya(m, "a") dan panjang(kunci(m)) > 0 akhir',
    "var xs [][]int = [] tambah(xs, []) tambah(xs[0], 1) tambah(xs, kosong)",
    "fungsi punya(a int) int kembalikan a akhir native_print_int(punya(1))",
    "fungsi f(kunci fungsi() int) int kembalikan kunci() akhir",
    "var tambah = fungsi(n int) int kembalikan n akhir native_print_int(tambah(1))",
  ]);
});

describe("variables", () => {
  rejects([
    ["var a = 1 var a = 2", "1:15 Global variable 'a' already declared (type: int)"],
    ['fungsi a() void akhir var a = ""', "1:27 Global variable 'a' already declared (type: fungsi() void)"],
    ['var a = "" jika benar var b = 1 var b = 2 akhir', "1:37 Variable 'b' already declared in this scope (type: int)"],
    ["fungsi f(a int) void var a = 2 akhir", "1:26 Variable 'a' already declared in this scope (type: int)"],
    ["fungsi f(a int, a string) void akhir", "1:17 Variable 'a' already declared in this scope (type: int)"],
    [
      "fungsi f() void var a var b; akhir",
      "1:17 Variable 'a' requires type or value",
      "1:23 Variable 'b' requires type or value",
    ],
    ["var x = []", "1:1 Cannot infer type from empty literal for 'x'"],
    ["var x = {}", "1:1 Cannot infer type from empty literal for 'x'"],
    ['  var x int = ""', "1:3 Type mismatch for 'x': expected int, got string"],
    ["tetapan x float = 1", "1:1 Type mismatch for 'x': expected float, got int"],
    ["var x int = kosong", "1:1 Type mismatch for 'x': expected int, got Null"],
    ["var x []string = [1]", "1:1 Type mismatch for 'x': expected []string, got []int"],
    ["var x map[string]int = {1: 1}", "1:1 Type mismatch for 'x': expected map[string]int, got map[int]int"],
    ["var a, b = 1, 2, 3", "1:1 Assignment count mismatch: 2 names but 3 values"],
    ["var a, b = 1", "1:1 Assignment count mismatch: 2 names but 1 values"],
    [given("var a, b, c = two()"), "2:1 Assignment count mismatch: 3 names but 2 values"],
    [given("var a, b int = two()"), "2:1 Type mismatch for 'b': expected int, got string"],
    [given("var i I = s"), "2:1 Type mismatch for 'i': expected I, got S"],
  ]);
  accepts([
    "var x int var y []string fungsi f() void var z map[int]S var w S w = kosong akhir struktur S akhir",
    'var a, b int = 1, 2 var c, d = 1, ""',
    given("var a, b = two() var i I = T(1) var j I = kosong"),
    "var x []int = [] var y map[string][]int = {} var z [][]int = [[], [1]] var w = [[], [1]]",
    "var s string = kosong var e error = kosong var f fungsi(int) int = kosong var m map[int]int = kosong",
    "fungsi f(a int) void jika benar var a = 2 akhir a = 3 akhir",
    "var x = kosong",
  ]);
});

describe("globals used above their declaration have their type (bug 20)", () => {
  rejects([
    ['fungsi f() int kembalikan a akhir var a = ""', "1:16 Return type mismatch: expected int, got string"],
    ['var a = b + 1 var b = ""', "1:11 Operator + not defined for types string and int"],
    ["var a = b var b = a", "1:19 The type of this expression is not known"],
  ]);
  accepts([
    'fungsi f() string kembalikan a + "!" akhir var a = b var b = c + "x" var c = "c"',
    "var a = fungsi() int kembalikan b() akhir var b = fungsi() int kembalikan a() akhir",
    'var a, b = f() fungsi f() (int, string) kembalikan c, d akhir var c = 1 var d = ""',
  ]);
});

describe("assignments", () => {
  rejects([
    ['var a = 1 a = ""', "1:13 Type mismatch in assignment: expected int, got string"],
    [given('xs[0] = ""'), "2:7 Type mismatch in assignment: expected int, got string"],
    [given("s.a = 1.5"), "2:5 Type mismatch in assignment: expected int, got float"],
    ["tetapan a = 1 a = 2", "1:17 Cannot reassign constant 'a'"],
    ["fungsi f() void akhir f = f", "1:25 Cannot reassign constant 'f'"],
    ["fungsi f() void tetapan a = 1 var g = fungsi() void a = 2 akhir akhir", "1:55 Cannot reassign constant 'a'"],
    ['var s = "a" s[0] = 1', "1:18 Cannot assign to string index (immutable)"],
    ["var a = 1 var b = 2 a, b = 1, 2, 3", "1:26 Assignment count mismatch: 2 = 3"],
    ["var a = 1 var b = 2 a, b = 1", "1:26 Assignment count mismatch: 2 = 1"],
    [given("var a = 1 var b = 2 a, b = two()"), "2:26 Type mismatch in assignment: expected int, got string"],
    [given("var a = 1 var b = 2 var c = 3 a, b, c = two()"), "2:39 Assignment count mismatch: 3 = 2"],
    [given('var b = "" xs[0], b = two()'), "2:21 only identifiers supported in tuple unpack"],
    [given("f(1) = 2"), "2:6 complex assignment not supported"],
  ]);
  accepts([
    given('xs = [] xs[0] = 2 m["x"] = 3 s.a = 4 s = kosong'),
    "var a = 1 var b = 2 a, b = b, a",
    given("fungsi h(a int) void a = 2 akhir"),
    "tetapan xs = [1] xs[0] = 2",
  ]);
});

describe("functions", () => {
  rejects([
    ['fungsi f() int kembalikan "" akhir', "1:16 Return type mismatch: expected int, got string"],
    ["fungsi f() int kembalikan; akhir", "1:16 Return type mismatch: expected int, got void"],
    ["fungsi f() void kembalikan 1 akhir", "1:17 Return type mismatch: expected void, got int"],
    [
      "fungsi f() (int, string) kembalikan 1, 2 akhir",
      "1:26 Return type mismatch: expected (int, string), got (int, int)",
    ],
    ["fungsi f() int kembalikan 1, 2 akhir", "1:16 Return type mismatch: expected int, got (int, int)"],
    ["  fungsi f() int akhir", "1:3 Not all code paths return a value"],
    ["fungsi f() int jika benar kembalikan 1 akhir akhir", "1:1 Not all code paths return a value"],
    ["fungsi f() int selama benar kembalikan 1 akhir akhir", "1:1 Not all code paths return a value"],
    [
      "fungsi f() int pilih 1 kasus 1: kembalikan 1 lainnya kembalikan 2 akhir akhir",
      "1:1 Not all code paths return a value",
    ],
    ["var f = fungsi() int akhir", "1:9 Not all code paths return a value"],
    ["fungsi (x int) M() void akhir", "1:9 Method receiver must be a struct, got int"],
    ["struktur S akhir fungsi (s *S) M() void akhir", "1:26 Method receiver must be a struct, got Unknown"],
    ["fungsi f(a int) void akhir f()", "1:29 Wrong number of arguments: expected 1, got 0"],
    ['fungsi f(a int) void akhir f("")', "1:29 Argument 1 type mismatch: expected int, got string"],
    [given("g(s.a)"), "2:2 Argument 1 type mismatch: expected string, got int"],
    [given("var h = fungsi(a int, b I) void akhir h(1, s)"), "2:40 Argument 2 type mismatch: expected I, got S"],
    [given("xs()"), "2:3 Cannot call array type"],
    [given("m()"), "2:2 Cannot call map type"],
    [given("I(s)"), "2:2 Cannot call interface type"],
    [given("f(two())"), "2:2 Argument 1 type mismatch: expected int, got (int, string)"],
    [
      'fungsi f()\n  native_print("x")\nakhir',
      "1:1 Not all code paths return a value",
      "2:3 Unknown type: native_print",
    ],
  ]);
  accepts([
    "fungsi f(a int) int jika a < 1 kembalikan 1 atau_jika a < 2 kembalikan 2 lainnya kembalikan 3 akhir akhir",
    "fungsi f() (int, int) kembalikan g() akhir fungsi g() (int, int) kembalikan 1, 2 akhir",
    "fungsi f() void kembalikan g() akhir fungsi g() void kembalikan akhir",
    'fungsi f() int kembalikan 1 native_print("unreachable") akhir',
    given("fungsi h(i I) I kembalikan T(1) akhir h(T(2))"),
    "fungsi f() void akhir var g fungsi() = f g = fungsi() void akhir",
  ]);
});

describe("structs and members", () => {
  rejects([
    [given("xs{a: 1}"), "2:3 Expected struct type, got []int"],
    [given("S{b: 1}"), "2:2 Field 'b' not defined in struct 'S'", "2:2 Missing fields in struct literal"],
    [given('S{a: ""}'), "2:2 Field 'a' type mismatch: expected int, got string"],
    [given("S{}"), "2:2 Missing fields in struct literal"],
    [given("S()"), "2:2 Struct S constructor requires 1 arguments, got 0"],
    [given('S("")'), "2:2 Argument 1 (a) type mismatch: expected int, got string"],
    [given("s.b"), "2:2 Field or method 'b' not found in struct 'S'"],
    [given("s.a.b"), "2:4 Cannot access member on non-struct/module type int"],
    [given("xs.a"), "2:3 Cannot access member on non-struct/module type []int"],
    [given("var i I = T(1) i.X()"), "2:17 Field or method 'X' not found in interface 'I'"],
    [
      given("jika s.b akhir"),
      "2:1 If condition must be Bool, got Error",
      "2:7 Field or method 'b' not found in struct 'S'",
    ],
  ]);
  accepts([
    given("native_print_int(S{a: 1}.a + T(1).M()) S(2).a = 3"),
    "struktur F f fungsi(int) int akhir var x = F{f: fungsi(a int) int kembalikan a akhir} native_print_int(x.f(1))",
    "struktur N next N akhir var n = N{next: N(kosong)} n.next.next = n",
  ]);
});

describe("literals and indexes", () => {
  rejects([
    ['[1, ""]', "1:1 Array element 1 type mismatch: expected int, got string"],
    ['[kosong, ""]', "1:1 Array element 1 type mismatch: expected Null, got string"],
    [given("var n = kosong n = S(1) n.a"), "2:26 Cannot access member on non-struct/module type Null"],
    ["[1, 2, kosong]", "1:1 Array element 2 type mismatch: expected int, got Null"],
    ['{1: 1, "": 2}', "1:1 Map key type mismatch: expected int, got string"],
    ['{1: 1, 2: ""}', "1:1 Map value type mismatch: expected int, got string"],
    [given("m[1]"), "2:2 Map key type mismatch: expected string, got int"],
    [given('xs[""]'), "2:3 Array index must be Int"],
    ['"abc"[""]', "1:6 String index must be Int"],
    ["5[0]", "1:2 Index operation not supported on type int"],
    [given("s[0]"), "2:2 Index operation not supported on type S"],
    ['"a #{5} b"', "1:1 Interpolation requires String type, got int"],
    ['var x = "" + " #{benar}"', "1:14 Interpolation requires String type, got bool"],
  ]);
  accepts([
    given('xs[0] = xs[xs[0]] m["a"] = "abc"[1]'),
    'native_print("#{"a" + "b"} #{"c #{"d"}"}")',
    given("var a = [T(1), kosong] var i I = T(1) var b = [i, T(1)] var c = {1: i, 2: T(2)}"),
  ]);
});

describe("operators", () => {
  rejects([
    ['1 + ""', "1:3 Operator + not defined for types int and string"],
    ["1 + 1.5", "1:3 Operator + not defined for types int and float"],
    ['"a" - "b"', "1:5 Operator - not defined for types string and string"],
    ["benar * salah", "1:7 Operator * not defined for types bool and bool"],
    ["1.5 % 2.0", "1:5 Operator % requires int operands"],
    ['"a" < "b"', "1:5 Operator < requires numeric operands"],
    ["1 >= benar", "1:3 Operator >= requires numeric operands"],
    ["1 dan benar", "1:3 Operator dan requires Bool operands"],
    ["salah atau kosong", "1:7 Operator atau requires Bool operands"],
    ["1.0 & 1", "1:5 Bitwise operator & requires int operands"],
    ['1 << ""', "1:3 Bitwise operator << requires int operands"],
    ['1 == ""', "1:3 Cannot compare different types int and string"],
    ["1 != kosong", "1:3 Cannot compare different types int and Null"],
    ["1 < 2.0", "1:3 Cannot compare different types int and float"],
    ["benar DAN salah", "1:7 Unknown operator DAN"],
    ["1 + [1]", "1:3 Type mismatch"],
    ["[1] - [1]", "1:5 Operator - not supported on array"],
    ["{1: 1} + {1: 1}", "1:8 Operator + not supported on map"],
    [given("s + s"), "2:3 Operator + not supported on struct"],
    [given("f + f"), "2:3 Operator + not supported on function"],
    ['[1] + [""]', "1:5 Cannot concatenate arrays of different types []int and []string"],
    [given("L([1]) == L([1])"), "2:8 Struct L is not comparable (contains map, array, or function)"],
    [given("L([1]) != kosong"), "2:8 Struct L is not comparable (contains map, array, or function)"],
    [given("var i I = T(1) i == T(1)"), "2:18 Cannot compare different types I and T"],
    ["!1", "1:1 Operator ! not defined for type int"],
    ['-""', "1:1 Operator - not defined for type string"],
    ["~1.5", "1:1 Operator ~ requires int"],
    ["-[1]", "1:1 Prefix operator - not supported on array"],
    ["&5", "1:1 Cannot take address of non-variable expression"],
  ]);
  accepts([
    "-7 / 2 + 7 % 3 - (1 << 40) * 2",
    "1.5 * 2.0 - -1.0",
    "~(1 & 2 | 3 ^ 4 >> 1) == 5 dan !salah atau 1 < 2",
    '"a" + "b" == "ab" dan "a" != kosong dan kosong == "a"',
    "[1] + [2] + [] == [] + [1]",
    given("s == s dan s != kosong dan xs == xs dan xs != kosong dan m == kosong dan f == f dan e == e dan e != kosong"),
    given("var i I = T(1) i == i dan i != kosong"),
    "struktur N next N akhir var n N = kosong n == n dan n.next != kosong",
    "kosong == kosong",
  ]);
});

describe("control", () => {
  rejects([
    ["jika 1 akhir", "1:1 If condition must be Bool, got int"],
    ['jika benar atau_jika "" akhir', "1:12 If condition must be Bool, got string"],
    ["  selama kosong akhir", "1:3 While condition must be Bool, got Null"],
    ["pilih 1.5 akhir", "1:1 Switch condition must be Int, Bool, or String, got float"],
    ['pilih 1\nkasus 1, "":\nakhir', "2:1 Case value type mismatch: expected int, got string"],
    [
      'jika 1 + "" akhir',
      "1:1 If condition must be Bool, got Error",
      "1:8 Operator + not defined for types int and string",
    ],
  ]);
  accepts([
    'pilih "a" kasus "a", "b": lainnya akhir pilih benar kasus 1 < 2: akhir pilih 3 akhir',
    "berhenti lanjut selama benar pilih 1 kasus 1: berhenti lainnya: lanjut akhir akhir",
    "jika benar kembalikan akhir",
  ]);
});

describe("conversions and built-ins", () => {
  rejects([
    ["int()", "1:4 Type conversion requires exactly 1 argument"],
    ["string(5)", "1:7 Cannot convert type int to string"],
    ['int("5")', "1:4 Cannot convert type string to int"],
    ["error(5)", "1:6 Cannot convert type int to error"],
    ["native_print(5)", "1:13 Argument 1 type mismatch: expected string, got int"],
    ["native_print()", "1:13 Wrong number of arguments: expected 1, got 0"],
    ['substring("a", 1)', "1:10 Wrong number of arguments: expected 3, got 2"],
    ["panjang()", "1:8 panjang expects 1 argument"],
    ["panjang(5)", "1:8 Argument must be Array, Map, or String, got int"],
    ["hapus({1: 1})", "1:6 hapus expects 2 arguments: map and key"],
    ["hapus([1], 1)", "1:6 Argument 1 must be a map, got []int"],
    ['hapus({1: 1}, "")', "1:6 Key type mismatch: expected int, got string"],
    [given("assert(s)"), "2:7 assert expects 2 arguments: interface and type"],
    [given("assert(s, T)"), "2:7 Argument 1 must be an interface, got S"],
    [given("var i I = T(1) assert(i, int)"), "2:22 Argument 2 must be a struct type for assertion"],
    ["luncurkan()", "1:10 luncurkan expects 1 or 2 arguments"],
    ["luncurkan(5)", "1:10 Argument 1 must be a function, got int"],
    [given("luncurkan(two, 1)"), "2:10 Function passed to luncurkan must accept exactly 1 argument"],
    [given("luncurkan(f)"), "2:10 Function requires arguments"],
    [given('luncurkan(f, "")'), "2:10 Argument 2 type mismatch: expected int, got string"],
    ["luncurkan(fungsi() void akhir)", "1:10 luncurkan expects named function"],
    ["kirim(5, 5)", "1:6 Argument 1 type mismatch: expected channel, got int"],
  ]);
  accepts([
    'var f = float(3) var i = int(f) var e = error("x") var s = string("a") native_print_error(e)',
    'var n = panjang([]) + panjang({}) + panjang("") hapus({1: 2}, 1)',
    'var c = saluran_baru() kirim(c, 1) native_print_int(terima(c) + index("ab", "b"))',
    'var p = split(trim(" a ", " "), ",") native_print(substring(p[0], 0, 1))',
    given("luncurkan(f, 1) luncurkan(two) var i I = T(1) var t = assert(i, T) t.M()"),
  ]);
});

describe("in a call, a built-in function's name is that function, whatever the program declares", () => {
  rejects([
    [
      'fungsi trim(s string) string kembalikan s akhir native_print(trim("a"))',
      "1:66 Wrong number of arguments: expected 2, got 1",
    ],
    [
      'fungsi assert(ok bool, s string) void akhir assert(1 == 1, "one")',
      "1:51 Argument 1 must be an interface, got bool",
      "1:51 Argument 2 must be a struct type for assertion",
    ],
    [
      "fungsi f() void var index = fungsi(a int) int kembalikan a akhir native_print_int(index(1)) akhir",
      "1:88 Wrong number of arguments: expected 2, got 1",
    ],
    ["fungsi error(code int) void akhir error(1)", "1:40 Cannot convert type int to error"],
  ]);
  accepts([
    "fungsi index(xs []int, x int) int kembalikan 0 akhir native_print_int(2)",
    'fungsi native_print(s string) void native native_print("x")',
    'fungsi f(s string) int var index = index(s, ",") kembalikan index(s, "x") + index akhir',
    'var error = error("x") jika error != kosong error = error("y") akhir',
    'var index = index("a", "b") native_print_int(index)',
    'fungsi len(s string) int kembalikan panjang(s) akhir native_print_int(len("x"))',
  ]);
});

describe("what the rules let pass but nothing can run is said when there is no error", () => {
  rejects([
    ["var x = jika benar akhir", "1:9 unsupported expr: *parser.IfExpression"],
    [
      "native_print_int(1 + f()) fungsi f() int kembalikan g() akhir fungsi g() int var x = selama salah akhir kembalikan 1 akhir",
      "1:86 unsupported expr: *parser.WhileExpression",
    ],
    ["var x = 1 var p = &x", "1:19 Pointers are not supported"],
    ["struktur S next *S akhir", "1:17 Pointer types are not supported"],
    [given('var v = g("")'), "2:10 A call without result has no value"],
    [given("var t = two()"), "2:12 (int, string) is several values; a variable for each is needed"],
    [given("var t = S"), "2:9 'S' is a type, not a value"],
    [given("var t = T(1).M"), "2:13 Method 'M' can only be called"],
    ["var a = 5\n(1)", "2:1 A value of type int cannot be called"],
    ["fungsi main(a int) void akhir", "1:1 Function main must have no parameters"],
    ["fungsi f() void akhir fungsi f() void akhir", "1:23 Function 'f' already declared"],
    ["struktur S akhir struktur S akhir", "1:18 Type 'S' already declared"],
    ["struktur S a int a int akhir", "1:18 Field 'a' already declared in 'S'"],
    ["fungsi nothing() int native nothing()", "1:29 Native function 'nothing' does not exist in the runtime"],
    ['parse_int("1")', "1:10 Built-in function parse_int is not supported, use conv.Atoi"],
    [
      'var x void = kosong var y int = ""',
      "1:1 Type mismatch for 'x': expected void, got Null",
      "1:21 Type mismatch for 'y': expected int, got string",
    ],
  ]);
  accepts(["fungsi nothing() int native"]);
});

test("errors come in the order of their places, the same one once", () => {
  expect(messages('fungsi f() void\n  x\n  y\nakhir\nvar a = z\nvar b int = ""')).toEqual([
    "2:3 Undefined variable or type: x",
    "3:3 Undefined variable or type: y",
    "5:9 Undefined variable or type: z",
    "6:1 Type mismatch for 'b': expected int, got string",
  ]);
});

test("a very long type name is cut", () => {
  const [message] = messages(`var x fungsi(${"int, ".repeat(5000)}int) = 1`);
  expect(message!.length).toBeLessThan(1000);
});
