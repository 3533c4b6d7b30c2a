/** The native functions of the standard modules, as calls of the runtime. */
import binaryen from "binaryen";
import type { NativeName } from "../symbols.ts";
import { ERROR, INT } from "../types.ts";
import type { Code } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { SLEEP } from "./names.ts";
import { requiredCode, resultCell, words } from "./values.ts";

/** A call with evaluated arguments; the first result is the value, others lie in the globals for results. */
export function generateNative(
  builder: FunctionBuilder,
  name: NativeName,
  operands: readonly Code[],
  line: number,
): Code {
  const { context, m } = builder;
  const [a, b] = operands as [Code, Code];
  const required = (code: Code): Code => requiredCode(builder, code, line);
  switch (name) {
    case "io.Open":
      return context.runtime("mph_io_Open", [required(a)]);
    case "io.Create":
      return context.runtime("mph_io_Create", [required(a)]);
    case "io.Read":
      return context.runtime("mph_io_Read", [a, ...words(builder, b)]);
    case "io.Write":
      return m.i64.extend_s(context.runtime("mph_io_Write", [a, required(b)]));
    case "io.Close":
      return m.i64.extend_s(context.runtime("mph_io_Close", [a]));
    case "conv.Itoa":
      return context.runtime("mph_conv_Itoa", words(builder, a));
    case "conv.Atoi": {
      const error = context.returnGlobal(1, ERROR);
      const call = m.global.set(error.name, context.runtime("mph_conv_Atoi", [required(a)]));
      return m.block(null, [call, resultCell(context, INT)], binaryen.i64);
    }
    case "time.Now":
      return m.block(null, [context.runtime("mph_time_Now", []), resultCell(context, INT)], binaryen.i64);
    case "time.Sleep":
      return context.program.usesThreads
        ? context.runner(SLEEP, words(builder, a))
        : context.runtime("mph_time_Sleep", words(builder, a));
    case "string.Length":
      return m.i64.extend_s(m.i32.load(8, 4, required(a)));
    case "string.Concat":
      return context.runtime("mph_string_concat", [required(a), required(b)]);
  }
}
