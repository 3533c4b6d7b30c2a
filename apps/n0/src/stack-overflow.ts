/** Whether the engine's own stack has ended: V8 throws then, wherever it is. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}
