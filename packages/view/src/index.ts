export type { Allocator } from "./allocator.ts";
export {
  type ArrayOptions,
  array,
  type Block,
  type BlockHandle,
  blockAt,
  blockOf,
  type ElementArray,
  type ElementType,
} from "./block.ts";
export { type Leak, LeakGuard, type LeakGuardOptions } from "./leak-guard.ts";
export { readCString, readUtf8, writeCString, writeUtf8 } from "./strings.ts";
export {
  type CursorOf,
  type FieldIn,
  type FieldsIn,
  type ObjectOf,
  Struct,
  type StructOptions,
  struct,
} from "./struct.ts";
export type { StructArray } from "./struct-array.ts";
export { bits } from "./struct-bits.ts";
export type { Columns } from "./struct-columns.ts";
export type { Cursor, Input, Members, Plain } from "./struct-cursor.ts";
export type { ColumnScalar, Element, FieldType, Layout, Scalar } from "./struct-field.ts";
export type { Fields } from "./struct-layout.ts";
export { arrayOf, type List, type ListType, type Vector, type VectorType, vec } from "./struct-list.ts";
export { pointer } from "./struct-pointer.ts";
export { type Text, utf8 } from "./struct-text.ts";
export { bool, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 } from "./types.ts";
