/**
 * How values lie in the memory (the C layouts, LP64; where objects move, smaller ones) and in WebAssembly.
 *
 * | type | in the memory | where objects move | in WebAssembly |
 * | --- | --- | --- | --- |
 * | int, float | 8 bytes | 8 bytes | i64, f64 |
 * | bool | 4 bytes | 4 bytes | i32 |
 * | string, array, map, struct, function, error, channel | 8 bytes, the high half 0 | 4 bytes | i32 |
 * | interface | 24 bytes: instance 8, vtable 8, type id 8 | 8 bytes: instance 4, vtable 4 | i64: instance low, vtable high |
 *
 * The type id of an interface is the first word of its vtable, so the pair says everything.
 */

import type { StructType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";

/** The WebAssembly type of a value; `none` for void. Of a tuple: that of its first part, see {@link partsOf}. */
export function wasmType(type: Type): wasm.Type {
  switch (type.kind) {
    case "int":
      return wasm.i64;
    case "interface":
      return wasm.pair;
    case "bool":
    case "channel":
      return wasm.i32;
    case "float":
      return wasm.f64;
    case "void":
      return wasm.none;
    case "tuple":
      return wasmType(type.elements[0]!);
    default:
      return wasm.ref;
  }
}

/** Bytes of a value in a struct, an array or an environment, where references and interfaces have so many. */
export function sizeOf({ kind }: Type, referenceBytes: number, interfaceBytes: number): number {
  switch (kind) {
    case "bool":
      return 4;
    case "int":
    case "float":
      return 8;
    case "interface":
      return interfaceBytes;
    default:
      return referenceBytes;
  }
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
export function layOut(types: readonly Type[], referenceBytes: number, interfaceBytes: number): Layout {
  let end = 0;
  let alignment = 1;
  const offsets: number[] = [];
  const pointerOffsets: number[] = [];
  for (const type of types) {
    const size = sizeOf(type, referenceBytes, interfaceBytes);
    const own = Math.min(size, 8);
    const offset = roundUp(end, own);
    if (isTraced(type)) pointerOffsets.push(offset);
    offsets.push(offset);
    end = offset + size;
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
