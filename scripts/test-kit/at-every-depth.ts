/**
 * Calls `use` at every depth of the stack, from the deepest up, until it no longer overflows.
 * @returns how often it did
 */
export function atEveryDepth(use: () => void): number {
  let overflows = 0;
  let done = false;
  const down = (): void => {
    try {
      down();
    } catch (error) {
      requireOverflow(error);
    }
    if (done) return;
    try {
      use();
      done = true;
    } catch (error) {
      requireOverflow(error);
      overflows++;
    }
  };
  down();
  return overflows;
}

/** The test runner's getters of imported names hide an overflow in them: what was imported is `undefined` then. */
function requireOverflow(error: unknown): void {
  const { name, message } = error as Error;
  if (name !== "RangeError" && !(name === "TypeError" && message.startsWith("undefined is not"))) throw error;
}
