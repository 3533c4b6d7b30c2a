/** Parses types. */
import type { TypeNode } from "../ast.ts";
import type { TokenType } from "../token.ts";
import type { Cursor } from "./cursor.ts";

const TYPE_STARTS: ReadonlySet<TokenType> = new Set(["IDENT", "[", "MAP", "*", "FUNGSI"]);

/** The type at `cur`. */
export function parseType(cursor: Cursor): TypeNode | null {
  if (!cursor.enter()) return null;
  const type = parseTypeInside(cursor);
  cursor.leave();
  return type;
}

function parseTypeInside(cursor: Cursor): TypeNode | null {
  const { type, text, line, column } = cursor.cur;
  switch (type) {
    case "IDENT":
      if (!cursor.accept(".")) return { kind: "named", line, column, name: text };
      if (!cursor.peekIs("IDENT")) return cursor.fail(cursor.peek, "Expected type name after dot");
      cursor.next();
      return { kind: "qualified", line, column, module: text, name: cursor.cur.text };
    case "[": {
      if (!cursor.expect("]")) return null;
      cursor.next();
      const element = parseType(cursor);
      return element === null ? null : { kind: "array", line, column, element };
    }
    case "MAP": {
      if (!cursor.expect("[")) return null;
      cursor.next();
      const key = parseType(cursor);
      if (key === null || !cursor.expect("]")) return null;
      cursor.next();
      const value = parseType(cursor);
      return value === null ? null : { kind: "map", line, column, key, value };
    }
    case "*": {
      cursor.next();
      const element = parseType(cursor);
      return element === null ? null : { kind: "pointer", line, column, element };
    }
    case "FUNGSI": {
      if (!cursor.expect("(")) return null;
      const parameters = cursor.accept(")") ? [] : parseTypeList(cursor);
      if (parameters === null) return null;
      const results = parseResults(cursor);
      return results === null ? null : { kind: "function", line, column, parameters, results };
    }
    default:
      return cursor.fail(cursor.cur, `expected type, got ${type}`);
  }
}

/** From `(` to `)`, at least one type. */
function parseTypeList(cursor: Cursor): TypeNode[] | null {
  const types: TypeNode[] = [];
  do {
    cursor.next();
    const type = parseType(cursor);
    if (type === null) return null;
    types.push(type);
  } while (cursor.accept(","));
  return cursor.expect(")") ? types : null;
}

/** The result types after `)`, if what follows can start a type. */
export function parseResults(cursor: Cursor): TypeNode[] | null {
  if (cursor.accept("(")) return parseTypeList(cursor);
  if (!TYPE_STARTS.has(cursor.peek.type)) return [];
  cursor.next();
  const type = parseType(cursor);
  return type === null ? null : [type];
}
