/** Parses statements and blocks of them. */
import type { Block, Expression, Statement, TypeNode, VarName } from "../ast.ts";
import type { Token } from "../token.ts";
import { parseSwitch } from "./control.ts";
import { BLOCK_ENDS, type Cursor, STATEMENT_STARTS } from "./cursor.ts";
import { parseFromImport, parseImport, parseInterface, parseStruct } from "./declarations.ts";
import { LOWEST, parseExpression, parseExpressions } from "./expressions.ts";
import { parseType } from "./types.ts";

/** The statements after `cur`, or from `start` on, up to a token that ends a block, which becomes `cur`. */
export function parseBlock(cursor: Cursor, start: number = cursor.at + 1): Block {
  if (start > cursor.at) cursor.next();
  // No function between this one and parseStatement: blocks nest deeply, and the engine's stack is what it is.
  const statements: Statement[] = [];
  while (!BLOCK_ENDS.has(cursor.cur.type)) keepStatement(cursor, statements, cursor.at, parseStatement(cursor));
  return { statements };
}

/** As {@link parseBlock} after a header that could not be read: its lines still belong together. */
export function parseBlockAfterError(cursor: Cursor, start: number): void {
  cursor.recover(start);
  parseBlock(cursor, cursor.at);
}

/** Keeps what {@link parseStatement} gave and steps behind it. */
export function keepStatement(
  cursor: Cursor,
  statements: Statement[],
  start: number,
  statement: Statement | null,
): void {
  if (statement === null) {
    cursor.recover(start);
  } else {
    statements.push(statement);
    cursor.next();
  }
}

/** The statement at `cur`, with its `;`. */
export function parseStatement(cursor: Cursor): Statement | null {
  switch (cursor.cur.type) {
    case "VAR":
    case "TETAPAN":
      return parseVar(cursor);
    case "KEMBALIKAN":
      return parseReturn(cursor);
    case "AMBIL":
      return parseImport(cursor);
    case "DARI":
      return parseFromImport(cursor);
    case "STRUKTUR":
      return parseStruct(cursor);
    case "INTERFACE":
      return parseInterface(cursor);
    case "PILIH":
      return parseSwitch(cursor);
    case "BERHENTI": {
      const { line, column } = cursor.cur;
      cursor.accept(";");
      return { kind: "break", line, column, target: null };
    }
    case "LANJUT": {
      const { line, column } = cursor.cur;
      cursor.accept(";");
      return { kind: "continue", line, column, target: null };
    }
    default:
      return parseExpressionOrAssignment(cursor);
  }
}

function parseVar(cursor: Cursor): Statement | null {
  const start = cursor.cur;
  const constant = start.type === "TETAPAN";
  const names: VarName[] = [];
  do {
    if (!cursor.expect("IDENT")) return null;
    const { text, line, column } = cursor.cur;
    names.push({ name: text, line, column, symbol: null, convertTo: null });
  } while (cursor.accept(","));
  let annotation: TypeNode | null = null;
  if (!declarationEnds(cursor)) {
    cursor.next();
    annotation = parseType(cursor);
    if (annotation === null) return null;
  }
  let values: Expression[] | null = [];
  if (cursor.accept("=")) {
    cursor.next();
    values = parseExpressions(cursor);
    if (values === null) return null;
  } else if (constant) {
    return cursor.fail(start, "Constant declaration requires value assignment");
  }
  cursor.accept(";");
  return { kind: "var", line: start.line, column: start.column, constant, names, annotation, values };
}

/** Whether what follows the names of a `var` is no type: the checker says what is missing. */
function declarationEnds(cursor: Cursor): boolean {
  const { type } = cursor.peek;
  if (type === "=" || type === ";" || type === "}" || BLOCK_ENDS.has(type)) return true;
  if (type === "FUNGSI") return cursor.peek2.type === "IDENT";
  return STATEMENT_STARTS.has(type);
}

function parseReturn(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  if (cursor.accept(";") || BLOCK_ENDS.has(cursor.peek.type)) {
    return { kind: "return", line, column, values: [], convertTo: [] };
  }
  cursor.next();
  const values = parseExpressions(cursor);
  if (values === null) return null;
  cursor.accept(";");
  return { kind: "return", line, column, values, convertTo: [] };
}

function parseExpressionOrAssignment(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  const first = parseExpression(cursor, LOWEST);
  if (first === null) return null;
  if (first.kind === "identifier") cursor.noteWord();
  const targets = [first];
  let comma: Token | null = null;
  while (cursor.accept(",")) {
    comma ??= cursor.cur;
    cursor.next();
    const target = parseExpression(cursor, LOWEST);
    if (target === null) return null;
    targets.push(target);
  }
  if (cursor.accept("=")) {
    const assign = cursor.cur;
    cursor.next();
    const values = parseExpressions(cursor);
    if (values === null) return null;
    cursor.accept(";");
    return { kind: "assign", line: assign.line, column: assign.column, targets, values, convertTo: [] };
  }
  if (comma !== null) return cursor.fail(comma, "Comma-separated expressions only allowed in assignment");
  cursor.accept(";");
  return { kind: "expression", line, column, expression: first, declares: null };
}
