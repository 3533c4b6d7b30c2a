/** The native functions, as calls of the runtime. */

import type { NativeName } from "../natives.ts";
import { ERROR, type FunctionType, type Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { partsOf, wasmType } from "./layout.ts";
import { SLEEP } from "./names.ts";
import { bits, requiredCode, resultCell, words } from "./values.ts";

/** A call with evaluated arguments; the first result is the value, others lie in the globals for results. */
export function generateNative(
  builder: FunctionBuilder,
  name: NativeName,
  type: FunctionType,
  operands: readonly Code[],
  line: number,
): Code {
  const { context, m } = builder;
  const [a] = operands as [Code];
  switch (name) {
    case "conv_FloatBits":
      return m.i64.reinterpret(a);
    case "conv_FloatFromBits":
      return m.f64.reinterpret(a);
    case "string_Length":
      return m.i64.extend_s(context.target.stringCount(requiredCode(builder, a, line)));
    case "time_Sleep":
      if (context.program.usesThreads) return context.runner(SLEEP, words(builder, a));
      break;
    case "time_Now":
      return m.block(null, [context.runtime("mph_time_Now", []), resultCell(context, type.result)], wasm.i64);
  }
  const codes = type.parameters.flatMap((parameter, i) => argument(builder, parameter, operands[i]!, line));
  return resultOf(builder, type.result, context.runtime(`mph_${name}`, codes));
}

/** What the runtime takes for an argument: two words of a number; a string that must be there; any other reference, which it checks. */
function argument(builder: FunctionBuilder, type: Type, value: Code, line: number): Code[] {
  if (type.kind === "string") return [requiredCode(builder, value, line)];
  return type.kind === "int" || type.kind === "float" ? bits(builder, type, value) : [value];
}

/** A count becomes an int. Of (value, error) the runtime returns the error and leaves the value in the result cell. */
function resultOf(builder: FunctionBuilder, result: Type, call: Code): Code {
  const { context, m } = builder;
  const [first, second] = partsOf(result);
  if (second !== undefined) {
    const value = resultCell(context, first!);
    return m.block(null, [m.global.set(context.returnGlobal(1, ERROR).name, call), value], wasmType(first!));
  }
  return first?.kind === "int" ? m.i64.extend_s(call) : call;
}
