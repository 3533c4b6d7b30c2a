import { type AddressSpace, describe, MorphError } from "@morph/memory";
import { MAX_TYPE } from "./layout.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Bytes of a name in the memory, its length included. */
const NAME_BYTES = 64;

/** Bytes of the table of all 128 names. */
export const NAMES_BYTES = 8192;

/** @throws ERR_MORPH_INVALID_TYPE unless `id` is an integer from 0 to 127 */
export function requireType(id: number): void {
  if (!Number.isInteger(id) || id < 0 || id > MAX_TYPE) {
    throw new MorphError("ERR_MORPH_INVALID_TYPE", `type id: expected 0 to ${MAX_TYPE}, got ${describe(id)}`);
  }
}

/** A type's name in UTF-8. @throws ERR_MORPH_INVALID_TYPE unless it is a string of 1 to 63 bytes */
export function encodeTypeName(name: string): number[] {
  const bytes = typeof name === "string" ? encodeUtf8(name) : [];
  if (bytes.length > 0 && bytes.length < NAME_BYTES) return bytes;
  throw new MorphError(
    "ERR_MORPH_INVALID_TYPE",
    `type name: expected a string of 1 to ${NAME_BYTES - 1} bytes, got ${describe(name)}`,
  );
}

/** Writes a type's name into the table at `names`: a length byte, then UTF-8. */
export function writeTypeName(memory: AddressSpace, names: number, id: number, bytes: readonly number[]): void {
  const at = names + id * NAME_BYTES;
  memory.u8[at] = bytes.length;
  memory.u8.set(bytes, at + 1);
}

/** The name written there, or `undefined`. */
export function readTypeName(memory: AddressSpace, names: number, id: number): string | undefined {
  const at = names + id * NAME_BYTES;
  const length = memory.u8[at] as number;
  return length === 0 ? undefined : decodeUtf8(memory.u8.subarray(at + 1, at + 1 + length));
}
