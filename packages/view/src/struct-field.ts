import { type AddressSpace, describe, MorphError } from "@morph/memory";
import { late, type StructViews } from "./struct-views.ts";

/** How a struct's fields are laid out: see {@link struct}. */
export type Layout = "c" | "packed" | "wgsl" | "std140";

/** Bytes of a type, and what its address is a multiple of. */
export interface Extent {
  readonly size: number;
  readonly align: number;
}

/** Where a struct is. The pointer is kept as a signed 32-bit integer, which V8 holds without allocating. */
export class Place {
  pointer: number;

  constructor(pointer: number) {
    this.pointer = pointer | 0;
  }
}

/** Where a field is: `offset` bytes from a place, which moves. */
export interface Site {
  readonly views: StructViews;
  readonly place: Place;
  readonly offset: number;
  readonly layout: Layout;
  /** Whether the address may be any, whatever the type's alignment. */
  readonly unaligned: boolean;
  /** Bits from the offset to a bit field. */
  readonly shift: number;
  /** Called before each access. */
  readonly guard?: (() => void) | undefined;
}

/** Reads and writes one field of the struct that the site's place is at. */
export interface Accessors<Member, In> {
  readonly get: () => Member;
  readonly set: (value: In) => void;
}

/** The same, for values of several parts too, which are written wholly or not at all. */
export interface Access<Member, In> extends Accessors<Member, In> {
  /** Refuses what `set` could not write. It writes nothing. */
  readonly check: (value: In) => void;
}

/**
 * A type of a struct's fields.
 *
 * - `Member` is what one reads: a number, or an object whose members are in the memory.
 * - `Out` is that as a plain value, which `toObject` gives.
 * - `In` is what one may write.
 */
export interface FieldType<Member, Out, In> {
  /** Whether cursors let one assign to the field. */
  readonly assignable: boolean;
  /** Bits, of a bit field. */
  readonly bits?: number;
  /**
   * Bytes and alignment.
   * @throws ERR_MORPH_INVALID_CONFIG when the layout has no such type
   */
  extent(layout: Layout): Extent;
  /** Makes what reads and writes the field there. */
  bind(site: Site): Access<Member, In>;
  /** A plain value of what was read. */
  toPlain(member: Member): Out;
  /** A view of values in a row, where the type has one. */
  column?(memory: AddressSpace, pointer: number, bytes: number): Elements;
}

/** Whether a value is a type, of this package or a program's own. Every function has a `bind`, and `pointer` for `pointer()` is soon written. */
export function isFieldType(type: unknown): boolean {
  const { bind, extent } = (type ?? {}) as Partial<FieldType<unknown, unknown, never>>;
  return typeof bind === "function" && typeof extent === "function";
}

/** A type whose values are numbers, bigints or booleans. */
export interface Scalar<Value> extends FieldType<Value, Value, Value> {
  readonly assignable: true;
}

/** A scalar of which there are typed arrays. */
export interface ColumnScalar<Value, View extends Elements> extends Scalar<Value> {
  column(memory: AddressSpace, pointer: number, bytes: number): View;
}

/** A typed array of a memory. */
export type Elements =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** What sort of numbers an element type has; `big` is of BigInts. */
export type ElementKind = "signed" | "unsigned" | "float" | "big";

/** A scalar that has typed arrays of its own. */
export class Element<Value, View extends Elements> implements ColumnScalar<Value, View> {
  readonly assignable: true = true;
  readonly size: number;
  readonly kind: ElementKind;
  private readonly viewOf: (memory: AddressSpace) => View;
  private readonly aligned: (views: StructViews, place: Place, offset: number) => Accessors<Value, Value>;
  private readonly read: (data: DataView, address: number) => Value;
  private readonly write: (data: DataView, address: number, value: Value) => void;

  constructor(
    size: number,
    kind: ElementKind,
    viewOf: (memory: AddressSpace) => View,
    aligned: (views: StructViews, place: Place, offset: number) => Accessors<Value, Value>,
    read: (data: DataView, address: number) => Value,
    write: (data: DataView, address: number, value: Value) => void,
  ) {
    this.size = size;
    this.kind = kind;
    this.viewOf = viewOf;
    this.aligned = aligned;
    this.read = read;
    this.write = write;
  }

  extent(layout: Layout): Extent {
    // These are f32, i32 and u32.
    if (isGpu(layout) && this.size !== 4) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `layout: ${layout} has only f32, i32, u32 and what is made of them`,
      );
    }
    return { size: this.size, align: layout === "packed" ? 1 : this.size };
  }

  bind(site: Site): Access<Value, Value> {
    const accessors = site.unaligned ? this.anywhere(site) : this.aligned(site.views, site.place, site.offset);
    const { get, set } = guarded(site, accessors);
    const type = this.kind === "big" ? "bigint" : "number";
    const check = (value: Value): void => {
      requireType(value, type);
      // Refuses a place where no struct is.
      get();
    };
    return { get, set, check };
  }

  toPlain(value: Value): Value {
    return value;
  }

  column(memory: AddressSpace, pointer: number, bytes: number): View {
    return this.viewOf(memory).subarray(pointer / this.size, (pointer + bytes) / this.size) as View;
  }

  /** Accessors for any address: a DataView's, after its last byte was seen. */
  private anywhere({ views, place, offset }: Site): Accessors<Value, Value> {
    const { read, write } = this;
    const last = offset + this.size - 1;
    return {
      get: () => {
        const end = (place.pointer + last) >>> 0;
        if (views.u8[end] === undefined) late(views, "u8", end);
        return read(views.data, (place.pointer + offset) >>> 0);
      },
      set: (value) => {
        const end = (place.pointer + last) >>> 0;
        if (views.u8[end] === undefined) late(views, "u8", end);
        write(views.data, (place.pointer + offset) >>> 0, value);
      },
    };
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG for a value of another type */
export function requireType(value: unknown, type: "number" | "bigint" | "boolean"): void {
  if (typeof value === type) return;
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `expected a ${type} for the field, got ${describe(value)}`);
}

/** `accessors` behind the site's guard, when there is one. */
function guarded<Member, In>({ guard }: Site, accessors: Accessors<Member, In>): Accessors<Member, In> {
  if (guard === undefined) return accessors;
  const { get, set } = accessors;
  return {
    get: () => {
      guard();
      return get();
    },
    set: (value) => {
      guard();
      set(value);
    },
  };
}

/** Whether a layout is one of GPU buffers. */
export function isGpu(layout: Layout): boolean {
  return layout === "wgsl" || layout === "std140";
}

/** The next multiple of `align`, a power of two. Not for values above 2^31. */
export function roundUp(value: number, align: number): number {
  return (value + align - 1) & -align;
}

/** @throws ERR_MORPH_INVALID_SIZE unless `index` is an integer from 0 to `length` - 1 */
export function requireIndex(index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_SIZE",
    `index: expected an integer from 0 to ${length - 1}, got ${describe(index)}`,
  );
}
