import { type AddressSpace, describe, MorphError } from "@morph/memory";
import {
  type Access,
  Element,
  type Elements,
  type Extent,
  type FieldType,
  isFieldType,
  isGpu,
  type Layout,
  Place,
  requireIndex,
  roundUp,
  type Site,
} from "./struct-field.ts";

/** What a field of several values is read as. Its members are in the memory, where the cursor is; it follows the cursor. */
export interface List<Member, In> {
  /** How many elements there are. */
  readonly length: number;
  /**
   * The element at an index. One that has members itself is the same object for all indexes, and shows the one asked for last. O(1).
   * @throws ERR_MORPH_INVALID_SIZE when there is no such index
   */
  get(index: number): Member;
  /** Writes an element. O(1). @throws ERR_MORPH_INVALID_SIZE when there is no such index */
  set(index: number, value: In): void;
}

type ListIn<In> = ArrayLike<In>;

/** The type that {@link arrayOf} makes. */
export interface ListType<Member, Out, In> extends FieldType<List<Member, In>, Out[], ListIn<In>> {
  readonly assignable: false;
  readonly length: number;
}

class FixedList<Member, Out, In> implements ListType<Member, Out, In> {
  readonly assignable: false = false;
  readonly length: number;
  protected readonly type: FieldType<Member, Out, In>;

  constructor(type: FieldType<Member, Out, In>, length: number) {
    this.type = type;
    this.length = length;
  }

  extent(layout: Layout): Extent {
    const { stride, align } = this.steps(layout);
    return { size: stride * this.length, align };
  }

  bind(site: Site): Access<List<Member, In>, ListIn<In>> {
    const { list, check } = this.list(site);
    return { get: () => list, set: (values) => fill(list, values, check), check };
  }

  toPlain(list: List<Member, In>): Out[] {
    return Array.from({ length: list.length }, (_, index) => this.type.toPlain(list.get(index)));
  }

  protected steps(layout: Layout): { stride: number; align: number } {
    const { size, align } = this.type.extent(layout);
    const wide = layout === "std140" ? Math.max(align, 16) : align;
    return { stride: roundUp(size, wide), align: wide };
  }

  protected list(site: Site): { readonly list: List<Member, In>; readonly check: (values: ListIn<In>) => void } {
    const { length } = this;
    const { stride } = this.steps(site.layout);
    const { place, offset, guard } = site;
    const cell = new Place(0);
    const element = this.type.bind({ ...site, place: cell, offset: 0 });
    const turn = (index: number): void => {
      if (!(typeof index === "number" && index >>> 0 === index && index < length)) requireIndex(index, length);
      if (guard !== undefined) guard();
      cell.pointer = (place.pointer + offset + Math.imul(index, stride)) | 0;
    };
    const list: List<Member, In> = {
      length,
      get: (index) => {
        turn(index);
        return element.get();
      },
      set: (index, value) => {
        turn(index);
        element.set(value);
      },
    };
    const check = (values: ListIn<In>): void => {
      const given: unknown = values?.length;
      if (given !== length) {
        throw new MorphError("ERR_MORPH_INVALID_SIZE", `expected ${length} values, got ${describe(given)}`);
      }
      for (let index = 0; index < length; index++) {
        turn(index);
        element.check(values[index] as In);
      }
    };
    return { list, check };
  }
}

function fill<In>(list: List<unknown, In>, values: ListIn<In>, check: (values: ListIn<In>) => void): void {
  check(values);
  for (let index = 0; index < list.length; index++) list.set(index, values[index] as In);
}

/**
 * A fixed number of values in a row, of any type, as C's `T name[length]`.
 * @throws ERR_MORPH_INVALID_CONFIG when `length` is not an integer from 1 to 2^24, or `type` is none
 */
export function arrayOf<Member, Out, In>(type: FieldType<Member, Out, In>, length: number): ListType<Member, Out, In> {
  requireLength(length, 1, 2 ** 24);
  requireElementType(type, isFieldType(type));
  return new FixedList(type, length);
}

const COMPONENTS = ["x", "y", "z", "w"] as const;

type Component<N extends 2 | 3 | 4> = N extends 2 ? "x" | "y" : N extends 3 ? "x" | "y" | "z" : "x" | "y" | "z" | "w";

/** What a vector is read as: `x`, `y`, `z`, `w` and the members of a {@link List}. */
export type Vector<Value, N extends 2 | 3 | 4> = List<Value, Value> & { [Name in Component<N>]: Value };

/** The type that {@link vec} makes. */
export interface VectorType<Value, View extends Elements, N extends 2 | 3 | 4>
  extends FieldType<Vector<Value, N>, Value[], ArrayLike<Value>> {
  readonly assignable: false;
  column(memory: AddressSpace, pointer: number, bytes: number): View;
}

class Vec<Value, View extends Elements, N extends 2 | 3 | 4>
  extends FixedList<Value, Value, Value>
  implements VectorType<Value, View, N>
{
  declare protected readonly type: Element<Value, View>;

  override extent(layout: Layout): Extent {
    const { size, align } = this.type.extent(layout);
    // GPUs align three components as four, and put what comes next into the fourth.
    return { size: size * this.length, align: isGpu(layout) ? (this.length === 2 ? 8 : 16) : align };
  }

  override bind(site: Site): Access<Vector<Value, N>, ArrayLike<Value>> {
    const { list: prototype, check } = this.list(site);
    for (const [index, name] of COMPONENTS.slice(0, this.length).entries()) {
      const { get, set } = this.type.bind({ ...site, offset: site.offset + index * this.type.size });
      Object.defineProperty(prototype, name, { get, set, enumerable: true });
    }
    // As for members of structs: V8 knows the accessors of a prototype, and makes a slow object of one that has other accessors than one like it.
    const vector = Object.create(prototype) as Vector<Value, N>;
    return { get: () => vector, set: (values) => fill(vector, values, check), check };
  }

  column(memory: AddressSpace, pointer: number, bytes: number): View {
    return this.type.column(memory, pointer, bytes);
  }

  protected override steps(layout: Layout): { stride: number; align: number } {
    const { size, align } = this.type.extent(layout);
    return { stride: size, align };
  }
}

/**
 * A vector of 2 to 4 numbers: `x`, `y`, `z`, `w`. In C it is an array; for GPUs it is aligned as theirs.
 * @throws ERR_MORPH_INVALID_CONFIG for another length, or a type of other values
 */
export function vec<Value, View extends Elements, N extends 2 | 3 | 4>(
  type: Element<Value, View>,
  length: N,
): VectorType<Value, View, N> {
  requireLength(length, 2, 4);
  requireElementType(type, type instanceof Element);
  return new Vec<Value, View, N>(type, length);
}

function requireElementType(type: unknown, isOne: boolean): void {
  if (isOne) return;
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `type: expected a type such as f32, got ${describe(type)}`);
}

function requireLength(length: number, least: number, most: number): void {
  if (Number.isInteger(length) && length >= least && length <= most) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_CONFIG",
    `length: expected an integer from ${least} to ${most}, got ${describe(length)}`,
  );
}
