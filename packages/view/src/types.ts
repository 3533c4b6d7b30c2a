import type { AddressSpace } from "@morph/memory";
import {
  type Access,
  type ColumnScalar,
  Element,
  type Extent,
  type Layout,
  requireType,
  type Site,
} from "./struct-field.ts";
import { late } from "./struct-views.ts";

/*
 * Each type has accessors of its own, written out: V8 remembers for each place in the source which arrays were read there, so what reads only one kind
 * stays fast however many structs a program has. An element that is not there is read as undefined: that is how growth behind our back is
 * noticed. Before writing, the old bytes are read for that alone, as integers: reading a float that may be missing allocates.
 */

/** A signed 8-bit integer. */
export const i8: Element<number, Int8Array> = /* @__PURE__ */ new Element(
  1,
  "signed",
  (memory) => memory.i8,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 0;
      return views.i8[index] ?? late(views, "i8", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 0;
      if (views.i8[index] === undefined) late(views, "i8", index);
      views.i8[index] = value;
    },
  }),
  (data, address) => data.getInt8(address),
  (data, address, value) => data.setInt8(address, value),
);

/** An unsigned 8-bit integer. */
export const u8: Element<number, Uint8Array> = /* @__PURE__ */ new Element(
  1,
  "unsigned",
  (memory) => memory.u8,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 0;
      return views.u8[index] ?? late(views, "u8", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 0;
      if (views.u8[index] === undefined) late(views, "u8", index);
      views.u8[index] = value;
    },
  }),
  (data, address) => data.getUint8(address),
  (data, address, value) => data.setUint8(address, value),
);

/** A signed 16-bit integer. */
export const i16: Element<number, Int16Array> = /* @__PURE__ */ new Element(
  2,
  "signed",
  (memory) => memory.i16,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 1;
      return views.i16[index] ?? late(views, "i16", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 1;
      if (views.i16[index] === undefined) late(views, "i16", index);
      views.i16[index] = value;
    },
  }),
  (data, address) => data.getInt16(address, true),
  (data, address, value) => data.setInt16(address, value, true),
);

/** An unsigned 16-bit integer. */
export const u16: Element<number, Uint16Array> = /* @__PURE__ */ new Element(
  2,
  "unsigned",
  (memory) => memory.u16,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 1;
      return views.u16[index] ?? late(views, "u16", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 1;
      if (views.u16[index] === undefined) late(views, "u16", index);
      views.u16[index] = value;
    },
  }),
  (data, address) => data.getUint16(address, true),
  (data, address, value) => data.setUint16(address, value, true),
);

/** A signed 32-bit integer. */
export const i32: Element<number, Int32Array> = /* @__PURE__ */ new Element(
  4,
  "signed",
  (memory) => memory.i32,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 2;
      return views.i32[index] ?? late(views, "i32", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 2;
      if (views.i32[index] === undefined) late(views, "i32", index);
      views.i32[index] = value;
    },
  }),
  (data, address) => data.getInt32(address, true),
  (data, address, value) => data.setInt32(address, value, true),
);

/** An unsigned 32-bit integer. */
export const u32: Element<number, Uint32Array> = /* @__PURE__ */ new Element(
  4,
  "unsigned",
  (memory) => memory.u32,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 2;
      return views.u32[index] ?? late(views, "u32", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 2;
      if (views.u32[index] === undefined) late(views, "u32", index);
      views.u32[index] = value;
    },
  }),
  (data, address) => data.getUint32(address, true),
  (data, address, value) => data.setUint32(address, value, true),
);

/** A signed 64-bit integer, as a BigInt: convenient, slow. */
export const i64: Element<bigint, BigInt64Array> = /* @__PURE__ */ new Element(
  8,
  "big",
  (memory) => memory.i64,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 3;
      return views.i64[index] ?? late(views, "i64", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 3;
      if (views.i32[index * 2] === undefined) late(views, "i32", index * 2);
      views.i64[index] = value;
    },
  }),
  (data, address) => data.getBigInt64(address, true),
  (data, address, value) => data.setBigInt64(address, value, true),
);

/** An unsigned 64-bit integer, as a BigInt: convenient, slow. */
export const u64: Element<bigint, BigUint64Array> = /* @__PURE__ */ new Element(
  8,
  "big",
  (memory) => memory.u64,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 3;
      return views.u64[index] ?? late(views, "u64", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 3;
      if (views.i32[index * 2] === undefined) late(views, "i32", index * 2);
      views.u64[index] = value;
    },
  }),
  (data, address) => data.getBigUint64(address, true),
  (data, address, value) => data.setBigUint64(address, value, true),
);

/** A 32-bit floating-point number. */
export const f32: Element<number, Float32Array> = /* @__PURE__ */ new Element(
  4,
  "float",
  (memory) => memory.f32,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 2;
      return views.f32[index] ?? late(views, "f32", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 2;
      if (views.i32[index] === undefined) late(views, "i32", index);
      views.f32[index] = value;
    },
  }),
  (data, address) => data.getFloat32(address, true),
  (data, address, value) => data.setFloat32(address, value, true),
);

/** A 64-bit floating-point number. */
export const f64: Element<number, Float64Array> = /* @__PURE__ */ new Element(
  8,
  "float",
  (memory) => memory.f64,
  (views, place, offset) => ({
    get: () => {
      const index = (place.pointer + offset) >>> 3;
      return views.f64[index] ?? late(views, "f64", index);
    },
    set: (value) => {
      const index = (place.pointer + offset) >>> 3;
      if (views.i32[index * 2] === undefined) late(views, "i32", index * 2);
      views.f64[index] = value;
    },
  }),
  (data, address) => data.getFloat64(address, true),
  (data, address, value) => data.setFloat64(address, value, true),
);

class BoolType implements ColumnScalar<boolean, Uint8Array> {
  readonly assignable: true = true;

  extent(layout: Layout): Extent {
    return u8.extent(layout);
  }

  bind(site: Site): Access<boolean, boolean> {
    const { get, set, check } = u8.bind(site);
    return {
      get: () => get() !== 0,
      set: (value) => set(value ? 1 : 0),
      check: (value) => {
        requireType(value, "boolean");
        check(0);
      },
    };
  }

  toPlain(value: boolean): boolean {
    return value;
  }

  column(memory: AddressSpace, pointer: number, bytes: number): Uint8Array {
    return u8.column(memory, pointer, bytes);
  }
}

/** A byte that is 0 or 1, as C's `bool`. Any other byte than 0 is read as true. */
export const bool: ColumnScalar<boolean, Uint8Array> = /* @__PURE__ */ new BoolType();
