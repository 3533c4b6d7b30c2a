import { describe, expect, test } from "vitest";
import type { Expression, Statement } from "../src/ast.ts";
import { parse } from "../src/parser.ts";

function statements(source: string): Statement[] {
  const { file, errors } = parse(new TextEncoder().encode(source));
  expect(errors).toEqual([]);
  return file.statements;
}

/** The tree of an expression in parentheses, as little as is needed to see who binds whom. */
function show(expression: Expression): string {
  switch (expression.kind) {
    case "int":
    case "float":
    case "bool":
      return String(expression.value);
    case "string":
      return JSON.stringify(new TextDecoder().decode(expression.bytes));
    case "interpolated":
      return `<${expression.parts.map(show).join(" ")}>`;
    case "identifier":
      return expression.name;
    case "binary":
      return `(${show(expression.left)} ${expression.operator} ${show(expression.right)})`;
    case "prefix":
      return `(${expression.operator}${show(expression.operand)})`;
    case "call":
      return `${show(expression.callee)}(${expression.arguments.map(show).join(", ")})`;
    case "index":
      return `${show(expression.object)}[${show(expression.index)}]`;
    case "member":
      return `${show(expression.object)}.${expression.name}`;
    case "array":
      return `[${expression.elements.map(show).join(", ")}]`;
    case "map":
      return `{${expression.entries.map(({ key, value }) => `${show(key)}: ${show(value)}`).join(", ")}}`;
    case "struct":
      return `${expression.name.name}{${expression.fields.map(({ name, value }) => `${name}: ${show(value)}`).join(", ")}}`;
    default:
      return expression.kind;
  }
}

/** The one expression a source consists of. */
function only(source: string): string {
  const [statement, ...rest] = statements(source);
  expect(rest).toEqual([]);
  if (statement?.kind !== "expression") throw new Error(`no expression: ${source}`);
  return show(statement.expression);
}

const errors = (source: string) =>
  parse(new TextEncoder().encode(source)).errors.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe("precedence", () => {
  test.each([
    ["a atau b dan c", "(a atau (b dan c))"],
    ["a dan b == c", "(a dan (b == c))"],
    ["a == b < c", "(a == (b < c))"],
    ["a < b | c", "(a < (b | c))"],
    ["a | b ^ c", "(a | (b ^ c))"],
    ["a ^ b & c", "(a ^ (b & c))"],
    ["a & b << c", "(a & (b << c))"],
    ["1 << 2 + 1", "(1 << (2 + 1))"],
    ["a + b * c", "(a + (b * c))"],
    ["a * b + c", "((a * b) + c)"],
    ["a - b - c", "((a - b) - c)"],
    ["a / b % c", "((a / b) % c)"],
    ["a & 1 == 0", "((a & 1) == 0)"],
    ["-a * b", "((-a) * b)"],
    ["!a == b", "((!a) == b)"],
    ["-f(x)", "(-f(x))"],
    ["-a.b[0]", "(-a.b[0])"],
    ["~-!a", "(~(-(!a)))"],
    ["&a + *b", "((&a) + (*b))"],
    ["(a + b) * c", "((a + b) * c)"],
    ["f(a)(b).c[d](e)", "f(a)(b).c[d](e)"],
    ["P{x: 1}.x", "P{x: 1}.x"],
    ["a + P{x: 1, y: 2,}", "(a + P{x: 1, y: 2})"],
  ])("%s", (source, tree) => {
    expect(only(source)).toBe(tree);
  });
});

describe("literals", () => {
  test.each([
    ["010", "8"],
    ["0", "0"],
    ["000", "0"],
    ["9223372036854775807", "9223372036854775807"],
    ["0777777777777777777777", "9223372036854775807"],
    ["1.50", "1.5"],
    ["BENAR", "true"],
    ["[1, [2], []]", "[1, [2], []]"],
    ["{}", "{}"],
    ["{1: 2, 3: {},}", "{1: 2, 3: {}}"],
    ["P{}", "P{}"],
    ["P{a: 1, b: 2, a: 3}", "P{b: 2, a: 3}"],
    ['"a" "b"\n"c"', '"abc"'],
    ['""', '""'],
    ['"" "" ""', '""'],
    ['"a#{b}c" "d#{e}"', '<"a" b "cd" e>'],
    ['"#{x + "!"}"', '<(x + "!")>'],
    ['"\\#{x}"', '"#{x}"'],
  ])("%s", (source, tree) => {
    expect(only(source)).toBe(tree);
  });
});

describe("a new line ends nothing", () => {
  test.each([
    ["5\n(f(1))", "5(f(1))"],
    ["a\n[1]", "a[1]"],
    ["a\n.b", "a.b"],
    ["a\n- b", "(a - b)"],
    ["T\n{x: 1}", "T{x: 1}"],
  ])("%j", (source, tree) => {
    expect(only(source)).toBe(tree);
  });

  test("a function without a result takes the first type-like token of its body for one", () => {
    const [statement] = statements('fungsi f()\n  native_print("x")\nakhir');
    expect(statement).toMatchObject({
      expression: {
        results: [{ kind: "named", name: "native_print" }],
        body: { statements: [{ kind: "expression" }] },
      },
    });
  });
});

describe("statements", () => {
  const kinds = (source: string) => statements(source).map(({ kind }) => kind);

  test("statements need no separator and may have one semicolon", () => {
    expect(kinds('var a = 1 var b int; a = b; f(); ambil "x"; dari "y" ambil A, B; berhenti; lanjut;')).toEqual([
      "var",
      "var",
      "assign",
      "expression",
      "import",
      "fromImport",
      "break",
      "continue",
    ]);
  });

  test("several names, a type and several values", () => {
    expect(statements("tetapan a, b int = 1, 2")).toMatchObject([
      { constant: true, names: [{ name: "a" }, { name: "b" }], annotation: { name: "int" }, values: [{}, {}] },
    ]);
  });

  test("return: bare before the end of a block (bug 10) or with a semicolon, else with the expression that follows", () => {
    const [f] = statements("fungsi f() void jika a kembalikan lainnya kembalikan; akhir kembalikan x, y akhir");
    const { body } = (f as Statement & { kind: "expression" }).expression as Expression & { kind: "function" };
    expect(body?.statements).toMatchObject([
      {
        expression: {
          branches: [{ body: { statements: [{ kind: "return", values: [] }] } }],
          otherwise: { statements: [{ kind: "return", values: [] }] },
        },
      },
      { kind: "return", values: [{ name: "x" }, { name: "y" }] },
    ]);
  });

  test("a switch has lists of values (bug 3), its default anywhere and with or without a colon", () => {
    expect(statements("pilih x lainnya: a() kasus 1, -2: b() kasus 3: akhir")).toMatchObject([
      {
        cases: [{ values: [{ value: 1n }, { operator: "-" }] }, { values: [{}], body: { statements: [] } }],
        otherwise: {},
      },
    ]);
  });

  test("stray tokens between cases are skipped", () => {
    expect(statements("pilih x ; 5 kasus 1: akhir")).toMatchObject([{ cases: [{}], otherwise: null }]);
  });

  test("else-if branches and a nested if", () => {
    expect(statements("jika a atau_jika b lainnya jika c akhir akhir")).toMatchObject([
      { expression: { branches: [{}, {}], otherwise: { statements: [{ expression: { kind: "if" } }] } } },
    ]);
  });

  test("a struct skips what is no field name", () => {
    expect(statements("struktur S ; a int ; 5 b []map[string]mod.T akhir")).toMatchObject([
      {
        fields: [
          { name: "a", type: { kind: "named" } },
          { name: "b", type: { kind: "array", element: { kind: "map", value: { kind: "qualified", module: "mod" } } } },
        ],
      },
    ]);
  });

  test("an interface skips what is no method", () => {
    expect(
      statements("antarmuka I x fungsi A() void fungsi B(a int, b T) (int, string) fungsi C() akhir"),
    ).toMatchObject([
      {
        methods: [
          { name: "A", results: [{ name: "void" }] },
          { name: "B", parameters: [{}, {}], results: [{}, {}] },
          { name: "C", results: [] },
        ],
      },
    ]);
  });

  test.each([
    ["fungsi f(a int) int kembalikan a akhir", { name: "f", receiver: null, parameters: [{}], results: [{}] }],
    ["fungsi (s S) M(a int) void akhir", { name: "M", receiver: { name: "s" }, parameters: [{ name: "a" }] }],
    ["fungsi (a int, b int) (int, int) akhir;", { name: "", receiver: null, parameters: [{}, {}], results: [{}, {}] }],
    ["fungsi F() int native;", { name: "F", body: null }],
    ["fungsi f(g fungsi() int, h fungsi(int, string)) void akhir", { parameters: [{}, { type: { results: [] } }] }],
  ])("function: %s", (source, expected) => {
    expect(statements(source)).toMatchObject([{ expression: expected }]);
  });
});

describe("messages", () => {
  test.each([
    ["var 5 = 1", "1:5 expected next token to be IDENT, got INT instead"],
    ["var a, = 1", "1:8 expected next token to be IDENT, got = instead"],
    ["f(1", "1:4 expected next token to be ), got EOF instead"],
    ["f(1 2)", "1:5 expected next token to be ), got INT instead"],
    ["(1", "1:3 expected next token to be ), got EOF instead"],
    ["a[1", "1:4 expected next token to be ], got EOF instead"],
    ["a.5", "1:3 expected next token to be IDENT, got INT instead"],
    ["ambil x", "1:7 expected next token to be STRING, got IDENT instead"],
    ['dari "x" A', "1:10 expected next token to be AMBIL, got IDENT instead"],
    ["{1 2}", "1:4 expected next token to be :, got INT instead"],
    ["{1: 2 3}", "1:7 expected next token to be }, got INT instead"],
    ["pilih x kasus 1 f() akhir", "1:17 expected next token to be :, got IDENT instead"],
    ["fungsi f x int) akhir", "1:10 expected next token to be (, got IDENT instead"],
    ["fungsi f() void", "1:16 expected token to be AKHIR, got EOF instead"],
    ["jika a", "1:7 expected token to be AKHIR, got EOF instead"],
    ["selama a lainnya akhir", "1:10 expected token to be AKHIR, got LAINNYA instead"],
    ["pilih a kasus 1:", "1:17 expected token to be AKHIR, got EOF instead"],
    ["struktur S a int", "1:17 expected token to be AKHIR, got EOF instead"],
    ["antarmuka I", "1:12 expected token to be AKHIR, got EOF instead"],
    ["akhir", "1:1 no prefix parse function for AKHIR found"],
    ["x = 'c'", "1:5 no prefix parse function for CHAR found"],
    ["f(@)", "1:3 no prefix parse function for ILLEGAL found"],
    ["[1, ]", "1:5 no prefix parse function for ] found"],
    ["f();;", "1:5 no prefix parse function for ; found"],
    ["struktur S akhir;", "1:17 no prefix parse function for ; found"],
    ["pilih a akhir;", "1:14 no prefix parse function for ; found"],
    ['"a #{}"', "1:6 no prefix parse function for } found"],
    ["fungsi f(a, b int) void akhir", "1:11 expected type, got ,"],
    ["struktur S a 5 akhir", "1:14 expected type, got INT"],
    ["var a [4]int = x", "1:8 expected next token to be ], got INT instead"],
    ["var a mod.5 = x", "1:11 Expected type name after dot"],
    ["tetapan A int", "1:1 Constant declaration requires value assignment"],
    ["a, b", "1:2 Comma-separated expressions only allowed in assignment"],
    ["mod.T{a: 1}", "1:6 Struct literal must start with identifier"],
    ["T{1: 2}", "1:3 Expected field name in struct literal"],
    ["fungsi (a A, b B) M() void akhir", "1:8 Method receiver must have exactly one parameter"],
    ["antarmuka I fungsi (a int) akhir", "1:20 expected method name after 'fungsi' in interface definition"],
    ["antarmuka I fungsi A() fungsi B() int akhir", "1:31 expected next token to be (, got IDENT instead"],
    ["9223372036854775808", '1:1 could not parse "9223372036854775808" as integer'],
    ["08", '1:1 could not parse "08" as integer'],
    [`${"9".repeat(400)}.0`, `1:1 could not parse "${"9".repeat(60)}..." as float`],
    ["a+ b", "1:2 Binary operator '+' requires space before it"],
    ["a +b", "1:3 Binary operator '+' requires space after it"],
    ["a -1", "1:3 Binary operator '-' requires space after it"],
    ["a ==b", "1:3 Binary operator '==' requires space after it"],
    ['x + "#{y}"', "1:3 Binary operator '+' requires space after it"],
    ["f(1)dan b", "1:5 Binary operator 'dan' requires space before it"],
    ['"abc', "1:1 Unterminated string"],
  ])("%s", (source, message) => {
    expect(errors(source)).toEqual([message]);
  });

  test.each(["* / % == != < > <= >= & | ^ << >>".split(" ")].flat())("%s needs space on both sides", (operator) => {
    expect(errors(`a${operator}b`)).toEqual([`1:2 Binary operator '${operator}' requires space before it`]);
    expect(errors(`a ${operator} b`)).toEqual([]);
  });

  test('x + " #{y}" is fine', () => {
    expect(errors('x + " #{y}"')).toEqual([]);
  });

  test("errors in different lines are all reported, and blocks still end where they end", () => {
    const source = `fungsi f() void
  var = 1
  jika x +
    g(]
  akhir
  h(1
akhir
var y = 1+2
fungsi g( void
  x y z 'c'
akhir
var ok = 1
`;
    expect(errors(source)).toEqual([
      "2:7 expected next token to be IDENT, got = instead",
      "4:7 no prefix parse function for ] found",
      "7:1 expected next token to be ), got AKHIR instead",
      "8:10 Binary operator '+' requires space before it",
      "10:5 expected next token to be ), got IDENT instead",
    ]);
  });

  test("after a header that cannot be read, its block is still a block", () => {
    const source = `fungsi k(a, b int) int
  jika )
    pilih ]
    kasus 1:
      kembalikan a
    akhir
  akhir
  kembalikan b
akhir
fungsi n(a, b int) native
var z = 08`;
    expect(errors(source)).toEqual([
      "1:11 expected type, got ,",
      "2:8 no prefix parse function for ) found",
      "3:11 no prefix parse function for ] found",
      "10:11 expected type, got ,",
      '11:9 could not parse "08" as integer',
    ]);
  });
});
