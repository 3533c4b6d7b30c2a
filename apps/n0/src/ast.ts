/**
 * The syntax tree. The parser makes it; the checker then fills in what is marked "checked": each expression's `type`,
 * each name's `symbol`, each call's `target`, each closure's `captures`, and wraps a struct in an
 * `InterfaceConversion` wherever an interface is expected. In a checked program:
 *
 * - no type is unknown or failed, and no expression of type void or of a tuple type stands where a value is needed.
 *   A void expression is an expression statement, or the one value of a return in a void function; a tuple is the one
 *   value of a `var`, an assignment or a return with several targets, or an expression statement;
 * - `[]`, `{}` and `kosong` have the type they are used at (`kosong` keeps `null` only where nothing says more);
 * - `jika` and `selama` are expression statements only;
 * - tree and types nest at most 1,000 expressions deep, so recursion over them is safe on an ordinary stack.
 *
 * `line` and `column` start at 1, and `column` counts bytes.
 */

export type * from "./ast/annotations.ts";
export type * from "./ast/expressions.ts";
export type * from "./ast/node.ts";
export type * from "./ast/program.ts";
export type * from "./ast/statements.ts";
