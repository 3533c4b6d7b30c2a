/**
 * Calls `use` at every depth of the stack, from the deepest up, until it no longer overflows.
 * @param padding words that each frame takes in addition, so that other runs meet other depths
 * @returns how often it did
 */
export function atEveryDepth(use: () => void, padding = 0): number {
  const words = new Array<number>(padding).fill(0);
  let overflows = 0;
  let done = false;
  const down = (..._: number[]): void => {
    try {
      down(...words);
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
  down(...words);
  return overflows;
}

function requireOverflow(error: unknown): void {
  if (!(error instanceof RangeError)) throw error;
}

/**
 * Calls `use` once, so many frames above the deepest that there can be.
 * @returns whether it overflowed; other errors are thrown
 */
export function atDepth(framesAbove: number, padding: number, use: () => void): boolean {
  const words = new Array<number>(padding).fill(0);
  let frames = framesAbove;
  let done = false;
  let failure: unknown;
  const down = (..._: number[]): void => {
    try {
      down(...words);
    } catch (error) {
      if (done) throw error;
    }
    if (done || frames-- > 0) return;
    done = true;
    try {
      use();
    } catch (error) {
      failure = error;
    }
  };
  down(...words);
  if (failure !== undefined) requireOverflow(failure);
  return failure !== undefined;
}
