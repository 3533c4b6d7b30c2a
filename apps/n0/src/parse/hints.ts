/** Second lines of the parser's messages: what to write instead. */
import type { Token } from "../token.ts";

/** For a name in the next line that was taken for the result, or the name, of a function that has none. */
export const NO_RESULT_HINT = "a function without result needs 'void' behind its parameters";

const COMPOUND = new Set(["+", "-", "*", "/", "%", "&", "|", "^"]);

/** For a token that no expression starts with; `before` stands before it. */
export function unexpectedHint(token: Token, before: Token | undefined): string | undefined {
  const touches = before !== undefined && before.line === token.line && !token.spaceBefore;
  switch (token.type) {
    case "=":
      if (touches && COMPOUND.has(before.type)) return `Morph has no '${before.type}=': write x = x ${before.type} ...`;
      if (touches && before.type === ":") return "Morph has no ':=': write var x = ...";
      return "write == to compare";
    case "+":
      return touches && before.type === "+" ? "Morph has no '++': write x = x + 1" : undefined;
    case "|":
      return touches && before.type === "|" ? "write 'atau' for or" : undefined;
    case ":":
      return "a variable is declared with var x = ...";
    case "/":
      return "a comment starts with #";
    case "CHAR":
      return 'Morph has no characters: write a string, "x", or its byte, "x"[0]';
    case "ILLEGAL":
      return illegalHint(token);
    default:
      return undefined;
  }
}

/** For an operator without space behind it; `after` stands there. */
export function spacingHint(operator: Token, after: Token): string | undefined {
  if (after.spaceBefore || after.type !== operator.type) return undefined;
  if (operator.type === "&") return "write 'dan' for and";
  if (operator.type === "|") return "write 'atau' for or";
  if (operator.type === "+" || operator.type === "-") {
    return `Morph has no '${operator.type}${operator.type}': write x = x ${operator.type} 1`;
  }
  return operator.type === "/" ? "a comment starts with #" : undefined;
}

/** A character that means nothing in Morph. The lexer reads bytes, one character each. */
function illegalHint({ text }: Token): string {
  const bytes = Uint8Array.from(text, (byte) => byte.charCodeAt(0));
  const character = new TextDecoder().decode(bytes);
  if (/^[\u201c\u201d\u201e\u00ab\u00bb]/.test(character)) return `strings stand in "...", not in ${[...character][0]}`;
  if (/^[\u2018\u2019'`]/.test(character)) return `strings stand in "..."`;
  return "this character means nothing here";
}
