/** Statements at the edges of what may be: nulls, indexes and numbers that are out of range. They fail, or do not, in the same way on every allocator. */
import { test } from "vitest";
import { expectSameEverywhere } from "./same-everywhere.ts";
import { program } from "./support.ts";

const BEFORE = `ambil "conv"
ambil "io"
ambil "os"
ambil "bytes"
ambil "string"
ambil "time"
struktur P
  s string
  xs []string
  m map[string]string
  b bytes.Builder
  f io.File
  p P
  i I
  g fungsi(string) string
  e error
  is []I
akhir
antarmuka I
  fungsi N(x string) string
akhir
fungsi (p P) N(x string) string
  kembalikan p.s + x
akhir
fungsi made(n int) string
  kembalikan "m" + conv.Itoa(n)
akhir
fungsi empty() P
  kembalikan P(kosong, kosong, kosong, kosong, kosong, kosong, kosong, kosong, kosong, kosong)
akhir
var p = empty()
native_print(made(1))
`;

const STATEMENTS: readonly string[] = [
  "native_print(p.s + made(2))",
  "native_print(made(2) + p.s)",
  "native_print(trim(p.s, made(1)))",
  "native_print(trim(made(1), p.s))",
  "native_print(split(p.s, made(1))[0])",
  "native_print(split(made(1), p.s)[0])",
  "native_print(substring(p.s, 0, 1))",
  "native_print_int(index(p.s, made(1)))",
  "native_print_int(index(made(1), p.s))",
  "native_print_int(panjang(p.s))",
  "native_print_int(panjang(p.xs))",
  "native_print_int(panjang(p.m))",
  "native_print(p.xs[0])",
  "p.xs[0] = made(3)",
  "native_print(p.m[made(1)])",
  "p.m[made(1)] = made(2)",
  "hapus(p.m, made(1))",
  "native_print_int(panjang(kunci(p.m)))",
  "tambah(p.xs, made(1))",
  "p.xs = p.xs + [made(2)]",
  "p.xs = [made(2)] + p.xs",
  "bytes.Add(p.b, made(1))",
  "bytes.Add(bytes.New(), p.s)",
  "bytes.AddByte(p.b, 3)",
  "bytes.AddAll(bytes.New(), p.b)",
  "bytes.AddAll(p.b, bytes.New())",
  "native_print_int(bytes.Get(p.b, 0))",
  "native_print_int(bytes.Get(bytes.New(), 0))",
  "bytes.Set(bytes.New(), 2, 1)",
  "bytes.Set(p.b, 2, 1)",
  "native_print_int(bytes.Length(p.b))",
  "bytes.Clear(p.b)",
  "native_print(bytes.String(p.b))",
  "native_print_int(io.Write(p.f, made(1)))",
  "native_print_int(io.Write(io.Stdout, p.s))",
  "native_print(io.Read(p.f, 3))",
  "native_print(io.ReadAll(p.f))",
  "native_print_int(io.Close(p.f))",
  "native_print_int(io.WriteBytes(io.Stdout, kosong))",
  "io.Open(p.s)",
  "io.Create(p.s)",
  "native_print(string.FromBytes(kosong))",
  "native_print_int(panjang(string.Bytes(p.s)))",
  "native_print_int(string.Compare(p.s, made(1)))",
  "native_print_int(string.Compare(made(1), p.s))",
  "native_print_int(string.Length(p.s))",
  "native_print(string.Concat(made(1), p.s))",
  "native_print(string.Concat(p.s, made(1)))",
  "var n, e = conv.Atoi(p.s)\nnative_print_error(e)",
  "var n, e = conv.Atof(p.s)\nnative_print_error(e)",
  "native_print(p.i.N(made(1)))",
  "native_print(p.p.N(made(1)))",
  "native_print(p.p.s)",
  "p.p.s = made(1)",
  "var h = p.g\nnative_print(h(made(1)))",
  "native_print_error(p.e)",
  "native_print_error(error(p.s))",
  "native_print(p.is[0].N(made(2)))",
  "p.is = [p.i]\nnative_print(p.is[0].N(made(2)))",
  "native_print(p.s)",
  "var q = made(1)[5]",
  "var q = made(1)[0 - 1]",
  "native_print_int(made(1)[2])",
  "var a = [made(1)]\na[1] = made(2)",
  "var a = [made(1)]\na[0 - 1] = made(2)",
  "var m = {made(1): made(2)}\nm[p.s] = made(3)",
  "var m = {made(1): made(2)}\nnative_print(m[p.s])",
  "var m = {made(1): made(2)}\nnative_print(m[made(9)])",
  'jika punya(p.m, made(1)) native_print("x") akhir',
  'native_print("#{made(1)}#{p.s}#{made(2)}")',
  'native_print_int(1 / panjang(""))',
  "native_print_int((0 - 9223372036854775807 - 1) / (panjang(made(1)) - 3))",
  "os.Exit(panjang(made(1)) + 300)",
  "native_print(string.FromByte(0 - 191))",
  "native_print(assert(p.i, P).s)",
  "var t P = assert(p.i, P)\nt.s = made(1)",
  'jika made(1) == p.s native_print("eq") lainnya native_print("ne") akhir',
  'jika p.s == kosong native_print("null") akhir',
  "native_print(substring(made(1), 9223372036854775807, 0 - 9223372036854775807))",
  "native_print(substring(made(12345), 4294967296, 4294967299))",
  "native_print(substring(made(12345), 1, 4294967299))",
  "time.Sleep(0 - 5)\nnative_print(made(3))",
  "var c = saluran_baru()\nterima(c)",
  "var x = conv.Itoa(0 - 9223372036854775807 - 1)\nnative_print(x + conv.Itoa(4294967296) + conv.Itoa(4294967295) + conv.Itoa(0 - 1))",
  "native_print(conv.Ftoa(0.1 + 0.2) + conv.Ftoa(1.0 / 0.0))",
  'native_print(trim(made(1), "") + trim("", made(1)) + trim("mmm", "m"))',
  'native_print_int(panjang(split("", "")) + panjang(split(made(123), "")))',
];

test.each(STATEMENTS)("%s", (statement) => {
  expectSameEverywhere(program(`${BEFORE}${statement}\nnative_print("end" + made(7))\n`), statement);
});
