/** Parses expressions: a Pratt parser. */
import type { BinaryOperator, Expression, FieldValue, MapEntry, PrefixExpression } from "../ast.ts";
import type { Token, TokenType } from "../token.ts";
import { UNKNOWN } from "../types.ts";
import { parseIf, parseWhile } from "./control.ts";
import { BLOCK_ENDS, type Cursor } from "./cursor.ts";
import { parseFunction } from "./functions.ts";
import { spacingHint, unexpectedHint } from "./hints.ts";

export const LOWEST = 0;
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

/** One or more expressions between commas. */
export function parseExpressions(cursor: Cursor): Expression[] | null {
  const expressions: Expression[] = [];
  while (true) {
    const expression = parseExpression(cursor, LOWEST);
    if (expression === null) return null;
    expressions.push(expression);
    if (!cursor.accept(",")) return expressions;
    cursor.next();
  }
}

/** The expression at `cur` with all operators that bind more strongly than `precedence`. */
export function parseExpression(cursor: Cursor, precedence: number): Expression | null {
  if (!cursor.enter()) return null;
  let left = parseFirst(cursor.cur.type)(cursor);
  while (left !== null) {
    const next = PRECEDENCE.get(cursor.peek.type);
    if (next === undefined || next <= precedence) break;
    cursor.next();
    left = parseInfix(cursor, left, next);
  }
  cursor.leave();
  return left;
}

/** What parses an expression that starts with such a token. Blocks nest deeply, so they go without the large frame of the others. */
function parseFirst(type: TokenType): (cursor: Cursor) => Expression | null {
  switch (type) {
    case "JIKA":
      return parseIf;
    case "SELAMA":
      return parseWhile;
    case "FUNGSI":
      return parseFunction;
    default:
      return parsePrefix;
  }
}

function parsePrefix(cursor: Cursor): Expression | null {
  const { type, text, line, column } = cursor.cur;
  switch (type) {
    case "IDENT":
      return { kind: "identifier", line, column, type: UNKNOWN, name: text, symbol: null };
    case "INT":
      return { kind: "int", line, column, type: UNKNOWN, value: intValue(cursor) };
    case "FLOAT":
      return { kind: "float", line, column, type: UNKNOWN, value: floatValue(cursor) };
    case "BENAR":
    case "SALAH":
      return { kind: "bool", line, column, type: UNKNOWN, value: type === "BENAR" };
    case "KOSONG":
      return { kind: "null", line, column, type: UNKNOWN };
    case "STRING":
    case "#{":
      return parseString(cursor);
    case "(": {
      cursor.next();
      const expression = parseExpression(cursor, LOWEST);
      return expression !== null && cursor.expect(")") ? expression : null;
    }
    case "[": {
      const elements = parseListUntil(cursor, "]");
      return elements === null ? null : { kind: "array", line, column, type: UNKNOWN, elements };
    }
    case "{":
      return parseMap(cursor);
    case "!":
    case "-":
    case "~":
    case "&":
    case "*": {
      cursor.next();
      const operand = parseExpression(cursor, PREFIX);
      if (operand === null) return null;
      return { kind: "prefix", line, column, type: UNKNOWN, operator: type, operand } satisfies PrefixExpression;
    }
    default:
      return failPrefix(cursor);
  }
}

/** Apart from {@link parsePrefix}, whose frames stand on the engine's stack a thousand times. */
function failPrefix(cursor: Cursor): null {
  const { cur, last } = cursor;
  const hint = BLOCK_ENDS.has(cur.type) ? cursor.strayHint() : unexpectedHint(cur, last);
  return cursor.fail(cur, `no prefix parse function for ${cur.type} found`, hint);
}

function parseInfix(cursor: Cursor, left: Expression, precedence: number): Expression | null {
  const { type, text, line, column } = cursor.cur;
  switch (type) {
    case "(": {
      const list = parseListUntil(cursor, ")");
      if (list === null) return null;
      return { kind: "call", line, column, type: UNKNOWN, callee: left, arguments: list, target: null };
    }
    case "[": {
      cursor.next();
      const index = parseExpression(cursor, LOWEST);
      if (index === null || !cursor.expect("]")) return null;
      return { kind: "index", line, column, type: UNKNOWN, object: left, index };
    }
    case ".":
      if (!cursor.expect("IDENT")) return null;
      return { kind: "member", line, column, type: UNKNOWN, object: left, name: cursor.cur.text, member: null };
    case "{":
      return parseStructLiteral(cursor, left);
    default:
      return parseBinary(cursor, left, precedence, { text, line, column });
  }
}

function parseBinary(
  cursor: Cursor,
  left: Expression,
  precedence: number,
  { text, line, column }: Pick<Token, "text" | "line" | "column">,
) {
  const operator = cursor.cur;
  if (!operator.spaceBefore) {
    cursor.report(operator, `Binary operator '${text}' requires space before it`, spacingHint(operator, cursor.peek));
  }
  if (!cursor.peek.spaceBefore) {
    cursor.report(operator, `Binary operator '${text}' requires space after it`, spacingHint(operator, cursor.peek));
  }
  cursor.next();
  const right = parseExpression(cursor, precedence);
  if (right === null) return null;
  // `DAN` is the token but not the operator: the checker says so.
  return { kind: "binary" as const, line, column, type: UNKNOWN, operator: text as BinaryOperator, left, right };
}

/** The expressions between the bracket at `cur` and its partner. */
function parseListUntil(cursor: Cursor, end: ")" | "]"): Expression[] | null {
  if (cursor.accept(end)) return [];
  cursor.next();
  const list = parseExpressions(cursor);
  return list !== null && cursor.expect(end) ? list : null;
}

function intValue(cursor: Cursor): bigint {
  const { text } = cursor.cur;
  const octal = text.length > 1 && text.startsWith("0");
  const digits = text.replace(/^0+/, "") || "0";
  // No more than 22 digits fit, in octal; what is longer need not be converted to see that.
  if (digits.length <= 22 && !(octal && /[89]/.test(digits))) {
    const value = BigInt(octal ? `0o${digits}` : digits);
    if (value <= 0x7fff_ffff_ffff_ffffn) return value;
  }
  cursor.report(cursor.cur, `could not parse "${shortened(text)}" as integer`);
  return 0n;
}

function floatValue(cursor: Cursor): number {
  const value = Number(cursor.cur.text);
  if (!Number.isFinite(value)) cursor.report(cursor.cur, `could not parse "${shortened(cursor.cur.text)}" as float`);
  return value;
}

/** A number as messages show it: what is longer than this ends in "...". */
function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** All string parts and interpolations that follow one another, also those of separate literals. */
function parseString(cursor: Cursor): Expression | null {
  const { line, column } = cursor.cur;
  const parts: Expression[] = [];
  let plain: Uint8Array[] = [];
  let at = cursor.cur;
  const flush = (): void => {
    const bytes = concat(plain);
    if (bytes.length > 0) parts.push({ kind: "string", line: at.line, column: at.column, type: UNKNOWN, bytes });
    plain = [];
  };
  while (true) {
    if (cursor.cur.type === "STRING") {
      if (plain.length === 0) at = cursor.cur;
      plain.push(cursor.cur.bytes);
    } else {
      flush();
      cursor.next();
      const part = parseExpression(cursor, LOWEST);
      if (part === null || !cursor.expect("}")) return null;
      parts.push(part);
    }
    if (!cursor.peekIs("STRING") && !cursor.peekIs("#{")) break;
    cursor.next();
  }
  if (parts.length === 0) return { kind: "string", line, column, type: UNKNOWN, bytes: concat(plain) };
  flush();
  return { kind: "interpolated", line, column, type: UNKNOWN, parts };
}

function parseMap(cursor: Cursor): Expression | null {
  const { line, column } = cursor.cur;
  const entries: MapEntry[] = [];
  while (!cursor.peekIs("}")) {
    cursor.next();
    const key = parseExpression(cursor, LOWEST);
    if (key === null || !cursor.expect(":")) return null;
    cursor.next();
    const value = parseExpression(cursor, LOWEST);
    if (value === null) return null;
    entries.push({ key, value });
    if (!cursor.accept(",")) break;
  }
  return cursor.expect("}") ? { kind: "map", line, column, type: UNKNOWN, entries } : null;
}

function parseStructLiteral(cursor: Cursor, left: Expression): Expression | null {
  const { line, column } = cursor.cur;
  if (left.kind !== "identifier") return cursor.fail(cursor.cur, "Struct literal must start with identifier");
  // A field that is written twice counts where it stands last.
  const fields = new Map<string, FieldValue>();
  while (!cursor.peekIs("}")) {
    if (!cursor.peekIs("IDENT")) return cursor.fail(cursor.peek, "Expected field name in struct literal");
    cursor.next();
    const field = cursor.cur;
    if (!cursor.expect(":")) return null;
    cursor.next();
    const value = parseExpression(cursor, LOWEST);
    if (value === null) return null;
    fields.delete(field.text);
    fields.set(field.text, { name: field.text, line: field.line, column: field.column, value, field: null });
    if (!cursor.accept(",")) break;
  }
  if (!cursor.expect("}")) return null;
  return { kind: "struct", line, column, type: UNKNOWN, name: left, fields: [...fields.values()] };
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
