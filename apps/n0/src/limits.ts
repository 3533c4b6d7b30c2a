/** What WebAssembly engines refuse to run, so that the compiler has to. */
import type { Diagnostic } from "./diagnostics.ts";

/** Of a function: engines take 1,000, and a closure's environment, a method's receiver and a function's value take one. */
export const MOST_PARAMETERS = 999;

/** Locals of one function: its parameters, variables and temporaries. */
export const MOST_LOCALS = 50_000;

/** A program that is right, but too large for an engine; the generator throws it. */
export class LimitError extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.name = "LimitError";
    this.diagnostic = diagnostic;
  }
}
