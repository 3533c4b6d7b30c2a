import { expect, test } from "vitest";
import { tokenize } from "../src/lexer.ts";

const tokens = (source: string | Uint8Array) =>
  tokenize(typeof source === "string" ? new TextEncoder().encode(source) : source).tokens.slice(0, -1);
const types = (source: string) => tokens(source).map(({ type }) => type);
const places = (source: string) => tokens(source).map(({ line, column }) => `${line}:${column}`);
const strings = (source: string) =>
  tokens(source).map(({ type, text, bytes }) => (type === "STRING" ? new TextDecoder().decode(bytes) : text));

test("a name is letters, digits and underscores, and does not start with a digit", () => {
  expect(types("a _b c9 9d")).toEqual(["IDENT", "IDENT", "IDENT", "INT", "IDENT"]);
});

test("keywords are keywords in any case, and their second spelling is the same token", () => {
  expect(types("var VAR Map kembali KEMBALIKAN const tetapan atau_jika")).toEqual([
    "VAR",
    "VAR",
    "MAP",
    "KEMBALIKAN",
    "KEMBALIKAN",
    "TETAPAN",
    "TETAPAN",
    "ATAU_JIKA",
  ]);
});

test("words that only look like keywords are names", () => {
  expect(new Set(types("tidak untuk coba error channel int luncurkan panjang hapus assert"))).toEqual(
    new Set(["IDENT"]),
  );
});

test("every operator and delimiter is a token of its own name", () => {
  const all = "= + - ! * / % < > == != <= >= & | ^ ~ << >> , ; : . ( ) { } [ ]";
  expect(types(all)).toEqual(all.split(" "));
  expect(types("a<=b<<c<d")).toEqual(["IDENT", "<=", "IDENT", "<<", "IDENT", "<", "IDENT"]);
});

test("a byte order mark at the start is no token and takes no column", () => {
  expect(tokens("\ufeffvar\n\ufeff")).toMatchObject([
    { type: "VAR", line: 1, column: 1 },
    { type: "ILLEGAL", line: 2, column: 1 },
  ]);
});

test("a float has digits on both sides of its point", () => {
  expect(types("1.5 1. .5 1.x")).toEqual(["FLOAT", "INT", ".", ".", "INT", "INT", ".", "IDENT"]);
});

test("lines and columns start at 1 and columns count bytes", () => {
  expect(places('a b\n  c\r\n\td "é" e')).toEqual(["1:1", "1:3", "2:3", "3:2", "3:4", "3:9"]);
});

test("a comment ends with its line, also when it starts with a brace", () => {
  expect(types("a # b c\nd #{ e }\nf")).toEqual(["IDENT", "IDENT", "IDENT"]);
});

test("a newline in a string counts for what follows (bug 24)", () => {
  expect(places('"a\nb" c\nd')).toEqual(["1:1", "2:4", "3:1"]);
});

test("escapes: n, t, r, quote, backslash; any other byte stands for itself", () => {
  expect(strings(String.raw`"\n\t\r\"\\\q\#{x}"`)).toEqual(['\n\t\r"\\q#{x}']);
});

test("a string keeps its bytes as they are (bug 1)", () => {
  const bytes = new Uint8Array([0x22, 0xc3, 0xa9, 0xff, 0x00, 0x22]);
  expect([...tokens(bytes)[0]!.bytes]).toEqual([0xc3, 0xa9, 0xff, 0x00]);
});

test("an empty string is one empty token", () => {
  expect(strings('"" x')).toEqual(["", "x"]);
});

test("an interpolation splits a string and nests braces and strings", () => {
  expect(strings('"a #{f({1: "x #{y}"})} b"')).toEqual([
    "a ",
    "#{",
    "f",
    "(",
    "{",
    "1",
    ":",
    "x ",
    "#{",
    "y",
    "}",
    "}",
    ")",
    "}",
    " b",
  ]);
});

test("an interpolation at the start of a string stands at the quote and has no space before it", () => {
  const [plus, start] = tokens('+ "#{y}"');
  expect(plus!.type).toBe("+");
  expect(start).toMatchObject({ type: "#{", line: 1, column: 3, spaceBefore: false });
});

test("space before a token is white space or a comment", () => {
  expect(tokens("a+ b\n#x\n-c").map(({ spaceBefore }) => spaceBefore)).toEqual([false, false, true, true, false]);
});

test("a character literal is one token", () => {
  expect(types(String.raw`'x' '\n' '`)).toEqual(["CHAR", "CHAR", "ILLEGAL"]);
});

test("a byte that starts nothing is illegal, the bytes of one character together", () => {
  expect(types("@ é ?")).toEqual(["ILLEGAL", "ILLEGAL", "ILLEGAL"]);
});

test.each(['"abc', '"#{"', 'x "a #{b', '"a" "b\n'])("a string that does not end is an error (bug 2): %s", (source) => {
  expect(tokenize(new TextEncoder().encode(source)).error?.message).toBe("Unterminated string");
});

test("the error of a string that does not end stands at its opening quote", () => {
  expect(tokenize(new TextEncoder().encode('x\n  "a" "b\nc')).error).toMatchObject({ line: 2, column: 7 });
});

test("the last token is the end of the file", () => {
  expect(tokenize(new TextEncoder().encode("a\n ")).tokens.at(-1)).toMatchObject({ type: "EOF", line: 2, column: 2 });
  expect(tokenize(new Uint8Array(0)).tokens).toHaveLength(1);
});
