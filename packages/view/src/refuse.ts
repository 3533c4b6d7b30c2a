import { describe, MorphError, type MorphErrorCode } from "@morph/memory";

/** Throws the error of what was passed instead of what was expected. */
export function refuse(code: MorphErrorCode, expected: string, got: unknown): never {
  throw new MorphError(code, `expected ${expected}, got ${describe(got)}`);
}
