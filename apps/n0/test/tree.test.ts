/** What the checker leaves in the tree for the generator. */
import { expect, test } from "vitest";
import type { Expression, FunctionLiteral, Statement } from "../src/ast.ts";
import { BOOL, ERROR, INT, STRING } from "../src/types.ts";
import { program } from "./support.ts";

/** The statements of the function `main` of a program. */
function body(source: string, before = ""): Statement[] {
  const { mainFunction } = program(`${before} fungsi main() void ${source} akhir`);
  return mainFunction!.declaration.body!.statements;
}

/** The value of the first `var` in `main`. */
function value(source: string, before?: string): Expression {
  const [statement] = body(`var x = ${source}`, before);
  return (statement as Statement & { kind: "var" }).values[0]!;
}

const SHAPES =
  "antarmuka I fungsi M(a int) int akhir struktur T t int akhir fungsi (t T) M(a int) int kembalikan a akhir struktur H i I f fungsi(int) int akhir";

test("every expression has its type", () => {
  expect(value('1 + 2 * panjang("a")')).toMatchObject({ type: INT, right: { type: INT, right: { type: INT } } });
  expect(value('"a" == kosong')).toMatchObject({ type: BOOL, right: { kind: "null", type: STRING } });
});

test("a null has the type it is a null of", () => {
  expect(body("var e error = kosong e = kosong")).toMatchObject([
    { values: [{ kind: "null", type: ERROR }] },
    { values: [{ kind: "null", type: ERROR }] },
  ]);
  expect(value("T(1) == kosong", SHAPES)).toMatchObject({ right: { type: { kind: "struct", name: "T" } } });
  expect(body("var i I = kosong", SHAPES)).toMatchObject([{ values: [{ kind: "null", type: { kind: "interface" } }] }]);
});

test("empty literals have the type of their place (bug 8), or hold ints", () => {
  const strings = { kind: "array", element: STRING };
  expect(body('var a []string = [] var b map[string][]string = {} a = [] b = {} b[""] = []')).toMatchObject([
    { values: [{ type: strings }] },
    { values: [{ type: { kind: "map", key: STRING, value: strings } }] },
    { values: [{ type: strings }] },
    { values: [{ type: { kind: "map" } }] },
    { values: [{ type: strings }] },
  ]);
  expect(value("f([], [[]])", "fungsi f(a []string, b [][]string) int kembalikan 1 akhir")).toMatchObject({
    arguments: [{ type: strings }, { type: { element: strings }, elements: [{ type: strings }] }],
  });
  expect(value('[] + ["a"]')).toMatchObject({ type: strings, left: { type: strings } });
  expect(value('[[], ["a"]]')).toMatchObject({ type: { element: strings }, elements: [{ type: strings }, {}] });
  expect(value("[[]]")).toMatchObject({ type: { element: { element: INT } }, elements: [{ type: { element: INT } }] });
  expect(value("panjang([])")).toMatchObject({ arguments: [{ type: { kind: "array", element: INT } }] });
});

test("a struct becomes an interface wherever one is expected (bug 15)", () => {
  const converted = { kind: "convert", struct: { name: "T" }, type: { kind: "interface", name: "I" }, value: {} };
  const source = `var a I = T(1) a = T(2) f(T(3)) var h = H(T(4), kosong) h.i = T(5) var xs = [a, T(6)]
    xs[0] = T(7) var m = {1: a} m[1] = T(8) var g = H{i: T(9), f: kosong} var j, k I = T(1), a j, k = a, T(2)`;
  const before = `${SHAPES} fungsi f(i I) I kembalikan T(0) akhir`;
  expect(body(source, before)).toMatchObject([
    { values: [converted] },
    { values: [converted] },
    { expression: { arguments: [converted] } },
    { values: [{ arguments: [converted, { kind: "null" }] }] },
    { values: [converted] },
    { values: [{ elements: [{ kind: "identifier" }, converted] }] },
    { values: [converted] },
    {},
    { values: [converted] },
    { values: [{ fields: [{ value: converted }, {}] }] },
    { values: [converted, { kind: "identifier" }] },
    { values: [{ kind: "identifier" }, converted] },
  ]);
  const { functions } = program(before).main;
  expect(functions[0]!.declaration.body!.statements).toMatchObject([{ values: [converted] }]);
});

test("parts of a tuple are converted to interfaces by their target", () => {
  const before = `${SHAPES} fungsi f() (int, T) kembalikan 1, T(1) akhir fungsi g() (int, I) kembalikan f() akhir`;
  expect(body("var a, b = g() a, b = f()", before)).toMatchObject([
    { names: [{ convertTo: null }, { convertTo: null }] },
    { convertTo: [null, { name: "I" }] },
  ]);
  expect(program(before).main.functions[1]!.declaration.body!.statements).toMatchObject([
    { convertTo: [null, { name: "I" }] },
  ]);
});

test("calls say what they call", () => {
  const source = `f(1) var t = T(1) t.M(1) var i I = t i.M(1) var c = f c(1) var h = H(i, f) h.f(1)
    float(1) error("a") native_print("a") fungsi() void akhir() assert(i, T)`;
  const [a, , b, , c, , d, , e, g, j, k, l, m] = body(source, `${SHAPES} fungsi f(a int) int kembalikan a akhir`);
  const target = (statement: Statement | undefined) =>
    ((statement as Statement & { kind: "expression" }).expression as Expression & { kind: "call" }).target;
  expect(target(a)).toMatchObject({ kind: "function", function: { name: "f" } });
  expect(target(b)).toMatchObject({ kind: "method", method: { name: "M" }, receiver: { name: "t" } });
  expect(target(c)).toMatchObject({
    kind: "interfaceMethod",
    method: { name: "M", index: 0 },
    receiver: { name: "i" },
  });
  expect(target(d)).toMatchObject({ kind: "closure", type: { result: INT } });
  expect(target(e)).toMatchObject({ kind: "closure" });
  expect(target(g)).toMatchObject({ kind: "conversion", from: { kind: "int" }, to: { kind: "float" } });
  expect(target(j)).toMatchObject({ kind: "conversion", to: { kind: "error" } });
  expect(target(k)).toMatchObject({ kind: "builtin", name: "native_print" });
  expect(target(l)).toMatchObject({ kind: "closure" });
  expect(target(m)).toMatchObject({ kind: "builtin", name: "assert" });
  expect(value("T(1)", SHAPES)).toMatchObject({ target: { kind: "constructor", struct: { name: "T" } } });
});

test("closures list what they capture, through every closure in between; globals are not captured", () => {
  const { mainFunction, main } = program(
    `var g = 1 fungsi main() void var p = 1 var f = fungsi(a int) int var l = a + g
     var inner = fungsi() int jika benar l = p atau_jika a > 0 kembalikan p akhir kembalikan g akhir kembalikan inner() akhir akhir`,
  );
  const [f, inner] = main.closures;
  expect(main.closures).toHaveLength(2);
  const names = (literal: FunctionLiteral | undefined) => literal!.captures.map(({ name }) => name);
  expect(names(inner)).toEqual(["l", "p", "a"]);
  expect(names(f)).toEqual(["p"]);
  expect(inner!.captures[1]!.source).toBe(f!.captures[0]);
  expect(f!.captures[0]!.source).toBe(mainFunction!.declaration.locals[0]);
  expect(inner!.captures[0]).toMatchObject({
    index: 0,
    owner: { kind: "function" },
    source: { kind: "local", name: "l" },
  });
});

test("functions list their locals, those of inner blocks too, and the top level those of its blocks", () => {
  const { mainFunction, main } = program(
    "fungsi main() void var a = 1 jika benar var b = 2 var a = 3 akhir pilih 1 kasus 1: var c = 4 akhir akhir jika benar var d = 5 akhir",
  );
  expect(mainFunction!.declaration.locals.map(({ name }) => name)).toEqual(["a", "b", "a", "c"]);
  expect(main.locals).toMatchObject([{ name: "d", owner: null }]);
});

test("a name has the symbol of the innermost declaration (bug 22)", () => {
  const statements = body("var a = 1 a = 2 jika benar var a = 3 a = 4 akhir", "var a = 0");
  const [declared, assigned, branch] = statements as [
    Statement & { kind: "var" },
    Statement & { kind: "assign" },
    Statement & { kind: "expression" },
  ];
  expect((assigned.targets[0] as Expression & { kind: "identifier" }).symbol).toBe(declared.names[0]!.symbol);
  const [inner, last] = (branch.expression as Expression & { kind: "if" }).branches[0]!.body.statements as [
    Statement & { kind: "var" },
    Statement & { kind: "assign" },
  ];
  expect((last.targets[0] as Expression & { kind: "identifier" }).symbol).toBe(inner.names[0]!.symbol);
});

test("break leaves the innermost loop or switch of its function, continue the loop", () => {
  const statements = body(
    "selama benar pilih 1 kasus 1: berhenti lanjut akhir var f = fungsi() void berhenti lanjut akhir akhir",
  );
  const loop = (statements[0] as Statement & { kind: "expression" }).expression as Expression & { kind: "while" };
  const [choice, closure] = loop.body.statements as [Statement & { kind: "switch" }, Statement & { kind: "var" }];
  const [leave, again] = choice.cases[0]!.body.statements;
  expect(leave).toMatchObject({ kind: "break", target: choice });
  expect((again as Statement & { kind: "continue" }).target).toBe(loop);
  expect((closure.values[0] as FunctionLiteral).body!.statements).toMatchObject([{ target: null }, { target: null }]);
});

test("the program says where it starts and whether it has threads", () => {
  expect(program('native_print("x")')).toMatchObject({ mainFunction: null, usesThreads: false });
  expect(program("fungsi f() void akhir fungsi main() void luncurkan(f) akhir")).toMatchObject({
    mainFunction: { name: "main" },
    usesThreads: true,
  });
});

test("native functions carry the name of their implementation", () => {
  const { modules } = program('ambil "conv" conv.Itoa(1)');
  expect(modules[0]!.functions.slice(0, 2).map(({ native }) => native)).toEqual(["conv_Itoa", "conv_Atoi"]);
});
