import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main as n0 } from "../src/cli.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "n0-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs `n0 check` over files of the folder. */
async function check(main: string, files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  let stderr = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  process.exitCode = undefined;
  await n0(["check", join(folder, main)]);
  expect(stdout).not.toHaveBeenCalled();
  return { code: process.exitCode ?? 0, stderr: stderr.replaceAll(`${folder}/`, "") };
}

test("a correct program: nothing to say, exit code 0", async () => {
  const files = { "main.fox": 'ambil "lib" native_print_int(lib.F())', "lib.fox": "fungsi F() int kembalikan 1 akhir" };
  expect(await check("main.fox", files)).toEqual({ code: 0, stderr: "" });
});

test("a wrong one: all diagnostics on stderr without colours, exit code 1", async () => {
  expect(await check("main.fox", { "main.fox": "x\ny\n" })).toEqual({
    code: 1,
    stderr: `main.fox:1:1: error: Undefined variable or type: x
  1 | x
      ^
main.fox:2:1: error: Undefined variable or type: y
  2 | y
      ^
`,
  });
});

test("a file that cannot be read: one line, exit code 1", async () => {
  const { code, stderr } = await check("none.fox", {});
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: cannot read none.fox: ENOENT.*\n$/);
});

test("a folder is no module", async () => {
  const { stderr } = await check("main.fox", { "main.fox": 'ambil "."' });
  expect(stderr).toContain("module '.' not found");
});
