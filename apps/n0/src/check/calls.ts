/** Checks calls: what is called, and whether the arguments fit. */
import type { CallExpression, CallTarget, Expression } from "../ast.ts";
import { type BuiltinName, builtinSignature, isBuiltinName, yieldsToProgram } from "../builtins.ts";
import type { NameSymbol } from "../symbols.ts";
import {
  BOOL,
  basicTypeNamed,
  ERROR,
  type FunctionType,
  INT,
  isAssignable,
  isBasic,
  type StructType,
  sameType,
  type Type,
  typeName,
  UNKNOWN,
  VOID,
} from "../types.ts";
import type { Context } from "./context.ts";
import { checkExpression, checkValue, inferGlobal, requireFunction, requireValue } from "./expressions.ts";
import { fit, settle } from "./fit.ts";
import { mismatchHint } from "./hints.ts";
import { lookUp } from "./names.ts";

/** The type of the call's result. */
export function checkCall(context: Context, call: CallExpression): Type {
  const { callee } = call;
  if (callee.kind === "identifier") {
    const builtin = builtinCalled(context, callee.name);
    if (builtin !== null) {
      if (builtin.kind === "conversion") return checkConversion(context, call, builtin.to, true);
      callee.symbol = { kind: "builtin", name: builtin.name };
      return checkBuiltin(context, call, builtin.name);
    }
  }
  const type = checkExpression(context, callee);
  const symbol = calledSymbol(callee);
  if (symbol?.kind === "function") {
    requireFunction(context, callee, symbol);
    return checkFunctionCall(context, call, symbol.type, { kind: "function", function: symbol });
  }
  if (callee.kind === "member" && callee.member !== null) {
    const { member, object } = callee;
    if (member.kind === "method") {
      return checkFunctionCall(context, call, member.method.type, { ...member, receiver: object });
    }
    if (member.kind === "interfaceMethod") {
      return checkFunctionCall(context, call, member.method.type, { ...member, receiver: object });
    }
  }
  if (symbol?.kind !== "type") requireValue(context, callee, "single");
  switch (type.kind) {
    case "function":
      return checkFunctionCall(context, call, type, { kind: "closure", type });
    case "struct":
      if (symbol?.kind !== "type") context.unsupported(call, `A value of type ${type.name} cannot be called`);
      return checkConstructor(context, call, type);
    case "unknown":
    case "failed":
      checkArguments(context, call);
      return UNKNOWN;
    default:
      if (isBasic(type)) return checkConversion(context, call, type, symbol?.kind === "type");
      checkArguments(context, call);
      context.error(call, `Cannot call ${type.kind} type`);
      return UNKNOWN;
  }
}

/** The function or type that the callee names, here or in another module. */
function calledSymbol(callee: Expression): NameSymbol | null {
  if (callee.kind === "identifier") return callee.symbol;
  return callee.kind === "member" && callee.member?.kind === "module" ? callee.member.symbol : null;
}

/**
 * The built-in function or conversion that a name means in a call, null when there is none. The language looks up its
 * built-in functions, `error` among them, before the program's own declarations; the newer ones and the other conversions
 * only after them.
 */
function builtinCalled(
  context: Context,
  name: string,
): { kind: "builtin"; name: BuiltinName } | { kind: "conversion"; to: Type } | null {
  if (isBuiltinName(name)) {
    return yieldsToProgram(name) && lookUp(context, name) !== undefined ? null : { kind: "builtin", name };
  }
  const basic = basicTypeNamed(name);
  if (basic === undefined) return null;
  if (basic === ERROR) return { kind: "conversion", to: ERROR };
  const own = lookUp(context, name);
  if (own?.kind === "global") inferGlobal(context, own);
  return own?.type.kind === "function" || (own?.kind === "type" && own.type !== basic)
    ? null
    : { kind: "conversion", to: basic };
}

function isKnown(type: Type): boolean {
  return type.kind !== "unknown" && type.kind !== "failed";
}

function checkArguments(context: Context, call: CallExpression): Type[] {
  const types: Type[] = [];
  for (const argument of call.arguments) types.push(checkValue(context, argument));
  return types;
}

function checkFunctionCall(context: Context, call: CallExpression, type: FunctionType, target: CallTarget): Type {
  const types = checkArguments(context, call);
  const expected = type.parameters.length;
  call.target = target;
  if (types.length !== expected) {
    context.error(
      call,
      `Wrong number of arguments: expected ${expected}, got ${types.length}`,
      `what is called is ${typeName(type)}`,
    );
    return type.result;
  }
  types.forEach((_, i) => {
    fitArgument(context, call, i, type.parameters[i]!, `Argument ${i + 1}`);
  });
  return type.result;
}

function fitArgument(context: Context, call: CallExpression, i: number, target: Type, what: string): void {
  const argument = call.arguments[i]!;
  if (isAssignable(argument.type, target)) call.arguments[i] = fit(argument, target);
  else {
    context.error(
      call,
      `${what} type mismatch: expected ${typeName(target)}, got ${typeName(argument.type)}`,
      mismatchHint(argument.type, target),
    );
  }
}

function checkConstructor(context: Context, call: CallExpression, struct: StructType): Type {
  const types = checkArguments(context, call);
  const { name, fields } = struct;
  call.target = { kind: "constructor", struct };
  if (types.length !== fields.length) {
    context.error(
      call,
      `Struct ${name} constructor requires ${fields.length} arguments, got ${types.length}`,
      `its fields: ${fields.map((field) => `${field.name} ${typeName(field.type)}`).join(", ")}`,
    );
    return struct;
  }
  fields.forEach((field, i) => {
    fitArgument(context, call, i, field.type, `Argument ${i + 1} (${field.name})`);
  });
  return struct;
}

/** `x(v)` on a basic type is a conversion to it; only a type's name can be meant so when the program runs. */
function checkConversion(context: Context, call: CallExpression, to: Type, named: boolean): Type {
  const types = checkArguments(context, call);
  if (!named) context.unsupported(call, `A value of type ${typeName(to)} cannot be called`);
  const [from] = types;
  if (from === undefined || types.length > 1) {
    context.error(call, "Type conversion requires exactly 1 argument");
    return to;
  }
  const numeric = (from.kind === "int" || from.kind === "float") && (to.kind === "int" || to.kind === "float");
  const made = from.kind === "string" && to.kind === "error";
  if (isKnown(from) && !numeric && !made && !sameType(from, to)) {
    context.error(call, `Cannot convert type ${typeName(from)} to ${typeName(to)}`);
  }
  call.target = { kind: "conversion", from, to };
  return to;
}

// -------------------------------------------------------------------------------------------------- built-ins

function checkBuiltin(context: Context, call: CallExpression, name: BuiltinName): Type {
  const target: CallTarget = { kind: "builtin", name };
  if (name === "parse_int") context.unsupported(call, "Built-in function parse_int is not supported, use conv.Atoi");
  const signature = builtinSignature(name);
  if (signature !== null) return checkFunctionCall(context, call, signature, target);
  call.target = target;
  switch (name) {
    case "panjang":
      return checkLength(context, call);
    case "hapus":
      checkMapAndKey(context, call, name);
      return VOID;
    case "punya":
      checkMapAndKey(context, call, name);
      return BOOL;
    case "kunci":
      return checkKeys(context, call);
    case "tambah":
      checkAppend(context, call);
      return VOID;
    case "assert":
      return checkAssert(context, call);
    default:
      return checkSpawn(context, call);
  }
}

function checkLength(context: Context, call: CallExpression): Type {
  const types = checkArguments(context, call);
  const [type] = types;
  if (type === undefined || types.length !== 1) {
    context.error(call, "panjang expects 1 argument");
    return INT;
  }
  call.arguments[0] = settle(call.arguments[0]!);
  if (type.kind !== "array" && type.kind !== "map" && type.kind !== "string" && isKnown(type)) {
    context.error(call, `Argument must be Array, Map, or String, got ${typeName(type)}`);
  }
  return INT;
}

function checkMapAndKey(context: Context, call: CallExpression, name: BuiltinName): void {
  const [map, key, ...more] = checkArguments(context, call);
  if (map === undefined || key === undefined || more.length > 0) {
    context.error(call, `${name} expects 2 arguments: map and key`);
    return;
  }
  if (map.kind !== "map") {
    if (isKnown(map)) context.error(call, `Argument 1 must be a map, got ${typeName(map)}`);
    return;
  }
  call.arguments[0] = settle(call.arguments[0]!);
  if (isAssignable(key, map.key)) call.arguments[1] = fit(call.arguments[1]!, map.key);
  else context.error(call, `Key type mismatch: expected ${typeName(map.key)}, got ${typeName(key)}`);
}

/** `kunci(m)`: only keys that have an order of their own, so that it is the same wherever objects lie. */
function checkKeys(context: Context, call: CallExpression): Type {
  const types = checkArguments(context, call);
  const [map] = types;
  if (map === undefined || types.length > 1) {
    context.error(call, "kunci expects 1 argument: a map");
    return UNKNOWN;
  }
  if (map.kind !== "map") {
    if (isKnown(map)) context.error(call, `Argument 1 must be a map, got ${typeName(map)}`);
    return UNKNOWN;
  }
  call.arguments[0] = settle(call.arguments[0]!);
  const { kind } = map.key;
  if (kind !== "int" && kind !== "float" && kind !== "bool" && kind !== "string" && isKnown(map.key)) {
    context.error(call, `kunci requires keys of type int, float, bool or string, got ${typeName(map.key)}`);
  }
  return { kind: "array", element: map.key };
}

/** `tambah(xs, x)` */
function checkAppend(context: Context, call: CallExpression): void {
  const [array, value, ...more] = checkArguments(context, call);
  if (array === undefined || value === undefined || more.length > 0) {
    context.error(call, "tambah expects 2 arguments: array and element");
    return;
  }
  if (array.kind !== "array") {
    if (isKnown(array)) context.error(call, `Argument 1 must be an array, got ${typeName(array)}`);
    return;
  }
  call.arguments[0] = settle(call.arguments[0]!);
  fitArgument(context, call, 1, array.element, "Argument 2");
}

function checkAssert(context: Context, call: CallExpression): Type {
  if (call.arguments.length !== 2) {
    checkArguments(context, call);
    context.error(call, "assert expects 2 arguments: interface and type");
    return UNKNOWN;
  }
  const [value, wanted] = call.arguments as [Expression, Expression];
  const from = checkValue(context, value);
  const to = checkExpression(context, wanted);
  if (from.kind !== "interface" && isKnown(from)) {
    context.error(call, `Argument 1 must be an interface, got ${typeName(from)}`);
  }
  if (to.kind !== "struct") {
    if (isKnown(to)) context.error(call, "Argument 2 must be a struct type for assertion");
    return UNKNOWN;
  }
  if (calledSymbol(wanted)?.kind !== "type")
    context.unsupported(call, "Argument 2 of assert must be the name of a type");
  return to;
}

function checkSpawn(context: Context, call: CallExpression): Type {
  context.usesThreads = true;
  const types = checkArguments(context, call);
  const [type, argument] = types;
  if (type === undefined || types.length > 2) {
    context.error(call, "luncurkan expects 1 or 2 arguments");
    return VOID;
  }
  if (type.kind !== "function") {
    if (isKnown(type)) context.error(call, `Argument 1 must be a function, got ${typeName(type)}`);
    return VOID;
  }
  if (argument === undefined) {
    if (type.parameters.length > 0) context.error(call, "Function requires arguments");
  } else if (type.parameters.length !== 1) {
    context.error(call, "Function passed to luncurkan must accept exactly 1 argument");
  } else {
    fitArgument(context, call, 1, type.parameters[0]!, "Argument 2");
  }
  if (calledSymbol(call.arguments[0]!)?.kind !== "function") {
    context.unsupported(call, "luncurkan expects named function");
  }
  return VOID;
}
