/** How a program that cannot go on ends: a message for stderr and an exit code. */
import type { Runtime, RuntimeFailure } from "n0-runtime";
import { FAIL_DIVIDE, FAIL_INDEX, FAIL_NULL } from "./codegen/names.ts";
import { isStackOverflow } from "./stack-overflow.ts";

/** The end of a program that failed; its stdout was written before. */
export class ProgramFailure extends Error {
  readonly exitCode: number;
  /** Whether the message says where it was. */
  readonly hasPlace: boolean;
  /** Whether the memory was full. */
  outOfMemory = false;

  /** @param message what stderr shows behind `Runtime error: `, empty for nothing */
  constructor(message: string, exitCode = 1, hasPlace = false) {
    super(message);
    this.name = "ProgramFailure";
    this.exitCode = exitCode;
    this.hasPlace = hasPlace;
  }
}

/** The exit code of a process that writes to a pipe that nobody reads any more. */
const BROKEN_PIPE = 141;

/** A failure whose message says where it was. */
export function failureAt(message: string): ProgramFailure {
  return new ProgramFailure(message, 1, true);
}

/** The failure that a module found itself, at a place of its source. */
export function failureOf(kind: number, place: string, runtime: Runtime): ProgramFailure {
  switch (kind) {
    case FAIL_NULL:
      return failureAt(`null dereference at ${place}`);
    case FAIL_DIVIDE:
      return failureAt(`division by zero, or of the smallest int by -1, at ${place}`);
    case FAIL_INDEX:
      // The runtime prints the line on stdout that the language asks for.
      try {
        runtime.mph_fail_index();
      } catch (error) {
        if ((error as Error).name !== "RuntimeFailure") return asFailure(error);
      }
      return failureAt(`array index out of bounds at ${place}`);
    default:
      return failureAt(`string index out of range at ${place}`);
  }
}

/** Any error that a running program threw, as its end. */
export function asFailure(thrown: unknown): ProgramFailure {
  const error = thrown as Error & { code?: string; reason?: string };
  if (error instanceof ProgramFailure) return error;
  if (error.code === "EPIPE") return new ProgramFailure("", BROKEN_PIPE);
  if (error.reason === "memory" || error.code === "ERR_MORPH_OUT_OF_MEMORY") {
    const failure = new ProgramFailure(`out of memory: ${error.message.replace(/^mmap failed: /, "")}`);
    failure.outOfMemory = true;
    return failure;
  }
  // The program asked for its end.
  if (error.reason === "exit") return new ProgramFailure("", (thrown as RuntimeFailure).exitCode);
  if (isStackOverflow(error)) return new ProgramFailure("stack overflow");
  return new ProgramFailure(error.message);
}
