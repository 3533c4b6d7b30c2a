/** Generates the built-in functions. */

import type { CallExpression, Expression } from "../ast.ts";
import type { BuiltinName } from "../builtins.ts";
import type { FunctionSymbol } from "../symbols.ts";
import { INT, type StructType } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import { generateAppend, generateDelete, generateHas, generateKeys } from "./collections.ts";
import type { Code } from "./context.ts";
import { codeInLocal, generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { wasmType } from "./layout.ts";
import { RECEIVE, SEND } from "./names.ts";
import { evaluate, generateRequired, required, sequence } from "./operands.ts";
import { generateSpawn } from "./threads.ts";
import { high, low, resultCell, words } from "./values.ts";

/** The value of a call of a built-in function. */
export function generateBuiltin(builder: FunctionBuilder, call: CallExpression, name: BuiltinName): Code {
  const { context, m } = builder;
  const { arguments: operands, line } = call;
  const [a, b] = operands as [Expression, Expression];
  switch (name) {
    case "native_print":
      return context.runtime("mph_native_print", [generateRequired(builder, a, line)]);
    case "native_print_int":
      return context.runtime("mph_native_print_int", words(builder, generateExpression(builder, a)));
    case "native_print_error":
      return context.runtime("mph_native_print_error", [generateExpression(builder, a)]);
    case "panjang":
      return generateLength(builder, a, line);
    case "hapus":
      return generateDelete(builder, a, b, line);
    case "punya":
      return generateHas(builder, a, b, line);
    case "kunci":
      return generateKeys(builder, a, line);
    case "tambah":
      return generateAppend(builder, a, b, line);
    case "index":
      return m.i64.extend_s(ofStrings(builder, "mph_string_index", call));
    case "trim":
      return ofStrings(builder, "mph_string_trim", call);
    case "split":
      return ofStrings(builder, "mph_string_split", call);
    case "substring":
      return generateSubstring(builder, operands);
    case "assert":
      return generateAssert(builder, a, call.type as StructType);
    case "saluran_baru":
      return context.runtime("mph_channel_new", []);
    case "kirim": {
      const values = evaluate(builder, [{ expression: a }, { expression: b }]);
      const channel = required(builder, a, () => values.get(0), line);
      const send = [channel, ...words(builder, values.get(1)), m.i32.const(builder.file), m.i32.const(line)];
      values.release();
      return sequence(builder, values.before, context.runner(SEND, send), wasm.none);
    }
    case "terima": {
      const channel = generateRequired(builder, a, line);
      const receive = context.runner(RECEIVE, [channel, m.i32.const(builder.file), m.i32.const(line)]);
      return m.block(null, [receive, resultCell(context, INT)], wasm.i64);
    }
    case "luncurkan":
      return generateSpawn(builder, startedFunction(a), operands[1] ?? null);
    case "parse_int":
      throw new Error("parse_int does not pass the front end");
  }
}

/** `panjang(x)`: of a null map 0. */
function generateLength(builder: FunctionBuilder, value: Expression, line: number): Code {
  const { context, m } = builder;
  if (value.type.kind === "string") return context.target.stringLength(generateRequired(builder, value, line));
  if (value.type.kind !== "map") return m.i64.load(8, 8, generateRequired(builder, value, line));
  return codeInLocal(builder, generateExpression(builder, value), wasm.ref, (get) =>
    m.if(get(), m.i64.load(16, 8, get()), m.i64.const(0n)),
  );
}

/** A function of two strings. */
function ofStrings(builder: FunctionBuilder, name: string, { arguments: operands, line }: CallExpression): Code {
  const values = evaluate(
    builder,
    operands.map((expression) => ({ expression })),
  );
  const codes = operands.map((operand, i) => required(builder, operand, () => values.get(i), line));
  values.release();
  const code = builder.context.runtime(name, codes);
  return sequence(builder, values.before, code, code.type);
}

/** `substring(s, a, b)`: of null the empty string. */
function generateSubstring(builder: FunctionBuilder, operands: readonly Expression[]): Code {
  const values = evaluate(
    builder,
    operands.map((expression) => ({ expression })),
  );
  const string = values.get(0);
  const start = words(builder, values.get(1));
  const end = words(builder, values.get(2));
  values.release();
  const code = builder.context.runtime("mph_string_substring", [string, ...start, ...end]);
  return sequence(builder, values.before, code, wasm.ref);
}

/** `assert(i, T)`: the instance when it is a T, else null. */
function generateAssert(builder: FunctionBuilder, value: Expression, struct: StructType): Code {
  const { context, m } = builder;
  const id = m.i32.const(context.interfaces.typeId(struct));
  return codeInLocal(builder, generateExpression(builder, value), wasmType(value.type), (get) => {
    const isWanted = m.i32.eq(m.i32.load(0, 4, high(m, get())), id);
    return m.if(high(m, get()), m.if(isWanted, low(m, get()), m.i32.const(0)), m.i32.const(0));
  });
}

function startedFunction(named: Expression): FunctionSymbol {
  const symbol = named.kind === "member" && named.member?.kind === "module" ? named.member.symbol : null;
  const found = named.kind === "identifier" ? named.symbol : symbol;
  if (found?.kind !== "function") throw new Error("luncurkan starts a named function");
  return found;
}
