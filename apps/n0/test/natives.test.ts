/** Functions that a program declares `native` itself. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIME_IMPORTS } from "n0-runtime";
import { afterAll, describe, expect, test } from "vitest";
import { type NativeName, nativeNames, nativeSignature } from "../src/natives.ts";
import { execute, WAYS } from "./execute.ts";
import { messages, program } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "n0-natives-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program with these files prints, the same on every allocator. */
function prints(source: string, files: Record<string, string>): string {
  const checked = program(source, files);
  const printed = WAYS.map(([, options]) => execute(checked, options)).map(({ stdout, failure }) => failure ?? stdout);
  for (const other of printed) expect(other).toBe(printed[0]);
  return printed[0]!;
}

/** The original's own module. */
const ORIGINAL_IO = `struktur File
  fd int
akhir
fungsi make_file(fd int) File native
var Stdout = make_file(1)
fungsi Open(path string) File native
fungsi Create(path string) File native
fungsi Read(f File, size int) string native
fungsi Write(f File, s string) int native
fungsi Close(f File) int native
`;

test("a program brings the original's stdlib/io.fox along", () => {
  const path = join(folder, "text");
  const source = `ambil "io"
io.Write(io.Stdout, "halo\\n")
var f = io.Create("${path}")
native_print_int(io.Write(f, "isi"))
native_print_int(io.Close(f))
native_print(io.Read(io.Open("${path}"), 10))
jika io.Open("${path}-none") == kosong native_print("kosong") akhir`;
  expect(prints(source, { "stdlib/io.fox": ORIGINAL_IO })).toBe("halo\n3\n0\nisi\nkosong\n");
});

/** `fungsi(A, B) R` as a declaration of that name. */
function declaration(name: string, signature: string): string {
  const [, parameters, result] = /^fungsi\((.*?)\) (.*)$/.exec(signature) as unknown as [string, string, string];
  const list = parameters === "" ? [] : parameters.split(", ");
  return `fungsi ${name}(${list.map((type, i) => `p${i} ${type}`).join(", ")}) ${result} native\n`;
}

const TYPES = "struktur File fd int akhir struktur Builder akhir\n";

/** A call with arguments that do no harm. */
const CALLS: Readonly<Record<NativeName, string>> = {
  io_make_file: "make_file(1).fd",
  io_Open: 'Open("")',
  io_Create: 'Create("")',
  io_Read: "Read(kosong, 1)",
  io_ReadAll: "ReadAll(kosong)",
  io_Write: 'Write(kosong, "")',
  io_WriteBytes: "WriteBytes(kosong, [])",
  io_Close: "Close(kosong)",
  conv_Itoa: "Itoa(12)",
  conv_Atoi: 'Atoi("1")',
  conv_Ftoa: "Ftoa(1.5)",
  conv_Atof: 'Atof("1.5")',
  conv_FloatBits: "FloatBits(1.5)",
  conv_FloatFromBits: "FloatFromBits(0)",
  time_Now: "Now()",
  time_Sleep: "Sleep(0)",
  string_Length: 'Length("abc")',
  string_Concat: 'Concat("a", "b")',
  string_FromByte: "FromByte(65)",
  string_FromBytes: "FromBytes([65])",
  string_Bytes: 'Bytes("A")',
  string_Compare: 'Compare("a", "b")',
  bytes_New: "New()",
  bytes_Add: 'Add(New(), "x")',
  bytes_AddByte: "AddByte(New(), 1)",
  bytes_AddAll: "AddAll(New(), New())",
  bytes_Get: "Get(New(), 0)",
  bytes_Set: "Set(New(), 0, 1)",
  bytes_Length: "Length(New())",
  bytes_Clear: "Clear(New())",
  bytes_String: "String(New())",
  os_args: "args()",
  os_Exit: "Exit(0)",
};

describe.each(nativeNames())("%s", (name) => {
  const [module, own] = name.split(/_(.*)/) as [string, string];
  const signature = nativeSignature(name);

  test("takes the words that the runtime's function takes", () => {
    const { params } = RUNTIME_IMPORTS.find((one) => one.name === `mph_${name}`) ?? { params: null };
    if (params === null) return expect(["conv_FloatBits", "conv_FloatFromBits"]).toContain(name);
    const types = /^fungsi\((.*?)\)/
      .exec(signature)![1]!
      .split(", ")
      .filter((type) => type !== "");
    const words = types.map((type) => (type === "int" || type === "float" ? 2 : 1) as number);
    expect(params.length).toBe(words.reduce((sum, count) => sum + count, 0));
  });

  test("may be declared by a program's own module, and by the main file under its name in C", () => {
    const needs = name.startsWith("bytes_") && name !== "bytes_New" ? "fungsi New() Builder native\n" : "";
    const call = CALLS[name];
    const isVoid = signature.endsWith(" void");
    const use = `fungsi Use() void ${isVoid || call.startsWith("Ato") ? call : `var x = ${call}`} akhir`;
    const text = `${TYPES}${needs}${declaration(own, signature)}${use}`;
    expect(prints(`dari "${module}" ambil Use Use()`, { [`stdlib/${module}.fox`]: text })).toMatch(
      /^$|^Runtime error: array index/,
    );
    const main = `${TYPES}${declaration(name, signature)}`;
    expect(messages(main)).toEqual([]);
    expect(messages(`${main}var f = ${name}`)).toEqual([]);
  });

  test("has one signature", () => {
    const wrong = `${TYPES}fungsi ${own}(a bool) bool native`;
    expect(messages(`ambil "${module}"`, { [`stdlib/${module}.fox`]: wrong })).toEqual([
      `stdlib/${module}.fox 2:1 Native function '${own}' must have type ${signature}, got fungsi(bool) bool`,
    ]);
  });
});

test.each([
  ["two fields", "struktur File fd int name string akhir"],
  ["no field", "struktur File akhir"],
  ["a field of another type", "struktur File fd string akhir"],
  ["an interface", "antarmuka File fungsi M() void akhir"],
])("a File that is none, with %s, is refused", (_, type) => {
  expect(messages(`ambil "io"`, { "stdlib/io.fox": `${type}\nfungsi Close(f File) int native` })).toEqual([
    "stdlib/io.fox 2:1 Native function 'Close' needs 'File' to be a struct with one field of type int",
  ]);
});

test("a Builder with fields is refused, and one that bytes.New did not make fails", () => {
  const own = { "stdlib/bytes.fox": "struktur Builder a int akhir\nfungsi New() Builder native" };
  expect(messages('ambil "bytes"', own)).toEqual([
    "stdlib/bytes.fox 2:1 Native function 'New' needs 'Builder' to be a struct without fields",
  ]);
  for (const make of ["bytes.Builder()", "kosong"]) {
    const checked = program(`ambil "bytes" var b bytes.Builder = ${make} bytes.Add(b, "x")`);
    for (const [, options] of WAYS) {
      const { failure, exitCode } = execute(checked, options);
      expect(exitCode).not.toBe(0);
      expect(failure).toMatch(/^Runtime error: (null dereference|a bytes\.Builder that bytes\.New did not make)/);
    }
  }
});

test("bytes outside a builder fail as elements outside an array do", () => {
  for (const call of ["bytes.Get(b, 1)", "bytes.Get(b, -1)", "bytes.Set(b, 1, 0)", "bytes.Get(b, 4294967296)"]) {
    const checked = program(`ambil "bytes" var b = bytes.New() bytes.AddByte(b, 1) ${call}`);
    for (const [, options] of WAYS) {
      const { stdout, failure } = execute(checked, options);
      expect(stdout).toBe("Panic: Array index out of bounds\n");
      expect(failure).toMatch(/^Runtime error: array index out of bounds/);
    }
  }
});

test("files: all of one, what is none, bytes that are written, stdin and stderr", () => {
  const all = new Uint8Array(200_000).map((_, i) => i * 7);
  writeFileSync(join(folder, "all"), all);
  const copy = join(folder, "copy");
  const source = `ambil "io" ambil "string"
var s = io.ReadAll(io.Open("${join(folder, "all")}"))
var f = io.Create("${copy}")
native_print_int(io.WriteBytes(f, string.Bytes(s)))
native_print_int(io.WriteBytes(f, [256 + 65, -1]))
native_print_int(io.WriteBytes(f, []))
io.Close(f)
native_print_int(io.WriteBytes(f, [1]))
native_print_int(io.WriteBytes(kosong, [1]))
jika io.ReadAll(kosong) == kosong dan io.ReadAll(f) == kosong native_print("kosong") akhir
jika io.ReadAll(io.Open("${folder}")) == kosong native_print("folder") akhir
native_print_int(io.Stdin.fd * 100 + io.Stdout.fd * 10 + io.Stderr.fd)`;
  expect(prints(source, {})).toBe("200000\n2\n0\n-1\n-1\nkosong\nfolder\n12\n");
  expect(Buffer.compare(readFileSync(copy), Buffer.from([...all, 65, 255]))).toBe(0);
});

test("os.Exit ends the program from anywhere, with the low 8 bits of its code", () => {
  const source = (code: string): string =>
    `ambil "os" fungsi f(n int) void jika n == 0 os.Exit(${code}) akhir f(n - 1) akhir native_print("a") f(10) native_print("b")`;
  for (const [code, expected] of [
    ["0", 0],
    ["3", 3],
    ["256 + 7", 7],
    ["-1", 255],
  ] as const) {
    const checked = program(source(code));
    for (const [, options] of WAYS) {
      expect(execute(checked, options)).toMatchObject({ stdout: "a\n", exitCode: expected, failure: null });
    }
  }
  const threads = program('ambil "os" fungsi f() void os.Exit(5) akhir var c = saluran_baru() luncurkan(f) terima(c)');
  expect(execute(threads)).toMatchObject({ exitCode: 5, failure: null });
});

test("os.Args are what the host says", () => {
  const checked = program(
    'ambil "os" native_print_int(panjang(os.Args)) var i = 0 selama i < panjang(os.Args) native_print(os.Args[i]) i = i + 1 akhir',
  );
  for (const [, options] of WAYS) {
    expect(execute(checked, { ...options, args: ["a b", "", "é", "-o"] }).stdout).toBe("4\na b\n\né\n-o\n");
    expect(execute(checked, options).stdout).toBe("0\n");
  }
});
