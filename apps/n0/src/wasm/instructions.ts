/** The instructions that only take operands and give a value: numbers and memory. */
import { ByteSink } from "./bytes.ts";
import { type Code, f64, i32, i64, node, none, ref, type Type } from "./code.ts";

type One = (value: Code) => Code;
type Two = (a: Code, b: Code) => Code;
type Load = (offset: number, alignment: number, address: Code) => Code;
type Store = (offset: number, alignment: number, address: Code, value: Code) => Code;

const sink = new ByteSink();

/** The bytes that a piece of code writes. */
function written(write: () => void): readonly number[] {
  sink.clear();
  write();
  return Array.from(sink.view());
}

function one(type: Type, ...bytes: number[]): One {
  return (value) => node("plain", type, [value], bytes);
}

function two(type: Type, opcode: number): Two {
  const bytes = [opcode];
  return (a, b) => node("plain", type, [a, b], bytes);
}

function address(opcode: number, offset: number, alignment: number): readonly number[] {
  return written(() => {
    sink.byte(opcode);
    sink.unsigned(Math.log2(alignment));
    sink.unsigned(offset);
  });
}

function load(type: Type, opcode: number): Load {
  return (offset, alignment, from) => node("plain", type, [from], address(opcode, offset, alignment));
}

function store(opcode: number): Store {
  return (offset, alignment, to, value) => node("plain", none, [to, value], address(opcode, offset, alignment));
}

/** Of 32 bits. */
export interface I32 {
  readonly const: (value: number) => Code;
  readonly load: Load;
  readonly load8_u: Load;
  readonly store: Store;
  readonly store8: Store;
  readonly eqz: One;
  readonly wrap: One;
  readonly eq: Two;
  readonly ne: Two;
  readonly lt_s: Two;
  readonly lt_u: Two;
  readonly gt_u: Two;
  readonly ge_u: Two;
  readonly add: Two;
  readonly sub: Two;
  readonly mul: Two;
  readonly div_u: Two;
  readonly rem_u: Two;
  readonly and: Two;
  readonly or: Two;
  readonly xor: Two;
  readonly shl: Two;
  readonly shr_u: Two;
}

export const I32_INSTRUCTIONS: I32 = {
  const: (value) =>
    node(
      "plain",
      i32,
      [],
      written(() => {
        sink.byte(0x41);
        sink.signed(value);
      }),
    ),
  load: load(i32, 0x28),
  load8_u: load(i32, 0x2d),
  store: store(0x36),
  store8: store(0x3a),
  eqz: one(i32, 0x45),
  wrap: one(i32, 0xa7),
  eq: two(i32, 0x46),
  ne: two(i32, 0x47),
  lt_s: two(i32, 0x48),
  lt_u: two(i32, 0x49),
  gt_u: two(i32, 0x4b),
  ge_u: two(i32, 0x4f),
  add: two(i32, 0x6a),
  sub: two(i32, 0x6b),
  mul: two(i32, 0x6c),
  div_u: two(i32, 0x6e),
  rem_u: two(i32, 0x70),
  and: two(i32, 0x71),
  or: two(i32, 0x72),
  xor: two(i32, 0x73),
  shl: two(i32, 0x74),
  shr_u: two(i32, 0x76),
};

/** References, which are 32 bits. */
export const REF_INSTRUCTIONS: { readonly load: Load } = { load: load(ref, 0x28) };

/** Of 64 bits. */
export interface I64 {
  readonly const: (value: bigint) => Code;
  readonly load: Load;
  readonly load8_s: Load;
  readonly load32_u: Load;
  readonly store: Store;
  readonly store32: Store;
  readonly eqz: One;
  readonly extend_s: One;
  readonly extend_u: One;
  readonly reinterpret: One;
  readonly trunc_s_sat: { readonly f64: One };
  readonly eq: Two;
  readonly ne: Two;
  readonly lt_s: Two;
  readonly gt_s: Two;
  readonly gt_u: Two;
  readonly le_s: Two;
  readonly le_u: Two;
  readonly ge_s: Two;
  readonly ge_u: Two;
  readonly add: Two;
  readonly sub: Two;
  readonly mul: Two;
  readonly div_s: Two;
  readonly rem_s: Two;
  readonly and: Two;
  readonly or: Two;
  readonly xor: Two;
  readonly shl: Two;
  readonly shr_s: Two;
  readonly shr_u: Two;
}

export const I64_INSTRUCTIONS: I64 = {
  const: (value) =>
    node(
      "plain",
      i64,
      [],
      written(() => {
        sink.byte(0x42);
        sink.signed64(value);
      }),
    ),
  load: load(i64, 0x29),
  load8_s: load(i64, 0x30),
  load32_u: load(i64, 0x35),
  store: store(0x37),
  store32: store(0x3e),
  eqz: one(i32, 0x50),
  extend_s: one(i64, 0xac),
  extend_u: one(i64, 0xad),
  reinterpret: one(i64, 0xbd),
  trunc_s_sat: { f64: one(i64, 0xfc, 6) },
  eq: two(i32, 0x51),
  ne: two(i32, 0x52),
  lt_s: two(i32, 0x53),
  gt_s: two(i32, 0x55),
  gt_u: two(i32, 0x56),
  le_s: two(i32, 0x57),
  le_u: two(i32, 0x58),
  ge_s: two(i32, 0x59),
  ge_u: two(i32, 0x5a),
  add: two(i64, 0x7c),
  sub: two(i64, 0x7d),
  mul: two(i64, 0x7e),
  div_s: two(i64, 0x7f),
  rem_s: two(i64, 0x81),
  and: two(i64, 0x83),
  or: two(i64, 0x84),
  xor: two(i64, 0x85),
  shl: two(i64, 0x86),
  shr_s: two(i64, 0x87),
  shr_u: two(i64, 0x88),
};

/** Of floats. */
export interface F64 {
  readonly const: (value: number) => Code;
  readonly load: Load;
  readonly store: Store;
  readonly neg: One;
  readonly reinterpret: One;
  readonly convert_s: { readonly i64: One };
  readonly eq: Two;
  readonly ne: Two;
  readonly lt: Two;
  readonly gt: Two;
  readonly le: Two;
  readonly ge: Two;
  readonly add: Two;
  readonly sub: Two;
  readonly mul: Two;
  readonly div: Two;
}

export const F64_INSTRUCTIONS: F64 = {
  const: (value) =>
    node(
      "plain",
      f64,
      [],
      written(() => {
        sink.byte(0x44);
        sink.float64(value);
      }),
    ),
  load: load(f64, 0x2b),
  store: store(0x39),
  neg: one(f64, 0x9a),
  reinterpret: one(f64, 0xbf),
  convert_s: { i64: one(f64, 0xb9) },
  eq: two(i32, 0x61),
  ne: two(i32, 0x62),
  lt: two(i32, 0x63),
  gt: two(i32, 0x64),
  le: two(i32, 0x65),
  ge: two(i32, 0x66),
  add: two(f64, 0xa0),
  sub: two(f64, 0xa1),
  mul: two(f64, 0xa2),
  div: two(f64, 0xa3),
};
