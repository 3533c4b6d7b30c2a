/** Why a Morph program cannot go on. */
export type FailureReason = "index" | "memory" | "stack" | "null" | "divide" | "deadlock" | "builder" | "exit";

const EXIT_CODES: Record<FailureReason, number> = {
  index: 1,
  memory: 1,
  stack: 1,
  deadlock: 1,
  builder: 1,
  null: 139,
  divide: 136,
  exit: 0,
};

/**
 * A Morph program failed, as the original's processes die: with an exit code. What the original prints on stdout was given to
 * the writer before; the message is for stderr. The heap is sound: all live objects hold their bytes.
 */
export class RuntimeFailure extends Error {
  /** What happened. */
  readonly reason: FailureReason;
  /** The process's exit code: 1, or 128 and the signal that would have killed the original; of `exit` what the program asked for. */
  readonly exitCode: number;

  /** @param reason what happened; @param message what to print on stderr */
  constructor(reason: FailureReason, message: string, exitCode: number = EXIT_CODES[reason]) {
    super(message);
    this.name = "RuntimeFailure";
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** A null was used where an object is needed. */
export function nullFailure(what: string): RuntimeFailure {
  return new RuntimeFailure("null", `null dereference: ${what} is null`);
}
