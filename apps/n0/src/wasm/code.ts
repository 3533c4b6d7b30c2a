/** Instructions of WebAssembly as trees: each node has its operands as parts, and may stand in one place only. */

/** A type of WebAssembly by its byte; `none` for no value, `unreachable` for code that does not go on. */
export type Type = number;
export const i32: Type = 0x7f;
export const i64: Type = 0x7e;
export const f64: Type = 0x7c;
/** An i32 that is a reference, and an i64 whose low word is one. An engine sees no difference; who places roots does. */
export const ref: Type = 0x17f;
export const pair: Type = 0x17e;
export const none: Type = 0x40;
export const unreachable: Type = 0;

/** The type as engines know it. */
export function plainType(type: Type): Type {
  return type & 0xff;
}

/** The same code, known to give a value of another type that engines do not tell apart. */
export function typed(code: Code, type: Type): Code {
  return { ...code, type };
}

/** What a node is. `plain` is its parts and then fixed bytes; a `sequence` its parts one after the other. */
export type Kind = "plain" | "local" | "global" | "call" | "indirect" | "branch" | "sequence" | "block" | "loop" | "if";

/** An expression or statement. */
export interface Code {
  readonly kind: Kind;
  readonly type: Type;
  readonly parts: readonly Code[];
  /** The bytes of a plain instruction; the opcode of those that name something. */
  readonly bytes: readonly number[];
  /** The global, function or label that is meant. */
  readonly name: string;
  /** The local that is meant; the line of a call. */
  readonly number: number;
  /** How the function of an indirect call is called. */
  readonly params: readonly Type[];
}

const NO_PARTS: readonly Code[] = [];
const NO_BYTES: readonly number[] = [];
const NO_PARAMS: readonly Type[] = [];

/** A node of these parts; all nodes have the same shape, because engines are fast with one. */
export function node(
  kind: Kind,
  type: Type,
  parts: readonly Code[] = NO_PARTS,
  bytes: readonly number[] = NO_BYTES,
  name = "",
  number = 0,
  params: readonly Type[] = NO_PARAMS,
): Code {
  return { kind, type, parts, bytes, name, number, params };
}

/** The type of parts that stand one after the other: that of the last, unless one of them does not go on. */
export function typeOfAll(parts: readonly Code[]): Type {
  const last = parts.at(-1)?.type ?? none;
  return last === none && parts.some(({ type }) => type === unreachable) ? unreachable : last;
}
