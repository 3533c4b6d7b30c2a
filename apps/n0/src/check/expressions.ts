/** Checks expressions: gives each its type, each name its symbol. */
import type {
  ArrayLiteral,
  BinaryExpression,
  Expression,
  FunctionLiteral,
  Identifier,
  IfExpression,
  IndexExpression,
  InterpolatedString,
  MapLiteral,
  MemberExpression,
  Node,
  PrefixExpression,
  StructLiteral,
  WhileExpression,
} from "../ast.ts";
import type { GlobalSymbol, NameSymbol } from "../symbols.ts";
import {
  BOOL,
  FAILED,
  FLOAT,
  hasUnknown,
  INT,
  isAssignable,
  NULL,
  STRING,
  sameType,
  type Type,
  typeName,
  UNKNOWN,
  VOID,
} from "../types.ts";
import { resolveSignature, resolveType } from "./annotations.ts";
import { checkCall } from "./calls.ts";
import type { Context } from "./context.ts";
import { fit, settle } from "./fit.ts";
import { exportHint, fieldHint, memberHint, mismatchHint, nameHint, operandsHint } from "./hints.ts";
import { exportedSymbol, lookUp } from "./names.ts";
import { binaryType, prefixType } from "./operators.ts";
import { checkBlock, checkBody, checkGlobals } from "./statements.ts";

/** Checks an expression wherever it stands, and stores its type in it. */
export function checkExpression(context: Context, expression: Expression): Type {
  if (!context.enter(expression)) return UNKNOWN;
  let type: Type;
  switch (expression.kind) {
    case "int":
      type = INT;
      break;
    case "float":
      type = FLOAT;
      break;
    case "bool":
      type = BOOL;
      break;
    case "null":
      type = NULL;
      break;
    case "string":
      type = STRING;
      break;
    case "interpolated":
      type = checkInterpolation(context, expression);
      break;
    case "array":
      type = checkArray(context, expression);
      break;
    case "map":
      type = checkMap(context, expression);
      break;
    case "struct":
      type = checkStruct(context, expression);
      break;
    case "function":
      type = checkClosure(context, expression);
      break;
    case "identifier":
      type = checkIdentifier(context, expression);
      break;
    case "member":
      type = checkMember(context, expression);
      break;
    case "index":
      type = checkIndex(context, expression);
      break;
    case "call":
      type = checkCall(context, expression);
      break;
    case "prefix":
      type = checkPrefix(context, expression);
      break;
    case "binary":
      type = checkBinary(context, expression);
      break;
    case "if":
      type = checkIf(context, expression);
      break;
    case "while":
      type = checkWhile(context, expression);
      break;
    case "convert":
      // Made by the checker, with its type.
      context.leave();
      return expression.type;
  }
  expression.type = type;
  context.leave();
  return type;
}

/** Checks an expression of which one value is needed. */
export function checkValue(context: Context, expression: Expression): Type {
  const type = checkExpression(context, expression);
  requireValue(context, expression, "single");
  return type;
}

/**
 * Reports, as not supported, what is no value though the language's rules let it pass. `allowed` says which results
 * besides a single value the place takes.
 */
export function requireValue(context: Context, expression: Expression, allowed: "single" | "tuple" | "void"): void {
  const { kind, type } = expression;
  if (kind === "if" || kind === "while") {
    context.unsupported(expression, `unsupported expr: *parser.${kind === "if" ? "If" : "While"}Expression`);
  } else if (type.kind === "void" && allowed !== "void") {
    context.unsupported(expression, "A call without result has no value");
  } else if (type.kind === "tuple" && allowed !== "tuple") {
    context.unsupported(expression, `${typeName(type)} is several values; a variable for each is needed`);
  } else if (kind === "identifier") {
    requireValueSymbol(context, expression, expression.symbol);
  } else if (kind === "member" && expression.member !== null) {
    const { member } = expression;
    if (member.kind === "module") requireValueSymbol(context, expression, member.symbol);
    else if (member.kind !== "field") context.unsupported(expression, `Method '${expression.name}' can only be called`);
  } else if (type.kind === "unknown" || type.kind === "failed") {
    requireKnown(context, expression);
  }
}

function requireValueSymbol(context: Context, at: Identifier | MemberExpression, symbol: NameSymbol | null): void {
  if (symbol?.kind === "type") context.unsupported(at, `'${symbol.name}' is a type, not a value`);
  else if (symbol?.kind === "module") context.unsupported(at, `'${symbol.name}' is a module, not a value`);
  else if (symbol?.kind === "function") requireFunction(context, at, symbol);
  else if (symbol !== null && at.type.kind === "unknown") requireKnown(context, at);
}

/** Reports the use of a native function that the runtime does not have. */
export function requireFunction(context: Context, at: Node, symbol: NameSymbol & { kind: "function" }): void {
  if (symbol.declaration.body === null && symbol.native === null) {
    context.unsupported(at, `Native function '${symbol.name}' does not exist in the runtime`);
  }
}

/** An unknown type comes of a mistake that was reported; when none was, two globals need each other's type. */
function requireKnown(context: Context, expression: Expression): void {
  if (context.diagnostics.length === 0) context.unsupported(expression, "The type of this expression is not known");
}

// --------------------------------------------------------------------------------------------------- literals

function checkInterpolation(context: Context, literal: InterpolatedString): Type {
  for (const part of literal.parts) {
    const type = checkValue(context, part);
    if (!isAssignable(type, STRING) || type.kind === "null") {
      context.error(literal, `Interpolation requires String type, got ${typeName(type)}`, mismatchHint(type, STRING));
    }
  }
  return STRING;
}

function checkArray(context: Context, literal: ArrayLiteral): Type {
  const { elements } = literal;
  const types: Type[] = [];
  for (const value of elements) types.push(checkValue(context, value));
  const element = commonType(types, (i, expected, got) =>
    context.error(
      literal,
      `Array element ${i} type mismatch: expected ${typeName(expected)}, got ${typeName(got)}`,
      mismatchHint(got, expected),
    ),
  );
  elements.forEach((value, i) => {
    elements[i] = fit(value, element);
  });
  return { kind: "array", element };
}

function checkMap(context: Context, literal: MapLiteral): Type {
  const { entries } = literal;
  for (const { key, value } of entries) {
    checkValue(context, key);
    checkValue(context, value);
  }
  const common = (part: "key" | "value"): Type =>
    commonType(
      entries.map((entry) => entry[part].type),
      (_, expected, got) =>
        context.error(
          literal,
          `Map ${part} type mismatch: expected ${typeName(expected)}, got ${typeName(got)}`,
          mismatchHint(got, expected),
        ),
    );
  const key = common("key");
  const value = common("value");
  for (const entry of entries) {
    entry.key = fit(entry.key, key);
    entry.value = fit(entry.value, value);
  }
  return { kind: "map", key, value };
}

/** The type of the first, unless a later one knows what the first leaves open; unknown when there are none. */
function commonType(types: readonly Type[], report: (index: number, expected: Type, got: Type) => void): Type {
  let common = types[0] ?? UNKNOWN;
  if (hasUnknown(common)) {
    common = types.find((type) => !hasUnknown(type) && isAssignable(common, type)) ?? common;
  }
  types.forEach((type, i) => {
    if (!isAssignable(type, common)) report(i, common, type);
  });
  return common;
}

function checkStruct(context: Context, literal: StructLiteral): Type {
  const { name, fields } = literal;
  for (const { value } of fields) checkValue(context, value);
  const symbol = checkIdentifier(context, name);
  name.type = symbol;
  if (symbol.kind === "unknown") return UNKNOWN;
  if (symbol.kind !== "struct") {
    context.error(literal, `Expected struct type, got ${typeName(symbol)}`);
    return FAILED;
  }
  if (name.symbol?.kind !== "type") context.unsupported(name, `'${name.name}' is not a type`);
  let correct = true;
  let found = 0;
  const fail = (message: string, hint?: string): void => {
    correct = false;
    context.error(literal, message, hint);
  };
  for (const node of fields) {
    const field = symbol.fieldsByName.get(node.name);
    if (field === undefined) {
      fail(`Field '${node.name}' not defined in struct '${symbol.name}'`, fieldHint(symbol, node.name));
      continue;
    }
    found++;
    node.field = field;
    if (isAssignable(node.value.type, field.type)) node.value = fit(node.value, field.type);
    else {
      const got = node.value.type;
      const message = `Field '${node.name}' type mismatch: expected ${typeName(field.type)}, got ${typeName(got)}`;
      fail(message, mismatchHint(got, field.type));
    }
  }
  if (found < symbol.fields.length) {
    const missing = symbol.fields.filter(({ name: field }) => fields.every((node) => node.name !== field));
    fail("Missing fields in struct literal", `missing: ${missing.map((field) => field.name).join(", ")}`);
  }
  return correct ? symbol : FAILED;
}

function checkClosure(context: Context, literal: FunctionLiteral): Type {
  const type = resolveSignature(context, literal.parameters, literal.results, literal);
  literal.signature = type;
  // A method inside a function is bound to nothing, but its body is checked.
  const receiver = literal.receiver === null ? null : resolveType(context, literal.receiver.type);
  if (receiver !== null) context.unsupported(literal, "A method can only be declared at the top level");
  if (literal.body === null) context.unsupported(literal, "A closure cannot be native");
  context.closures.push(literal);
  if (context.deferredBodies !== null) context.deferredBodies.push(literal);
  else checkBody(context, literal, receiver);
  return type;
}

// ------------------------------------------------------------------------------------------ names and members

/** A global that has no type yet gets it from its initialiser now. */
export function inferGlobal(context: Context, symbol: GlobalSymbol): void {
  const pending = context.pendingGlobals.get(symbol);
  if (pending !== undefined && pending.annotation === null) checkGlobals(context, pending);
}

function checkIdentifier(context: Context, identifier: Identifier): Type {
  const symbol = lookUp(context, identifier.name);
  if (symbol === undefined) {
    context.error(identifier, `Undefined variable or type: ${identifier.name}`, nameHint(context, identifier.name));
    return UNKNOWN;
  }
  identifier.symbol = symbol;
  context.use(symbol);
  if (symbol.kind === "global") inferGlobal(context, symbol);
  return symbol.type;
}

function checkMember(context: Context, expression: MemberExpression): Type {
  const { object, name } = expression;
  const type = checkExpression(context, object);
  if (type.kind === "module") {
    const names = context.imports.get(type.path)!;
    const symbol = exportedSymbol(names, name);
    if (symbol === undefined) {
      context.error(expression, `Module '${type.path}' does not export '${name}'`, exportHint(names, name));
      return FAILED;
    }
    if (object.kind !== "identifier" || object.symbol?.kind !== "module") requireValue(context, object, "single");
    expression.member = { kind: "module", symbol };
    return symbol.type;
  }
  requireValue(context, object, "single");
  switch (type.kind) {
    case "unknown":
    case "failed":
      return type;
    case "struct": {
      const field = type.fieldsByName.get(name);
      if (field !== undefined) {
        expression.member = { kind: "field", struct: type, field };
        return field.type;
      }
      const method = type.methods.get(name);
      if (method !== undefined) {
        expression.member = { kind: "method", method };
        return method.type;
      }
      context.error(expression, `Field or method '${name}' not found in struct '${type.name}'`, memberHint(type, name));
      return FAILED;
    }
    case "interface": {
      const method = type.methods.get(name);
      if (method !== undefined) {
        expression.member = { kind: "interfaceMethod", interface: type, method };
        return method.type;
      }
      context.error(
        expression,
        `Field or method '${name}' not found in interface '${type.name}'`,
        memberHint(type, name),
      );
      return FAILED;
    }
    default:
      context.error(expression, `Cannot access member on non-struct/module type ${typeName(type)}`);
      return FAILED;
  }
}

function checkIndex(context: Context, expression: IndexExpression): Type {
  checkValue(context, expression.object);
  expression.object = settle(expression.object);
  const { type } = expression.object;
  const index = checkValue(context, expression.index);
  switch (type.kind) {
    case "unknown":
    case "failed":
      return UNKNOWN;
    case "array":
      if (isAssignable(index, INT)) return type.element;
      context.error(expression, "Array index must be Int");
      return UNKNOWN;
    case "string":
      if (isAssignable(index, INT)) return INT;
      context.error(expression, "String index must be Int");
      return UNKNOWN;
    case "map":
      if (isAssignable(index, type.key)) {
        expression.index = fit(expression.index, type.key);
        return type.value;
      }
      context.error(
        expression,
        `Map key type mismatch: expected ${typeName(type.key)}, got ${typeName(index)}`,
        mismatchHint(index, type.key),
      );
      return UNKNOWN;
    default:
      context.error(expression, `Index operation not supported on type ${typeName(type)}`);
      return UNKNOWN;
  }
}

// -------------------------------------------------------------------------------------------------- operators

const OPERATORS: ReadonlySet<string> = new Set("+ - * / % == != < > <= >= & | ^ << >> dan atau".split(" "));

function checkBinary(context: Context, expression: BinaryExpression): Type {
  const { operator } = expression;
  checkValue(context, expression.left);
  checkValue(context, expression.right);
  if (!OPERATORS.has(operator)) {
    context.error(expression, `Unknown operator ${operator}`, `did you mean '${operator.toLowerCase()}'?`);
    return FAILED;
  }
  fitOperands(expression);
  const left = expression.left.type;
  const right = expression.right.type;
  if (left.kind === "unknown" || right.kind === "unknown") return UNKNOWN;
  if (left.kind === "failed" || right.kind === "failed") return FAILED;
  const outcome = binaryType(operator, left, right);
  if ("type" in outcome) {
    fitNulls(expression);
    return outcome.type;
  }
  context.error(expression, outcome.message, operandsHint(left, right));
  return FAILED;
}

/** What one operand leaves open is taken from the other. */
function fitOperands(expression: BinaryExpression): void {
  const { left, right } = expression;
  const leftType = left.type;
  const rightType = right.type;
  if (hasUnknown(leftType) && sameType(leftType, rightType)) expression.left = fit(left, rightType);
  else if (hasUnknown(rightType) && sameType(leftType, rightType)) expression.right = fit(right, leftType);
  expression.left = settle(expression.left);
  expression.right = settle(expression.right);
}

/** A `kosong` is compared as a null of the other side's type. */
function fitNulls({ left, right }: BinaryExpression): void {
  if (left.kind === "null") left.type = right.type;
  else if (right.kind === "null") right.type = left.type;
}

function checkPrefix(context: Context, expression: PrefixExpression): Type {
  const { operator, operand } = expression;
  if (operator === "&") {
    const type = checkExpression(context, operand);
    if (operand.kind !== "identifier" && operand.kind !== "index" && operand.kind !== "member") {
      context.error(expression, "Cannot take address of non-variable expression");
      return UNKNOWN;
    }
    context.unsupported(expression, "Pointers are not supported");
    return { kind: "pointer", element: type };
  }
  const type = checkValue(context, operand);
  if (operator === "*" && type.kind === "pointer") context.unsupported(expression, "Pointers are not supported");
  if (type.kind === "unknown" || type.kind === "failed") return UNKNOWN;
  const outcome = prefixType(operator, type);
  if ("type" in outcome) return outcome.type;
  context.error(expression, outcome.message);
  return UNKNOWN;
}

// ---------------------------------------------------------------------------------------------------- control

function checkIf(context: Context, expression: IfExpression): Type {
  for (const branch of expression.branches) {
    checkCondition(context, branch, "If", branch.condition);
    checkBlock(context, branch.body);
  }
  if (expression.otherwise !== null) checkBlock(context, expression.otherwise);
  return VOID;
}

function checkWhile(context: Context, expression: WhileExpression): Type {
  checkCondition(context, expression, "While", expression.condition);
  const { targets } = context.frame;
  targets.push(expression);
  checkBlock(context, expression.body);
  targets.pop();
  return VOID;
}

function checkCondition(context: Context, at: Node, word: "If" | "While", condition: Expression): void {
  const type = checkValue(context, condition);
  if (type.kind === "bool" || type.kind === "unknown") return;
  context.error(at, `${word} condition must be Bool, got ${typeName(type)}`);
}
