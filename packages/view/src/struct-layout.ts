import { describe, MorphError } from "@morph/memory";
import { type Extent, type FieldType, isFieldType, type Layout, roundUp } from "./struct-field.ts";

/** The fields of a struct, by name. */
export type Fields = Record<string, FieldType<unknown, unknown, never>>;

/** A field and where it is in its struct. */
export interface PlacedField {
  readonly name: string;
  readonly type: FieldType<unknown, unknown, never>;
  /** In bytes; of a bit field, of the unit or byte that it starts in. */
  readonly offset: number;
  /** Bits from there to a bit field. */
  readonly shift: number;
}

/** Most bytes of a struct. */
const MAX_SIZE = 2 ** 30;
/** What cursors have beside the fields, and what every object has. */
const TAKEN: readonly string[] = ["at", "pointer", "__proto__"];
const LAYOUTS: readonly Layout[] = ["c", "packed", "wgsl", "std140"];

/**
 * Places fields one after the other, each at the next multiple of its alignment, as C compilers for x86-64, ARM and WebAssembly do.
 * @throws ERR_MORPH_INVALID_CONFIG for a name or type that cannot be, or a struct above 1 GiB
 */
export function layOut(fields: Fields, layout: Layout): Extent & { readonly placed: readonly PlacedField[] } {
  if (!LAYOUTS.includes(layout)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `layout: expected one of ${LAYOUTS.join(", ")}, got ${describe(layout)}`,
    );
  }
  if (typeof fields !== "object" || fields === null) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `fields: expected an object, got ${describe(fields)}`);
  }
  const placed: PlacedField[] = [];
  // In bits, as bit fields may end anywhere.
  let end = 0;
  let align = layout === "std140" ? 16 : 1;
  for (const [name, type] of Object.entries(fields)) {
    requireField(name, type);
    const extent = type.extent(layout);
    align = Math.max(align, extent.align);
    const whole = extent.size * 8;
    const { bits } = type;
    let start = end;
    if (bits === undefined) start = up(end, extent.align * 8);
    // A bit field stays in one unit of its type.
    else if (layout !== "packed" && (end % whole) + bits > whole) start = up(end, whole);
    const unit = bits === undefined || layout === "packed" ? 8 : whole;
    placed.push({ name, type, offset: Math.floor(start / unit) * (unit / 8), shift: start % unit });
    end = start + (bits ?? whole);
    if (end > MAX_SIZE * 8) throw new MorphError("ERR_MORPH_INVALID_CONFIG", "expected a struct of at most 2^30 bytes");
  }
  if (placed.length === 0) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", "fields: expected at least one");
  }
  return { size: roundUp(Math.ceil(end / 8), align), align, placed };
}

function requireField(name: string, type: unknown): void {
  if (TAKEN.includes(name) || /^\d+$/.test(name)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `fields: a field cannot have the name ${describe(name)}: ${TAKEN.join(", ")} are taken, and JavaScript puts numbers first`,
    );
  }
  if (!isFieldType(type)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `fields: ${name}: expected a type such as i32, got ${describe(type)}`,
    );
  }
}

/** The next multiple, also above 2^31. */
function up(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}
