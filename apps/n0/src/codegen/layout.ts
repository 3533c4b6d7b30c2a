/**
 * How values lie in the memory (the C layouts, LP64) and in WebAssembly.
 *
 * | type | in the memory | in WebAssembly |
 * | --- | --- | --- |
 * | int, float | 8 bytes | i64, f64 |
 * | bool | 4 bytes | i32 |
 * | string, array, map, struct, function, error, channel | 8 bytes, the high half 0 | i32 |
 * | interface | 24 bytes: instance 8, vtable 8, type id 8 | i64: instance low, vtable high |
 *
 * The type id of an interface is the first word of its vtable, so the pair says everything.
 */

import type { StructType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";

/** The WebAssembly type of a value; `none` for void. Of a tuple: that of its first part, see {@link partsOf}. */
export function wasmType(type: Type): wasm.Type {
  switch (type.kind) {
    case "int":
    case "interface":
      return wasm.i64;
    case "float":
      return wasm.f64;
    case "void":
      return wasm.none;
    case "tuple":
      return wasmType(type.elements[0]!);
    default:
      return wasm.i32;
  }
}

/** Bytes of a value in a struct, an array or an environment. */
export function sizeOf(type: Type): number {
  if (type.kind === "bool") return 4;
  return type.kind === "interface" ? 24 : 8;
}

/** Whether the first word of a value is a pointer that the collector has to see. Channels lie outside the heap. */
export function isTraced(type: Type): boolean {
  switch (type.kind) {
    case "int":
    case "float":
    case "bool":
    case "channel":
    case "void":
      return false;
    default:
      return true;
  }
}

/** The values a result consists of: none of void, several of a tuple. */
export function partsOf(result: Type): readonly Type[] {
  if (result.kind === "void") return [];
  return result.kind === "tuple" ? result.elements : [result];
}

/** A struct or an environment in the memory. */
export interface Layout {
  /** A multiple of the largest alignment; at least 1, so that each object has an address of its own. */
  readonly size: number;
  /** Of each field, in the order of declaration. */
  readonly offsets: readonly number[];
  /** Where a collector finds pointers. */
  readonly pointerOffsets: readonly number[];
}

/** Places the fields as C does. */
export function layOut(types: readonly Type[]): Layout {
  let end = 0;
  let alignment = 1;
  const offsets: number[] = [];
  const pointerOffsets: number[] = [];
  for (const type of types) {
    const own = type.kind === "bool" ? 4 : 8;
    const offset = roundUp(end, own);
    if (isTraced(type)) pointerOffsets.push(offset);
    offsets.push(offset);
    end = offset + sizeOf(type);
    alignment = Math.max(alignment, own);
  }
  return { size: Math.max(roundUp(end, alignment), 1), offsets, pointerOffsets };
}

/** The least multiple of `unit` from `value` on. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** A name that is the same for the same struct and no other. */
export function structKey({ modulePath, name }: StructType): string {
  return `${modulePath}.${name}`;
}
