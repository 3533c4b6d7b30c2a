/** Parses what declares names of other files and of types: imports, structs, interfaces. */
import type { FieldNode, MethodNode, Statement } from "../ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseParameters } from "./functions.ts";
import { parseResults, parseType } from "./types.ts";

/** `ambil "path"` */
export function parseImport(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  if (!cursor.expect("STRING")) return null;
  const path = new TextDecoder().decode(cursor.cur.bytes);
  cursor.accept(";");
  return { kind: "import", line, column, path };
}

/** `dari "path" ambil A, B` */
export function parseFromImport(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  if (!cursor.expect("STRING")) return null;
  const path = new TextDecoder().decode(cursor.cur.bytes);
  if (!cursor.expect("AMBIL")) return null;
  const names: string[] = [];
  do {
    if (!cursor.expect("IDENT")) return null;
    names.push(cursor.cur.text);
  } while (cursor.accept(","));
  cursor.accept(";");
  return { kind: "fromImport", line, column, path, names };
}

/** `struktur S f T ... akhir` */
export function parseStruct(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  const opened = cursor.at;
  if (!cursor.expect("IDENT")) return null;
  const name = cursor.cur.text;
  const fields: FieldNode[] = [];
  cursor.next();
  while (cursor.cur.type !== "AKHIR" && cursor.cur.type !== "EOF") {
    // What is no name is skipped, as the language has it.
    if (cursor.cur.type === "IDENT") {
      const field = cursor.cur;
      const start = cursor.at;
      cursor.next();
      const type = parseType(cursor);
      if (type === null) {
        cursor.recover(start);
        continue;
      }
      fields.push({ name: field.text, type, line: field.line, column: field.column });
    }
    cursor.next();
  }
  if (!cursor.expectEnd(opened)) return null;
  return { kind: "struct", line, column, name, fields };
}

/** `antarmuka I fungsi M() T ... akhir` */
export function parseInterface(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  const opened = cursor.at;
  if (!cursor.expect("IDENT")) return null;
  const name = cursor.cur.text;
  const methods: MethodNode[] = [];
  cursor.next();
  while (cursor.cur.type !== "AKHIR" && cursor.cur.type !== "EOF") {
    if (cursor.cur.type === "FUNGSI") {
      const start = cursor.at;
      const method = parseMethodSignature(cursor);
      if (method === null) {
        cursor.recover(start);
        continue;
      }
      methods.push(method);
    }
    cursor.next();
  }
  if (!cursor.expectEnd(opened)) return null;
  return { kind: "interface", line, column, name, methods };
}

function parseMethodSignature(cursor: Cursor): MethodNode | null {
  if (!cursor.peekIs("IDENT")) {
    return cursor.fail(cursor.peek, "expected method name after 'fungsi' in interface definition");
  }
  cursor.next();
  const { text, line, column } = cursor.cur;
  if (!cursor.expect("(")) return null;
  const parameters = parseParameters(cursor);
  if (parameters === null) return null;
  const results = parseResults(cursor);
  return results === null ? null : { name: text, line, column, parameters, results };
}
