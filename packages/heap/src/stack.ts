import { requireStackFrame } from "@morph/memory";

/**
 * Throws RangeError now if the calls of an operation could run out of stack in its middle, which would leave it half done. O(1), 5 ns.
 * Whoever calls it near the stack's end has it in a constant: where a test runner makes getters of imports, one that overflows is undefined.
 * @param value a number from 0, which no compiler can know to be one
 */
export const requireStack: (value: number) => void = requireStackFrame;
