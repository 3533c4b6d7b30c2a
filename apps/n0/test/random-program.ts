/**
 * Morph programs made at random, from a seed. They hold references over allocations in every kind of expression and statement, store new objects in old ones, assign to
 * parameters and captured variables, return early, and print what they have. Each ends: loops have few turns, and `fuel` limits the calls.
 */
import { randomNumbers } from "./mutations.ts";

const TYPES = [
  "string",
  "int",
  "float",
  "bool",
  "Node",
  "Leaf",
  "Named",
  "error",
  "[]string",
  "[]int",
  "[]Node",
  "[]Named",
  "[][]string",
  "map[string]string",
  "map[int]Node",
  "map[string]Named",
  "map[Node]string",
  "fungsi(string) string",
  "fungsi(Node, string) Node",
] as const;
type TypeName = (typeof TYPES)[number];

/** What is always there: the types, and functions that keep values small and never fail. */
const PRELUDE = `ambil "conv"
ambil "bytes"
ambil "time"

struktur Node
  name string
  n int
  next Node
  kids []Node
  tags map[string]string
  named Named
  act fungsi(string) string
  ratio float
  good bool
akhir

struktur Leaf
  text string
  problem error
akhir

antarmuka Named
  fungsi Name(suffix string) string
  fungsi Twin(other Named) Named
akhir

var fuel = 40

fungsi spend() bool
  fuel = fuel - 1
  kembalikan fuel < 0
akhir

fungsi cut(s string) string
  jika s == kosong
    kembalikan ""
  akhir
  kembalikan substring(s, 0, 10)
akhir

fungsi node(name string) Node
  kembalikan Node(name, panjang(name), kosong, [], {"a": name}, Leaf(name, kosong), fungsi(x string) string kembalikan cut(x + name) akhir, 1.5, benar)
akhir

# Structs with arrays are not compared.
fungsi isNull(n Node) bool
  var i Named = n
  kembalikan i == kosong
akhir

fungsi nodeOr(n Node, name string) Node
  jika isNull(n)
    kembalikan node(name)
  akhir
  kembalikan n
akhir

fungsi leafOr(l Leaf, text string) Leaf
  jika l == kosong
    kembalikan Leaf(text, error(text))
  akhir
  kembalikan l
akhir

fungsi namedOr(i Named, text string) Named
  jika i == kosong
    kembalikan Leaf(text, kosong)
  akhir
  kembalikan i
akhir

fungsi actOr(f fungsi(string) string, text string) fungsi(string) string
  jika f == kosong
    kembalikan fungsi(x string) string kembalikan cut(text + x) akhir
  akhir
  kembalikan f
akhir

fungsi at(i int, count int) int
  kembalikan (i % count + count) % count
akhir

fungsi textAt(list []string, i int) string
  jika panjang(list) == 0
    kembalikan "-"
  akhir
  kembalikan cut(list[at(i, panjang(list))])
akhir

fungsi nodeAt(list []Node, i int) Node
  jika panjang(list) == 0
    kembalikan node("+")
  akhir
  kembalikan nodeOr(list[at(i, panjang(list))], "*")
akhir

fungsi namedAt(list []Named, i int) Named
  jika panjang(list) == 0
    kembalikan node("&")
  akhir
  kembalikan namedOr(list[at(i, panjang(list))], "%")
akhir

fungsi intAt(list []int, i int) int
  jika panjang(list) == 0
    kembalikan 3
  akhir
  kembalikan list[at(i, panjang(list))]
akhir

fungsi listAt(lists [][]string, i int) []string
  jika panjang(lists) == 0
    kembalikan ["="]
  akhir
  kembalikan lists[at(i, panjang(lists))]
akhir

fungsi say(e error, s string) string
  jika e == kosong
    kembalikan s
  akhir
  kembalikan cut(s + "!")
akhir

fungsi (n Node) Name(suffix string) string
  n.n = n.n + 1
  kembalikan cut(n.name + suffix)
akhir

fungsi (n Node) Twin(other Named) Named
  n.named = other
  kembalikan Leaf(namedOr(other, "t").Name(n.name), error(n.name))
akhir

fungsi (l Leaf) Name(suffix string) string
  l.text = cut(suffix + l.text)
  kembalikan l.text
akhir

fungsi (l Leaf) Twin(other Named) Named
  jika other == kosong
    kembalikan node(l.text)
  akhir
  kembalikan other
akhir

fungsi few(list []string) []string
  jika panjang(list) > 4
    kembalikan [list[0], list[panjang(list) - 1]]
  akhir
  kembalikan list
akhir

fungsi fewNodes(list []Node) []Node
  jika panjang(list) > 4
    kembalikan [list[0], list[panjang(list) - 1]]
  akhir
  kembalikan list
akhir

fungsi joined(list []string) string
  var text = ""
  var i = 0
  selama i < panjang(list) dan i < 4
    text = text + list[i] + ";"
    i = i + 1
  akhir
  kembalikan text
akhir

fungsi built(a string, b string) string
  var builder = bytes.New()
  bytes.Add(builder, a)
  bytes.AddByte(builder, 45)
  bytes.Add(builder, b)
  kembalikan cut(bytes.String(builder))
akhir

fungsi number(s string) int
  var n, e = conv.Atoi(s)
  jika e != kosong
    kembalikan panjang(s)
  akhir
  kembalikan n
akhir

fungsi wrong(s string) error
  var n, e = conv.Atoi(s)
  kembalikan e
akhir

fungsi yes(b bool) string
  jika b
    kembalikan "yes"
  akhir
  kembalikan "no"
akhir

fungsi called(f fungsi(Node, string) Node) Node
  jika f == kosong
    kembalikan node("c")
  akhir
  kembalikan nodeOr(f(node("d"), "e"), "f")
akhir

fungsi show(s string) void
  jika s == kosong
    native_print("null")
    kembalikan;
  akhir
  native_print(s)
akhir

`;

/** A first value of each type that needs no other. */
const FIRST: Readonly<Record<TypeName, string>> = {
  string: '"g"',
  int: "3",
  float: "2.5",
  bool: "benar",
  Node: 'node("g")',
  Leaf: 'Leaf("l", kosong)',
  Named: 'namedOr(kosong, "i")',
  error: 'error("e")',
  "[]string": '["a", "b"]',
  "[]int": "[1, 2, 3]",
  "[]Node": '[node("k")]',
  "[]Named": '[namedOr(kosong, "o")]',
  "[][]string": '[["x"], ["y", "z"]]',
  "map[string]string": '{"a": "1"}',
  "map[int]Node": '{1: node("m")}',
  "map[string]Named": '{"a": namedOr(kosong, "p")}',
  "map[Node]string": '{node("key"): "v"}',
  "fungsi(string) string": "fungsi(x string) string kembalikan cut(x) akhir",
  "fungsi(Node, string) Node": "fungsi(n Node, s string) Node kembalikan nodeOr(n, s) akhir",
};

/** Fields of a Node by type, for reads and stores. */
const FIELDS: Readonly<Partial<Record<TypeName, string>>> = {
  string: "name",
  int: "n",
  Node: "next",
  "[]Node": "kids",
  "map[string]string": "tags",
  Named: "named",
  "fungsi(string) string": "act",
  float: "ratio",
  bool: "good",
};

/** What makes a value that may be null one that is not. */
const ALTERNATIVES: Readonly<Partial<Record<TypeName, (value: string) => string>>> = {
  Node: (value) => `nodeOr(${value}, "n")`,
  Named: (value) => `namedOr(${value}, "m")`,
  "fungsi(string) string": (value) => `actOr(${value}, "f")`,
};

interface Variable {
  readonly name: string;
  readonly type: TypeName;
}

interface Callee {
  readonly name: string;
  readonly parameters: readonly TypeName[];
  readonly results: readonly TypeName[];
}

/** Parts of one expression. */
const MOST_PARTS = 14;
const LEAST_STATEMENTS = 4;
/** Of so many strings one ends the program when it is null or out of range. */
const RISK = 60;
const INDENT = "  ";

/** The text of the program of a seed. */
export function randomProgram(seed: number): string {
  return new Writer(randomNumbers(seed)).program();
}

class Writer {
  private readonly below: (bound: number) => number;
  private names = 0;
  private parts = 0;
  private readonly globals: readonly Variable[] = TYPES.map((type, i) => ({ name: `g${i}`, type }));
  /** The functions so far; each calls only those before it, or itself. */
  private readonly callees: Callee[] = [];
  /** What the present function returns; null in `main` and on the top level. */
  private results: readonly TypeName[] | null = null;

  constructor(below: (bound: number) => number) {
    this.below = below;
  }

  program(): string {
    const globals = this.globals.map(({ name, type }) => `var ${name} ${type} = ${FIRST[type]}`);
    const functions: string[] = [];
    for (let i = 0, count = 1 + this.below(4); i < count; i++) functions.push(...this.function(`f${i}`));
    const threads = this.below(6) === 0;
    if (threads) functions.push(...this.worker());
    const top = this.below(3) === 0 ? this.statements([], 1 + this.below(3), "", 1) : [];
    const main = this.statements([], LEAST_STATEMENTS + this.below(6), INDENT, 2);
    const started = threads ? [`${INDENT}luncurkan(work, ${this.whole("Node", [])})`] : [];
    const ended = threads ? [`${INDENT}native_print_int(terima(done))`] : [];
    const shown = this.globals.map((global) => `${INDENT}${this.shown(global.type, global.name)}`);
    return [
      ...[PRELUDE, ...globals, "var done = saluran_baru()", "", ...functions, ...top],
      ...["fungsi main() void", ...started, ...main, ...ended, ...shown, "akhir", ""],
    ].join("\n");
  }

  // --- functions ---------------------------------------------------------------------------------------------------

  private function(name: string): string[] {
    const parameters = Array.from({ length: 1 + this.below(4) }, () => ({ name: this.fresh(), type: this.of(TYPES) }));
    const results = Array.from({ length: this.below(4) === 0 ? 2 : 1 }, () => this.of(TYPES));
    const callee = { name, parameters: parameters.map(({ type }) => type), results };
    const early = results.map((type) => this.leaf(type, parameters)).join(", ");
    // It may call itself, as long as there is fuel.
    if (this.below(3) === 0) this.callees.push(callee);
    const body = this.body(parameters, results, 1 + this.below(4));
    if (!this.callees.includes(callee)) this.callees.push(callee);
    const list = parameters.map((parameter) => `${parameter.name} ${parameter.type}`).join(", ");
    const result = results.length === 1 ? results[0]! : `(${results.join(", ")})`;
    return [
      `fungsi ${name}(${list}) ${result}`,
      ...["  jika spend()", `    kembalikan ${early}`, "  akhir"],
      ...body,
      ...["akhir", ""],
    ];
  }

  /** A thread's function, which lets others run, and says at its end that it is done. */
  private worker(): string[] {
    const parameter: Variable = { name: this.fresh(), type: "Node" };
    const body = this.statements([parameter], 3, INDENT, 1);
    const rest = this.statements([parameter], 2, INDENT, 1);
    return [
      `fungsi work(${parameter.name} Node) void`,
      ...[...body, "  time.Sleep(1)", ...rest, "  kirim(done, 7)", "akhir", ""],
    ];
  }

  /** Statements, and a return. */
  private body(scope: readonly Variable[], results: readonly TypeName[], count: number, indent = INDENT): string[] {
    const outer = this.results;
    this.results = results;
    const inner = [...scope];
    const lines = this.statements(inner, count, indent, 1);
    lines.push(`${indent}kembalikan ${results.map((type) => this.whole(type, inner)).join(", ")}`);
    this.results = outer;
    return lines;
  }

  // --- statements --------------------------------------------------------------------------------------------------

  /** @param scope gets the variables that are declared */
  private statements(scope: Variable[], count: number, indent: string, depth: number): string[] {
    const lines: string[] = [];
    for (let i = 0; i < count; i++) lines.push(...this.statement(scope, indent, depth));
    return lines;
  }

  private block(scope: readonly Variable[], indent: string, depth: number): string[] {
    return this.statements([...scope], 1 + this.below(3), indent + INDENT, depth - 1);
  }

  private statement(scope: Variable[], indent: string, depth: number): string[] {
    switch (this.below(depth > 0 ? 17 : 11)) {
      case 0:
      case 1:
        return [indent + this.declaration(scope)];
      case 2:
      case 3:
      case 4: {
        const type = this.of(TYPES);
        return [`${indent}${this.place(type, scope)} = ${this.whole(type, scope)}`];
      }
      case 5: {
        const [a, b] = [this.of(TYPES), this.of(TYPES)];
        const places = `${this.place(a, scope)}, ${this.place(b, scope)}`;
        return [`${indent}${places} = ${this.whole(a, scope)}, ${this.whole(b, scope)}`];
      }
      case 6:
        return [indent + this.tuple(scope)];
      case 7:
        return [indent + this.append(scope)];
      case 8: {
        const [type, key] = this.of([
          ["map[string]string", "string"],
          ["map[int]Node", "int"],
          ["map[Node]string", "Node"],
        ] as const);
        return [`${indent}hapus(${this.variable(type, scope)}, ${this.whole(key, scope)})`];
      }
      case 9:
      case 10: {
        const type = this.of(TYPES);
        return [indent + this.shown(type, this.whole(type, scope))];
      }
      case 11:
      case 12:
        return [
          `${indent}jika ${this.whole("bool", scope)}`,
          ...this.block(scope, indent, depth),
          ...(this.below(3) === 0
            ? [`${indent}atau_jika ${this.whole("bool", scope)}`, ...this.block(scope, indent, depth)]
            : []),
          ...(this.below(2) === 0 ? [`${indent}lainnya`, ...this.block(scope, indent, depth)] : []),
          `${indent}akhir`,
        ];
      case 13:
      case 14:
        return this.loop(scope, indent, depth);
      case 15:
        return [
          `${indent}pilih ${this.whole("string", scope)}`,
          `${indent}kasus ${this.whole("string", scope)}, ${this.whole("string", scope)}:`,
          ...this.block(scope, indent, depth),
          `${indent}lainnya`,
          ...this.block(scope, indent, depth),
          `${indent}akhir`,
        ];
      default:
        return this.closure(scope, indent);
    }
  }

  private declaration(scope: Variable[]): string {
    const variable = { name: this.fresh(), type: this.of(TYPES) };
    const line = `var ${variable.name} ${variable.type} = ${this.whole(variable.type, scope)}`;
    scope.push(variable);
    return line;
  }

  private tuple(scope: Variable[]): string {
    const callees = this.callees.filter(({ results }) => results.length === 2);
    if (callees.length === 0) return this.declaration(scope);
    const callee = this.of(callees);
    const [a, b] = [this.fresh(), this.fresh()];
    const call = this.call(callee, scope, 2);
    scope.push({ name: a, type: callee.results[0]! }, { name: b, type: callee.results[1]! });
    return `var ${a}, ${b} = ${call}`;
  }

  private append(scope: readonly Variable[]): string {
    const [list, element] = this.of([
      ["[]string", "string"],
      ["[]int", "int"],
      ["[]Node", "Node"],
      ["[]Named", "Named"],
      ["[][]string", "[]string"],
    ] as const);
    return `tambah(${this.variable(list, scope)}, ${this.whole(element, scope)})`;
  }

  private loop(scope: readonly Variable[], indent: string, depth: number): string[] {
    const count = this.fresh();
    const inner = indent + INDENT;
    const body = this.block(scope, indent, depth);
    const leaving: string[] = [];
    const way = this.below(5);
    if (way === 0) leaving.push(this.of(["berhenti", "lanjut"]));
    else if (way === 1 && this.results !== null) {
      leaving.push(`kembalikan ${this.results.map((type) => this.whole(type, scope)).join(", ")}`);
    }
    const condition = this.below(2) === 0 ? ` dan ${this.whole("bool", scope)}` : "";
    return [
      `${indent}var ${count} = 0`,
      `${indent}selama ${count} < ${1 + this.below(3)}${condition}`,
      `${inner}${count} = ${count} + 1`,
      ...leaving.flatMap((line) => [
        `${inner}jika ${this.whole("bool", scope)}`,
        `${inner}${INDENT}${line}`,
        `${inner}akhir`,
      ]),
      ...body,
      `${indent}akhir`,
    ];
  }

  private closure(scope: Variable[], indent: string): string[] {
    const parameter: Variable = { name: this.fresh(), type: "string" };
    const variable: Variable = { name: this.fresh(), type: "fungsi(string) string" };
    const body = this.body([...scope, parameter], ["string"], 1 + this.below(3), indent + INDENT);
    scope.push(variable);
    return [
      `${indent}var ${variable.name} = fungsi(${parameter.name} string) string`,
      ...[`${indent}  jika spend()`, `${indent}    kembalikan "s"`, `${indent}  akhir`],
      ...body,
      `${indent}akhir`,
    ];
  }

  /** What can be assigned to. */
  private place(type: TypeName, scope: readonly Variable[]): string {
    const places: (() => string)[] = [() => this.variable(type, scope), () => this.variable(type, scope)];
    const field = FIELDS[type];
    if (field !== undefined) {
      places.push(
        () => `nodeOr(${this.whole("Node", scope)}, "p").${field}`,
        () => `nodeOr(${this.variable("Node", scope)}, "q").${field}`,
      );
    }
    const first =
      (list: TypeName): (() => string) =>
      () =>
        `${this.variable(list, scope)}[0]`;
    switch (type) {
      case "string":
        places.push(
          () => `${this.variable("map[string]string", scope)}[${this.whole("string", scope)}]`,
          () => `${this.variable("map[Node]string", scope)}[${this.whole("Node", scope)}]`,
          first("[]string"),
        );
        break;
      case "Node":
        places.push(() => `${this.variable("map[int]Node", scope)}[${this.whole("int", scope)}]`, first("[]Node"));
        break;
      case "Named":
        places.push(
          () => `${this.variable("map[string]Named", scope)}[${this.whole("string", scope)}]`,
          first("[]Named"),
        );
        break;
      case "[]string":
        places.push(first("[][]string"));
        break;
      default:
    }
    return this.of(places)();
  }

  /** A statement that prints a value. */
  private shown(type: TypeName, value: string): string {
    switch (type) {
      case "string":
        return `show(${value})`;
      case "int":
        return `native_print_int(${value})`;
      case "float":
        return `native_print_int(int(${value}))`;
      case "bool":
        return `show(yes(${value}))`;
      case "Node":
        return `show(nodeOr(${value}, "0").Name("."))`;
      case "Leaf":
        return `show(leafOr(${value}, "1").Name("."))`;
      case "Named":
        return `show(namedOr(${value}, "2").Name("."))`;
      case "error":
        return `native_print_error(${value})`;
      case "[]string":
        return `show(textAt(${value}, 1))`;
      case "[]int":
        return `native_print_int(intAt(${value}, 2))`;
      case "[]Node":
        return `show(nodeAt(${value}, 1).name)`;
      case "[]Named":
        return `show(namedAt(${value}, 1).Name("/"))`;
      case "[][]string":
        return `show(textAt(listAt(${value}, 1), 0))`;
      case "map[string]string":
        return `show(joined(kunci(${value})))`;
      case "map[int]Node":
        return `native_print_int(intAt(kunci(${value}), 0))`;
      case "map[string]Named":
        return `show(joined(kunci(${value})))`;
      case "map[Node]string":
        return `native_print_int(panjang(${value}))`;
      case "fungsi(string) string":
        return `show(actOr(${value}, "3")("4"))`;
      default:
        return `show(called(${value}).name)`;
    }
  }

  // --- expressions -------------------------------------------------------------------------------------------------

  /** An expression of some parts. */
  private whole(type: TypeName, scope: readonly Variable[]): string {
    this.parts = MOST_PARTS;
    return this.expression(type, scope, 2 + this.below(3));
  }

  private expression(type: TypeName, scope: readonly Variable[], depth: number): string {
    this.parts--;
    if (depth <= 0 || this.parts <= 0 || this.below(5) === 0) return this.leaf(type, scope);
    const callees = this.callees.filter(({ results }) => results.length === 1 && results[0] === type);
    if (callees.length > 0 && this.below(3) === 0) return this.call(this.of(callees), scope, depth);
    if (type === "string" && this.below(RISK) === 0) {
      const risky = [`${this.variable("Node", scope)}.next.name`, `${this.variable("[]string", scope)}[1]`];
      return `cut(${this.of(risky)})`;
    }
    const alternative = ALTERNATIVES[type];
    const field = FIELDS[type];
    if (field !== undefined && this.below(4) === 0) {
      const read = `${this.expression("Node", scope, depth - 1)}.${field}`;
      return alternative === undefined ? read : alternative(read);
    }
    return this.made(type, scope, depth - 1);
  }

  private made(type: TypeName, scope: readonly Variable[], depth: number): string {
    const e = (of: TypeName): string => this.expression(of, scope, depth);
    return this.of(this.forms(type, e, scope, depth))();
  }

  private forms(
    type: TypeName,
    e: (type: TypeName) => string,
    scope: readonly Variable[],
    depth: number,
  ): readonly (() => string)[] {
    switch (type) {
      case "string":
        return [
          () => `cut(${e("string")} + ${e("string")})`,
          () => `cut("#{${e("string")}}-#{${e("string")}}")`,
          () => `cut(${e("string")} + ${e("string")} + conv.Itoa(${e("int")}))`,
          () => `textAt(${e("[]string")}, ${e("int")})`,
          () => `cut(${e("map[string]string")}[${e("string")}])`,
          () => `cut(${e("map[Node]string")}[${e("Node")}])`,
          () => `${e("Named")}.Name(${e("string")})`,
          () => `${e("Node")}.Name(${e("string")})`,
          () => `${e("fungsi(string) string")}(${e("string")})`,
          () => `[${e("string")}, ${e("string")}, ${e("string")}][at(${e("int")}, 3)]`,
          () => `{${e("string")}: ${e("string")}, "k": ${e("string")}}["k"]`,
          () => `say(${e("error")}, ${e("string")})`,
          () => `trim(${e("string")} + " ", " ")`,
          () => `split(${e("string")} + "," + ${e("string")}, ",")[1]`,
          () => `substring(${e("string")} + ${e("string")}, ${this.below(3)}, ${this.below(9)})`,
          () => `built(${e("string")}, ${e("string")})`,
          () => `leafOr(assert(namedOr(${e("Named")}, "r"), Leaf), ${e("string")}).text`,
        ];
      case "int":
        return [
          () => `panjang(${e("string")})`,
          () => `(${e("int")} * 7 + ${e("int")}) % 101`,
          () => `intAt(${e("[]int")}, ${e("int")})`,
          () => `index(${e("string")}, ${e("string")})`,
          () => `(${e("string")} + "z")[0]`,
          () => `panjang(${e("map[string]string")}) - ${e("int")}`,
          () => `number(${e("string")})`,
          () => `[${e("int")}, ${e("int")}][at(${e("int")}, 2)]`,
        ];
      case "float":
        return [() => `${e("float")} * 0.5`, () => `float(${e("int")}) + ${e("float")}`];
      case "bool":
        return [
          () => `(${e("string")} == ${e("string")})`,
          () => `(${e("string")} != ${e("string")})`,
          () => `isNull(${e("Node")}.next)`,
          () => `(${e("Named")} != ${e("Named")})`,
          () => `(${e("int")} % 2 == 0)`,
          () => `(${e("bool")} dan ${e("bool")})`,
          () => `(${e("bool")} atau !${e("bool")})`,
          () => `(${e("error")} != kosong)`,
          () => `punya(${e("map[string]string")}, ${e("string")})`,
          () => `(${e("float")} < ${e("float")})`,
        ];
      case "Node":
        return [
          () => `node(${e("string")})`,
          () => `nodeAt(${e("[]Node")}, ${e("int")})`,
          () => `nodeOr(${e("map[int]Node")}[${e("int")}], ${e("string")})`,
          () => `nodeOr(assert(namedOr(${e("Named")}, "r"), Node), ${e("string")})`,
          () =>
            `Node(${e("string")}, ${e("int")}, ${e("Node")}, ${e("[]Node")}, ${e("map[string]string")}, ${e("Named")}, ${e("fungsi(string) string")}, ${e("float")}, ${e("bool")})`,
          () =>
            `Node{named: ${e("Node")}, name: ${e("string")}, act: ${e("fungsi(string) string")}, kids: [${e("Node")}], n: ${e("int")}, next: kosong, tags: {${e("string")}: ${e("string")}}, ratio: ${e("float")}, good: ${e("bool")}}`,
          () => `nodeOr(${e("fungsi(Node, string) Node")}(${e("Node")}, ${e("string")}), "c")`,
          () => `[${e("Node")}, ${e("Node")}][at(${e("int")}, 2)]`,
        ];
      case "Leaf":
        return [
          () => `Leaf(${e("string")}, ${e("error")})`,
          () => `Leaf{problem: ${e("error")}, text: ${e("string")}}`,
          () => `leafOr(assert(namedOr(${e("Named")}, "r"), Leaf), ${e("string")})`,
        ];
      case "Named":
        return [
          () => `namedAt(${e("[]Named")}, ${e("int")})`,
          () => `namedOr(${e("Node")}, ${e("string")})`,
          () => `namedOr(${e("Leaf")}, ${e("string")})`,
          () => `namedOr(${e("Named")}.Twin(${e("Named")}), "w")`,
          () => `namedOr(${e("Node")}.Twin(${e("Leaf")}), "v")`,
          () => `namedOr(${e("map[string]Named")}[${e("string")}], "u")`,
        ];
      case "error":
        return [() => `error(${e("string")})`, () => `${e("Leaf")}.problem`, () => `wrong(${e("string")})`];
      case "[]string":
        return [
          () => `[${e("string")}, ${e("string")}]`,
          () => `few(${e("[]string")} + [${e("string")}])`,
          () => `few(split(${e("string")}, ${e("string")}))`,
          () => `few(kunci(${e("map[string]string")}))`,
          () => `listAt(${e("[][]string")}, ${e("int")})`,
        ];
      case "[]int":
        return [() => `[${e("int")}, ${e("int")}, ${e("int")}]`, () => `kunci(${e("map[int]Node")})`];
      case "[]Node":
        return [() => `[${e("Node")}, ${e("Node")}]`, () => `fewNodes(${e("[]Node")} + [${e("Node")}])`];
      case "[]Named":
        return [() => `[${e("Named")}, ${e("Named")}]`, () => `[namedOr(${e("Node")}, "y"), ${e("Named")}]`];
      case "[][]string":
        return [() => `[${e("[]string")}, ${e("[]string")}]`, () => `[[${e("string")}], ${e("[]string")}]`];
      case "map[string]string":
        return [
          () => `{${e("string")}: ${e("string")}}`,
          () => `{${e("string")}: ${e("string")}, ${e("string")}: ${e("string")}, "z": ${e("string")}}`,
        ];
      case "map[int]Node":
        return [() => `{${e("int")}: ${e("Node")}, ${e("int")}: ${e("Node")}}`];
      case "map[string]Named":
        return [() => `{${e("string")}: ${e("Named")}, ${e("string")}: ${e("Named")}}`];
      case "map[Node]string":
        return [() => `{${e("Node")}: ${e("string")}, ${e("Node")}: ${e("string")}}`];
      case "fungsi(string) string":
        return [() => this.lambda(["string"], "string", scope, depth)];
      default:
        return [() => this.lambda(["Node", "string"], "Node", scope, depth)];
    }
  }

  /** A closure that is an expression. What it captures it may assign to. */
  private lambda(types: readonly TypeName[], result: TypeName, scope: readonly Variable[], depth: number): string {
    const parameters = types.map((type) => ({ name: this.fresh(), type }));
    const inner = [...scope, ...parameters];
    const captured = scope.filter(({ type }) => type !== "map[Node]string");
    const assigned = captured.length > 0 && this.below(2) === 0 ? this.of(captured) : null;
    const before =
      assigned === null ? "" : ` ${assigned.name} = ${this.expression(assigned.type, inner, Math.min(depth, 1))}`;
    const list = parameters.map(({ name, type }) => `${name} ${type}`).join(", ");
    const early = `jika spend() kembalikan ${this.leaf(result, inner)} akhir`;
    return `fungsi(${list}) ${result} ${early}${before} kembalikan ${this.expression(result, inner, depth)} akhir`;
  }

  private call({ name, parameters }: Callee, scope: readonly Variable[], depth: number): string {
    return `${name}(${parameters.map((type) => this.expression(type, scope, depth - 1)).join(", ")})`;
  }

  /** A variable, or the simplest value. */
  private leaf(type: TypeName, scope: readonly Variable[]): string {
    if (this.below(4) !== 0) return this.variable(type, scope);
    if (type === "string") return `"${this.of(["a", "bc", "def", "a,b"])}"`;
    if (type === "int") return String(this.below(20));
    return FIRST[type];
  }

  private variable(type: TypeName, scope: readonly Variable[]): string {
    const own = scope.filter((variable) => variable.type === type);
    const all = own.length > 0 && this.below(4) !== 0 ? own : this.globals.filter((global) => global.type === type);
    return this.of(all).name;
  }

  private fresh(): string {
    return `v${this.names++}`;
  }

  private of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
