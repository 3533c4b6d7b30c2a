/** What the compiler says when it cannot do its work. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIN, type Module, runCompiler, stageA } from "./compiler.ts";

const folder = mkdtempSync(join(tmpdir(), "n1-failures-"));
const hello = join(folder, "hello.fox");
let compiler: Module;

beforeAll(async () => {
  writeFileSync(hello, 'native_print("halo")\n');
  writeFileSync(join(folder, "module.wasm"), new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  compiler = await stageA();
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ["a file that is not there", ["check", "/nowhere/x.fox"], "error: cannot read /nowhere/x.fox\n"],
  ["a folder", ["check", "/"], "error: cannot read /\n"],
  ["a place nobody can write to", ["build", hello, "-o", "/nowhere/x.wasm"], "error: cannot write /nowhere/x.wasm\n"],
])("%s", async (_, args, message) => {
  const [run] = await runCompiler(compiler, [args]);
  expect(run).toMatchObject({ exitCode: 1, stderr: message, stdout: "", failure: null });
});

test("a module instead of a program's text", async () => {
  const file = join(folder, "module.wasm");
  const [run] = await runCompiler(compiler, [["check", file]]);
  expect(run).toMatchObject({
    exitCode: 1,
    stderr: `error: ${file} is a module that was built, not a program's text\n`,
  });
});

test.runIf(existsSync("/dev/full"))("a full disk", async () => {
  const [run] = await runCompiler(compiler, [["build", hello, "-o", "/dev/full"]]);
  expect(run).toMatchObject({ exitCode: 1, stderr: "error: cannot write /dev/full\n", stdout: "" });
});

test.each([
  [[]],
  [["check"]],
  [["build"]],
  [["frob", hello]],
  [["check", hello, hello]],
  [["check", hello, "-o", "x"]],
])("arguments that ask for nothing: %j", async (args) => {
  const [run] = await runCompiler(compiler, [args]);
  expect(run).toMatchObject({ exitCode: 2, stdout: "" });
  expect(run!.stderr).toMatch(/^usage: n1 check FILE\n/);
});

test("out of memory", async () => {
  const [run] = await runCompiler(compiler, [["build", MAIN, "-o", join(folder, "n1.wasm")]], {
    maxMemory: 4 * 2 ** 20,
  });
  expect(run).toMatchObject({ exitCode: 1, stdout: "" });
  expect(run!.failure).toMatch(/^Runtime error: out of memory/);
});
