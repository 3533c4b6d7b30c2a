import { describe, expect, test } from "vitest";
import { executeSource, lines, moduleOf } from "./execute.ts";
import { program } from "./support.ts";

describe("channels without threads", () => {
  test("five values fit, in order", () => {
    const source = `
var c = saluran_baru()
var i = 1
selama i <= 5 kirim(c, i * 10) i = i + 1 akhir
selama i > 1 native_print_int(terima(c)) i = i - 1 akhir`;
    expect(lines(source)).toEqual(["10", "20", "30", "40", "50"]);
  });

  test("a sixth would wait for ever, and so would a receive from an empty one", () => {
    const full = executeSource("var c = saluran_baru()\nvar i = 0\nselama i < 9\n  kirim(c, i)\n  i = i + 1\nakhir");
    expect(full).toMatchObject({
      exitCode: 1,
      failure: "Runtime error: deadlock: a full channel, and nobody receives at app/main.fox:4",
    });
    const empty = executeSource("native_print_int(terima(saluran_baru()))");
    expect(empty).toMatchObject({
      exitCode: 1,
      failure: "Runtime error: deadlock: an empty channel, and nobody sends at app/main.fox:1",
    });
  });

  test("a program without luncurkan is not rewritten", () => {
    const exports = (source: string): string[] =>
      WebAssembly.Module.exports(new WebAssembly.Module(moduleOf(program(source)))).map(({ name }) => name);
    const send = "fungsi f() void kirim(saluran_baru(), 1) akhir";
    expect(exports(`${send} luncurkan(f)`)).toContain("asyncify_start_unwind");
    expect(exports(`${send} f()`)).not.toContain("asyncify_start_unwind");
  });
});

describe("threads", () => {
  test("a pipeline of three, with more values than fit", () => {
    const source = `
var a = saluran_baru()
var b = saluran_baru()
fungsi produce(n int) void
  var i = 1
  selama i <= n
    kirim(a, i)
    i = i + 1
  akhir
  kirim(a, 0)
akhir
fungsi square() void
  selama benar
    var n = terima(a)
    kirim(b, n * n)
    jika n == 0
      kembalikan;
    akhir
  akhir
akhir
fungsi main() void
  luncurkan(produce, 1000)
  luncurkan(square)
  var sum = 0
  var n = terima(b)
  selama n != 0
    sum = sum + n
    n = terima(b)
  akhir
  native_print_int(sum)
akhir`;
    expect(lines(source)).toEqual(["333833500"]);
  });

  test("a thread waits deep in recursion, with references in every frame", () => {
    const source = `
ambil "conv"
var c = saluran_baru()
fungsi down(n int, text string) string
  jika n == 0
    native_print_int(terima(c))
    kembalikan text
  akhir
  var mine = conv.Itoa(n) + "."
  var below = down(n - 1, text)
  kembalikan mine + below
akhir
fungsi other() void
  var i = 0
  var t = ""
  selama i < 200
    t = t + "garbage"
    i = i + 1
  akhir
  kirim(c, 7)
akhir
luncurkan(other)
native_print(down(20, "end"))`;
    const text = `${Array.from({ length: 20 }, (_, i) => `${20 - i}.`).join("")}end`;
    expect(lines(source)).toEqual(["7", text]);
  });

  test("arguments of every kind arrive, references alive", () => {
    const source = `
struktur P  name string akhir
antarmuka Named  fungsi Name() string akhir
fungsi (p P) Name() string kembalikan p.name akhir
var done = saluran_baru()
fungsi ofInt(n int) void native_print_int(n) kirim(done, 1) akhir
fungsi ofBool(b bool) void jika b native_print("true") akhir kirim(done, 1) akhir
fungsi ofFloat(f float) void native_print_int(int(f * 4.0)) kirim(done, 1) akhir
fungsi ofString(s string) void native_print(s) kirim(done, 1) akhir
fungsi ofStruct(p P) void native_print(p.name) kirim(done, 1) akhir
fungsi ofInterface(n Named) void native_print(n.Name()) kirim(done, 1) akhir
fungsi ofArray(a []string) void native_print(a[1]) kirim(done, 1) akhir
luncurkan(ofInt, -9223372036854775807)
luncurkan(ofBool, benar)
luncurkan(ofFloat, 1.25)
luncurkan(ofString, "a" + "b")
luncurkan(ofStruct, P("struct"))
luncurkan(ofInterface, P("interface"))
luncurkan(ofArray, ["x", "y"])
var i = 0
selama i < 7
  i = i + terima(done)
akhir`;
    expect(lines(source)).toEqual(["-9223372036854775807", "true", "5", "ab", "struct", "interface", "y"]);
  });

  test("a result of a thread's function is dropped", () => {
    const source = `
var c = saluran_baru()
fungsi f() (string, int) kirim(c, 3) kembalikan "x", 1 akhir
luncurkan(f)
native_print_int(terima(c))`;
    expect(lines(source)).toEqual(["3"]);
  });

  test("a loop that waits for a global lets the others run", () => {
    const source = `
var ready = 0
fungsi set() void ready = 42 akhir
luncurkan(set)
selama ready == 0
akhir
native_print_int(ready)`;
    expect(lines(source)).toEqual(["42"]);
  });

  test("a sleeping thread lets the others run", () => {
    const source = `
ambil "time"
fungsi say() void native_print("thread") akhir
luncurkan(say)
time.Sleep(5)
native_print("main")`;
    expect(lines(source)).toEqual(["thread", "main"]);
    expect(lines(source.replace("Sleep(5)", "Sleep(0)"))).toEqual(["thread", "main"]);
  });

  test("who wakes first goes on first", () => {
    const source = `
ambil "time"
fungsi say(n int) void
  time.Sleep(n * 50)
  native_print_int(n)
akhir
luncurkan(say, 3)
luncurkan(say, 1)
luncurkan(say, 2)
time.Sleep(300)
native_print("main")`;
    expect(lines(source)).toEqual(["1", "2", "3", "main"]);
  });

  test("a hundred threads, each with its own variables", () => {
    const source = `
ambil "conv"
var c = saluran_baru()
fungsi worker(n int) void
  var text = conv.Itoa(n)
  kirim(c, panjang(text + text))
akhir
var i = 1
selama i <= 100
  luncurkan(worker, i)
  i = i + 1
akhir
var sum = 0
i = 0
selama i < 100
  sum = sum + terima(c)
  i = i + 1
akhir
native_print_int(sum)`;
    expect(lines(source)).toEqual(["384"]);
  });

  test("when every thread waits, that is said", () => {
    const source =
      "var c = saluran_baru()\nfungsi f() void\n  native_print_int(terima(c))\nakhir\nluncurkan(f)\nnative_print_int(terima(c))";
    expect(executeSource(source)).toMatchObject({
      exitCode: 1,
      failure: "Runtime error: deadlock: every thread waits, the first at app/main.fox:6",
    });
  });

  test("what waits deeper than its frames can be kept is a stack overflow", () => {
    const variables = Array.from({ length: 40 }, (_, i) => `v${i}`);
    const source = `
var c = saluran_baru()
fungsi down(n int) int
  jika n == 0 kembalikan terima(c) akhir
  ${variables.map((name) => `var ${name} = n`).join("\n")}
  kembalikan down(n - 1) + ${variables.join(" + ")}
akhir
fungsi other() void kirim(c, 7) akhir
luncurkan(other)
native_print_int(down(DEPTH))`;
    const small = { maxMemory: 4 * 1024 * 1024 };
    expect(executeSource(source.replace("DEPTH", "500"), small)).toMatchObject({
      stdout: "5010007\n",
      failure: null,
    });
    expect(executeSource(source.replace("DEPTH", "2000"), small)).toMatchObject({
      exitCode: 1,
      failure: "Runtime error: stack overflow at app/main.fox",
    });
  });

  test("the program ends when the first thread has ended, whatever the others wait for", () => {
    const source = `
ambil "time"
var c = saluran_baru()
fungsi waits() void native_print_int(terima(c)) akhir
fungsi sleeps() void time.Sleep(60000) native_print("no") akhir
fungsi turns() void selama benar akhir akhir
luncurkan(waits)
luncurkan(sleeps)
luncurkan(turns)
native_print("end")`;
    expect(lines(source)).toEqual(["end"]);
  });

  test("a failure in a thread ends the program", () => {
    const source =
      'var zero = 0\nfungsi f() void\n  native_print_int(1 / zero)\nakhir\nluncurkan(f)\nnative_print("main")\nnative_print_int(terima(saluran_baru()))';
    const { stdout, exitCode, failure } = executeSource(source);
    expect([stdout, exitCode]).toEqual(["main\n", 1]);
    expect(failure).toMatch(/^Runtime error: division by zero.* at app\/main\.fox:3$/);
  });
});
