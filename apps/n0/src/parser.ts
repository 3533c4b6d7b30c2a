/** Parses a file: see `parse/cursor.ts` for what all the functions of the parser keep to. */
import type { SourceFile, Statement } from "./ast.ts";
import { BLOCK_ENDS, Cursor, type ParseError } from "./parse/cursor.ts";
import { keepStatement, parseStatement } from "./parse/statements.ts";

/** The tree of a source, complete only when there are no errors. O(length). */
export function parse(source: Uint8Array): { file: SourceFile; errors: ParseError[] } {
  const cursor = new Cursor(source);
  const statements: Statement[] = [];
  while (cursor.cur.type !== "EOF") {
    // After an error, the end of a block that was lost says nothing new.
    if (cursor.errors.length > 0 && BLOCK_ENDS.has(cursor.cur.type)) cursor.next();
    else keepStatement(cursor, statements, cursor.at, parseStatement(cursor));
  }
  return { file: { statements }, errors: cursor.errors };
}
