/** Which operators take which types. */
import type { BinaryOperator, PrefixExpression } from "../ast.ts";
import { BOOL, INT, isBasic, isComparable, isNullable, sameType, type Type, typeName } from "../types.ts";

/** The type of an operation, or why there is none. */
export type Outcome = { readonly type: Type } | { readonly message: string };

/** What `left operator right` gives. Neither type is unknown or failed. */
export function binaryType(operator: BinaryOperator, left: Type, right: Type): Outcome {
  switch (operator) {
    case "dan":
    case "atau":
      if (left.kind === "bool" && right.kind === "bool") return { type: BOOL };
      return { message: `Operator ${operator} requires Bool operands` };
    case "==":
    case "!=":
      return equality(left, right);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return composite(operator, left, right) ?? ordering(operator, left, right);
    case "&":
    case "|":
    case "^":
    case "<<":
    case ">>":
      if (left.kind === "int" && right.kind === "int") return { type: INT };
      return composite(operator, left, right) ?? { message: `Bitwise operator ${operator} requires int operands` };
    case "%":
      if (left.kind === "int" && right.kind === "int") return { type: INT };
      return composite(operator, left, right) ?? { message: "Operator % requires int operands" };
    case "+":
    case "-":
    case "*":
    case "/":
      return arithmetic(operator, left, right);
    default:
      return { message: `Unknown operator ${operator satisfies never}` };
  }
}

function arithmetic(operator: "+" | "-" | "*" | "/", left: Type, right: Type): Outcome {
  if (operator === "+" && left.kind === "array") {
    if (right.kind === "array" && sameType(left, right)) return { type: left };
    return { message: `Cannot concatenate arrays of different types ${typeName(left)} and ${typeName(right)}` };
  }
  const failure = composite(operator, left, right);
  if (failure !== null) return failure;
  const joined = operator === "+" && left.kind === "string";
  if (left.kind === right.kind && (left.kind === "int" || left.kind === "float" || joined)) return { type: left };
  return { message: `Operator ${operator} not defined for types ${typeName(left)} and ${typeName(right)}` };
}

function ordering(operator: string, left: Type, right: Type): Outcome {
  const numeric = (type: Type): boolean => type.kind === "int" || type.kind === "float";
  if (!numeric(left) || !numeric(right)) return { message: `Operator ${operator} requires numeric operands` };
  return left.kind === right.kind ? { type: BOOL } : differentTypes(left, right);
}

function equality(left: Type, right: Type): Outcome {
  const comparable =
    sameType(left, right) || (left.kind === "null" && isNullable(right)) || (right.kind === "null" && isNullable(left));
  if (!comparable) return differentTypes(left, right);
  if (left.kind === "struct" && !isComparable(left)) {
    return { message: `Struct ${left.name} is not comparable (contains map, array, or function)` };
  }
  return { type: BOOL };
}

function differentTypes(left: Type, right: Type): Outcome {
  return { message: `Cannot compare different types ${typeName(left)} and ${typeName(right)}` };
}

/** Types with parts know no operators but `==`, `!=` and the `+` of arrays. */
function composite(operator: string, left: Type, right: Type): Outcome | null {
  if (!isBasic(left)) return { message: `Operator ${operator} not supported on ${left.kind}` };
  return isBasic(right) ? null : { message: "Type mismatch" };
}

/** What `operator operand` gives. The type is neither unknown nor failed; `&` is not decided here. */
export function prefixType(operator: Exclude<PrefixExpression["operator"], "&">, operand: Type): Outcome {
  switch (operator) {
    case "!":
      if (operand.kind === "bool") return { type: operand };
      break;
    case "-":
      if (operand.kind === "int" || operand.kind === "float") return { type: operand };
      break;
    case "~":
      if (operand.kind === "int") return { type: operand };
      break;
    case "*":
      if (operand.kind === "pointer") return { type: operand.element };
      break;
  }
  if (!isBasic(operand)) return { message: `Prefix operator ${operator} not supported on ${operand.kind}` };
  if (operator === "~") return { message: "Operator ~ requires int" };
  return { message: `Operator ${operator} not defined for type ${typeName(operand)}` };
}
