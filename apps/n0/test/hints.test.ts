/** What messages suggest. */
import { describe, expect, test } from "vitest";
import { didYouMean, nearest } from "../src/suggest.ts";
import { frontEnd, messages } from "./support.ts";

/** The hints of a program, `line: hint`; of messages without a hint nothing. */
function hints(source: string, files?: Record<string, string>): string[] {
  const result = frontEnd(source, files);
  if (result.ok) throw new Error("nothing is wrong");
  return result.diagnostics.filter(({ hint }) => hint !== undefined).map(({ line, hint }) => `${line}: ${hint}`);
}

function warnings(source: string, files?: Record<string, string>): string[] {
  const result = frontEnd(source, files);
  if (!result.ok) throw new Error(messages(source, files).join("\n"));
  return result.warnings.map(({ file, line, column, message }) => {
    const place = file === "app/main.fox" ? "" : `${file} `;
    return `${place}${line}:${column} ${message}`;
  });
}

describe("names", () => {
  test.each([
    ["a variable", "var jumlah = 1 native_print_int(jumlh)", "did you mean 'jumlah'?"],
    ["a function of another case", "fungsi Hitung() void akhir hitung()", "did you mean 'Hitung'?"],
    ["swapped letters", "fungsi hitung() void akhir hitnug()", "did you mean 'hitung'?"],
    [
      "a local of a function around",
      "fungsi f(banyak int) void var g = fungsi() int kembalikan bnyak akhir akhir",
      "did you mean 'banyak'?",
    ],
    ["a built-in function", "native_prnt(1)", "did you mean 'native_print'?"],
    ["another language's", 'print("x")', "did you mean 'native_print'?"],
    ["another language's value", "var x = true", "did you mean 'benar'?"],
    ["a standard module that is not imported", "conv.Itoa(1)", `'conv' is a standard module: write ambil "conv" above`],
    ["a type", "var x strnig = 1", "did you mean 'string'?"],
    ["a type of another case", "var x Int = 1", "did you mean 'int'?"],
    ["a struct", "struktur Orang akhir var x Oran = kosong", "did you mean 'Orang'?"],
    ["a member of a module", 'ambil "conv" conv.Ito(1)', "did you mean 'Itoa'?"],
    ["a type of a module", 'ambil "io" var f io.Fil = kosong', "did you mean 'File'?"],
    ["a member that is taken", 'dari "conv" ambil Itoo', "did you mean 'Itoa'?"],
    ["a module", 'ambil "covn"', "did you mean 'conv'?"],
    ["a field", "struktur P panjangnya int akhir var p = P(1) p.panjangna = 1", "did you mean 'panjangnya'?"],
    ["a method", "struktur P akhir fungsi (p P) Hitung() void akhir P().Hitungg()", "did you mean 'Hitung'?"],
    ["an interface's method", "antarmuka I fungsi Nama() int akhir var i I = kosong i.Nma()", "did you mean 'Nama'?"],
    ["a field of a literal", "struktur P lebar int akhir var p = P{lebr: 1}", "did you mean 'lebar'?"],
    ["an operator's case", "var x = benar DAN salah", "did you mean 'dan'?"],
  ])("%s", (_, source, hint) => {
    expect(hints(source)[0]).toBe(`1: ${hint}`);
  });

  test("what is not near has no hint", () => {
    expect(hints("x y zzz")).toEqual([]);
    expect(hints("var a = 1 b(a)")).toEqual([]);
  });

  test("the nearest wins, of equals the first in the order of bytes", () => {
    expect(nearest("abcdef", ["abcxyf", "abcdxf", "abcdeg"])).toBe("abcdeg");
    expect(nearest("abcdef", ["abcdeh", "abcdeg"])).toBe("abcdeg");
    expect(nearest("abcdef", ["abcxyz"])).toBeUndefined();
    expect(nearest("ab", ["ac"])).toBeUndefined();
    expect(nearest("ab", ["AB"])).toBe("AB");
    expect(didYouMean("len", new Set(["panjang"]))).toBe("did you mean 'panjang'?");
  });
});

describe("types", () => {
  const given = `antarmuka N fungsi Nama() string fungsi Umur() int akhir
struktur K a int b int akhir
fungsi (k K) Umur() string kembalikan "" akhir
`;
  test.each([
    ["methods that are missing", "var n N = K(1, 2)", "'K' lacks Nama() string, Umur() int instead of Umur() string"],
    [
      "of an argument",
      "fungsi f(n N) void akhir f(K(1, 2))",
      "'K' lacks Nama() string, Umur() int instead of Umur() string",
    ],
    ["fields that are missing", "var k = K{}", "missing: a, b"],
    ["fields of a constructor", "var k = K(1)", "its fields: a int, b int"],
    ["arguments that are missing", "fungsi f(a int, b K) void akhir f(1)", "what is called is fungsi(int, K) void"],
    ["an int for a string", "native_print(1)", "conv.Itoa makes a string of an int"],
    ["an int in a string", 'var s = "#{1}"', "conv.Itoa makes a string of an int"],
    ["an int behind a string", 'var s = "a" + 1', "conv.Itoa makes a string of an int"],
    ["a float before a string", 'var s = 1.5 + "a"', "conv.Ftoa makes a string of a float"],
    ["a string for an int", 'native_print_int("1")', "conv.Atoi reads an int from a string"],
    ["an int for a float", "var f float = 1", "float(...) makes a float of an int"],
    ["a float for an int", "var i int = 1.5", "int(...) makes an int of a float, without its fraction"],
    ["a float beside an int", "var f = 1 * 1.5", "float(...) makes a float of an int"],
    ["a string for an error", 'fungsi f() error kembalikan "x" akhir', "error(...) makes an error of a string"],
    ["an element", 'var xs = ["a", 1]', "conv.Itoa makes a string of an int"],
    ["a key", 'var m = {"a": 1} m[1] = 2', "conv.Itoa makes a string of an int"],
  ])("%s", (_, source, hint) => {
    expect(hints(given + source)[0]).toBe(`4: ${hint}`);
  });

  test("a function without result, whose body's first word was taken for one", () => {
    const hint = "a function without result needs 'void' behind its parameters";
    expect(hints('fungsi f()\n  native_print("x")\nakhir')).toEqual([`2: ${hint}`]);
    expect(hints('var f = fungsi()\n  native_print("x")\nakhir')).toEqual([`1: ${hint}`]);
    expect(hints("fungsi f() nt kembalikan 1 akhir")).toEqual([]);
  });
});

describe("blocks that are not closed", () => {
  test.each([
    [
      "the innermost, as indentation tells",
      "fungsi satu() void\n  jika benar\n    a()\n  b()\nakhir\nfungsi dua() void\nakhir\n",
      "the 'jika' in line 2 is not closed by an 'akhir'",
    ],
    [
      "a function before another",
      "fungsi satu() void\n  a()\nfungsi dua() void\nakhir\n",
      "the 'fungsi' in line 1 is not closed by an 'akhir'",
    ],
    [
      "a loop in a closure",
      "var f = fungsi() void\n  selama benar\n    a()\nakhir\nb()\n",
      "the 'selama' in line 2 is not closed by an 'akhir'",
    ],
    ["a struct", "struktur P\n  a int\n", "the 'struktur' in line 1 is not closed by an 'akhir'"],
    ["an interface", "antarmuka P\n  fungsi A() int\n", "the 'antarmuka' in line 1 is not closed by an 'akhir'"],
    ["a switch", "pilih 1\nkasus 1:\n  a()\n", "the 'pilih' in line 1 is not closed by an 'akhir'"],
    [
      "lainnya jika",
      "fungsi f() void\n  jika benar\n    a()\n  lainnya jika salah\n    b()\n  akhir\nakhir\n",
      "the 'jika' in line 2 is not closed by an 'akhir': the 'jika' behind 'lainnya' in line 4 has one of its own; write 'atau_jika'",
    ],
  ])("%s", (_, source, hint) => {
    expect(hints(source).at(-1)).toMatch(/^\d+: /);
    expect(
      hints(source)
        .at(-1)!
        .replace(/^\d+: /, ""),
    ).toBe(hint);
  });

  test.each([
    ["selma", "selama"],
    ["SELMA", "selama"],
    ["untuk", "selama"],
    ["while", "selama"],
    ["if", "jika"],
    ["fungsii", "fungsi"],
  ])("a misspelt keyword: %s", (word, keyword) => {
    const hint = `'${word}' in line 2 starts no statement; did you mean '${keyword}'?`;
    expect(hints(`fungsi f() void\n  ${word} benar\n    a()\n  akhir\nakhir\n`)).toEqual([`5: ${hint}`]);
  });

  test("an end too many, where nothing is misspelt, has no hint", () => {
    expect(hints("jika benar\nakhir\nakhir\n")).toEqual([]);
  });
});

describe("what other languages write", () => {
  test.each([
    ["jika n = 1\nakhir", "write == to compare"],
    ["i += 1", "Morph has no '+=': write x = x + ..."],
    ["i <<= 1", "write == to compare"],
    ["i++", "Morph has no '++': write x = x + 1"],
    ["i--", "Morph has no '--': write x = x - 1"],
    ["i := 1", "a variable is declared with var x = ..."],
    ["jika a && b akhir", "write 'dan' for and"],
    ["jika a || b akhir", "write 'atau' for or"],
    ["// text", "a comment starts with #"],
    ["var c = 'a'", 'Morph has no characters: write a string, "x", or its byte, "x"[0]'],
    ["f(“x”)", 'strings stand in "...", not in “'],
    ["f(`x`)", 'strings stand in "..."'],
    ["f(@)", "this character means nothing here"],
  ])("%s", (source, hint) => {
    expect(hints(source)[0]).toBe(`1: ${hint}`);
  });
});

describe("warnings", () => {
  test.each([
    ["var a = 1", "1:5 Unused variable 'a'"],
    ["var a = 1 a = 2", "1:5 Unused variable 'a'"],
    ["fungsi f() void var a, b = 1, 2 native_print_int(a) akhir f()", "1:24 Unused variable 'b'"],
    ["fungsi f() void akhir", "1:1 Unused function 'f'"],
    ['ambil "conv"', "1:1 Unused import 'conv'"],
    ['dari "conv" ambil Itoa, Atoi Atoi("1")', "1:1 Unused import 'Itoa'"],
    ["jika benar var x = 1 akhir", "1:16 Unused variable 'x'"],
    ['fungsi f() int kembalikan 1 native_print("x") akhir f()', "1:29 Unreachable code detected"],
    ['selama benar berhenti native_print("x") akhir', "1:23 Unreachable code detected"],
  ])("%s", (source, warning) => {
    expect(warnings(source)).toEqual([warning]);
  });

  test.each([
    "fungsi main() void akhir",
    "fungsi f(a int) void akhir f(1)",
    "var _a = 1 fungsi _f() void akhir",
    "fungsi f() fungsi() int var n = 1 kembalikan fungsi() int n = n + 1 kembalikan n akhir akhir f()",
    'ambil "io" var f io.File = kosong native_print_int(io.Close(f))',
    'dari "io" ambil File fungsi f(a File) void akhir f(kosong)',
    "struktur S a int akhir fungsi (s S) M() void akhir",
    "var xs = [1] xs[0] = 2",
    "fungsi f() void akhir luncurkan(f)",
    "fungsi f() void jika benar kembalikan; akhir f() akhir f()",
  ])("none: %s", (source) => {
    expect(warnings(source)).toEqual([]);
  });

  test("of a module what it does not export, and none of standard modules", () => {
    const lib = 'var A = 1 var b = 2 fungsi F() void akhir fungsi g() void akhir dari "conv" ambil Itoa';
    expect(warnings('ambil "lib" native_print_int(lib.A)', { "app/lib.fox": lib })).toEqual([
      "app/lib.fox 1:15 Unused variable 'b'",
      "app/lib.fox 1:43 Unused function 'g'",
    ]);
    expect(warnings('ambil "os" os.Exit(1)')).toEqual([]);
  });
});
