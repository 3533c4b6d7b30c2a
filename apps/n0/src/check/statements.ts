/** Checks statements and the bodies of functions. */
import type {
  AssignStatement,
  Block,
  Expression,
  FunctionLiteral,
  Node,
  ParameterNode,
  ReturnStatement,
  Statement,
  SwitchStatement,
  VarStatement,
} from "../ast.ts";
import type { LocalSymbol } from "../symbols.ts";
import { isAssignable, type Type, typeName, UNKNOWN, VOID } from "../types.ts";
import { resolveType } from "./annotations.ts";
import { alwaysReturns, type Context } from "./context.ts";
import { checkExpression, checkValue, requireValue } from "./expressions.ts";
import { fit, settle, tupleConversions } from "./fit.ts";
import { mismatchHint } from "./hints.ts";
import { lookUp } from "./names.ts";
import { warnOfUnreachable } from "./unused.ts";

/** Checks the statements in a scope of their own. */
export function checkBlock(context: Context, { statements }: Block): void {
  const { scopes } = context.frame;
  scopes.push(new Map());
  for (const statement of statements) checkStatement(context, statement);
  warnOfUnreachable(context, statements);
  scopes.pop();
}

/** Checks the body of a function whose signature is known; a native one has none. */
export function checkBody(context: Context, literal: FunctionLiteral, receiverType: Type | null): void {
  const { body, receiver, parameters } = literal;
  const { parameters: types, result } = literal.signature!;
  if (body === null) return;
  context.enterFunction(literal, result);
  if (receiver !== null) receiver.symbol = declareParameter(context, receiver, receiverType ?? UNKNOWN);
  parameters.forEach((parameter, i) => {
    parameter.symbol = declareParameter(context, parameter, types[i]!);
  });
  for (const statement of body.statements) checkStatement(context, statement);
  warnOfUnreachable(context, body.statements);
  context.leaveFunction();
  if (result.kind !== "void" && !alwaysReturns(body)) context.error(literal, "Not all code paths return a value");
}

function declareParameter(context: Context, parameter: ParameterNode, type: Type): LocalSymbol {
  reportIfDeclared(context, parameter, parameter.name);
  return context.declareLocal(parameter.name, type, false, true);
}

function reportIfDeclared(context: Context, at: Node, name: string): void {
  const known = context.localInScope(name);
  if (known === undefined) return;
  context.error(at, `Variable '${name}' already declared in this scope (type: ${typeName(known.type)})`);
}

/** Checks a statement inside a function or block, or one of the top level that declares nothing. */
export function checkStatement(context: Context, statement: Statement): void {
  switch (statement.kind) {
    case "var":
      checkLocals(context, statement);
      break;
    case "assign":
      checkAssign(context, statement);
      break;
    case "return":
      checkReturn(context, statement);
      break;
    case "expression":
      checkDropped(context, statement);
      break;
    case "switch":
      checkSwitch(context, statement);
      break;
    case "break":
      statement.target = context.frame.targets.at(-1) ?? null;
      break;
    case "continue":
      statement.target = context.frame.targets.findLast((target) => target.kind === "while") ?? null;
      break;
    default:
      // Imports and types inside a block bind nothing.
      break;
  }
}

// -------------------------------------------------------------------------------------------------- variables

function checkLocals(context: Context, statement: VarStatement): void {
  const { annotation, constant, names } = statement;
  const declared = annotation === null ? null : resolveType(context, annotation);
  const types = checkInitialisers(context, statement, declared);
  names.forEach((node, i) => {
    reportIfDeclared(context, node, node.name);
    const symbol = context.declareLocal(node.name, types[i]!, constant);
    node.symbol = symbol;
    context.declaredLocals.push({ node, symbol });
  });
}

/** Gives the globals of a statement their types, once; the first use of one does so when it comes before. */
export function checkGlobals(context: Context, statement: VarStatement): void {
  const { annotation, names } = statement;
  const symbols = names.map(({ symbol }) => symbol!);
  if (symbols[0]!.kind !== "global" || !context.pendingGlobals.has(symbols[0]!)) return;
  for (const symbol of symbols) if (symbol.kind === "global") context.pendingGlobals.delete(symbol);
  const types = checkInitialisers(context, statement, annotation === null ? null : symbols[0]!.type);
  symbols.forEach((symbol, i) => {
    symbol.type = types[i]!;
  });
}

/** The type of each name, from the annotation or the values. */
function checkInitialisers(context: Context, statement: VarStatement, declared: Type | null): Type[] {
  const { names, values } = statement;
  const unknown = names.map(() => declared ?? UNKNOWN);
  if (values.length === 0) {
    if (declared === null) context.error(statement, `Variable '${names[0]!.name}' requires type or value`);
    return unknown;
  }
  if (values.length === 1 && names.length > 1) {
    const parts = checkTuple(context, statement, values[0]!, names.length, "var");
    if (parts === null) return unknown;
    if (declared === null) return [...parts];
    parts.forEach((type, i) => {
      requireType(context, statement, names[i]!.name, type, declared);
    });
    tupleConversions(parts, unknown).forEach((target, i) => {
      names[i]!.convertTo = target;
    });
    return unknown;
  }
  for (const value of values) checkValue(context, value);
  if (values.length !== names.length) {
    context.error(statement, countMismatch("var", names.length, values.length));
    return unknown;
  }
  return names.map(({ name }, i) => {
    const value = values[i]!;
    if (declared !== null) {
      if (requireType(context, statement, name, value.type, declared)) values[i] = fit(value, declared);
      return declared;
    }
    if (
      (value.kind === "array" && value.elements.length === 0) ||
      (value.kind === "map" && value.entries.length === 0)
    ) {
      context.error(statement, `Cannot infer type from empty literal for '${name}'`);
      return UNKNOWN;
    }
    return settle(value).type;
  });
}

function requireType(context: Context, at: Node, name: string, type: Type, declared: Type): boolean {
  if (isAssignable(type, declared)) return true;
  const message = `Type mismatch for '${name}': expected ${typeName(declared)}, got ${typeName(type)}`;
  context.error(at, message, mismatchHint(type, declared));
  return false;
}

/** The parts of the tuple that one value gives to several names; null when it is none of that length. */
function checkTuple(
  context: Context,
  at: Node,
  value: Expression,
  count: number,
  statement: "var" | "assign",
): readonly Type[] | null {
  const type = checkExpression(context, value);
  if (type.kind === "tuple" && type.elements.length === count) {
    requireValue(context, value, "tuple");
    return type.elements;
  }
  if (type.kind !== "unknown" && type.kind !== "failed") {
    context.error(at, countMismatch(statement, count, type.kind === "tuple" ? type.elements.length : 1));
  }
  return null;
}

function countMismatch(statement: "var" | "assign", names: number, values: number): string {
  return statement === "var"
    ? `Assignment count mismatch: ${names} names but ${values} values`
    : `Assignment count mismatch: ${names} = ${values}`;
}

// ------------------------------------------------------------------------------------------------ assignments

function checkAssign(context: Context, statement: AssignStatement): void {
  const { targets, values } = statement;
  const types = targets.map((target) => checkTarget(context, statement, target));
  if (values.length === 1 && targets.length > 1) {
    const parts = checkTuple(context, statement, values[0]!, targets.length, "assign");
    if (parts === null) return;
    parts.forEach((type, i) => {
      requireAssignable(context, statement, type, types[i]!);
    });
    statement.convertTo = tupleConversions(parts, types);
    if (targets.some(({ kind }) => kind !== "identifier")) {
      context.unsupported(statement, "only identifiers supported in tuple unpack");
    }
    return;
  }
  for (const value of values) checkValue(context, value);
  if (values.length !== targets.length) {
    context.error(statement, countMismatch("assign", targets.length, values.length));
    return;
  }
  types.forEach((type, i) => {
    const value = values[i]!;
    if (requireAssignable(context, statement, value.type, type)) values[i] = settle(fit(value, type));
  });
}

function requireAssignable(context: Context, at: Node, type: Type, target: Type): boolean {
  if (isAssignable(type, target)) return true;
  const message = `Type mismatch in assignment: expected ${typeName(target)}, got ${typeName(type)}`;
  context.error(at, message, mismatchHint(type, target));
  return false;
}

/** The type of what is assigned to; unknown when it cannot be assigned to. Messages stand at the `=`. */
function checkTarget(context: Context, at: Node, target: Expression): Type {
  const type = target.kind === "identifier" ? assignedType(context, target) : checkExpression(context, target);
  switch (target.kind) {
    case "identifier":
      if (target.symbol === null || isVariable(context, target.name, target.symbol)) return type;
      context.error(at, `Cannot reassign constant '${target.name}'`);
      return UNKNOWN;
    case "member": {
      const { member, name } = target;
      if (member === null || member.kind === "field") return type;
      if (member.kind !== "module") break;
      if (member.symbol.kind === "global" && !member.symbol.constant) return type;
      context.error(at, `Cannot reassign constant '${name}'`);
      return UNKNOWN;
    }
    case "index":
      if (target.object.type.kind !== "string") return type;
      context.error(at, "Cannot assign to string index (immutable)");
      return UNKNOWN;
  }
  context.unsupported(at, "complex assignment not supported");
  return UNKNOWN;
}

/** The type of a name that is assigned, which is no use of it. */
function assignedType(context: Context, target: Expression & { kind: "identifier" }): Type {
  const symbol = lookUp(context, target.name);
  const wasUsed = symbol === undefined || context.isUsed(symbol);
  const type = checkExpression(context, target);
  if (!wasUsed) context.forgetUse(symbol);
  return type;
}

/** Functions, types and imported names are constants. */
function isVariable(
  context: Context,
  name: string,
  symbol: NonNullable<(Expression & { kind: "identifier" })["symbol"]>,
) {
  if (symbol.kind === "local" || symbol.kind === "capture") return !symbol.constant;
  return symbol.kind === "global" && !symbol.constant && context.names.values.get(name)?.imported !== true;
}

// -------------------------------------------------------------------------------------------------- the others

function checkReturn(context: Context, statement: ReturnStatement): void {
  const { values } = statement;
  const { result } = context.frame;
  const actual = returnedType(context, values, result);
  if (result === null) {
    values.forEach((value, i) => {
      values[i] = settle(value);
    });
  } else if (!isAssignable(actual, result)) {
    const message = `Return type mismatch: expected ${typeName(result)}, got ${typeName(actual)}`;
    context.error(statement, message, mismatchHint(actual, result));
  } else if (values.length === 1) {
    values[0] = fit(values[0]!, result);
    if (actual.kind === "tuple" && result.kind === "tuple") {
      statement.convertTo = tupleConversions(actual.elements, result.elements);
    }
  } else if (result.kind === "tuple") {
    values.forEach((value, i) => {
      values[i] = fit(value, result.elements[i]!);
    });
  }
}

function returnedType(context: Context, values: readonly Expression[], result: Type | null): Type {
  if (values.length === 0) return VOID;
  const [first] = values;
  if (values.length > 1) return { kind: "tuple", elements: values.map((value) => checkValue(context, value)) };
  const type = checkExpression(context, first!);
  // What returns nothing, or several values, may be passed on.
  if (type.kind === "tuple") requireValue(context, first!, "tuple");
  else if (type.kind !== "void" || result?.kind !== "void") requireValue(context, first!, "single");
  else requireValue(context, first!, "void");
  return type;
}

function checkDropped(context: Context, statement: Statement & { kind: "expression" }): void {
  const { expression } = statement;
  const type = checkExpression(context, expression);
  if (expression.kind === "if" || expression.kind === "while") return;
  requireValue(context, expression, type.kind === "void" ? "void" : type.kind === "tuple" ? "tuple" : "single");
  statement.expression = settle(expression);
}

function checkSwitch(context: Context, statement: SwitchStatement): void {
  if (!context.enter(statement)) return;
  const type = checkValue(context, statement.value);
  const fits = type.kind === "int" || type.kind === "bool" || type.kind === "string" || type.kind === "unknown";
  if (!fits) context.error(statement, `Switch condition must be Int, Bool, or String, got ${typeName(type)}`);
  const { targets } = context.frame;
  targets.push(statement);
  for (const clause of statement.cases) {
    clause.values.forEach((value, i) => {
      const actual = checkValue(context, value);
      if (!fits) return;
      if (isAssignable(actual, type)) clause.values[i] = fit(value, type);
      else context.error(clause, `Case value type mismatch: expected ${typeName(type)}, got ${typeName(actual)}`);
    });
    checkBlock(context, clause.body);
  }
  if (statement.otherwise !== null) checkBlock(context, statement.otherwise);
  targets.pop();
  context.leave();
}
