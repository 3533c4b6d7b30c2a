/** Reads and writes values in the memory, takes 64-bit values apart, and checks for null. */

import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { FAIL, FAIL_NULL } from "./names.ts";

/** Where an element of so many bytes lies, from the first one on. */
export function elementOffset(m: wasm.Module, size: number, index: Code): Code {
  const at = m.i32.wrap(index);
  return size === 24 ? m.i32.mul(at, m.i32.const(24)) : m.i32.shl(at, m.i32.const(size === 8 ? 3 : 2));
}

/** An interface value of an instance and a vtable. */
export function pack(m: wasm.Module, instance: Code, vtable: Code): Code {
  return wasm.typed(m.i64.or(m.i64.extend_u(instance), m.i64.shl(m.i64.extend_u(vtable), m.i64.const(32n))), wasm.pair);
}

/** The low word; of an interface the instance. */
export function low(m: wasm.Module, value: Code): Code {
  const word = m.i32.wrap(value);
  return value.type === wasm.pair ? wasm.typed(word, wasm.ref) : word;
}

/** The high word. */
export function high(m: wasm.Module, value: Code): Code {
  return m.i32.wrap(m.i64.shr_u(value, m.i64.const(32n)));
}

/** The type id of an interface with that vtable: its first word, 0 for null. */
export function typeIdOf(m: wasm.Module, vtable: () => Code): Code {
  return m.select(vtable(), m.i32.load(0, 4, vtable()), m.i32.const(0));
}

/** The value in the runtime's result cell. */
export function resultCell(context: ModuleContext, type: Type): Code {
  return context.target.load(type, () => context.result(), 0);
}

/** Ends the program when the condition holds. */
export function failIf(builder: FunctionBuilder, condition: Code, failure: number, line: number): Code {
  const { m, context } = builder;
  const operands = [m.i32.const(failure), m.i32.const(builder.file), m.i32.const(line)];
  return m.if(condition, m.block(null, [context.runner(FAIL, operands), m.unreachable()]));
}

/** Ends the program when the reference is null. */
export function failIfNull(builder: FunctionBuilder, reference: Code, line: number): Code {
  return failIf(builder, builder.m.i32.eqz(reference), FAIL_NULL, line);
}

/** A 64-bit value as two operands that stand side by side, low and high. */
export function words(builder: FunctionBuilder, value: Code): [Code, Code] {
  const { m } = builder;
  const local = builder.take(wasm.i64);
  builder.give(local);
  return [low(m, m.local.tee(local, value, wasm.i64)), high(m, m.local.get(local, wasm.i64))];
}

/** Any value as the 64 bits that maps and runtime functions take, low and high. An interface is instance and vtable; where maps hold boxes, it has to be boxed first. */
export function bits(builder: FunctionBuilder, type: Type, value: Code): [Code, Code] {
  const { m } = builder;
  switch (type.kind) {
    case "int":
      return words(builder, value);
    case "float":
      return words(builder, m.i64.reinterpret(value));
    case "interface": {
      const local = builder.take(wasm.pair);
      builder.give(local);
      return [low(m, m.local.tee(local, value, wasm.pair)), high(m, m.local.get(local, wasm.pair))];
    }
    default:
      return [value, m.i32.const(0)];
  }
}

/** The reference that the code gives, once it is known not to be null; else the program ends. */
export function requiredCode(builder: FunctionBuilder, code: Code, line: number, type: wasm.Type = wasm.ref): Code {
  const { m } = builder;
  const local = builder.take(type);
  builder.give(local);
  const get = (): Code => m.local.get(local, type);
  return m.block(null, [m.local.set(local, code), failIfNull(builder, get(), line), get()], type);
}
