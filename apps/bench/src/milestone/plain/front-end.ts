import { readFileSync } from "node:fs";
import { Lexer } from "./lexer.js";
import { digest, Parser } from "./parser.js";
import type { PlainProgram } from "./program.js";

/* The front end of milestone/lean/main.fox and milestone/literal/main.fox: the styles differ in what plain objects have no need of. */

export const run: PlainProgram = (print, source) => {
  const lexer = new Lexer(readFileSync(source, "utf8"));
  const parser = new Parser(lexer.tokenize());
  const tree = parser.module();
  print(`${lexer.line} lines, ${lexer.tokens.length} tokens, ${parser.nodes} nodes`);
  print(`${lexer.errors + parser.errors} errors, tree ${digest(tree)}`);
};
