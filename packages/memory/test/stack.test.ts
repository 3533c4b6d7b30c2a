/** What is asked for at the stack's end is there, before and after the engine has optimized who asks. */
import { describe, expect, it } from "vitest";
import { requireStackFrame } from "../src/index.ts";

// In constants, as allocators have them: see `stack.ts` of the heap.
const ask = requireStackFrame;

/** Takes more than 128 bytes a call, also when it is optimized. */
const down = (calls: number, a: number, b: number, c: number, d: number, e: number, f: number, g: number): number =>
  calls === 0 ? a + g : down(calls - 1, b, c, d, e, f, g, a) + 1;

let asked = 0;
let value = 0;

/** An operation of an allocator: it asks first, then it must not be interrupted. */
const operation = (): void => {
  ask(value);
  asked = 1;
  down(20, 1, 2, 3, 4, 5, 6, 7);
  asked = 0;
  value = (value + 1) & 1023;
};

/** Runs the operation at all depths where the stack does not suffice for it, coming from below. */
const atTheEdge = (padding: number): { overflows: number; late: number } => {
  const words = new Array<number>(padding).fill(0);
  let overflows = 0;
  let late = 0;
  let done = false;
  const attempt = (): void => {
    try {
      operation();
      done = true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      overflows++;
      late += asked;
      asked = 0;
    }
  };
  const deeper = (..._: number[]): void => {
    try {
      deeper(...words);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (!done) attempt();
  };
  deeper(...words);
  return { overflows, late };
};

describe("requireStackFrame", () => {
  it.each([0, 30_000])("overflows in time after %i calls", (calls) => {
    for (let i = 0; i < calls; i++) operation();
    let overflows = 0;
    for (let padding = 0; padding < 40; padding++) {
      const found = atTheEdge(padding);
      overflows += found.overflows;
      expect(found.late).toBe(0);
    }
    expect(overflows).toBeGreaterThan(0);
  });
});
