/**
 * Why an operation was refused. The codes are stable: compare `error.code`, never the class, because two versions of
 * this package may be loaded at once.
 *
 * - `ERR_MORPH_INVALID_SIZE`: a size or count is not an integer in the range the operation allows.
 * - `ERR_MORPH_INVALID_ALIGNMENT`: an alignment is not a power of two in the allowed range.
 * - `ERR_MORPH_INVALID_POINTER`: a pointer was never handed out, lies inside an object, or belongs to someone else;
 *   `verify()` uses it for a structure that holds such a pointer.
 * - `ERR_MORPH_DOUBLE_FREE`: the object or page run is free already.
 * - `ERR_MORPH_USE_AFTER_FREE`: what shows an object was used after the object was freed.
 * - `ERR_MORPH_OUT_OF_MEMORY`: the memory's maximum is reached or the engine refuses to grow it.
 * - `ERR_MORPH_INVALID_TYPE`: a type id is out of range or not registered.
 * - `ERR_MORPH_INVALID_MARK`: an arena mark is stale or of another arena.
 * - `ERR_MORPH_DESTROYED`: the allocator was destroyed.
 * - `ERR_MORPH_NOT_OWNER`: the caller does not own what it wants to change.
 * - `ERR_MORPH_TIMEOUT`: a wait ended before its condition held.
 * - `ERR_MORPH_BUSY`: a growth listener, which may only look, called an operation that changes something.
 * - `ERR_MORPH_INVALID_CONFIG`: an option of a constructor is out of range or contradicts another.
 * - `ERR_MORPH_VERSION`: two packages do not keep the same contract, or bytes in a memory are of another version.
 */
export type MorphErrorCode =
  | "ERR_MORPH_INVALID_SIZE"
  | "ERR_MORPH_INVALID_ALIGNMENT"
  | "ERR_MORPH_INVALID_POINTER"
  | "ERR_MORPH_DOUBLE_FREE"
  | "ERR_MORPH_USE_AFTER_FREE"
  | "ERR_MORPH_OUT_OF_MEMORY"
  | "ERR_MORPH_INVALID_TYPE"
  | "ERR_MORPH_INVALID_MARK"
  | "ERR_MORPH_DESTROYED"
  | "ERR_MORPH_NOT_OWNER"
  | "ERR_MORPH_TIMEOUT"
  | "ERR_MORPH_BUSY"
  | "ERR_MORPH_INVALID_CONFIG"
  | "ERR_MORPH_VERSION";

/** Every error the allocators throw. The message says what was passed and what was expected. */
export class MorphError extends Error {
  /** What went wrong, stable across versions. */
  readonly code: MorphErrorCode;

  /** @param code what went wrong; @param message what was passed and what was expected. */
  constructor(code: MorphErrorCode, message: string) {
    super(message);
    // Not assigned: a realm that froze Error's prototype refuses that.
    Object.defineProperty(this, "name", { value: "MorphError", writable: true, configurable: true });
    this.code = code;
  }
}

/**
 * The error for a refusal that was thrown before, with nothing changed since. It has no stack trace, which would take V8 longer than everything
 * else, so that a program that asks again and again in a full memory is answered quickly.
 */
export function repeatedRefusal(code: MorphErrorCode, message: string): MorphError {
  return withoutStackTraces(() => new MorphError(code, message));
}

/** What `action` returns; errors made in it have no stack trace. */
export function withoutStackTraces<T>(action: () => T): T {
  const limit: unknown = Error.stackTraceLimit;
  // Engines without the limit, and programs that froze it, make stack traces.
  if (typeof limit !== "number" || !Reflect.set(Error, "stackTraceLimit", 0)) return action();
  try {
    return action();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/**
 * Refuses a constructor's options unless they are an object with known names only. O(names).
 * @throws ERR_MORPH_INVALID_CONFIG that says which name was probably meant
 */
export function requireOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `options: expected an object, got ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `options: there is no ${describe(name)}${meant === undefined ? "." : `; did you mean "${meant}"?`} Known are ${known.join(", ")}`,
    );
  }
}

/** The known name that a wrong one is nearest to: its beginning, or at most three letters away. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const begun = known.find((each) => lower.length > 2 && each.toLowerCase().startsWith(lower));
  if (begun !== undefined) return begun;
  const distances = known.map((each) => editDistance(lower, each.toLowerCase()));
  const least = Math.min(...distances);
  return least <= Math.min(3, name.length - 1) ? known[distances.indexOf(least)] : undefined;
}

/** Letters to change, add or leave out (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** How a value reads in an error message: strings in quotes, everything else as JavaScript prints it. O(1). */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "number" && Object.is(value, -0)) return "-0";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
