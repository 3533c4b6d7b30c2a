/**
 * A Pratt parser with a window of three tokens. Every parse method starts with `cur` at the first token of its
 * construct and ends with `cur` at the last one, so that white space between statements never matters.
 *
 * A method that meets an error reports it and returns null; the innermost list of statements then goes on at the next
 * line or statement, so that one mistake does not hide the others.
 */
import type {
  BinaryOperator,
  Block,
  Expression,
  FieldNode,
  FieldValue,
  FunctionLiteral,
  IfBranch,
  MapEntry,
  MethodNode,
  ParameterNode,
  PrefixExpression,
  SourceFile,
  Statement,
  SwitchCase,
  SwitchStatement,
  TypeNode,
  VarName,
} from "./ast.ts";
import { tokenize } from "./lexer.ts";
import type { Token, TokenType } from "./token.ts";
import { UNKNOWN } from "./types.ts";

/** A message of the parser: place and text. */
export interface ParseError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The deepest nesting of expressions, types and blocks. */
export const MAX_NESTING = 1000;

/** What is said, at 0:0, when {@link MAX_NESTING} is exceeded. */
export const NESTING_MESSAGE = "maximum expression nesting depth (1000) exceeded - possible stack overflow";

/** The tree of a source, complete only when there are no errors. O(length). */
export function parse(source: Uint8Array): { file: SourceFile; errors: ParseError[] } {
  return new Parser(source).run();
}

const LOWEST = 0;
const PREFIX = 11;
const CALL = 12;
const INDEX = 13;

/** How strongly a token binds what stands before it. */
const PRECEDENCE: ReadonlyMap<TokenType, number> = new Map<TokenType, number>([
  ["ATAU", 1],
  ["DAN", 2],
  ["==", 3],
  ["!=", 3],
  ["<", 4],
  [">", 4],
  ["<=", 4],
  [">=", 4],
  ["|", 5],
  ["^", 6],
  ["&", 7],
  ["<<", 8],
  [">>", 8],
  ["+", 9],
  ["-", 9],
  ["*", 10],
  ["/", 10],
  ["%", 10],
  ["(", CALL],
  ["{", CALL],
  ["[", INDEX],
  [".", INDEX],
]);

const BLOCK_ENDS: ReadonlySet<TokenType> = new Set(["AKHIR", "LAINNYA", "ATAU_JIKA", "KASUS", "EOF"]);

const STATEMENT_STARTS: ReadonlySet<TokenType> = new Set([
  "VAR",
  "TETAPAN",
  "KEMBALIKAN",
  "AMBIL",
  "DARI",
  "STRUKTUR",
  "INTERFACE",
  "FUNGSI",
  "JIKA",
  "SELAMA",
  "PILIH",
  "BERHENTI",
  "LANJUT",
]);

const TYPE_STARTS: ReadonlySet<TokenType> = new Set(["IDENT", "[", "MAP", "*", "FUNGSI"]);

class Parser {
  readonly #tokens: Token[];
  readonly #errors: ParseError[] = [];
  readonly #eof: Token;
  /** The index of `cur`. */
  #at = 0;
  #depth = 0;
  #gaveUp = false;
  /** The line of the last error that left a construct unfinished. */
  #brokenLine = 0;
  /** Whether the end of the file is the fault of a string that does not end. */
  readonly #unterminated: boolean;

  constructor(source: Uint8Array) {
    const { tokens, error } = tokenize(source);
    this.#tokens = tokens;
    this.#eof = tokens.at(-1)!;
    this.#unterminated = error !== null;
    if (error !== null) this.#errors.push(error);
  }

  run(): { file: SourceFile; errors: ParseError[] } {
    const statements: Statement[] = [];
    while (this.#cur.type !== "EOF") {
      // After an error, the end of a block that was lost says nothing new.
      if (this.#errors.length > 0 && BLOCK_ENDS.has(this.#cur.type)) this.#next();
      else this.#add(statements, this.#at, this.#statement());
    }
    return { file: { statements }, errors: this.#errors };
  }

  // ------------------------------------------------------------------------------------------------ the window

  get #cur(): Token {
    return this.#tokens[this.#at] ?? this.#eof;
  }

  get #peek(): Token {
    return this.#tokens[this.#at + 1] ?? this.#eof;
  }

  get #peek2(): Token {
    return this.#tokens[this.#at + 2] ?? this.#eof;
  }

  #next(): void {
    if (this.#at < this.#tokens.length - 1) this.#at++;
  }

  #peekIs(type: TokenType): boolean {
    return this.#peek.type === type;
  }

  /** Steps to the next token when it is of that type. */
  #accept(type: TokenType): boolean {
    if (!this.#peekIs(type)) return false;
    this.#next();
    return true;
  }

  /** Steps to the next token, which must be of that type. */
  #expect(type: TokenType): boolean {
    if (this.#accept(type)) return true;
    this.#fail(this.#peek, `expected next token to be ${type}, got ${this.#peek.type} instead`);
    return false;
  }

  /** The present token must be of that type: it ends a block. */
  #expectEnd(): boolean {
    if (this.#cur.type === "AKHIR") return true;
    this.#fail(this.#cur, `expected token to be AKHIR, got ${this.#cur.type} instead`);
    return false;
  }

  // ---------------------------------------------------------------------------------------------------- errors

  /** Reports what does not break the construct: the parser reads on. */
  #report({ line, column, type }: Token, message: string): void {
    if (this.#gaveUp || (this.#unterminated && type === "EOF")) return;
    const last = this.#errors.at(-1);
    if (last?.line === line && last.column === column) return;
    this.#errors.push({ line, column, message });
  }

  /** Reports what leaves the construct unfinished; the rest of that line is skipped and says nothing. */
  #fail(token: Token, message: string): null {
    if (token.line !== this.#brokenLine) this.#report(token, message);
    this.#brokenLine = token.line;
    return null;
  }

  /** Enters a level of nesting. Beyond the limit it reports that once and goes to the end of the file. */
  #enter(): boolean {
    if (this.#depth < MAX_NESTING) {
      this.#depth++;
      return true;
    }
    if (!this.#gaveUp) {
      this.#errors.push({ line: 0, column: 0, message: NESTING_MESSAGE });
      this.#gaveUp = true;
      this.#at = this.#tokens.length - 1;
    }
    return false;
  }

  /** After an error: goes to where a statement may start. Says whether it passed the word `native`. */
  #recover(start: number): boolean {
    let native = false;
    if (this.#at === start) this.#next();
    const broken = this.#brokenLine;
    while (this.#cur.type !== "EOF" && this.#cur.line <= broken) {
      if (BLOCK_ENDS.has(this.#cur.type) || STATEMENT_STARTS.has(this.#cur.type)) break;
      if (this.#cur.type === "NATIVE") native = true;
      this.#next();
    }
    return native;
  }

  // ------------------------------------------------------------------------------------------------ statements

  /** Keeps what {@link #statement} gave and steps behind it. */
  #add(statements: Statement[], start: number, statement: Statement | null): void {
    if (statement === null) {
      this.#recover(start);
    } else {
      statements.push(statement);
      this.#next();
    }
  }

  /** The statements after `cur`, or from `start` on, up to a token that ends a block, which becomes `cur`. */
  #block(start = this.#at + 1): Block {
    if (start > this.#at) this.#next();
    // No method between this one and #statement: blocks nest deeply, and the engine's stack is what it is.
    const statements: Statement[] = [];
    while (!BLOCK_ENDS.has(this.#cur.type)) this.#add(statements, this.#at, this.#statement());
    return { statements };
  }

  /** As {@link #block} after a header that could not be read: its lines still belong together. */
  #blockAfterError(start: number): void {
    this.#recover(start);
    this.#block(this.#at);
  }

  /** Gives a construct up behind its `akhir`, which would else end the block around it. */
  #giveUpAfterEnd(): null {
    if (this.#cur.type === "AKHIR") {
      this.#brokenLine = this.#cur.line;
      this.#next();
    }
    return null;
  }

  #statement(): Statement | null {
    switch (this.#cur.type) {
      case "VAR":
      case "TETAPAN":
        return this.#var();
      case "KEMBALIKAN":
        return this.#return();
      case "AMBIL":
        return this.#import();
      case "DARI":
        return this.#fromImport();
      case "STRUKTUR":
        return this.#struct();
      case "INTERFACE":
        return this.#interface();
      case "PILIH":
        return this.#switch();
      case "BERHENTI": {
        const { line, column } = this.#cur;
        this.#accept(";");
        return { kind: "break", line, column, target: null };
      }
      case "LANJUT": {
        const { line, column } = this.#cur;
        this.#accept(";");
        return { kind: "continue", line, column, target: null };
      }
      default:
        return this.#expressionOrAssignment();
    }
  }

  #var(): Statement | null {
    const start = this.#cur;
    const constant = start.type === "TETAPAN";
    const names: VarName[] = [];
    do {
      if (!this.#expect("IDENT")) return null;
      const { text, line, column } = this.#cur;
      names.push({ name: text, line, column, symbol: null, convertTo: null });
    } while (this.#accept(","));
    let annotation: TypeNode | null = null;
    if (!this.#declarationEnds()) {
      this.#next();
      annotation = this.#type();
      if (annotation === null) return null;
    }
    let values: Expression[] | null = [];
    if (this.#accept("=")) {
      this.#next();
      values = this.#expressions();
      if (values === null) return null;
    } else if (constant) {
      return this.#fail(start, "Constant declaration requires value assignment");
    }
    this.#accept(";");
    return { kind: "var", line: start.line, column: start.column, constant, names, annotation, values };
  }

  /** Whether what follows the names of a `var` is no type: the checker says what is missing. */
  #declarationEnds(): boolean {
    const { type } = this.#peek;
    if (type === "=" || type === ";" || type === "}" || BLOCK_ENDS.has(type)) return true;
    if (type === "FUNGSI") return this.#peek2.type === "IDENT";
    return STATEMENT_STARTS.has(type);
  }

  #return(): Statement | null {
    const { line, column } = this.#cur;
    if (this.#accept(";") || BLOCK_ENDS.has(this.#peek.type)) {
      return { kind: "return", line, column, values: [], convertTo: [] };
    }
    this.#next();
    const values = this.#expressions();
    if (values === null) return null;
    this.#accept(";");
    return { kind: "return", line, column, values, convertTo: [] };
  }

  #import(): Statement | null {
    const { line, column } = this.#cur;
    if (!this.#expect("STRING")) return null;
    const path = new TextDecoder().decode(this.#cur.bytes);
    this.#accept(";");
    return { kind: "import", line, column, path };
  }

  #fromImport(): Statement | null {
    const { line, column } = this.#cur;
    if (!this.#expect("STRING")) return null;
    const path = new TextDecoder().decode(this.#cur.bytes);
    if (!this.#expect("AMBIL")) return null;
    const names: string[] = [];
    do {
      if (!this.#expect("IDENT")) return null;
      names.push(this.#cur.text);
    } while (this.#accept(","));
    this.#accept(";");
    return { kind: "fromImport", line, column, path, names };
  }

  #struct(): Statement | null {
    const { line, column } = this.#cur;
    if (!this.#expect("IDENT")) return null;
    const name = this.#cur.text;
    const fields: FieldNode[] = [];
    this.#next();
    while (this.#cur.type !== "AKHIR" && this.#cur.type !== "EOF") {
      // What is no name is skipped, as the language has it.
      if (this.#cur.type === "IDENT") {
        const field = this.#cur;
        const start = this.#at;
        this.#next();
        const type = this.#type();
        if (type === null) {
          this.#recover(start);
          continue;
        }
        fields.push({ name: field.text, type, line: field.line, column: field.column });
      }
      this.#next();
    }
    if (!this.#expectEnd()) return null;
    return { kind: "struct", line, column, name, fields };
  }

  #interface(): Statement | null {
    const { line, column } = this.#cur;
    if (!this.#expect("IDENT")) return null;
    const name = this.#cur.text;
    const methods: MethodNode[] = [];
    this.#next();
    while (this.#cur.type !== "AKHIR" && this.#cur.type !== "EOF") {
      if (this.#cur.type === "FUNGSI") {
        const start = this.#at;
        const method = this.#methodSignature();
        if (method === null) {
          this.#recover(start);
          continue;
        }
        methods.push(method);
      }
      this.#next();
    }
    if (!this.#expectEnd()) return null;
    return { kind: "interface", line, column, name, methods };
  }

  #methodSignature(): MethodNode | null {
    if (!this.#peekIs("IDENT")) {
      return this.#fail(this.#peek, "expected method name after 'fungsi' in interface definition");
    }
    this.#next();
    const { text, line, column } = this.#cur;
    if (!this.#expect("(")) return null;
    const parameters = this.#parameters();
    if (parameters === null) return null;
    const results = this.#results();
    return results === null ? null : { name: text, line, column, parameters, results };
  }

  #switch(): Statement | null {
    if (!this.#enter()) return null;
    const statement = this.#switchStatement();
    this.#depth--;
    return statement;
  }

  #switchStatement(): Statement | null {
    const { line, column } = this.#cur;
    const start = this.#at;
    this.#next();
    const value = this.#expression(LOWEST);
    if (value === null) this.#recover(start);
    else this.#next();
    const cases: SwitchCase[] = [];
    let otherwise: Block | null = null;
    while (this.#cur.type !== "AKHIR" && this.#cur.type !== "EOF") {
      if (this.#cur.type === "KASUS") {
        const clause = this.#case();
        if (clause !== null) cases.push(clause);
      } else if (this.#cur.type === "LAINNYA") {
        this.#accept(":");
        otherwise = this.#block();
      } else {
        // Stray tokens between the cases are skipped, as the language has it.
        this.#next();
      }
    }
    if (!this.#expectEnd()) return null;
    if (value === null) return this.#giveUpAfterEnd();
    return { kind: "switch", line, column, value, cases, otherwise } satisfies SwitchStatement;
  }

  #case(): SwitchCase | null {
    const { line, column } = this.#cur;
    const start = this.#at;
    this.#next();
    const values = this.#expressions();
    if (values === null || !this.#expect(":")) {
      this.#blockAfterError(start);
      return null;
    }
    return { line, column, values, body: this.#block() };
  }

  #expressionOrAssignment(): Statement | null {
    const { line, column } = this.#cur;
    const first = this.#expression(LOWEST);
    if (first === null) return null;
    const targets = [first];
    let comma: Token | null = null;
    while (this.#accept(",")) {
      comma ??= this.#cur;
      this.#next();
      const target = this.#expression(LOWEST);
      if (target === null) return null;
      targets.push(target);
    }
    if (this.#accept("=")) {
      const assign = this.#cur;
      this.#next();
      const values = this.#expressions();
      if (values === null) return null;
      this.#accept(";");
      return { kind: "assign", line: assign.line, column: assign.column, targets, values, convertTo: [] };
    }
    if (comma !== null) return this.#fail(comma, "Comma-separated expressions only allowed in assignment");
    this.#accept(";");
    return { kind: "expression", line, column, expression: first, declares: null };
  }

  // ----------------------------------------------------------------------------------------------------- types

  #type(): TypeNode | null {
    if (!this.#enter()) return null;
    const type = this.#typeInside();
    this.#depth--;
    return type;
  }

  #typeInside(): TypeNode | null {
    const { type, text, line, column } = this.#cur;
    switch (type) {
      case "IDENT":
        if (!this.#accept(".")) return { kind: "named", line, column, name: text };
        if (!this.#peekIs("IDENT")) return this.#fail(this.#peek, "Expected type name after dot");
        this.#next();
        return { kind: "qualified", line, column, module: text, name: this.#cur.text };
      case "[": {
        if (!this.#expect("]")) return null;
        this.#next();
        const element = this.#type();
        return element === null ? null : { kind: "array", line, column, element };
      }
      case "MAP": {
        if (!this.#expect("[")) return null;
        this.#next();
        const key = this.#type();
        if (key === null || !this.#expect("]")) return null;
        this.#next();
        const value = this.#type();
        return value === null ? null : { kind: "map", line, column, key, value };
      }
      case "*": {
        this.#next();
        const element = this.#type();
        return element === null ? null : { kind: "pointer", line, column, element };
      }
      case "FUNGSI": {
        if (!this.#expect("(")) return null;
        const parameters = this.#accept(")") ? [] : this.#typeList();
        if (parameters === null) return null;
        const results = this.#results();
        return results === null ? null : { kind: "function", line, column, parameters, results };
      }
      default:
        return this.#fail(this.#cur, `expected type, got ${type}`);
    }
  }

  /** From `(` to `)`, at least one type. */
  #typeList(): TypeNode[] | null {
    const types: TypeNode[] = [];
    do {
      this.#next();
      const type = this.#type();
      if (type === null) return null;
      types.push(type);
    } while (this.#accept(","));
    return this.#expect(")") ? types : null;
  }

  /** The result types after `)`, if what follows can start a type. */
  #results(): TypeNode[] | null {
    if (this.#accept("(")) return this.#typeList();
    if (!TYPE_STARTS.has(this.#peek.type)) return [];
    this.#next();
    const type = this.#type();
    return type === null ? null : [type];
  }

  /** From `(` to `)`. */
  #parameters(): ParameterNode[] | null {
    const parameters: ParameterNode[] = [];
    if (this.#accept(")")) return parameters;
    do {
      if (!this.#expect("IDENT")) return null;
      const { text, line, column } = this.#cur;
      this.#next();
      const type = this.#type();
      if (type === null) return null;
      parameters.push({ name: text, type, line, column, symbol: null });
    } while (this.#accept(","));
    return this.#expect(")") ? parameters : null;
  }

  // ----------------------------------------------------------------------------------------------- expressions

  /** One or more expressions between commas. */
  #expressions(): Expression[] | null {
    const expressions: Expression[] = [];
    while (true) {
      const expression = this.#expression(LOWEST);
      if (expression === null) return null;
      expressions.push(expression);
      if (!this.#accept(",")) return expressions;
      this.#next();
    }
  }

  /** The expression at `cur` with all operators that bind more strongly than `precedence`. */
  #expression(precedence: number): Expression | null {
    if (!this.#enter()) return null;
    let left = this.#prefix();
    while (left !== null) {
      const next = PRECEDENCE.get(this.#peek.type);
      if (next === undefined || next <= precedence) break;
      this.#next();
      left = this.#infix(left, next);
    }
    this.#depth--;
    return left;
  }

  #prefix(): Expression | null {
    const { type, text, line, column } = this.#cur;
    switch (type) {
      case "IDENT":
        return { kind: "identifier", line, column, type: UNKNOWN, name: text, symbol: null };
      case "INT":
        return { kind: "int", line, column, type: UNKNOWN, value: this.#int() };
      case "FLOAT":
        return { kind: "float", line, column, type: UNKNOWN, value: this.#float() };
      case "BENAR":
      case "SALAH":
        return { kind: "bool", line, column, type: UNKNOWN, value: type === "BENAR" };
      case "KOSONG":
        return { kind: "null", line, column, type: UNKNOWN };
      case "STRING":
      case "#{":
        return this.#string();
      case "(": {
        this.#next();
        const expression = this.#expression(LOWEST);
        return expression !== null && this.#expect(")") ? expression : null;
      }
      case "[": {
        const elements = this.#listUntil("]");
        return elements === null ? null : { kind: "array", line, column, type: UNKNOWN, elements };
      }
      case "{":
        return this.#map();
      case "!":
      case "-":
      case "~":
      case "&":
      case "*": {
        this.#next();
        const operand = this.#expression(PREFIX);
        if (operand === null) return null;
        return { kind: "prefix", line, column, type: UNKNOWN, operator: type, operand } satisfies PrefixExpression;
      }
      case "JIKA":
        return this.#if();
      case "SELAMA":
        return this.#while();
      case "FUNGSI":
        return this.#function();
      default:
        return this.#fail(this.#cur, `no prefix parse function for ${type} found`);
    }
  }

  #infix(left: Expression, precedence: number): Expression | null {
    const { type, text, line, column } = this.#cur;
    switch (type) {
      case "(": {
        const list = this.#listUntil(")");
        if (list === null) return null;
        return { kind: "call", line, column, type: UNKNOWN, callee: left, arguments: list, target: null };
      }
      case "[": {
        this.#next();
        const index = this.#expression(LOWEST);
        if (index === null || !this.#expect("]")) return null;
        return { kind: "index", line, column, type: UNKNOWN, object: left, index };
      }
      case ".":
        if (!this.#expect("IDENT")) return null;
        return { kind: "member", line, column, type: UNKNOWN, object: left, name: this.#cur.text, member: null };
      case "{":
        return this.#structLiteral(left);
      default:
        return this.#binary(left, precedence, { text, line, column });
    }
  }

  #binary(left: Expression, precedence: number, { text, line, column }: Pick<Token, "text" | "line" | "column">) {
    const operator = this.#cur;
    if (!operator.spaceBefore) this.#report(operator, `Binary operator '${text}' requires space before it`);
    if (!this.#peek.spaceBefore) this.#report(operator, `Binary operator '${text}' requires space after it`);
    this.#next();
    const right = this.#expression(precedence);
    if (right === null) return null;
    // `DAN` is the token but not the operator: the checker says so.
    return { kind: "binary" as const, line, column, type: UNKNOWN, operator: text as BinaryOperator, left, right };
  }

  /** The expressions between the bracket at `cur` and its partner. */
  #listUntil(end: ")" | "]"): Expression[] | null {
    if (this.#accept(end)) return [];
    this.#next();
    const list = this.#expressions();
    return list !== null && this.#expect(end) ? list : null;
  }

  #int(): bigint {
    const { text } = this.#cur;
    const octal = text.length > 1 && text.startsWith("0");
    const digits = text.replace(/^0+/, "") || "0";
    // No more than 22 digits fit, in octal; what is longer need not be converted to see that.
    if (digits.length <= 22 && !(octal && /[89]/.test(digits))) {
      const value = BigInt(octal ? `0o${digits}` : digits);
      if (value <= 0x7fff_ffff_ffff_ffffn) return value;
    }
    this.#report(this.#cur, `could not parse "${text}" as integer`);
    return 0n;
  }

  #float(): number {
    const value = Number(this.#cur.text);
    if (!Number.isFinite(value)) this.#report(this.#cur, `could not parse "${this.#cur.text}" as float`);
    return value;
  }

  /** All string parts and interpolations that follow one another, also those of separate literals. */
  #string(): Expression | null {
    const { line, column } = this.#cur;
    const parts: Expression[] = [];
    let plain: Uint8Array[] = [];
    let at = this.#cur;
    const flush = (): void => {
      const bytes = concat(plain);
      if (bytes.length > 0) parts.push({ kind: "string", line: at.line, column: at.column, type: UNKNOWN, bytes });
      plain = [];
    };
    while (true) {
      if (this.#cur.type === "STRING") {
        if (plain.length === 0) at = this.#cur;
        plain.push(this.#cur.bytes);
      } else {
        flush();
        this.#next();
        const part = this.#expression(LOWEST);
        if (part === null || !this.#expect("}")) return null;
        parts.push(part);
      }
      if (!this.#peekIs("STRING") && !this.#peekIs("#{")) break;
      this.#next();
    }
    if (parts.length === 0) return { kind: "string", line, column, type: UNKNOWN, bytes: concat(plain) };
    flush();
    return { kind: "interpolated", line, column, type: UNKNOWN, parts };
  }

  #map(): Expression | null {
    const { line, column } = this.#cur;
    const entries: MapEntry[] = [];
    while (!this.#peekIs("}")) {
      this.#next();
      const key = this.#expression(LOWEST);
      if (key === null || !this.#expect(":")) return null;
      this.#next();
      const value = this.#expression(LOWEST);
      if (value === null) return null;
      entries.push({ key, value });
      if (!this.#accept(",")) break;
    }
    return this.#expect("}") ? { kind: "map", line, column, type: UNKNOWN, entries } : null;
  }

  #structLiteral(left: Expression): Expression | null {
    const { line, column } = this.#cur;
    if (left.kind !== "identifier") return this.#fail(this.#cur, "Struct literal must start with identifier");
    // A field that is written twice counts where it stands last.
    const fields = new Map<string, FieldValue>();
    while (!this.#peekIs("}")) {
      if (!this.#peekIs("IDENT")) return this.#fail(this.#peek, "Expected field name in struct literal");
      this.#next();
      const field = this.#cur;
      if (!this.#expect(":")) return null;
      this.#next();
      const value = this.#expression(LOWEST);
      if (value === null) return null;
      fields.delete(field.text);
      fields.set(field.text, { name: field.text, line: field.line, column: field.column, value, field: null });
      if (!this.#accept(",")) break;
    }
    if (!this.#expect("}")) return null;
    return { kind: "struct", line, column, type: UNKNOWN, name: left, fields: [...fields.values()] };
  }

  #if(): Expression | null {
    const { line, column } = this.#cur;
    const branches: IfBranch[] = [];
    let complete = true;
    do {
      const branch = this.#cur;
      const start = this.#at;
      this.#next();
      const condition = this.#expression(LOWEST);
      if (condition === null) {
        complete = false;
        this.#blockAfterError(start);
      } else {
        branches.push({ line: branch.line, column: branch.column, condition, body: this.#block() });
      }
    } while (this.#cur.type === "ATAU_JIKA");
    const otherwise = this.#cur.type === "LAINNYA" ? this.#block() : null;
    if (!this.#expectEnd()) return null;
    if (!complete) return this.#giveUpAfterEnd();
    return { kind: "if", line, column, type: UNKNOWN, branches, otherwise };
  }

  #while(): Expression | null {
    const { line, column } = this.#cur;
    const start = this.#at;
    this.#next();
    const condition = this.#expression(LOWEST);
    if (condition === null) {
      this.#blockAfterError(start);
      return this.#giveUpAfterEnd();
    }
    const body = this.#block();
    return this.#expectEnd() ? { kind: "while", line, column, type: UNKNOWN, condition, body } : null;
  }

  #function(): Expression | null {
    const { line, column } = this.#cur;
    const start = this.#at;
    const header = this.#functionHeader();
    if (header === null) {
      if (this.#recover(start)) return null;
      this.#block(this.#at);
      return this.#giveUpAfterEnd();
    }
    let body: Block | null = null;
    if (this.#accept("NATIVE")) {
      this.#accept(";");
    } else {
      body = this.#block();
      if (!this.#expectEnd()) return null;
    }
    return {
      kind: "function",
      line,
      column,
      type: UNKNOWN,
      ...header,
      body,
      signature: null,
      captures: [],
      locals: [],
    };
  }

  #functionHeader(): Pick<FunctionLiteral, "name" | "receiver" | "parameters" | "results"> | null {
    let name = this.#accept("IDENT") ? this.#cur.text : "";
    if (!this.#expect("(")) return null;
    const open = this.#cur;
    let receiver: ParameterNode | null = null;
    let parameters = this.#parameters();
    if (parameters === null) return null;
    // `fungsi (a A) name(` is a method: the first parentheses hold its receiver.
    if (name === "" && this.#peekIs("IDENT") && this.#peek2.type === "(") {
      if (parameters.length !== 1) return this.#fail(open, "Method receiver must have exactly one parameter");
      receiver = parameters[0]!;
      this.#next();
      name = this.#cur.text;
      this.#next();
      parameters = this.#parameters();
      if (parameters === null) return null;
    }
    const results = this.#results();
    return results === null ? null : { name, receiver, parameters, results };
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
