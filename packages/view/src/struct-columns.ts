import { describe, MorphError } from "@morph/memory";
import { type Accesses, bindField, type Members, members } from "./struct-cursor.ts";
import { type Layout, Place, requireIndex, roundUp, type Site } from "./struct-field.ts";
import type { Fields, PlacedField } from "./struct-layout.ts";
import type { StructViews } from "./struct-views.ts";
import type { Watch } from "./struct-watch.ts";

/** Columns start at multiples of that at least, as allocators' pointers do. */
const LEAST_ALIGN = 8;

/** The array that a column is, for types that have one. */
type ColumnOf<Type> = Type extends { column(...of: never[]): infer View } ? View : never;

/** Structs in columns: each field has an array of its own. */
export interface Columns<F extends Fields> {
  /** Where the first column starts. */
  readonly pointer: number;
  /** How many structs there are. */
  readonly length: number;
  /**
   * The struct at an index: the same object for all indexes, which shows the one asked for last. O(fields).
   * @throws ERR_MORPH_INVALID_SIZE when there is no such index
   */
  at(index: number): Members<F>;
  /**
   * A field of all structs as one typed array, current now: growth detaches it. A vector's components follow each other. O(fields).
   * @throws ERR_MORPH_INVALID_CONFIG for another name, and for fields of which there are no typed arrays: lists, structs, texts and bit fields
   */
  view<Name extends keyof F>(name: Name): ColumnOf<F[Name]>;
}

interface Column {
  readonly field: PlacedField;
  readonly stride: number;
  /** Bytes from the columns' pointer. */
  readonly start: number;
}

/** Where each column is, and the bytes of all. */
export function layColumns(
  placed: readonly PlacedField[],
  layout: Layout,
  length: number,
): { readonly columns: readonly Column[]; readonly bytes: number; readonly align: number } {
  const columns: Column[] = [];
  let bytes = 0;
  let most = LEAST_ALIGN;
  for (const field of placed) {
    const { size, align } = field.type.extent(layout);
    most = Math.max(most, align);
    const start = Math.ceil(bytes / most) * most;
    const stride = roundUp(size, align);
    columns.push({ field, stride, start });
    bytes = start + stride * length;
  }
  return { columns, bytes, align: most };
}

/** The columns that lie where {@link layColumns} said. O(fields). */
export function makeColumns<F extends Fields>(
  views: StructViews,
  { columns }: { readonly columns: readonly Column[] },
  layout: Layout,
  pointer: number,
  length: number,
  watch: Watch | undefined,
): Columns<F> {
  const accesses: Accesses = Object.create(null);
  const cells = columns.map(({ field, stride, start }) => {
    const place = new Place(0);
    const unaligned = layout === "packed";
    const site: Site = { views, place, offset: 0, layout, unaligned, shift: 0, guard: watch?.guard };
    accesses[field.name] = bindField(field.type, site);
    return { place, first: (pointer + start) | 0, stride };
  });
  const element = Object.create(
    members(
      columns.map(({ field }) => field),
      accesses,
    ),
  ) as Members<F>;
  return {
    pointer,
    length,
    at: (index) => {
      if (!(typeof index === "number" && index >>> 0 === index && index < length)) requireIndex(index, length);
      // All at once: were they found at each access, a loop with many accesses would have more calls than V8 inlines, and take several times as long.
      for (let i = 0; i < cells.length; i++) {
        const cell = cells[i] as (typeof cells)[number];
        cell.place.pointer = (cell.first + Math.imul(index, cell.stride)) | 0;
      }
      return element;
    },
    view: (name) => {
      const column = columns.find(({ field }) => field.name === name);
      const view = column?.field.type.column?.(views.memory, pointer + column.start, column.stride * length);
      if (view === undefined) {
        throw new MorphError("ERR_MORPH_INVALID_CONFIG", `there is no typed array of a field ${describe(name)}`);
      }
      return view as never;
    },
  };
}
