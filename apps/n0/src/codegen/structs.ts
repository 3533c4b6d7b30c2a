/** Structs: their layouts, and how objects are made. */

import type { Expression } from "../ast.ts";
import type { StructType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { codeInLocal, generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { type Layout, wasmType } from "./layout.ts";
import { evaluate, sequence } from "./operands.ts";

/** Where the fields of a struct lie. */
export function structLayout({ target, structLayouts }: ModuleContext, struct: StructType): Layout {
  const layout = structLayouts.get(struct) ?? target.layOut(struct.fields.map(({ type }) => type));
  structLayouts.set(struct, layout);
  return layout;
}

/** The name that statistics show for a struct. */
export function structName({ modulePath, name }: StructType): string {
  return modulePath === "" ? name : `${modulePath}.${name}`;
}

interface Part {
  readonly index: number;
  readonly value: Expression;
}

/** A new struct. */
export function generateStruct(builder: FunctionBuilder, type: Type, parts: readonly Part[]): Code {
  const struct = type as StructType;
  return builder.context.target.objectLast ? makeAfter(builder, struct, parts) : makeBefore(builder, struct, parts);
}

/** The fields are evaluated, then the object is made: nothing can move it before they are stored. */
function makeAfter(builder: FunctionBuilder, struct: StructType, parts: readonly Part[]): Code {
  const { context, m } = builder;
  const { target } = context;
  const layout = structLayout(context, struct);
  const values = evaluate(
    builder,
    parts.map(({ value }) => ({ expression: value, again: true })),
    true,
  );
  const object = builder.take(wasm.ref);
  const get = (): Code => m.local.get(object, wasm.ref);
  const code = values.before;
  code.push(m.local.set(object, target.allocate(builder, structName(struct), layout)));
  const isYoung = target.isBornYoung(layout.size);
  parts.forEach(({ index }, i) => {
    const { type } = struct.fields[index]!;
    const offset = layout.offsets[index]!;
    const value = (): Code => values.get(i);
    code.push(
      isYoung
        ? target.initialise(type, get, offset, value)
        : target.storeField(builder, type, get, offset, value, "a field of a large struct"),
    );
  });
  builder.give(object);
  values.release();
  return sequence(builder, code, get(), wasm.ref);
}

/** The object is there before its fields are evaluated, so each goes straight to its place. */
function makeBefore(builder: FunctionBuilder, struct: StructType, parts: readonly Part[]): Code {
  const { context, m } = builder;
  const layout = structLayout(context, struct);
  const object = builder.take(wasm.ref);
  const get = (): Code => m.local.get(object, wasm.ref);
  const allocated = context.target.allocate(builder, structName(struct), layout);
  const rooted = parts.some(({ value }) => context.effects.of(value));
  const slot = rooted ? builder.takeSlot() : -1;
  const code = [rooted ? builder.setRooted(object, slot, struct, allocated) : m.local.set(object, allocated)];
  for (const { index, value } of parts) {
    code.push(storeExpression(builder, struct.fields[index]!.type, get, layout.offsets[index]!, value));
  }
  builder.give(object);
  if (rooted) builder.giveSlot(slot);
  return sequence(builder, code, get(), wasm.ref);
}

/** Stores an expression's value at an address that is a local. */
export function storeExpression(
  builder: FunctionBuilder,
  type: Type,
  address: () => Code,
  offset: number,
  value: Expression,
): Code {
  const { target } = builder.context;
  const code = generateExpression(builder, value);
  if (!target.storesInSteps(type)) return target.initialise(type, address, offset, () => code);
  return codeInLocal(builder, code, wasmType(type), (get) => target.initialise(type, address, offset, get));
}
