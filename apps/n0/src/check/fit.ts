/** Fits a checked expression to the type it is used at, so that nothing has to be inferred again after the checker. */
import type { Expression } from "../ast.ts";
import { hasUnknown, INT, type InterfaceType, type Type } from "../types.ts";

/**
 * The expression as a value of `target`, to which it is assignable: a struct is wrapped in its conversion to an
 * interface; `kosong` takes the type, and so do literals whose elements said nothing about theirs.
 */
export function fit(expression: Expression, target: Type): Expression {
  if (target.kind === "unknown" || target.kind === "failed") return expression;
  const { line, column, type } = expression;
  if (type.kind === "struct" && target.kind === "interface") {
    return { kind: "convert", line, column, type: target, value: expression, struct: type };
  }
  if (type.kind === "null" && target.kind === "interface") {
    // Also a variable declared with `kosong`: nothing says whose methods it would have.
    return { kind: "null", line, column, type: target };
  }
  if (expression.kind === "null") {
    expression.type = target;
  } else if (expression.kind === "array" && target.kind === "array" && hasUnknown(type)) {
    expression.type = target;
    const { elements } = expression;
    for (let i = 0; i < elements.length; i++) elements[i] = fit(elements[i]!, target.element);
  } else if (expression.kind === "map" && target.kind === "map" && hasUnknown(type)) {
    expression.type = target;
    for (const entry of expression.entries) {
      entry.key = fit(entry.key, target.key);
      entry.value = fit(entry.value, target.value);
    }
  }
  return expression;
}

/** Fits a literal whose element type nothing says to elements of type int, as the language has it. */
export function settle(expression: Expression): Expression {
  const { kind, type } = expression;
  return (kind === "array" || kind === "map") && hasUnknown(type) ? fit(expression, settled(type)) : expression;
}

/** The type with int in place of what is unknown. */
function settled(type: Type): Type {
  if (!hasUnknown(type)) return type;
  if (type.kind === "array") return { kind: "array", element: settled(type.element) };
  if (type.kind === "map") return { kind: "map", key: settled(type.key), value: settled(type.value) };
  return type.kind === "unknown" ? INT : type;
}

/** The interfaces to which the parts of a tuple are converted on their way to the targets, null for the others. */
export function tupleConversions(parts: readonly Type[], targets: readonly Type[]): (InterfaceType | null)[] {
  return parts.map((part, i) => {
    const target = targets[i]!;
    return part.kind === "struct" && target.kind === "interface" ? target : null;
  });
}
