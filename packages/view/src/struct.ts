import { type AddressSpace, MorphError, requireOptions } from "@morph/memory";
import { makeArray, requireBytes, requireLength, type StructArray } from "./struct-array.ts";
import { type Columns, layColumns, makeColumns } from "./struct-columns.ts";
import {
  accessesOf,
  bindFields,
  type Cursor,
  checkFields,
  type Input,
  type InputOf,
  type MemberOf,
  type Members,
  makeCursor,
  members,
  mover,
  type Plain,
  requirePointer,
  setFields,
} from "./struct-cursor.ts";
import { type Access, type Extent, type FieldType, isGpu, type Layout, Place, type Site } from "./struct-field.ts";
import { type Fields, layOut, type PlacedField } from "./struct-layout.ts";
import { type StructViews, viewsOf } from "./struct-views.ts";
import { type Watch, watchPlace } from "./struct-watch.ts";

/** One field of any struct of a kind, by the struct's pointer. */
export interface FieldIn<Type> {
  /**
   * Reads the field. A member that has members itself is the same object for all pointers, and shows the struct asked for last. O(1).
   * @throws ERR_MORPH_INVALID_POINTER for a pointer that is null, not aligned for the struct, or beyond the memory
   */
  get(pointer: number): MemberOf<Type>;
  /** Writes the field. O(1). @throws ERR_MORPH_INVALID_POINTER as {@link get} */
  set(pointer: number, value: InputOf<Type>): void;
}

/** The fields of structs in one memory. */
export type FieldsIn<F extends Fields> = { readonly [Name in keyof F]: FieldIn<F[Name]> };

/** The type of a cursor on a struct: `CursorOf<typeof Particle>`. */
export type CursorOf<S> = S extends Struct<infer F> ? Cursor<F> : never;
/** The type of a struct's plain objects: `ObjectOf<typeof Particle>`. */
export type ObjectOf<S> = S extends Struct<infer F> ? Plain<F> : never;

/** How a struct is laid out. */
export interface StructOptions {
  /**
   * - `"c"` (the default): as C compilers do for x86-64, ARM and WebAssembly.
   * - `"packed"`: without gaps, as `__attribute__((packed))`. Slower.
   * - `"wgsl"`: as storage buffers in WGSL, and std430 in GLSL.
   * - `"std140"`: as uniform buffers in GLSL; elements of arrays and nested structs are multiples of 16.
   */
  readonly layout?: Layout;
}

/** A kind of struct: where its fields lie, and how they are read and written. Made by {@link struct}. */
export class Struct<F extends Fields> implements FieldType<Members<F>, Plain<F>, Input<F>> {
  readonly assignable: false = false;
  /** Bytes, a multiple of the alignment. */
  readonly size: number;
  /** What pointers to it must be multiples of. */
  readonly align: number;
  /** Bytes from a struct's pointer to each field; to a bit field's unit. */
  readonly offsets: { readonly [Name in keyof F]: number };
  readonly layout: Layout;
  private readonly placed: readonly PlacedField[];

  /** See {@link struct}. */
  constructor(fields: F, options: StructOptions = {}) {
    requireOptions(options, ["layout"]);
    const { layout = "c" } = options;
    const { size, align, placed } = layOut(fields, layout);
    this.size = size;
    this.align = align;
    this.layout = layout;
    this.placed = placed;
    this.offsets = Object.fromEntries(placed.map(({ name, offset }) => [name, offset])) as typeof this.offsets;
  }

  /**
   * The fields, each read and written by the struct's pointer: `Particle.in(memory).life.get(p)`. O(fields); make it once.
   * @throws ERR_MORPH_INVALID_CONFIG when it is no memory
   */
  in(memory: AddressSpace): FieldsIn<F> {
    const views = viewsOf(memory);
    const fields: Record<string, FieldIn<unknown>> = {};
    for (const field of this.placed) {
      const place = new Place(-this.size);
      const access = bindFields([field], this.site(views, place, undefined))[field.name] as Access<unknown, unknown>;
      fields[field.name] = fieldIn(access, mover(place, this.align, -this.size)) as FieldIn<unknown>;
    }
    // As a prototype, so that V8 takes its members for constants.
    return Object.create(fields) as FieldsIn<F>;
  }

  /**
   * A cursor, on the struct at `pointer` or nowhere yet. O(fields); make it once, and move it with `at`.
   * @throws ERR_MORPH_INVALID_CONFIG when it is no memory, ERR_MORPH_INVALID_POINTER when the pointer is not aligned for the struct
   */
  cursor(memory: AddressSpace, pointer = 0): Cursor<F> {
    const views = viewsOf(memory);
    requirePointer(pointer, this.align);
    const place = new Place(-this.size);
    const watch = watchPlace(views, place, "cursor");
    const accesses = bindFields(this.placed, this.site(views, place, watch));
    return makeCursor<F>(this.placed, accesses, place, this.align, -this.size, watch).at(pointer);
  }

  /**
   * `length` structs that lie one after the other, from `pointer` on; they take `length * size` bytes. O(fields).
   * @throws ERR_MORPH_INVALID_CONFIG when it is no memory, ERR_MORPH_INVALID_SIZE for the length, ERR_MORPH_INVALID_POINTER when they are not wholly
   *   in the memory, or not aligned
   */
  array(memory: AddressSpace, pointer: number, length: number): StructArray<F> {
    const views = viewsOf(memory);
    requireLength(length);
    requireBytes(views, pointer, length * this.size, this.align);
    const place = new Place(pointer);
    const watch = watchPlace(views, place, "array of structs");
    return makeArray<F>(
      this.placed,
      bindFields(this.placed, this.site(views, place, watch)),
      place,
      pointer,
      length,
      this.size,
      -this.size,
    );
  }

  /**
   * `length` structs in columns, from `pointer` on: an array for each field. They take {@link columnsSize} bytes. O(fields).
   * @throws as {@link array}; the pointer must be a multiple of 8
   */
  columns(memory: AddressSpace, pointer: number, length: number): Columns<F> {
    const views = viewsOf(memory);
    requireLength(length);
    const laid = layColumns(this.placed, this.layout, length);
    requireBytes(views, pointer, laid.bytes, laid.align);
    return makeColumns<F>(
      views,
      laid,
      this.layout,
      pointer,
      length,
      watchPlace(views, new Place(pointer), "structs in columns"),
    );
  }

  /** Bytes that {@link columns} of `length` structs take. O(fields). @throws ERR_MORPH_INVALID_SIZE for the length */
  columnsSize(length: number): number {
    requireLength(length);
    return layColumns(this.placed, this.layout, length).bytes;
  }

  /** A plain object with the values that are where the cursor is. O(fields). @throws ERR_MORPH_INVALID_CONFIG when it is no cursor */
  toObject(cursor: Members<F>): Plain<F> {
    accessesOf(cursor);
    return this.toPlain(cursor);
  }

  /**
   * Writes an object's values where the cursor is; fields that it has not, or that are undefined, stay as they are. O(fields).
   * @returns the cursor
   * @throws ERR_MORPH_INVALID_CONFIG for a name that is no field's or a value of another type, ERR_MORPH_INVALID_SIZE for another number of values,
   *   ERR_MORPH_INVALID_POINTER for a pointer that does not fit, or where no struct is; then nothing has been written
   */
  from<C extends Members<F>>(values: Input<F>, cursor: C): C {
    setFields(accessesOf(cursor), values);
    return cursor;
  }

  extent(layout: Layout): Extent {
    if ((isGpu(layout) || isGpu(this.layout)) && layout !== this.layout) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `layout: a struct in the layout ${layout} needs nested ones that are, got one in ${this.layout}`,
      );
    }
    return { size: this.size, align: layout === "packed" ? 1 : this.align };
  }

  bind(site: Site): Access<Members<F>, Input<F>> {
    const accesses = bindFields(this.placed, this.inner(site));
    const object = Object.create(members(this.placed, accesses)) as Members<F>;
    return {
      get: () => object,
      set: (values) => setFields(accesses, values),
      check: (values) => checkFields(accesses, values),
    };
  }

  toPlain(object: Members<F>): Plain<F> {
    const plain: Record<string, unknown> = {};
    for (const { name, type } of this.placed) {
      plain[name] = (type as FieldType<unknown, unknown, unknown>).toPlain((object as Record<string, unknown>)[name]);
    }
    return plain as Plain<F>;
  }

  /** Where the fields of a struct are that is itself a field. */
  private inner(site: Site): Site {
    return { ...site, layout: this.layout, unaligned: site.unaligned || this.layout === "packed" };
  }

  private site(views: StructViews, place: Place, watch: Watch | undefined): Site {
    return this.inner({
      views,
      place,
      offset: 0,
      layout: this.layout,
      unaligned: false,
      shift: 0,
      guard: watch?.guard,
    });
  }
}

function fieldIn<Member, In>(
  { get, set }: Access<Member, In>,
  move: (pointer: number) => void,
): { get(pointer: number): Member; set(pointer: number, value: In): void } {
  return {
    get: (pointer) => {
      move(pointer);
      return get();
    },
    set: (pointer, value) => {
      move(pointer);
      set(value);
    },
  };
}

/**
 * Describes a kind of struct: its fields in the order of the memory, and their types. From then on its layout is fixed. O(fields).
 *
 * ```ts
 * const Particle = struct({ position: vec(f32, 3), life: i32, next: pointer(() => Particle) });
 * ```
 * @throws ERR_MORPH_INVALID_CONFIG for an option, a type or a field's name that cannot be
 */
export function struct<F extends Fields>(
  fields: F & { readonly at?: never; readonly pointer?: never },
  options: StructOptions = {},
): Struct<F> {
  return new Struct<F>(fields, options);
}
