/** Structs: their layouts, and how objects are made. */

import type { Expression } from "../ast.ts";
import type { StructType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import { codeInLocal, generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { type Layout, layOut, wasmType } from "./layout.ts";
import { sequence } from "./operands.ts";
import { store, storesInSteps } from "./values.ts";

const layouts: WeakMap<StructType, Layout> = new WeakMap();

/** Where the fields of a struct lie. */
export function structLayout(struct: StructType): Layout {
  const layout = layouts.get(struct) ?? layOut(struct.fields.map(({ type }) => type));
  layouts.set(struct, layout);
  return layout;
}

/** The name that statistics show for a struct. */
export function structName({ modulePath, name }: StructType): string {
  return modulePath === "" ? name : `${modulePath}.${name}`;
}

/** An allocation: of a struct or an environment. */
export function allocate(builder: FunctionBuilder, name: string, { size, pointerOffsets }: Layout): Code {
  const { context, m } = builder;
  const offset = context.image.type({ name, size, pointerOffsets });
  return context.runtime("mph_alloc", [m.i32.const(size), m.i32.load(0, 4, context.address(offset))]);
}

/** A new struct. The object is there before its fields are evaluated, so each goes straight to its place. */
export function generateStruct(
  builder: FunctionBuilder,
  type: Type,
  parts: readonly { readonly index: number; readonly value: Expression }[],
): Code {
  const { context, m } = builder;
  const struct = type as StructType;
  const layout = structLayout(struct);
  const object = builder.take(wasm.i32);
  const get = (): Code => m.local.get(object, wasm.i32);
  const allocated = allocate(builder, structName(struct), layout);
  const rooted = parts.some(({ value }) => context.effects.of(value));
  const slot = rooted ? builder.takeSlot() : -1;
  const code = [rooted ? builder.setRooted(object, slot, type, allocated) : m.local.set(object, allocated)];
  for (const { index, value } of parts) {
    code.push(storeExpression(builder, struct.fields[index]!.type, get, layout.offsets[index]!, value));
  }
  builder.give(object);
  if (rooted) builder.giveSlot(slot);
  return sequence(builder, code, get(), wasm.i32);
}

/** Stores an expression's value at an address that is a local. */
export function storeExpression(
  builder: FunctionBuilder,
  type: Type,
  address: () => Code,
  offset: number,
  value: Expression,
): Code {
  const { context } = builder;
  const code = generateExpression(builder, value);
  if (!storesInSteps(context, type)) return store(context, type, address, offset, () => code);
  return codeInLocal(builder, code, wasmType(type), (get) => store(context, type, address, offset, get));
}
