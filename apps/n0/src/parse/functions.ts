/** Parses functions, methods and closures. */
import type { Block, Expression, FunctionLiteral, ParameterNode } from "../ast.ts";
import { UNKNOWN } from "../types.ts";
import type { Cursor } from "./cursor.ts";
import { NO_RESULT_HINT } from "./hints.ts";
import { parseBlock } from "./statements.ts";
import { parseResults, parseType } from "./types.ts";

/** `fungsi f(a T) R ... akhir`, with a receiver, without a name, or `native` */
export function parseFunction(cursor: Cursor): Expression | null {
  const { line, column } = cursor.cur;
  const start = cursor.at;
  const header = parseFunctionHeader(cursor);
  if (header === null) {
    if (cursor.recover(start)) return null;
    parseBlock(cursor, cursor.at);
    return cursor.giveUpAfterEnd();
  }
  let body: Block | null = null;
  if (cursor.accept("NATIVE")) {
    cursor.accept(";");
  } else {
    body = parseBlock(cursor);
    if (!cursor.expectEnd(start)) return null;
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

function parseFunctionHeader(
  cursor: Cursor,
): Pick<FunctionLiteral, "name" | "receiver" | "parameters" | "results"> | null {
  let name = cursor.accept("IDENT") ? cursor.cur.text : "";
  if (!cursor.expect("(")) return null;
  const open = cursor.cur;
  let receiver: ParameterNode | null = null;
  let parameters = parseParameters(cursor);
  if (parameters === null) return null;
  // `fungsi (a A) name(` is a method: the first parentheses hold its receiver.
  if (name === "" && cursor.peekIs("IDENT") && cursor.peek2.type === "(") {
    if (parameters.length !== 1) {
      const below = cursor.peek.line > cursor.cur.line;
      return cursor.fail(open, "Method receiver must have exactly one parameter", below ? NO_RESULT_HINT : undefined);
    }
    receiver = parameters[0]!;
    cursor.next();
    name = cursor.cur.text;
    cursor.next();
    parameters = parseParameters(cursor);
    if (parameters === null) return null;
  }
  const results = parseResults(cursor);
  return results === null ? null : { name, receiver, parameters, results };
}

/** From `(` to `)`. */
export function parseParameters(cursor: Cursor): ParameterNode[] | null {
  const parameters: ParameterNode[] = [];
  if (cursor.accept(")")) return parameters;
  do {
    if (!cursor.expect("IDENT")) return null;
    const { text, line, column } = cursor.cur;
    cursor.next();
    const type = parseType(cursor);
    if (type === null) return null;
    parameters.push({ name: text, type, line, column, symbol: null });
  } while (cursor.accept(","));
  return cursor.expect(")") ? parameters : null;
}
