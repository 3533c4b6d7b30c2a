/** Generates calls. The first result is the value of the call; the other parts of a tuple come in globals. */

import type { CallExpression, Expression } from "../ast.ts";
import type { NativeName } from "../natives.ts";
import type { FunctionType, InterfaceMethod, InterfaceType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import { generateBuiltin } from "./builtins.ts";
import { closureSignature } from "./closures.ts";
import type { Code } from "./context.ts";
import { generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { wasmType } from "./layout.ts";
import { FAIL_NULL } from "./names.ts";
import { generateNative } from "./natives.ts";
import { evaluate, isNeverNull, sequence } from "./operands.ts";
import { generateStruct } from "./structs.ts";
import { failIf, failIfNull, high, low, requiredCode } from "./values.ts";

/** The value of a call, or none when it returns nothing. */
export function generateCall(builder: FunctionBuilder, call: CallExpression): Code {
  const { context } = builder;
  const target = call.target!;
  switch (target.kind) {
    case "function": {
      const { native, declaration } = target.function;
      if (native !== null) return callNative(builder, call, native, target.function.type);
      return callDirectly(builder, context.functionName(declaration), call.arguments, call.type);
    }
    case "method": {
      const name = context.functionName(target.method.declaration);
      return callDirectly(builder, name, [target.receiver, ...call.arguments], call.type);
    }
    case "interfaceMethod":
      return callInterface(builder, call, target.receiver, target.interface, target.method);
    case "closure":
      return callClosure(builder, call, target.type);
    case "constructor": {
      const parts = call.arguments.map((value, index) => ({ index, value }));
      return generateStruct(builder, target.struct, parts);
    }
    case "conversion":
      return convertBasic(builder, call.arguments[0]!, target.to, call.line);
    case "builtin":
      return generateBuiltin(builder, call, target.name);
  }
}

function callDirectly(builder: FunctionBuilder, name: string, operands: readonly Expression[], result: Type): Code {
  const type = wasmType(result);
  const values = evaluate(
    builder,
    operands.map((expression) => ({ expression })),
  );
  const code = builder.m.call(
    name,
    operands.map((_, i) => values.get(i)),
    type,
  );
  values.release();
  return sequence(builder, values.before, code, type);
}

function callNative(
  builder: FunctionBuilder,
  { arguments: operands, type, line }: CallExpression,
  native: NativeName,
  signature: FunctionType,
): Code {
  const values = evaluate(
    builder,
    operands.map((expression) => ({ expression })),
  );
  const codes = operands.map((_, i) => values.get(i));
  const code = generateNative(builder, native, signature, codes, line);
  values.release();
  return sequence(builder, values.before, code, wasmType(type));
}

function callInterface(
  builder: FunctionBuilder,
  call: CallExpression,
  receiver: Expression,
  type: InterfaceType,
  method: InterfaceMethod,
): Code {
  const { context, m } = builder;
  const operands = [{ expression: receiver, again: true }, ...call.arguments.map((expression) => ({ expression }))];
  const values = evaluate(builder, operands);
  const { before, get } = values;
  const vtable = builder.take(wasm.i32);
  const getVtable = (): Code => m.local.get(vtable, wasm.i32);
  // A later argument may hold a call through the same local, so the place of the function is found last.
  const codes = [low(m, get(0)), ...call.arguments.map((_, i) => get(i + 1))];
  const check = m.block(
    null,
    [
      m.local.set(vtable, high(m, get(0))),
      failIf(builder, m.i32.eqz(getVtable()), FAIL_NULL, call.line),
      m.i32.load(context.interfaces.methodOffset(type, method), 4, getVtable()),
    ],
    wasm.i32,
  );
  builder.give(vtable);
  const params = [wasm.ref, ...method.type.parameters.map(wasmType)];
  const result = wasmType(method.type.result);
  const code = m.callIndirect(check, codes, params, result);
  values.release();
  return sequence(builder, before, code, result);
}

function callClosure(builder: FunctionBuilder, call: CallExpression, type: FunctionType): Code {
  const { context, m } = builder;
  const { target } = context;
  const { callee, line } = call;
  const values = evaluate(builder, [
    { expression: callee, again: true },
    ...call.arguments.map((expression) => ({ expression })),
  ]);
  const { before, get } = values;
  const { params, result } = closureSignature(type);
  // The check stands before the first operand: it is what the environment is read from.
  const environment = isNeverNull(callee)
    ? target.closureEnvironment(get(0))
    : m.block(null, [failIfNull(builder, get(0), line), target.closureEnvironment(get(0))], wasm.ref);
  const codes = [environment, ...call.arguments.map((_, i) => get(i + 1))];
  const code = m.callIndirect(target.closureFunction(get(0)), codes, params, result);
  values.release();
  return sequence(builder, before, code, result);
}

/** `int(f)` truncates toward zero and saturates, not a number is 0; `float(i)`; `error(s)`; anything else stays as it is. */
function convertBasic(builder: FunctionBuilder, value: Expression, to: Type, line: number): Code {
  const { context, m } = builder;
  const code = generateExpression(builder, value);
  const from = value.type.kind;
  if (to.kind === "int" && from === "float") return m.i64.trunc_s_sat.f64(code);
  if (to.kind === "float" && from === "int") return m.f64.convert_s.i64(code);
  if (to.kind !== "error" || from !== "string") return code;
  return context.runtime("mph_error_new", [isNeverNull(value) ? code : requiredCode(builder, code, line)]);
}
