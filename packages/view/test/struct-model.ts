import fc from "fast-check";
import {
  arrayOf,
  bits,
  bool,
  type FieldType,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  pointer,
  struct,
  u8,
  u16,
  u32,
  u64,
  vec,
} from "../src/index.ts";

type AnyType = FieldType<unknown, unknown, never>;

/** A type described anew: the tests lay structs out and encode values by their own rules. */
export type Model =
  | { readonly kind: "scalar"; readonly name: ScalarName }
  | { readonly kind: "bits"; readonly name: UnitName; readonly width: number }
  | { readonly kind: "list"; readonly of: Model; readonly length: number; readonly vector: boolean }
  | { readonly kind: "struct"; readonly fields: readonly Model[]; readonly packed: boolean };

export type StructModel = Extract<Model, { kind: "struct" }>;

type ScalarName = UnitName | "i64" | "u64" | "f32" | "f64" | "bool" | "pointer";
type UnitName = "i8" | "u8" | "i16" | "u16" | "i32" | "u32";
type Row = [type: AnyType, bytes: number, inC: string, write: (view: DataView, at: number, value: unknown) => void];

const SCALARS: Record<ScalarName, Row> = {
  i8: [i8, 1, "int8_t", (v, a, x) => v.setInt8(a, Number(x))],
  u8: [u8, 1, "uint8_t", (v, a, x) => v.setUint8(a, Number(x))],
  i16: [i16, 2, "int16_t", (v, a, x) => v.setInt16(a, Number(x), true)],
  u16: [u16, 2, "uint16_t", (v, a, x) => v.setUint16(a, Number(x), true)],
  i32: [i32, 4, "int32_t", (v, a, x) => v.setInt32(a, Number(x), true)],
  u32: [u32, 4, "uint32_t", (v, a, x) => v.setUint32(a, Number(x), true)],
  i64: [i64, 8, "int64_t", (v, a, x) => v.setBigInt64(a, x as bigint, true)],
  u64: [u64, 8, "uint64_t", (v, a, x) => v.setBigUint64(a, x as bigint, true)],
  f32: [f32, 4, "float", (v, a, x) => v.setFloat32(a, Number(x), true)],
  f64: [f64, 8, "double", (v, a, x) => v.setFloat64(a, Number(x), true)],
  bool: [bool, 1, "bool", (v, a, x) => v.setUint8(a, x ? 1 : 0)],
  pointer: [pointer(), 4, "uint32_t", (v, a, x) => v.setUint32(a, Number(x), true)],
};
const UNITS: readonly UnitName[] = ["i8", "u8", "i16", "u16", "i32", "u32"];
const VECTORED = ["i8", "u16", "i32", "u32", "f32", "f64", "i64"] as const;

const scalar: fc.Arbitrary<Model> = fc
  .constantFrom(...(Object.keys(SCALARS) as ScalarName[]))
  .map((name) => ({ kind: "scalar", name }) as const);
const bitField: fc.Arbitrary<Model> = fc
  .tuple(fc.constantFrom(...UNITS), fc.nat())
  .map(([name, width]) => ({ kind: "bits", name, width: 1 + (width % (8 * SCALARS[name][1])) }) as const);
const vector: fc.Arbitrary<Model> = fc
  .tuple(fc.constantFrom(...VECTORED), fc.integer({ min: 2, max: 4 }))
  .map(([name, length]) => ({ kind: "list", of: { kind: "scalar", name }, length, vector: true }) as const);

/** Random structs, up to three deep, with all types there are. */
export function structModels(depth = 2): fc.Arbitrary<StructModel> {
  const inner = depth === 0 ? [] : [{ arbitrary: structModels(depth - 1) as fc.Arbitrary<Model>, weight: 1 }];
  const lists = fc
    .tuple(
      fc.oneof({ arbitrary: scalar, weight: 3 }, { arbitrary: vector, weight: 1 }, ...inner),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([of, length]) => ({ kind: "list", of, length, vector: false }) as const);
  const field = fc.oneof(
    { arbitrary: scalar, weight: 6 },
    { arbitrary: bitField, weight: 3 },
    { arbitrary: vector, weight: 2 },
    { arbitrary: lists as fc.Arbitrary<Model>, weight: 2 },
    ...inner,
  );
  return fc
    .tuple(fc.array(field, { minLength: 1, maxLength: 7 }), fc.boolean())
    .map(([fields, packed]) => ({ kind: "struct", fields, packed }) as const);
}

/** The type that the package makes of a model. */
export function typeOf(model: Model): AnyType {
  switch (model.kind) {
    case "scalar":
      return SCALARS[model.name][0];
    case "bits":
      return bits(SCALARS[model.name][0] as unknown as typeof i32, model.width);
    case "list":
      return model.vector
        ? vec(typeOf(model.of) as unknown as typeof i32, model.length as 2)
        : arrayOf(typeOf(model.of), model.length);
    case "struct":
      return structOf(model);
  }
}

export function structOf(model: StructModel): ReturnType<typeof struct<Record<string, AnyType>>> {
  const fields = Object.fromEntries(model.fields.map((field, i) => [`f${i}`, typeOf(field)]));
  return struct<Record<string, AnyType>>(fields, { layout: model.packed ? "packed" : "c" });
}

/** Random plain values of a model. */
export function valuesOf(model: Model): fc.Arbitrary<unknown> {
  if (model.kind === "list") {
    return fc.array(valuesOf(model.of), { minLength: model.length, maxLength: model.length });
  }
  if (model.kind === "struct") {
    return fc.record(Object.fromEntries(model.fields.map((field, i) => [`f${i}`, valuesOf(field)])));
  }
  if (model.kind === "bits") return integers(model.width, model.name.startsWith("i"));
  switch (model.name) {
    case "bool":
      return fc.boolean();
    case "f32":
      return fc.float({ noNaN: true });
    case "f64":
      return fc.double({ noNaN: true });
    case "i64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "u64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    default:
      return integers(8 * SCALARS[model.name][1], model.name.startsWith("i"));
  }
}

function integers(bitCount: number, signed: boolean): fc.Arbitrary<number> {
  return signed
    ? fc.integer({ min: -(2 ** (bitCount - 1)), max: 2 ** (bitCount - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bitCount - 1 });
}

/** Bytes and alignment of a model. */
export function extentOf(model: Model): { size: number; align: number } {
  switch (model.kind) {
    case "scalar":
    case "bits": {
      const size = SCALARS[model.name][1];
      return { size, align: size };
    }
    case "list": {
      const { size, align } = extentOf(model.of);
      return { size: size * model.length, align };
    }
    case "struct": {
      const align = model.packed ? 1 : Math.max(...model.fields.map((field) => extentOf(field).align));
      const ends = spansOf(model).map(({ start, bits }) => start + bits);
      return { size: Math.ceil(Math.max(...ends) / 8 / align) * align, align };
    }
  }
}

function bitsOf(model: Model): number {
  return model.kind === "bits" ? model.width : extentOf(model).size * 8;
}

/** The first bit of each field, and how many it has. */
export function spansOf(model: StructModel): { start: number; bits: number }[] {
  return positionsOf(model).map((start, i) => ({ start, bits: bitsOf(model.fields[i] as Model) }));
}

/** The first bit of each field. */
function positionsOf({ fields, packed }: StructModel): number[] {
  let next = 0;
  return fields.map((field) => {
    const { size, align } = extentOf(field);
    let start = next;
    const fits = (at: number): boolean => {
      if (field.kind !== "bits") return at % (packed ? 8 : align * 8) === 0;
      // Its first and its last bit are in one unit.
      return packed || Math.floor(at / (size * 8)) === Math.floor((at + field.width - 1) / (size * 8));
    };
    while (!fits(start)) start++;
    next = start + bitsOf(field);
    return start;
  });
}

/** Writes values where a C compiler would; what lies between stays as it is. */
export function encode(model: Model, value: unknown, bytes: Uint8Array, bit = 0): void {
  if (model.kind === "struct") {
    const values = value as Record<string, unknown>;
    for (const [i, start] of positionsOf(model).entries()) {
      encode(model.fields[i] as Model, values[`f${i}`], bytes, bit + start);
    }
  } else if (model.kind === "list") {
    const { size } = extentOf(model.of);
    for (const [i, each] of (value as unknown[]).entries()) encode(model.of, each, bytes, bit + i * size * 8);
  } else if (model.kind === "bits") {
    for (let i = 0; i < model.width; i++) {
      const at = bit + i;
      const mask = 1 << (at % 8);
      const set = Math.floor(Number(value) / 2 ** i) % 2 !== 0;
      bytes[at >> 3] = ((bytes[at >> 3] as number) & ~mask) | (set ? mask : 0);
    }
  } else {
    SCALARS[model.name][3](new DataView(bytes.buffer, bytes.byteOffset), bit / 8, value);
  }
}

/** The struct in C, and the types that it needs before it. */
export function inC(model: StructModel, name: string): string {
  const before: string[] = [];
  const members = model.fields.map((field, i) => {
    let type: Model = field;
    let suffix = "";
    while (type.kind === "list") {
      suffix += `[${type.length}]`;
      type = type.of;
    }
    if (type.kind === "struct") {
      before.push(inC(type, `${name}_${i}`));
      return `struct ${name}_${i} f${i}${suffix};`;
    }
    return `${SCALARS[type.name][2]} f${i}${type.kind === "bits" ? ` : ${type.width}` : suffix};`;
  });
  const packed = model.packed ? "__attribute__((packed)) " : "";
  return `${before.join("\n")}\nstruct ${packed}${name} { ${members.join(" ")} };`;
}
