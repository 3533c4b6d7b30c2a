import { describe, MorphError, StackGuard } from "@morph/memory";
import type { Access, FieldType, Place, Site } from "./struct-field.ts";
import type { Fields, PlacedField } from "./struct-layout.ts";
import type { Watch } from "./struct-watch.ts";

/** What one reads of a type: a number, or an object whose members are in the memory. */
export type MemberOf<Type> = Type extends FieldType<infer Member, unknown, never> ? Member : never;
/** A plain value of a type. */
export type PlainOf<Type> = Type extends FieldType<unknown, infer Out, never> ? Out : never;
/** What one may write to a field of a type. */
export type InputOf<Type> = Type extends FieldType<unknown, unknown, infer In> ? In : never;

type Assignable = { readonly assignable: true };

/** The fields of a struct in the memory, as properties. */
export type Members<F extends Fields> = {
  [Name in keyof F as F[Name] extends Assignable ? Name : never]: MemberOf<F[Name]>;
} & {
  readonly [Name in keyof F as F[Name] extends Assignable ? never : Name]: MemberOf<F[Name]>;
};

/** A struct as a plain object. */
export type Plain<F extends Fields> = { [Name in keyof F]: PlainOf<F[Name]> };
/** Values for some fields of a struct. */
export type Input<F extends Fields> = { readonly [Name in keyof F]?: InputOf<F[Name]> };

/** One struct in the memory, and then another: it moves without allocating. */
export type Cursor<F extends Fields> = Members<F> & {
  /**
   * Moves to the struct at a pointer. At null, or a pointer that is not a multiple of the struct's alignment, it is nowhere: its fields are refused
   * with ERR_MORPH_INVALID_POINTER until it moves on. O(1).
   */
  at(pointer: number): Cursor<F>;
  /** Where it is; 0 when it is nowhere. O(1). */
  readonly pointer: number;
};

/** How each field of a bound struct is read and written. */
export type Accesses = Record<string, FieldAccess>;

interface FieldAccess extends Access<unknown, unknown> {
  /** Of its setter. */
  readonly stack: StackGuard;
}

/** Accessors of all fields of the struct at a site. */
export function bindFields(placed: readonly PlacedField[], site: Site): Accesses {
  const accesses: Accesses = Object.create(null);
  for (const { name, type, offset, shift } of placed) {
    accesses[name] = bindField(type, { ...site, offset: site.offset + offset, shift });
  }
  return accesses;
}

/** Accessors of one field. */
export function bindField(type: FieldType<unknown, unknown, never>, site: Site): FieldAccess {
  return { ...(type.bind(site) as Access<unknown, unknown>), stack: new StackGuard(1) };
}

/** Where an object of {@link members} keeps how its fields are written. */
const ACCESSES: unique symbol = /* @__PURE__ */ Symbol("accesses");

/** How the fields of a cursor, or of an object like it, are written. @throws ERR_MORPH_INVALID_CONFIG when it is none */
export function accessesOf(cursor: unknown): Accesses {
  const accesses = (cursor as { readonly [ACCESSES]?: Accesses } | null | undefined)?.[ACCESSES];
  if (accesses !== undefined) return accesses;
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `cursor: expected a cursor or an element, got ${describe(cursor)}`);
}

/** Writes those fields that `values` has. @throws as {@link checkFields}; then nothing has been written */
export function setFields(accesses: Accesses, values: object): void {
  checkFields(accesses, values);
  const fields = Object.entries(values);
  // A setter that is compiled in the middle could overflow the stack there.
  for (const [name, value] of fields) if (value !== undefined) accesses[name]?.stack.require(fields.length);
  for (const [name, value] of fields) if (value !== undefined) accesses[name]?.set(value);
}

/** Refuses values that cannot be written: ERR_MORPH_INVALID_CONFIG for a name that is no field's, and what the fields' types throw. */
export function checkFields(accesses: Accesses, values: object): void {
  if (typeof values !== "object" || values === null) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `values: expected an object, got ${describe(values)}`);
  }
  for (const [name, value] of Object.entries(values)) {
    const access = accesses[name];
    if (access === undefined) {
      const known = Object.keys(accesses).join(", ");
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `there is no field ${describe(name)}. Fields are ${known}`);
    }
    if (value !== undefined) access.check(value);
  }
}

/** The fields as properties of an object of its own. It is to be a prototype: V8 knows those' accessors by heart. */
export function members(placed: readonly PlacedField[], accesses: Accesses): object {
  const object = {};
  Object.defineProperty(object, ACCESSES, { value: accesses });
  for (const { name, type } of placed) {
    const { get, set } = accesses[name] as Access<unknown, unknown>;
    Object.defineProperty(object, name, type.assignable ? { get, set, enumerable: true } : { get, enumerable: true });
  }
  return object;
}

/**
 * Moves a place to a pointer, or to nowhere when no struct can be there: at null, between alignments, so near 2^32 that its end would be beyond, and
 * at what is no integer of 32 bits. Choosing between two
 * numbers is what V8 does best: whatever may throw, also in a function of its own or by an index beyond a table, keeps it from taking a loop's first
 * round apart, which made a loop over what lies in the cache 1.2 to 1.4 times as slow. So it is the access after that is refused.
 */
export function mover(place: Place, align: number, nowhere: number): (pointer: number) => void {
  const mask = -align;
  const last = lastPlace(nowhere);
  return (pointer) => {
    const isPlace =
      typeof pointer === "number" && (pointer & mask) >>> 0 === pointer && pointer !== 0 && pointer <= last;
    place.pointer = (isPlace ? pointer : nowhere) | 0;
  };
}

/** The last place of a struct: behind it, the struct would go on at the memory's start, since addresses have 32 bits. It is nowhere's, too. */
function lastPlace(nowhere: number): number {
  return 2 ** 32 + nowhere;
}

/** @throws ERR_MORPH_INVALID_POINTER unless it is null or a pointer that is aligned */
export function requirePointer(pointer: number, align: number): void {
  if (typeof pointer === "number" && pointer >>> 0 === pointer && pointer % align === 0) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_POINTER",
    `expected 0 or the pointer of a struct, a multiple of ${align}, got ${describe(pointer)}`,
  );
}

/**
 * A cursor of fields bound to a place. Each has a prototype and accessors of its own: V8 then knows all of them as constants.
 * @param nowhere where the place is when it is at null: so near the end of 4 GiB that no memory has the struct
 * @param watch in a memory with the option `debugViews`: there a wrong pointer is refused at once
 */
export function makeCursor<F extends Fields>(
  placed: readonly PlacedField[],
  accesses: Accesses,
  place: Place,
  align: number,
  nowhere: number,
  watch: Watch | undefined,
): Cursor<F> {
  const prototype = members(placed, accesses);
  const mask = -align;
  const last = lastPlace(nowhere);
  function at(this: Cursor<F>, pointer: number): Cursor<F> {
    // As in a mover, which would be one more call to inline.
    const isPlace =
      typeof pointer === "number" && (pointer & mask) >>> 0 === pointer && pointer !== 0 && pointer <= last;
    place.pointer = (isPlace ? pointer : nowhere) | 0;
    return this;
  }
  function watchedAt(this: Cursor<F>, pointer: number): Cursor<F> {
    requirePointer(pointer, align);
    watch?.moved();
    return at.call(this, pointer);
  }
  Object.defineProperties(prototype, {
    at: { value: watch === undefined ? at : watchedAt },
    pointer: { get: () => (place.pointer === nowhere ? 0 : place.pointer >>> 0) },
  });
  return Object.create(prototype) as Cursor<F>;
}
