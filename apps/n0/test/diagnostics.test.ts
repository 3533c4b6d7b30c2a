import { expect, test } from "vitest";
import { formatDiagnostics } from "../src/diagnostics.ts";
import { frontEnd } from "./support.ts";

function output(source: string | Uint8Array, files?: Record<string, string>): string {
  const result = frontEnd(source, files);
  if (result.ok) throw new Error("nothing is wrong");
  return formatDiagnostics(result.diagnostics, result.sources);
}

test("a parse error shows its line and a caret", () => {
  expect(
    output("var a = 1\nvar b = 1+2\n"),
  ).toBe(`app/main.fox:2:10: error: Binary operator '+' requires space before it
  2 | var b = 1+2
               ^
`);
});

test("type errors do too", () => {
  expect(output("x\n\n\n\n\n\n\n\n\n  y")).toBe(`app/main.fox:1:1: error: Undefined variable or type: x
  1 | x
      ^
app/main.fox:10:3: error: Undefined variable or type: y
  10 |   y
         ^
`);
});

test("a byte order mark does not move the caret", () => {
  expect(output("\ufeff  x")).toBe(`app/main.fox:1:3: error: Undefined variable or type: x
  1 |   x
        ^
`);
});

test("each message names its file, and names and keywords are marked whole", () => {
  expect(
    output('ambil "a"\nx', { "app/a.fox": "var = 1\n" }),
  ).toBe(`app/a.fox:1:5: error: expected next token to be IDENT, got = instead
  1 | var = 1
          ^
app/main.fox:1:1: error: Failed to import module 'a': 1 parse error
  1 | ambil "a"
      ^^^^^
app/main.fox:2:1: error: Undefined variable or type: x
  2 | x
      ^
`);
});

test("the caret stands right behind tabs and characters of several bytes, though columns count bytes", () => {
  expect(output('\tvar a = "é" "é" x\n')).toContain(
    ':1:20: error: Undefined variable or type: x\n  1 | \tvar a = "é" "é" x\n      \t                ^',
  );
});

test("the end of a file has a place too", () => {
  expect(output("f(")).toBe(`app/main.fox:1:3: error: no prefix parse function for EOF found
  1 | f(
        ^
`);
});

test("of a very long line only the part around the place is shown", () => {
  const text = output(`${" ".repeat(100_000)}x${" ".repeat(100_000)}y`);
  expect(text).toContain(":1:100001:");
  expect(text.length).toBeLessThan(2000);
});

test("what would act on a terminal is not printed", () => {
  expect(output(new Uint8Array([0x1b, 0x5b, 0x32, 0x4a, 0x07, 0x0d, 0x0a]))).toContain("  1 | ?[2J?\n");
});

test("nesting that is too deep has a place", () => {
  expect(output(`var x = ${"(".repeat(2000)}`)).toContain(
    "app/main.fox:1:1009: error: maximum expression nesting depth (1000) exceeded - possible stack overflow\n",
  );
});

test("what is about no place in particular has no source line", () => {
  const diagnostic = { stage: "parse", file: "a.fox", line: 0, column: 0, message: "m" } as const;
  expect(formatDiagnostics([diagnostic], new Map([["a.fox", new Uint8Array(3)]]))).toBe("a.fox: error: m\n");
});

test("a hint stands in a line of its own", () => {
  expect(
    output("var jumlah = 1\nnative_print_int(jumlh)"),
  ).toBe(`app/main.fox:2:18: error: Undefined variable or type: jumlh
  2 | native_print_int(jumlh)
                       ^^^^^
  help: did you mean 'jumlah'?
`);
});

test("a palette paints places, errors and carets", () => {
  const result = frontEnd("x");
  if (result.ok) throw new Error("nothing is wrong");
  const paint = (letter: string) => (s: string) => `<${letter}>${s}</${letter}>`;
  const palette = { heading: paint("h"), error: paint("e"), warning: paint("w"), dim: (s: string) => s };
  expect(formatDiagnostics(result.diagnostics, result.sources, palette)).toBe(
    "<h>app/main.fox:1:1:</h> <e>error:</e> Undefined variable or type: x\n  1 | x\n      <e>^</e>\n",
  );
  const warning = { ...result.diagnostics[0]!, stage: "warning" } as const;
  expect(formatDiagnostics([warning], new Map(), palette)).toBe(
    "<h>app/main.fox:1:1:</h> <w>warning:</w> Undefined variable or type: x\n",
  );
});
