/**
 * Interfaces. A value is an instance and a vtable:
 *
 *   vtable  ┬ type id 4 ┬ function 4 ┬ function 4 ┬ ...        functions as indexes of the table, 0 for none
 *
 * Interfaces of the same name are one type, also when they are declared in several modules: such a family shares its
 * tables, which have a place for every method that one of them has.
 */

import type { InterfaceConversion } from "../ast.ts";
import type { InterfaceMethod, InterfaceType, StructType } from "../types.ts";
import { typeName } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { codeInLocal, generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { structKey } from "./layout.ts";
import { pack } from "./values.ts";

/** Type ids, families and vtables of one module. */
export class Interfaces {
  private readonly context: ModuleContext;
  private readonly typeIds: Map<string, number> = new Map();
  /** By interface name: the place of each method, by name and signature. */
  private readonly families: Map<string, Map<string, number>> = new Map();
  private readonly vtables: Map<string, number> = new Map();

  constructor(context: ModuleContext) {
    this.context = context;
    for (const { structs, interfaces } of context.program.modules) {
      for (const struct of structs) this.typeIds.set(structKey(struct), this.typeIds.size + 1);
      for (const type of interfaces) {
        const family = this.families.get(type.name) ?? new Map<string, number>();
        this.families.set(type.name, family);
        for (const method of type.methods.values()) {
          const key = methodKey(method);
          if (!family.has(key)) family.set(key, family.size);
        }
      }
    }
  }

  /** What tells a struct apart in an interface value; from 1. */
  typeId(struct: StructType): number {
    return this.typeIds.get(structKey(struct))!;
  }

  /** Offset of a method in every vtable of the interface. */
  methodOffset(type: InterfaceType, method: InterfaceMethod): number {
    return 4 + this.families.get(type.name)!.get(methodKey(method))! * 4;
  }

  /** Offset of a struct's vtable in the region. */
  vtable(struct: StructType, type: InterfaceType): number {
    const key = `${structKey(struct)} ${type.name}`;
    let offset = this.vtables.get(key);
    if (offset === undefined) {
      const words = [this.typeId(struct)];
      for (const wanted of this.families.get(type.name)!.keys()) {
        const method = [...struct.methods.values()].find((candidate) => methodKey(candidate) === wanted);
        words.push(method === undefined ? 0 : this.context.tableIndex(this.context.functionName(method.declaration)));
      }
      offset = this.context.image.words(words);
      this.vtables.set(key, offset);
    }
    return offset;
  }
}

function methodKey({ name, type }: Pick<InterfaceMethod, "name" | "type">): string {
  return `${name} ${typeName(type)}`;
}

/** A struct as an interface value; null becomes null. */
export function generateConversion(builder: FunctionBuilder, { value, struct, type }: InterfaceConversion): Code {
  return convert(builder, generateExpression(builder, value), struct, type);
}

/** The conversion of code whose value is a struct. */
export function convert(builder: FunctionBuilder, value: Code, struct: StructType, type: InterfaceType): Code {
  const { context, m } = builder;
  const vtable = context.address(context.interfaces.vtable(struct, type));
  return codeInLocal(builder, value, wasm.ref, (get) => pack(m, get(), m.select(get(), vtable, m.i32.const(0))));
}
