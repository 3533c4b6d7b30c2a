/** Warnings about what a module declares and never reads, and about statements that nothing reaches. */
import type { Node, Statement } from "../ast.ts";
import type { NameSymbol } from "../symbols.ts";
import type { Context } from "./context.ts";
import { isExported } from "./names.ts";

/** Adds the warnings about a module that was checked. A name that starts with `_` may be unused. O(length of the module). */
export function warnOfUnused(context: Context, statements: readonly Statement[]): void {
  const isMain = context.path === "";
  const warn = (node: Node, name: string, symbol: NameSymbol | null, what: string): void => {
    if (symbol !== null && !context.isUsed(symbol) && !name.startsWith("_")) {
      context.warning(node, `Unused ${what} '${name}'`);
    }
  };
  for (const { node, symbol } of context.declaredLocals) warn(node, symbol.name, symbol, "variable");
  for (const statement of statements) {
    switch (statement.kind) {
      case "import":
      case "fromImport":
        for (const { name, symbol } of context.boundBy.get(statement) ?? []) {
          // What a module binds with `dari` it passes on.
          if (isMain || statement.kind === "import") warn(statement, name, symbol, "import");
        }
        break;
      case "var":
        for (const node of statement.names) {
          if (isMain || !isExported(node.name)) warn(node, node.name, node.symbol, "variable");
        }
        break;
      case "expression": {
        const { declares } = statement;
        if (declares?.kind !== "function" || declares.declaration.body === null) break;
        const { name } = declares;
        if (isMain ? name !== "main" : !isExported(name)) warn(statement, name, declares, "function");
        break;
      }
    }
  }
}

/** Warns of the first statement of a block that stands behind one which leaves it. */
export function warnOfUnreachable(context: Context, statements: readonly Statement[]): void {
  const leaves = statements.findIndex(({ kind }) => kind === "return" || kind === "break" || kind === "continue");
  const after = leaves < 0 ? undefined : statements[leaves + 1];
  if (after !== undefined) context.warning(after, "Unreachable code detected");
}
