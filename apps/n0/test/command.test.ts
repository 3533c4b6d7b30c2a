/** The real command, as a process. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleCommand, runCommand, startCommand } from "./command.ts";
import { corpus } from "./corpus.ts";

let folder: string;

beforeAll(async () => {
  await bundleCommand();
  folder = mkdtempSync(join(tmpdir(), "n0-command-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a program and runs the command in its folder. */
function n0(args: string[], source = "", input = "") {
  writeFileSync(join(folder, "p.fox"), source);
  return runCommand(args, folder, input);
}

describe("n0 run", () => {
  test("prints exactly the program's bytes", async () => {
    const { code, stdout, stderr } = await n0(["run", "p.fox"], 'native_print("é 漢") native_print_int(7)');
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toEqual(Buffer.from("é 漢\n7\n"));
  });

  test("a wrong program: diagnostics with line and caret on stderr, without colours, exit code 1", async () => {
    const { code, stdout, stderr } = await n0(["run", "p.fox"], "native_print_int(x)");
    expect([code, stdout.length]).toEqual([1, 0]);
    expect(stderr).toBe(
      "p.fox:1:18: error: Undefined variable or type: x\n  1 | native_print_int(x)\n                       ^\n",
    );
  });

  test("a failing program: what it printed, then the message and the line", async () => {
    const { code, stdout, stderr } = await n0(
      ["run", "p.fox"],
      'native_print("a")\nvar z = 0\nnative_print_int(1 / z)',
    );
    expect([code, stdout.toString()]).toEqual([1, "a\n"]);
    expect(stderr).toBe("Runtime error: division by zero, or of the smallest int by -1, at p.fox:3\n");
  });

  test.each(["v1", "v2", "gc"])(
    "statistics of %s, on stderr and as JSON, also of a program that fails",
    async (allocator) => {
      const args = ["run", "--allocator", allocator, "--stats", "--stats-json", "stats.json", "p.fox"];
      const { code, stdout, stderr } = await n0(args, 'var xs = [1] native_print("x") native_print_int(xs[3])');
      expect([code, stdout.toString()]).toEqual([1, "x\nPanic: Array index out of bounds\n"]);
      expect(stderr).toMatch(/^Runtime error: array index out of bounds at p\.fox:1\n/);
      // A string is one object there.
      const allocations = allocator === "gc" ? 3 : 4;
      expect(stderr).toMatch(new RegExp(`allocations +│ +${allocations} │`));
      if (allocator === "gc") expect(stderr).toMatch(/collections .*pause/s);
      if (allocator === "v2")
        expect(stderr).toMatch(/v2 frees nothing before the program ends.*--allocator gc collects/);
      else expect(stderr).not.toContain("frees nothing");
      const stats = JSON.parse(readFileSync(join(folder, "stats.json"), "utf8"));
      expect(stats).toMatchObject({ allocator, allocations, exitCode: 1, file: "p.fox" });
      expect(stats.peakFootprint).toBeGreaterThan(0);
    },
  );

  test("a module that was built runs, and knows its lines", async () => {
    const built = await n0(["build", "p.fox"], 'native_print("built")\nvar a = [1]\na[1] = 2');
    expect(built).toMatchObject({ code: 0, stderr: "" });
    expect(built.stdout.toString()).toMatch(/^p\.wasm: \d+ bytes; run it with: n0 run p\.wasm\n$/);
    const { code, stdout, stderr } = await n0(["run", "p.wasm"]);
    expect([code, stdout.toString()]).toEqual([1, "built\nPanic: Array index out of bounds\n"]);
    expect(stderr).toBe("Runtime error: array index out of bounds at p.fox:3\n");
    for (const command of ["check", "build"]) {
      expect(await n0([command, "p.wasm"])).toMatchObject({
        code: 1,
        stderr: "error: p.wasm is a module that was built, not a program's text\n",
      });
    }
  });

  test("a module runs on the allocators it was built for, and on no other", async () => {
    const build = ["build", "--allocator", "gc", "p.fox"];
    expect(await n0(build, 'native_print("a" + "b")')).toMatchObject({ code: 0, stderr: "" });
    for (const args of [["p.wasm"], ["run", "p.wasm"], ["run", "--allocator", "gc", "p.wasm"]]) {
      expect(await n0(args)).toMatchObject({ code: 0, stdout: Buffer.from("ab\n"), stderr: "" });
    }
    const why =
      "cannot run p.wasm: the module was built for the allocator gc, not for v1: build it with --allocator v1";
    expect(await n0(["run", "--allocator", "v1", "p.wasm"])).toMatchObject({ code: 1, stderr: `error: ${why}\n` });
    expect(await n0(["build", "--allocator", "v1", "p.fox"])).toMatchObject({ code: 0 });
    expect(await n0(["run", "--allocator", "v2", "p.wasm"])).toMatchObject({ code: 0 });
    expect((await n0(["run", "--allocator", "gc", "p.wasm"])).stderr).toBe(
      "error: cannot run p.wasm: the module was built for the allocators v1 and v2, not for gc: build it with --allocator gc\n",
    );
  });

  test("what is no module of ours is refused", async () => {
    writeFileSync(join(folder, "other.wasm"), new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    writeFileSync(join(folder, "broken.wasm"), new Uint8Array([0, 0x61, 0x73, 0x6d, 9]));
    const other = await n0(["run", "other.wasm"]);
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: cannot run other\.wasm: not a module that/),
    });
    const broken = await n0(["run", "broken.wasm"]);
    expect(broken).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: cannot run broken\.wasm: not a module this/),
    });
  });

  test("a program may read stdin", async () => {
    const source = 'ambil "io" var f = io.File(0) native_print(io.Read(f, 100))';
    const { stdout } = await n0(["run", "p.fox"], source, "some input");
    expect(stdout.toString()).toBe("some input\n");
  });

  test("all behind the file is the program's, also what looks like an option", async () => {
    const source = 'ambil "os" var i = 0 selama i < panjang(os.Args) native_print(os.Args[i]) i = i + 1 akhir';
    const args = ["build", "main.fox", "-o", "b.wasm", "--help", "", "é b"];
    const expected = Buffer.from(`${args.join("\n")}\n`);
    expect(await n0(["run", "--allocator", "v1", "p.fox", ...args], source)).toMatchObject({
      code: 0,
      stdout: expected,
    });
    expect(await n0(["build", "p.fox"], source)).toMatchObject({ code: 0 });
    expect(await n0(["run", "p.wasm", ...args])).toMatchObject({ code: 0, stdout: expected });
    expect(await n0(["p.wasm", ...args])).toMatchObject({ code: 0, stdout: expected });
    expect(await n0(["--allocator", "v1", "p.fox", ...args], source)).toMatchObject({ code: 0, stdout: expected });
  });

  test("a program ends itself with an exit code, and its output is there", async () => {
    const source = 'ambil "os" ambil "io" native_print("a") io.Write(io.Stderr, "b") os.Exit(9) native_print("c")';
    expect(await n0(["p.fox"], source)).toEqual({ code: 9, signal: null, stdout: Buffer.from("a\n"), stderr: "b" });
  });

  test("a program from stdin is run, checked and built", async () => {
    const source = 'native_print("halo")';
    expect(await n0(["-"], "", source)).toMatchObject({ code: 0, stdout: Buffer.from("halo\n") });
    expect(await n0(["run", "-"], "", "x")).toMatchObject({ code: 1, stderr: expect.stringContaining("<stdin>") });
    expect(await n0(["check", "-"], "", "x")).toMatchObject({ code: 1, stderr: expect.stringContaining("<stdin>") });
    expect(await n0(["build", "-"], "", source)).toMatchObject({ stdout: expect.anything(), code: 0 });
    expect(await n0(["stdin.wasm"])).toMatchObject({ stdout: Buffer.from("halo\n") });
  });

  test("build refuses what no engine runs, and writes nothing", async () => {
    const many = Array.from({ length: 60_000 }, (_, i) => `var _${i} = 1`).join(" ");
    rmSync(join(folder, "p.wasm"), { force: true });
    for (const command of ["build", "run"]) {
      expect(await n0([command, "p.fox"], `fungsi f() void ${many} akhir f()`)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("p.fox:1:1: error: A function has at most 50000 variables"),
      });
    }
    expect(existsSync(join(folder, "p.wasm"))).toBe(false);
  });

  test("check and build warn of what is unused, run does not", async () => {
    const warning = "p.fox:1:5: warning: Unused variable 'a'\n  1 | var a = 1\n          ^\n";
    expect(await n0(["check", "p.fox"], "var a = 1")).toMatchObject({ code: 0, stderr: warning });
    expect(await n0(["build", "p.fox"], "var a = 1")).toMatchObject({ code: 0, stderr: warning });
    expect(await n0(["run", "p.fox"], "var a = 1")).toMatchObject({ code: 0, stderr: "" });
  });

  test("a failure inside functions has a trace", async () => {
    const { stderr } = await n0(["run", "p.fox"], "fungsi f(n int) int\n  kembalikan 1 / n\nakhir\nf(0)");
    expect(stderr).toBe(
      "Runtime error: division by zero, or of the smallest int by -1, at p.fox:2\n  at f (p.fox:2)\n  at p.fox:4\n",
    );
  });

  test("a recording is written", async () => {
    for (const allocator of ["v2", "gc"]) {
      const args = ["run", "--allocator", allocator, "--record", `${allocator}.rec`, "p.fox"];
      expect(await n0(args, 'native_print("x")')).toMatchObject({ code: 0, stderr: "" });
      expect(
        readFileSync(join(folder, `${allocator}.rec`))
          .subarray(0, 4)
          .toString(),
      ).toBe("MPRC");
    }
  });

  test("when nobody reads any more it ends, silently", async () => {
    writeFileSync(join(folder, "p.fox"), 'selama benar native_print("line") akhir');
    const child = startCommand(["run", "p.fox"], folder);
    let stderr = "";
    child.stderr!.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    child.stdout!.once("data", () => child.stdout!.destroy());
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, stderr]).toEqual([141, ""]);
  });

  test("--max-memory ends a program that needs more", async () => {
    const args = ["run", "--max-memory", "16MiB", "p.fox"];
    const { code, stdout, stderr } = await n0(args, 'native_print("a") var s = "x" selama benar s = s + s akhir');
    expect([code, stdout.toString()]).toEqual([1, "a\n"]);
    expect(stderr).toMatch(
      /^Runtime error: out of memory at p\.fox:1: .*\n {2}help: v2 frees nothing .*: --allocator gc collects .*\n$/,
    );
  });
});

describe("deep recursion", () => {
  test.each(
    corpus("programs")
      .filter(({ name }) => name.endsWith("-recursion"))
      .map((entry) => [entry.name, entry] as const),
  )("%s", async (_, { file, expected, code }) => {
    for (const allocator of ["v1", "v2", "gc"]) {
      const run = await runCommand(["run", "--allocator", allocator, file], folder);
      expect(run.signal).toBe(null);
      expect(run.stdout.toString()).toBe(expected);
      if (code < 0) expect(run.code).not.toBe(0);
      else expect(run.code).toBe(code);
    }
  });

  test.each([
    ["jika", `${"jika benar ".repeat(900)}native_print("x") ${"akhir ".repeat(900)}`],
    ["pilih", `${"pilih 1 kasus 1: ".repeat(900)}native_print("x") ${"akhir ".repeat(900)}`],
    ["interpolations", `native_print(${'"#{'.repeat(900)}"x"${'}"'.repeat(900)})`],
  ])("a program that nests %s 900 deep is compiled, too", async (_, source) => {
    expect(await n0(["run", "p.fox"], source)).toMatchObject({ code: 0, stdout: Buffer.from("x\n"), stderr: "" });
  });

  test.each(["v1", "v2", "gc"])("100,000 calls with references and an allocation in each, on %s", async (allocator) => {
    const source = `
struktur T  n int  next T akhir
fungsi f(n int, t T, s string) int
  var a = T{n: n, next: t}
  var b = n * 2
  var c = [n, b]
  var e = "x"
  jika n == 0
    kembalikan 0
  akhir
  var below = f(n - 1, a, e)
  kembalikan below + c[1] - b + panjang(e) - panjang(s) + 1
akhir
native_print_int(f(100000, kosong, "y"))`;
    expect(await n0(["run", "--allocator", allocator, "p.fox"], source)).toMatchObject({
      code: 0,
      stdout: Buffer.from("100000\n"),
      stderr: "",
    });
  });
});

describe("the command line", () => {
  test("help says what there is, on stdout", async () => {
    const { code, stdout, stderr } = await n0(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const word of ["run", "build", "check", "Exit codes:"]) expect(stdout.toString()).toContain(word);
    const run = await n0(["help", "run"]);
    expect(run.code).toBe(0);
    for (const option of ["--allocator", "--max-memory", "--stats", "--stats-json", "--record"]) {
      expect(run.stdout.toString()).toContain(option);
    }
  });

  test("the version is the package's", async () => {
    const { code, stdout } = await n0(["--version"]);
    expect([code, stdout.toString()]).toEqual([0, "n0 0.1.0\n"]);
  });

  test.each([
    ["an unknown command", ["frob"]],
    ["an unknown command before a file", ["frob", "p.fox"]],
    ["an unknown option", ["run", "--fast", "p.fox"]],
    ["an unknown allocator", ["run", "--allocator", "v3", "p.fox"]],
    ["a size that is none", ["run", "--max-memory", "lots", "p.fox"]],
    ["a size below the least", ["run", "--max-memory", "1000", "p.fox"]],
    ["no file", ["run"]],
    ["no command", []],
  ])("%s: exit code 2, and how to do it", async (_, args) => {
    const { code, stdout, stderr } = await n0(args);
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr).toContain("Usage: n0");
  });

  test("a file that is not there, and one that cannot be written", async () => {
    expect(await n0(["run", "none.fox"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: cannot read none\.fox: ENOENT/),
    });
    expect(await n0(["build", "-o", "no/such/folder.wasm", "p.fox"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: cannot write no\/such\/folder\.wasm: ENOENT/),
    });
  });
});
