/**
 * The functions of the runtime that a program may declare `native`. The name in C is that of the module's import path and
 * the function, joined by `_`: `fungsi Itoa(i int) string native` in a module imported as "conv" is `conv_Itoa`, and so is
 * `fungsi conv_Itoa(i int) string native` in the main file.
 */
import type { StructType } from "./types.ts";

/** What the generator has to know of a native function beside its declaration. */
interface Native {
  /** As messages write it. */
  readonly signature: string;
  /** Whether it may allocate. */
  readonly allocates: boolean;
}

/** The native functions, by their name in C. */
export type NativeName =
  | "io_make_file"
  | "io_Open"
  | "io_Create"
  | "io_Read"
  | "io_ReadAll"
  | "io_Write"
  | "io_WriteBytes"
  | "io_Close"
  | "conv_Itoa"
  | "conv_Atoi"
  | "conv_Ftoa"
  | "conv_Atof"
  | "conv_FloatBits"
  | "conv_FloatFromBits"
  | "time_Now"
  | "time_Sleep"
  | "string_Length"
  | "string_Concat"
  | "string_FromByte"
  | "string_FromBytes"
  | "string_Bytes"
  | "string_Compare"
  | "bytes_New"
  | "bytes_Add"
  | "bytes_AddByte"
  | "bytes_AddAll"
  | "bytes_Get"
  | "bytes_Set"
  | "bytes_Length"
  | "bytes_Clear"
  | "bytes_String"
  | "os_args"
  | "os_Exit";

const NATIVES: Readonly<Record<NativeName, Native>> = {
  io_make_file: allocating("fungsi(int) File"),
  io_Open: allocating("fungsi(string) File"),
  io_Create: allocating("fungsi(string) File"),
  io_Read: allocating("fungsi(File, int) string"),
  io_ReadAll: allocating("fungsi(File) string"),
  io_Write: plain("fungsi(File, string) int"),
  io_WriteBytes: plain("fungsi(File, []int) int"),
  io_Close: plain("fungsi(File) int"),
  conv_Itoa: allocating("fungsi(int) string"),
  conv_Atoi: allocating("fungsi(string) (int, error)"),
  conv_Ftoa: allocating("fungsi(float) string"),
  conv_Atof: allocating("fungsi(string) (float, error)"),
  conv_FloatBits: plain("fungsi(float) int"),
  conv_FloatFromBits: plain("fungsi(int) float"),
  time_Now: plain("fungsi() int"),
  time_Sleep: plain("fungsi(int) void"),
  string_Length: plain("fungsi(string) int"),
  string_Concat: allocating("fungsi(string, string) string"),
  string_FromByte: allocating("fungsi(int) string"),
  string_FromBytes: allocating("fungsi([]int) string"),
  string_Bytes: allocating("fungsi(string) []int"),
  string_Compare: plain("fungsi(string, string) int"),
  bytes_New: allocating("fungsi() Builder"),
  bytes_Add: allocating("fungsi(Builder, string) void"),
  bytes_AddByte: allocating("fungsi(Builder, int) void"),
  bytes_AddAll: allocating("fungsi(Builder, Builder) void"),
  bytes_Get: plain("fungsi(Builder, int) int"),
  bytes_Set: plain("fungsi(Builder, int, int) void"),
  bytes_Length: plain("fungsi(Builder) int"),
  bytes_Clear: plain("fungsi(Builder) void"),
  bytes_String: allocating("fungsi(Builder) string"),
  os_args: allocating("fungsi() []string"),
  os_Exit: plain("fungsi(int) void"),
};

/** The native function that a declaration in a module means; undefined when the runtime has none. */
export function nativeFunction(modulePath: string, name: string): { name: NativeName; signature: string } | undefined {
  const native = modulePath === "" ? name : `${modulePath.replaceAll(/[/.]/g, "_")}_${name}`;
  return Object.hasOwn(NATIVES, native)
    ? { name: native as NativeName, signature: nativeSignature(native as NativeName) }
    : undefined;
}

/** All native functions. */
export function nativeNames(): NativeName[] {
  return Object.keys(NATIVES) as NativeName[];
}

/** As a declaration has to write it. */
export function nativeSignature(name: NativeName): string {
  return NATIVES[name].signature;
}

/** Whether the native function may allocate. */
export function nativeAllocates(name: NativeName): boolean {
  return NATIVES[name].allocates;
}

/** Whether a struct of that name lies as the runtime makes it and reads it: a File is one int; a Builder has no fields to see. */
export function fitsRuntime({ name, fields }: StructType): boolean {
  if (name === "File") return fields.length === 1 && fields[0]!.type.kind === "int";
  return name !== "Builder" || fields.length === 0;
}

function allocating(signature: string): Native {
  return { signature, allocates: true };
}

function plain(signature: string): Native {
  return { signature, allocates: false };
}
