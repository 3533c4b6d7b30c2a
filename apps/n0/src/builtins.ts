/** The built-in functions: their names and, where it is a plain one, their signatures. */
import { CHANNEL, ERROR, type FunctionType, INT, STRING, type Type, VOID } from "./types.ts";

/** The built-in functions, by name. `error`, `int` and `float` are conversions instead. */
export type BuiltinName =
  | "native_print"
  | "native_print_int"
  | "native_print_error"
  | "panjang"
  | "hapus"
  | "punya"
  | "kunci"
  | "tambah"
  | "index"
  | "trim"
  | "split"
  | "substring"
  | "assert"
  | "saluran_baru"
  | "kirim"
  | "terima"
  | "luncurkan"
  | "parse_int";

/** The signature of each built-in function, null where the checker has rules of its own. */
const BUILTINS: Readonly<Record<BuiltinName, FunctionType | null>> = {
  native_print: signature([STRING], VOID),
  native_print_int: signature([INT], VOID),
  native_print_error: signature([ERROR], VOID),
  panjang: null,
  hapus: null,
  punya: null,
  kunci: null,
  tambah: null,
  index: signature([STRING, STRING], INT),
  trim: signature([STRING, STRING], STRING),
  split: signature([STRING, STRING], { kind: "array", element: STRING }),
  substring: signature([STRING, INT, INT], STRING),
  assert: null,
  saluran_baru: signature([], CHANNEL),
  kirim: signature([CHANNEL, INT], VOID),
  terima: signature([CHANNEL], INT),
  luncurkan: null,
  parse_int: signature([STRING], { kind: "tuple", elements: [INT, STRING] }),
};

/** Built-in functions that the original does not have: what a program declares under their names comes first. */
const LATER: ReadonlySet<string> = new Set(["punya", "kunci", "tambah"]);

/** Whether the program's own declarations of that name are looked up before the built-in function. */
export function yieldsToProgram(name: BuiltinName): boolean {
  return LATER.has(name);
}

/** The names of all built-in functions. */
export function builtinNames(): string[] {
  return Object.keys(BUILTINS);
}

/** Whether a built-in function has that name. */
export function isBuiltinName(name: string): name is BuiltinName {
  return Object.hasOwn(BUILTINS, name);
}

/** The signature of the built-in function, or null when its arguments follow no single signature. */
export function builtinSignature(name: BuiltinName): FunctionType | null {
  return BUILTINS[name];
}

function signature(parameters: readonly Type[], result: Type): FunctionType {
  return { kind: "function", parameters, result };
}
