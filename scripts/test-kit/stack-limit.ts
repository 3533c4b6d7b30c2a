/**
 * Calls `action` with ever more stack left, in so many frames, from nearly none to more than any operation takes, in steps of a few words.
 * @returns how often it ended in a RangeError, and how often it did not
 */
export function nearTheStackLimit(action: () => void, frames = 2000): { overflows: number; done: number } {
  let overflows = 0;
  let done = 0;
  let levels = 0;
  let failure: unknown;
  const padded = [0, 3, 6, 9].map((words) => action.bind(undefined, ...(new Array(words).fill(0) as [])));
  const attempt = (call: () => void): void => {
    try {
      call();
      done++;
    } catch (error) {
      if (error instanceof RangeError) overflows++;
      else failure ??= error;
    }
  };
  const dive = (): void => {
    try {
      dive();
    } catch {
      // The stack is full: from here on up, the action is tried in each frame.
    }
    if (++levels > frames) return;
    try {
      for (const call of padded) attempt(call);
    } catch {
      // Not even `attempt` could be called.
    }
  };
  dive();
  if (failure !== undefined) throw failure;
  return { overflows, done };
}
