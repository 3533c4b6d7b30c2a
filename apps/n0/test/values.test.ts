import { describe, expect, test } from "vitest";
import { execute, lines } from "./execute.ts";
import { program } from "./support.ts";

const ints = (...expressions: string[]): string[] =>
  lines(expressions.map((expression) => `native_print_int(${expression})`).join("\n"));

describe("int is exact and has 64 bits", () => {
  test("sums, products and negation wrap", () => {
    expect(
      ints(
        "9223372036854775807 + 1",
        "-9223372036854775807 - 2",
        "4611686018427387904 * 2",
        "-(-9223372036854775807 - 1)",
        "3037000500 * 3037000500",
        "9007199254740993 + 0",
      ),
    ).toEqual([
      "-9223372036854775808",
      "9223372036854775807",
      "-9223372036854775808",
      "-9223372036854775808",
      "-9223372036709301616",
      "9007199254740993",
    ]);
  });

  test("division truncates toward zero, the remainder has the sign of the dividend", () => {
    expect(ints("-7 / 2", "-7 % 3", "7 % -3", "7 / -2", "-9223372036854775807 / 3")).toEqual([
      "-3",
      "-1",
      "1",
      "-3",
      "-3074457345618258602",
    ]);
  });

  test("a divisor of -1 that is not known beforehand", () => {
    const source = "var minus = 0 - 1 native_print_int(7 / minus) native_print_int(7 % minus)";
    expect(lines(source)).toEqual(["-7", "0"]);
  });

  test("a shift counts modulo 64, and to the right it keeps the sign", () => {
    expect(ints("1 << 63", "1 << 64", "1 << 65", "-8 >> 1", "-1 >> 63", "1 << -1", "5 >> 64")).toEqual([
      "-9223372036854775808",
      "1",
      "2",
      "-4",
      "-1",
      "-9223372036854775808",
      "5",
    ]);
  });

  test("bits", () => {
    expect(ints("~0", "-1 ^ 255", "6 & 3", "6 | 3", "~9223372036854775807")).toEqual([
      "-1",
      "-256",
      "2",
      "7",
      "-9223372036854775808",
    ]);
  });

  test("64 bits survive every place a value can be in", () => {
    const source = `
struktur S  a int  b bool  c int akhir
var big = 9223372036854775806
var s = S(big, benar, 0 - big)
var xs = [big, 1]
var m = {big: big}
var c = saluran_baru()
kirim(c, 0 - big)
var f = fungsi(x int) (int, int) kembalikan x + big, big akhir
var p, q = f(1)
native_print_int(s.a) native_print_int(s.c) native_print_int(xs[0]) native_print_int(m[big])
native_print_int(terima(c)) native_print_int(p) native_print_int(q)
`;
    const big = "9223372036854775806";
    expect(lines(source)).toEqual([big, `-${big}`, big, big, `-${big}`, "9223372036854775807", big]);
  });
});

describe("floats and conversions", () => {
  test("int() truncates toward zero and saturates, not a number is 0", () => {
    const source = `
var zero = 0.0
var values = [2.9, -2.9, 1.0 / zero, -1.0 / zero, zero / zero, 9300000000000000000.0]
var i = 0
selama i < panjang(values)
  native_print_int(int(values[i]))
  i = i + 1
akhir`;
    expect(lines(source)).toEqual([
      "2",
      "-2",
      "9223372036854775807",
      "-9223372036854775808",
      "0",
      "9223372036854775807",
    ]);
  });

  test("not a number equals nothing, and is not ordered", () => {
    const source = `
var zero = 0.0
var nan = zero / zero
fungsi say(b bool) void jika b native_print("yes") lainnya native_print("no") akhir akhir
say(nan == nan) say(nan != nan) say(nan < 1.0) say(nan >= 1.0) say(0.1 + 0.2 == 0.3) say(-zero == zero)`;
    expect(lines(source)).toEqual(["no", "yes", "no", "no", "no", "yes"]);
  });

  test("a float keeps its bits in arrays, maps, structs, captures and tuples", () => {
    const source = `
struktur P  f float akhir
fungsi both(x float) (float, int) kembalikan x / 4.0, 1 akhir
var m map[float]float = {}
m[0.5] = 1.25
var xs = [m[0.5]]
var p = P(xs[0])
var c = fungsi() float kembalikan p.f * 2.0 akhir
var f, n = both(c())
native_print_int(int(f * 1000.0)) native_print_int(n) native_print_int(int(m[9.0]))`;
    expect(lines(source)).toEqual(["625", "1", "0"]);
  });
});

describe("strings are bytes", () => {
  test("an index gives a signed byte; the byte behind the last is 0", () => {
    const source =
      'var s = "aé" native_print_int(s[0]) native_print_int(s[1]) native_print_int(s[2]) native_print_int(s[3])';
    expect(lines(source)).toEqual(["97", "-61", "-87", "0"]);
  });

  test("equality looks at the content, whatever the length", () => {
    const source = `
fungsi say(b bool) void jika b native_print("yes") lainnya native_print("no") akhir akhir
var n string = kosong
say("" == "") say("1234567" == "1234567") say("12345678" == "12345678") say("123456789" == "123456788")
say("12345678a" == "12345678") say("a" != "a") say("ab" != "ac") say(n == "") say(n == kosong) say(n != kosong)`;
    expect(lines(source)).toEqual(["yes", "yes", "yes", "no", "no", "no", "yes", "no", "yes", "no"]);
  });

  test("output is byte for byte what the source says", () => {
    expect(lines('native_print("é 漢字 😀") native_print(substring("é", 0, 2))')).toEqual(["é 漢字 😀", "é"]);
  });
});

describe("interfaces of the same name in two modules", () => {
  test("methods are found by name, not by place", () => {
    const source = `
ambil "lib"
antarmuka Shape
  fungsi Name() string
akhir
struktur Sq  s int akhir
fungsi (q Sq) Area() int kembalikan q.s * q.s akhir
fungsi (q Sq) Name() string kembalikan "square" akhir
var s Shape = lib.Same(Sq(3))
native_print(s.Name())`;
    const lib = `
antarmuka Shape
  fungsi Area() int
  fungsi Name() string
akhir
fungsi Same(s Shape) Shape native_print_int(s.Area()) kembalikan s akhir`;
    expect(execute(program(source, { "app/lib.fox": lib })).stdout).toBe("9\nsquare\n");
  });
});
