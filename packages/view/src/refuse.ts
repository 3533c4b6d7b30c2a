import { describe, MorphError, type MorphErrorCode } from "@morph/memory";

/** Throws the error of what was passed instead of what was expected. */
export function refuse(code: MorphErrorCode, expected: string, got: unknown): never {
  throw new MorphError(code, `expected ${expected}, got ${describe(got)}`);
}

/** @throws ERR_MORPH_INVALID_CONFIG unless an option is true or false */
export function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") refuse("ERR_MORPH_INVALID_CONFIG", `${name}: a boolean`, value);
}
