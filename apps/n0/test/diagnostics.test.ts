import { expect, test } from "vitest";
import { formatDiagnostics } from "../src/diagnostics.ts";
import { frontEnd } from "./support.ts";

function output(source: string | Uint8Array, files?: Record<string, string>): string {
  const result = frontEnd(source, files);
  if (result.ok) throw new Error("nothing is wrong");
  return formatDiagnostics(result.diagnostics, result.sources);
}

test("a parse error shows its line and a caret", () => {
  expect(output("var a = 1\nvar b = 1+2\n")).toBe(`Parser Errors: app/main.fox
ERROR [2:10]: Binary operator '+' requires space before it
  2 | var b = 1+2
               ^
`);
});

test("type errors do too, under a heading of their own", () => {
  expect(output("x\n\n\n\n\n\n\n\n\n  y")).toBe(`Type Errors: app/main.fox
  [1:1] Undefined variable or type: x
  1 | x
      ^
  [10:3] Undefined variable or type: y
  10 |   y
         ^
`);
});

test("a byte order mark does not move the caret", () => {
  expect(output("\ufeff  x")).toBe(`Type Errors: app/main.fox
  [1:3] Undefined variable or type: x
  1 |   x
        ^
`);
});

test("a heading names each file once", () => {
  expect(output('ambil "a"\nx', { "app/a.fox": "var = 1\n" })).toBe(`Parser Errors: app/a.fox
ERROR [1:5]: expected next token to be IDENT, got = instead
  1 | var = 1
          ^
Type Errors: app/main.fox
  [1:1] Failed to import module 'a': 1 parse error
  1 | ambil "a"
      ^
  [2:1] Undefined variable or type: x
  2 | x
      ^
`);
});

test("the caret stands right behind tabs and characters of several bytes, though columns count bytes", () => {
  expect(output('\tvar a = "é" "é" x\n')).toContain(
    '[1:20] Undefined variable or type: x\n  1 | \tvar a = "é" "é" x\n      \t                ^',
  );
});

test("the end of a file has a place too", () => {
  expect(output("f(")).toBe(`Parser Errors: app/main.fox
ERROR [1:3]: no prefix parse function for EOF found
  1 | f(
        ^
`);
});

test("of a very long line only the part around the place is shown", () => {
  const text = output(`${" ".repeat(100_000)}x${" ".repeat(100_000)}y`);
  expect(text).toContain("[1:100001]");
  expect(text.length).toBeLessThan(2000);
});

test("what would act on a terminal is not printed", () => {
  expect(output(new Uint8Array([0x1b, 0x5b, 0x32, 0x4a, 0x07, 0x0d, 0x0a]))).toContain("  1 | ?[2J?\n");
});

test("what is about no place in particular has no source line", () => {
  expect(output(`var x = ${"(".repeat(2000)}`)).toBe(
    "Parser Errors: app/main.fox\nERROR [0:0]: maximum expression nesting depth (1000) exceeded - possible stack overflow\n",
  );
});

test("a palette paints headings and carets", () => {
  const result = frontEnd("x");
  if (result.ok) throw new Error("nothing is wrong");
  const palette = { heading: (s: string) => `<h>${s}</h>`, error: (s: string) => `<e>${s}</e>`, dim: (s: string) => s };
  expect(formatDiagnostics(result.diagnostics, result.sources, palette)).toBe(
    "<h>Type Errors: app/main.fox</h>\n  [1:1] Undefined variable or type: x\n  1 | x\n      <e>^</e>\n",
  );
});
