/** Parses `jika`, `selama` and `pilih`. */
import type { Block, Expression, IfBranch, Statement, SwitchCase, SwitchStatement } from "../ast.ts";
import { UNKNOWN } from "../types.ts";
import type { Cursor } from "./cursor.ts";
import { LOWEST, parseExpression, parseExpressions } from "./expressions.ts";
import { parseBlock, parseBlockAfterError } from "./statements.ts";

/** `jika a ... atau_jika b ... lainnya ... akhir` */
export function parseIf(cursor: Cursor): Expression | null {
  const { line, column } = cursor.cur;
  const opened = cursor.at;
  const branches: IfBranch[] = [];
  let complete = true;
  do {
    const branch = cursor.cur;
    const start = cursor.at;
    cursor.next();
    const condition = parseExpression(cursor, LOWEST);
    if (condition === null) {
      complete = false;
      parseBlockAfterError(cursor, start);
    } else {
      branches.push({ line: branch.line, column: branch.column, condition, body: parseBlock(cursor) });
    }
  } while (cursor.cur.type === "ATAU_JIKA");
  const nested = cursor.nestedIf();
  const otherwise = cursor.cur.type === "LAINNYA" ? parseBlock(cursor) : null;
  if (!cursor.expectEnd(opened, nested)) return null;
  if (!complete) return cursor.giveUpAfterEnd();
  return { kind: "if", line, column, type: UNKNOWN, branches, otherwise };
}

/** `selama c ... akhir` */
export function parseWhile(cursor: Cursor): Expression | null {
  const { line, column } = cursor.cur;
  const start = cursor.at;
  cursor.next();
  const condition = parseExpression(cursor, LOWEST);
  if (condition === null) {
    parseBlockAfterError(cursor, start);
    return cursor.giveUpAfterEnd();
  }
  const body = parseBlock(cursor);
  return cursor.expectEnd(start) ? { kind: "while", line, column, type: UNKNOWN, condition, body } : null;
}

/** `pilih v kasus a, b: ... lainnya ... akhir` */
export function parseSwitch(cursor: Cursor): Statement | null {
  if (!cursor.enter()) return null;
  const statement = parseSwitchStatement(cursor);
  cursor.leave();
  return statement;
}

function parseSwitchStatement(cursor: Cursor): Statement | null {
  const { line, column } = cursor.cur;
  const start = cursor.at;
  cursor.next();
  const value = parseExpression(cursor, LOWEST);
  if (value === null) cursor.recover(start);
  else cursor.next();
  const cases: SwitchCase[] = [];
  let otherwise: Block | null = null;
  while (cursor.cur.type !== "AKHIR" && cursor.cur.type !== "EOF") {
    if (cursor.cur.type === "KASUS") {
      const clause = parseCase(cursor);
      if (clause !== null) cases.push(clause);
    } else if (cursor.cur.type === "LAINNYA") {
      cursor.accept(":");
      otherwise = parseBlock(cursor);
    } else {
      // Stray tokens between the cases are skipped, as the language has it.
      cursor.next();
    }
  }
  if (!cursor.expectEnd(start)) return null;
  if (value === null) return cursor.giveUpAfterEnd();
  return { kind: "switch", line, column, value, cases, otherwise } satisfies SwitchStatement;
}

function parseCase(cursor: Cursor): SwitchCase | null {
  const { line, column } = cursor.cur;
  const start = cursor.at;
  cursor.next();
  const values = parseExpressions(cursor);
  if (values === null || !cursor.expect(":")) {
    parseBlockAfterError(cursor, start);
    return null;
  }
  return { line, column, values, body: parseBlock(cursor) };
}
