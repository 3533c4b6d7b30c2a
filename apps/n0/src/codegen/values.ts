/** Reads and writes values in the memory, takes 64-bit values apart, and checks for null. */

import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { isTraced } from "./layout.ts";
import { FAIL, FAIL_NULL } from "./names.ts";

/** The value at an address and an offset. The address is evaluated twice for an interface: it must be a local. */
export function load(context: ModuleContext, type: Type, address: () => Code, offset: number): Code {
  const { m } = context;
  switch (type.kind) {
    case "int":
      return m.i64.load(offset, 8, address());
    case "float":
      return m.f64.load(offset, 8, address());
    case "interface":
      return pack(m, m.i32.load(offset, 4, address()), m.i32.load(offset + 8, 4, address()));
    default:
      return m.i32.load(offset, 4, address());
  }
}

/**
 * Stores a value at an address and an offset. Of a reference the high half is 0 already. Where more than one
 * instruction is needed, address and value are evaluated more than once: then both must be locals or constants.
 */
export function store(
  context: ModuleContext,
  type: Type,
  address: () => Code,
  offset: number,
  value: () => Code,
): Code {
  const { m } = context;
  const stored = storeOnly(context, type, address, offset, value);
  if (!context.recorded || !isTraced(type)) return stored;
  const target = offset === 0 ? address() : m.i32.add(address(), m.i32.const(offset));
  return m.block(null, [stored, context.runtime("mph_record_store", [target, m.i32.load(offset, 4, address())])]);
}

/** Whether {@link store} evaluates address and value more than once. */
export function storesInSteps(context: ModuleContext, type: Type): boolean {
  return type.kind === "interface" || (context.recorded && isTraced(type));
}

function storeOnly(context: ModuleContext, type: Type, address: () => Code, offset: number, value: () => Code): Code {
  const { m } = context;
  switch (type.kind) {
    case "int":
      return m.i64.store(offset, 8, address(), value());
    case "float":
      return m.f64.store(offset, 8, address(), value());
    case "interface":
      return m.block(null, [
        m.i32.store(offset, 4, address(), low(m, value())),
        m.i32.store(offset + 8, 4, address(), high(m, value())),
        m.i32.store(
          offset + 16,
          4,
          address(),
          typeIdOf(m, () => high(m, value())),
        ),
      ]);
    default:
      return m.i32.store(offset, 4, address(), value());
  }
}

/** An interface value of an instance and a vtable. */
export function pack(m: wasm.Module, instance: Code, vtable: Code): Code {
  return m.i64.or(m.i64.extend_u(instance), m.i64.shl(m.i64.extend_u(vtable), m.i64.const(32n)));
}

/** The low word. */
export function low(m: wasm.Module, value: Code): Code {
  return m.i32.wrap(value);
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
  return load(context, type, () => context.result(), 0);
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

/** Any value as the 64 bits that maps and runtime functions take, low and high. An interface has to be boxed first. */
export function bits(builder: FunctionBuilder, type: Type, value: Code): [Code, Code] {
  const { m } = builder;
  switch (type.kind) {
    case "int":
      return words(builder, value);
    case "float":
      return words(builder, m.i64.reinterpret(value));
    default:
      return [value, m.i32.const(0)];
  }
}

/** The reference that the code gives, once it is known not to be null; else the program ends. */
export function requiredCode(builder: FunctionBuilder, code: Code, line: number): Code {
  const { m } = builder;
  const local = builder.take(wasm.i32);
  builder.give(local);
  const get = (): Code => m.local.get(local, wasm.i32);
  return m.block(null, [m.local.set(local, code), failIfNull(builder, get(), line), get()], wasm.i32);
}
