import { pathToFileURL } from "node:url";
import { atDepth } from "./at-every-depth.ts";
import { random } from "./random.ts";

/** Random operations on something, and what is known of it. */
export interface Program {
  /** One operation; what changes something is called through {@link Attempt}. */
  step(): void;
  /** @throws when something is not as it should be */
  check(): void;
}

/** Calls `use` somewhere on the stack, mostly near its end. @returns whether it came back; otherwise the stack was full, and nothing should have happened */
export type Attempt = (use: () => void) => boolean;

/** Frames above the deepest, up to which most operations are called: of some 100 bytes each. */
const REACHES = [10, 60, 400, 800];

/**
 * Runs a program on a package that was loaded anew, so that every function of it has to be compiled when it is called for the first time, wherever that is.
 * @param file what `bundle` made
 * @returns how often the stack was full
 */
export async function runLateFunctions<Package>(
  file: string,
  seed: number,
  steps: number,
  start: (loaded: Package, next: (below: number) => number, attempt: Attempt) => Program,
): Promise<number> {
  const loaded = (await import(/* @vite-ignore */ `${pathToFileURL(file).href}?${seed}`)) as Package;
  const next = random(seed * 7919 + 1);
  let overflows = 0;
  const attempt: Attempt = (use) => {
    if (next(5) === 0) {
      use();
      return true;
    }
    const overflowed = atDepth(next(REACHES[next(4)] as number), next(24), use);
    if (overflowed) overflows++;
    return !overflowed;
  };
  const program = start(loaded, next, attempt);
  for (let i = 1; i <= steps; i++) {
    program.step();
    if (i % 30 === 0) program.check();
  }
  program.check();
  return overflows;
}
