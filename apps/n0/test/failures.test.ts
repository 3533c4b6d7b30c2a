import { describe, expect, test } from "vitest";
import { execute, executeSource, moduleOf, PLAIN_WAYS, WAYS } from "./execute.ts";
import { program } from "./support.ts";

const PRELUDE = `struktur P  a int  b string  next P akhir
antarmuka Named  fungsi Name() string akhir
fungsi (p P) Name() string kembalikan p.b akhir
var np P = kosong var ns string = kosong var na []int = kosong var nm map[string]int = kosong
var ni Named = kosong var nf fungsi(int) int = kosong var nc channel
var zero = 0 var one = 1 var xs = [1, 2] var s = "abc" var m = {"a": 1}
`;
const LINE = PRELUDE.split("\n").length + 1;

/** How a program ends whose second own line is this; the first and the third print something. */
function fails(line: string) {
  const results = WAYS.map(([, options]) => {
    const { stdout, exitCode, failure } = executeSource(
      `${PRELUDE}native_print("before")\n${line}\nnative_print("after")`,
      options,
    );
    return { stdout, exitCode, failure };
  });
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0]!;
}

const place = `app/main.fox:${LINE}`;

describe("a null that is used names the line", () => {
  test.each([
    ["a field", "native_print_int(np.a)"],
    ["a field of a result", "fungsi f() P kembalikan kosong akhir native_print_int(f().a)"],
    ["a store into a field", "np.a = 1"],
    ["a field inside a method", "native_print(np.Name())"],
    ["an interface's method", "native_print(ni.Name())"],
    ["a closure", "native_print_int(nf(1))"],
    ["an array element", "native_print_int(na[0])"],
    ["a store into an array", "na[0] = 1"],
    ["an array's length", "native_print_int(panjang(na))"],
    ["arrays that are joined", "xs = xs + na"],
    ["a map entry", 'native_print_int(nm["a"])'],
    ["a store into a map", 'nm["a"] = 1'],
    ["a deletion from a map", 'hapus(nm, "a")'],
    ["a map key", "native_print_int(m[ns])"],
    ["a map key that is stored", "m[ns] = 1"],
    ["a string's length", "native_print_int(panjang(ns))"],
    ["a string's byte", "native_print_int(ns[0])"],
    ["strings that are joined", 's = s + ns + "x"'],
    ["an interpolated string", 's = "a #{ns}"'],
    ["a lone interpolated string", 's = "#{ns}"'],
    ["a string that is printed", "native_print(ns)"],
    ["a string that is searched", "native_print_int(index(ns, s))"],
    ["a string that is trimmed", "s = trim(s, ns)"],
    ["a string that is split", 'native_print_int(panjang(split(ns, ",")))'],
    ["an error's message", "native_print_error(error(ns))"],
    ["a channel that is sent to", "kirim(nc, 1)"],
    ["a channel that is received from", "native_print_int(terima(nc))"],
    ["a target of a parallel assignment", "np.a, one = 1, 2"],
    ["a map key of a parallel assignment", "m[ns], one = 1, 2"],
  ])("%s", (what, line) => {
    const at = what === "a field inside a method" ? "app/main.fox:3" : place;
    expect(fails(line)).toEqual({
      stdout: "before\n",
      exitCode: 1,
      failure: `Runtime error: null dereference at ${at}`,
    });
  });

  test("what null is good for does not fail", () => {
    const source = `${PRELUDE}
native_print_int(panjang(nm))
native_print_error(kosong)
native_print(substring(ns, 0, 5))
jika np == kosong dan ns == kosong dan ni == kosong dan nf == kosong native_print("all null") akhir
np = assert(ni, P)
jika np == kosong native_print("still null") akhir`;
    expect(executeSource(source).stdout).toBe("0\nError: (nil)\n\nall null\nstill null\n");
  });
});

describe("a division that has no result names the line", () => {
  const message = "division by zero, or of the smallest int by -1, at";
  test.each([
    ["by zero", "native_print_int(one / zero)"],
    ["remainder by zero", "native_print_int(one % zero)"],
    ["by a literal zero", "native_print_int(one / 0)"],
    ["the smallest by -1", "native_print_int((-9223372036854775807 - one) / (zero - 1))"],
  ])("%s", (_, line) => {
    expect(fails(line)).toEqual({ stdout: "before\n", exitCode: 1, failure: `Runtime error: ${message} ${place}` });
  });
});

describe("an index out of bounds", () => {
  const panic = { stdout: "before\nPanic: Array index out of bounds\n", exitCode: 1 };
  test.each([
    ["read at the length", "native_print_int(xs[2])"],
    ["read below zero", "native_print_int(xs[0 - one])"],
    ["read far outside", "native_print_int(xs[4294967296])"],
    ["write at the length", "xs[2] = 1"],
    ["write below zero", "xs[-1] = 1"],
    ["parallel write", "one, xs[2] = 5, 6"],
  ])("of an array: %s", (_, line) => {
    expect(fails(line)).toEqual({ ...panic, failure: `Runtime error: array index out of bounds at ${place}` });
  });

  test.each([
    ["behind the byte after the last", "native_print_int(s[4])"],
    ["below zero", "native_print_int(s[-1])"],
  ])("of a string: %s", (_, line) => {
    const failure = `Runtime error: string index out of range at ${place}`;
    expect(fails(line)).toEqual({ stdout: "before\n", exitCode: 1, failure });
  });

  test("nothing is written when the index is wrong", () => {
    const { stdout } = executeSource("var a = [1]\nvar b = [2]\nnative_print_int(b[0])\na[1] = 7\n");
    expect(stdout).toBe("2\nPanic: Array index out of bounds\n");
  });
});

test("the file of a failure is the module's", () => {
  const checked = program('ambil "lib"\nnative_print_int(lib.Half(0))', {
    "app/lib.fox": "fungsi Half(n int) int\n  kembalikan 2 / n\nakhir",
  });
  expect(execute(checked).failure).toMatch(/ at app\/lib\.fox:2$/);
});

describe("the stack ends", () => {
  test("endless recursion is a message", () => {
    const source = "fungsi f(n int) int kembalikan f(n + 1) + 1 akhir native_print_int(f(0))";
    const { exitCode, failure, trace } = executeSource(`\n${source}`);
    expect([exitCode, failure]).toEqual([1, "Runtime error: stack overflow at app/main.fox:2"]);
    expect(trace).toEqual(["  at f (app/main.fox:2), 200 times", "  ..."]);
  });

  test("so it is when references fill the frames first", () => {
    const variables = Array.from({ length: 200 }, (_, i) => `var s${i} = s`).join("\n");
    const source = `fungsi f(s string) string ${variables} kembalikan f(s) + s0 akhir native_print(f("x"))`;
    for (const [, options] of PLAIN_WAYS) {
      const small = { ...options, maxMemory: 4 * 1024 * 1024 };
      expect(executeSource(source, small)).toMatchObject({
        exitCode: 1,
        failure: expect.stringMatching(/^Runtime error: stack overflow at app\/main\.fox:\d+$/),
      });
    }
  });
});

const HELP = {
  v1: /^v1 collects after every 8 to 64 MiB .* --allocator gc .* --max-memory/,
  v2: /^v2 frees nothing .* --allocator gc collects .* --max-memory/,
  gc: /^all that is left is in use; .* --max-memory/,
};

describe("the memory ends", () => {
  test.each([
    ["one array that grows", "var a = [1] selama benar a = a + a akhir"],
    ["many live objects", "struktur N  next N akhir var l N = kosong selama benar l = N(l) akhir"],
    ["strings", 'var t = "x" selama benar t = t + t akhir'],
  ])("%s: a message, and what was printed is there", (_, source) => {
    for (const [, options] of PLAIN_WAYS) {
      const limited = { ...options, maxMemory: 8 * 1024 * 1024 };
      const { stdout, exitCode, failure, help } = executeSource(`native_print("before") ${source}`, limited);
      expect(stdout).toBe("before\n");
      expect(exitCode).toBe(1);
      expect(failure).toMatch(/^Runtime error: out of memory at app\/main\.fox:1: /);
      expect(help).toMatch(HELP[options.allocator!]);
    }
  });

  test.each([
    ["v1", { allocator: "v1", v1: { threshold: 65536 } }],
    ["gc", { allocator: "gc" }],
  ] as const)("garbage does not fill it where it is collected: %s", (_, options) => {
    const source = 'var i = 0 var t = "" selama i < 200000 t = "some text" + "more" i = i + 1 akhir native_print(t)';
    const small = { ...options, maxMemory: 6 * 1024 * 1024 };
    expect(executeSource(source, small)).toMatchObject({ exitCode: 0, stdout: "some textmore\n" });
  });
});

describe("a failure says which calls had not ended", () => {
  const source = `ambil "conv"
struktur Akun
  saldo int
  next Akun
akhir
fungsi (a Akun) Dalam(n int) int
  jika n == 0
    kembalikan a.next.saldo
  akhir
  kembalikan a.Dalam(n - 1) + 1
akhir
fungsi tengah(a Akun) int
  var f = fungsi(n int) int
    kembalikan a.Dalam(n)
  akhir
  kembalikan f(3)
akhir
fungsi main() void
  native_print(conv.Itoa(tengah(Akun(1,
    kosong))))
akhir`;

  test("functions, methods and closures with files and lines, a recursion in one line", () => {
    for (const [, options] of WAYS) {
      const { failure, trace } = executeSource(source, options);
      expect(failure).toBe("Runtime error: null dereference at app/main.fox:8");
      expect(trace).toEqual([
        "  at Akun.Dalam (app/main.fox:8)",
        "  at Akun.Dalam (app/main.fox:10), 3 times",
        "  at closure (app/main.fox:14)",
        "  at tengah (app/main.fox:16)",
        "  at main (app/main.fox:19)",
      ]);
    }
  });

  test("of a module and of the top level, through interfaces and a runtime function that fails", () => {
    const files = {
      "app/lib.fox": `ambil "bytes"
antarmuka Reader
  fungsi Read(i int) int
akhir
struktur Buffer
  b bytes.Builder
akhir
fungsi (x Buffer) Read(i int) int
  kembalikan bytes.Get(x.b, i)
akhir
fungsi First(r Reader) int
  kembalikan r.Read(0)
akhir
fungsi Make() Buffer
  kembalikan Buffer(bytes.New())
akhir`,
    };
    const checked = program('ambil "lib"\nvar b = lib.Make()\nvar n =\n  lib.First(b)', files);
    for (const [, options] of WAYS) {
      const { failure, trace } = execute(checked, options);
      expect(failure).toBe("Runtime error: array index out of bounds at app/lib.fox:9");
      expect(trace).toEqual([
        "  at Buffer.Read (app/lib.fox:9)",
        "  at lib.First (app/lib.fox:12)",
        "  at app/main.fox:4",
      ]);
    }
  });

  test("of a thread, whose code is moved, names and files", () => {
    const threads = `fungsi g(n int) int
  kembalikan 1 / n
akhir
fungsi f(n int) void
  native_print_int(g(n))
akhir
var c = saluran_baru()
luncurkan(f, 0)
native_print_int(terima(c))`;
    const { failure, trace } = executeSource(threads);
    expect(failure).toBe("Runtime error: division by zero, or of the smallest int by -1, at app/main.fox:2");
    expect(trace).toEqual(["  at g (app/main.fox)", "  at f (app/main.fox)"]);
  });

  test("nothing more is said of a failure at the top level, and nothing of os.Exit", () => {
    expect(executeSource("var a = [1]\na[1] = 2")).toMatchObject({ trace: [], help: null });
    expect(executeSource('ambil "os" fungsi f() void os.Exit(1) akhir f()')).toMatchObject({
      failure: null,
      trace: [],
    });
  });

  test("the engine's own names are the program's", () => {
    const module = new WebAssembly.Module(moduleOf(program(source)));
    const [names] = WebAssembly.Module.customSections(module, "name");
    const text = new TextDecoder("latin1").decode(names);
    for (const name of ["Akun.Dalam", "tengah", "closure", "main", "top level"]) expect(text).toContain(name);
  });
});
