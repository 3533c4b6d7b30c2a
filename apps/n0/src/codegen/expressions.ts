/** Generates expressions: each becomes WebAssembly code with one value of the type's {@link wasmType}, or none for void. */

import type { Expression, Identifier, InterpolatedString, MemberExpression } from "../ast.ts";
import type { NameSymbol } from "../symbols.ts";
import * as wasm from "../wasm/index.ts";
import { generateCall } from "./calls.ts";
import { captureAddress, generateClosure, generateFunctionValue } from "./closures.ts";
import { generateArrayLiteral, generateIndex, generateMapLiteral } from "./collections.ts";
import { type Code, zero } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { generateConversion } from "./interfaces.ts";
import { wasmType } from "./layout.ts";
import { generateRequired, sequence } from "./operands.ts";
import { generateBinary, generatePrefix } from "./operators.ts";
import { generateStruct, structLayout } from "./structs.ts";

/** The value of an expression. */
export function generateExpression(builder: FunctionBuilder, expression: Expression): Code {
  const { m } = builder;
  const { line } = m;
  m.line = expression.line;
  const code = generate(builder, expression);
  m.line = line;
  return code;
}

function generate(builder: FunctionBuilder, expression: Expression): Code {
  const { m } = builder;
  switch (expression.kind) {
    case "int":
      return m.i64.const(expression.value);
    case "float":
      return m.f64.const(expression.value);
    case "bool":
      return m.i32.const(expression.value ? 1 : 0);
    case "null":
      return zero(m, expression.type);
    case "string":
      return builder.context.literals.string(expression.bytes);
    case "interpolated":
      return generateInterpolated(builder, expression);
    case "array":
      return generateArrayLiteral(builder, expression);
    case "map":
      return generateMapLiteral(builder, expression);
    case "struct": {
      const { fields } = expression;
      const parts = fields.map(({ field, value }) => ({ index: field!.index, value }));
      return generateStruct(builder, expression.type, parts);
    }
    case "function":
      return generateClosure(builder, expression);
    case "identifier":
      return generateIdentifier(builder, expression);
    case "member":
      return generateMember(builder, expression);
    case "index":
      return generateIndex(builder, expression);
    case "call":
      return generateCall(builder, expression);
    case "prefix":
      return generatePrefix(builder, expression);
    case "binary":
      return generateBinary(builder, expression);
    case "convert":
      return generateConversion(builder, expression);
    default:
      throw new Error(`an expression of kind ${expression.kind} has no value`);
  }
}

/** Code whose value is wanted more than once. */
export function codeInLocal(
  builder: FunctionBuilder,
  code: Code,
  type: wasm.Type,
  use: (get: () => Code) => Code,
): Code {
  const { m } = builder;
  const local = builder.take(type);
  const used = use(() => m.local.get(local, type));
  builder.give(local);
  const result = used.type;
  const resultType = result === wasm.unreachable ? wasm.none : result;
  return m.block(null, [m.local.set(local, code), used], resultType);
}

/** The parts are joined from left to right, a new string each time. */
function generateInterpolated(builder: FunctionBuilder, { parts, line }: InterpolatedString): Code {
  const { context, m } = builder;
  const [first, ...rest] = parts as [Expression, ...Expression[]];
  if (rest.length === 0) return generateRequired(builder, first, line);
  const local = builder.take(wasm.ref);
  const slot = builder.takeSlot();
  const get = (): Code => m.local.get(local, wasm.ref);
  const set = (value: Code, root: boolean): Code =>
    root ? builder.setRooted(local, slot, first.type, value) : m.local.set(local, value);
  const code: Code[] = [];
  let joined = generateRequired(builder, first, line);
  for (const part of rest) {
    code.push(set(joined, context.effects.of(part)));
    joined = context.runtime("mph_string_concat", [get(), generateRequired(builder, part, line)]);
  }
  builder.give(local);
  builder.giveSlot(slot);
  return sequence(builder, code, joined, wasm.ref);
}

function generateIdentifier(builder: FunctionBuilder, { symbol }: Identifier): Code {
  return readSymbol(builder, symbol!);
}

function readSymbol(builder: FunctionBuilder, symbol: NameSymbol): Code {
  const { context, m } = builder;
  switch (symbol.kind) {
    case "local":
      return builder.getVariable(symbol);
    case "capture": {
      const { address, offset } = captureAddress(builder, symbol);
      return context.target.load(symbol.type, address, offset);
    }
    case "global": {
      const place = context.placeOf(symbol);
      if (place.kind === "wasm") return m.global.get(place.name, wasmType(symbol.type));
      if (symbol.type.kind === "interface")
        return wasm.typed(m.i64.load(0, 8, context.address(place.offset)), wasm.pair);
      return m.ref.load(0, 4, context.address(place.offset));
    }
    case "function":
      return generateFunctionValue(builder, symbol);
    default:
      throw new Error(`a ${symbol.kind} has no value`);
  }
}

function generateMember(builder: FunctionBuilder, expression: MemberExpression): Code {
  const { context } = builder;
  const member = expression.member!;
  if (member.kind === "module") return readSymbol(builder, member.symbol);
  if (member.kind !== "field") throw new Error("a method has no value");
  const { struct, field } = member;
  const { target } = context;
  const offset = structLayout(context, struct).offsets[field.index]!;
  const object = generateRequired(builder, expression.object, expression.line);
  if (!target.readsTwice(field.type)) return target.load(field.type, () => object, offset);
  return codeInLocal(builder, object, wasm.ref, (get) => target.load(field.type, get, offset));
}
