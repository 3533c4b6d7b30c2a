import { expect } from "vitest";
import type { Program } from "../src/ast.ts";
import { type ExecuteOptions, execute, executeLiteralsEachTime, MOVING, WAYS } from "./execute.ts";

/** Calls that are too deep end where the stack of the machine does. */
const OVERFLOW = "stack overflow";

/**
 * Runs a program in every way, also with all objects moving; what it prints, its failure and its exit code have to be those of V2.
 * @param name for messages
 * @param mostCollections of a program that allocates more, only each n-th allocation collects
 */
export function expectSameEverywhere(
  checked: Program,
  name: string,
  mostCollections: number = Number.POSITIVE_INFINITY,
): void {
  const wanted = execute(checked, { allocator: "v2" });
  const collectEvery = Math.max(1, Math.ceil(wanted.stats!.allocations / mostCollections));
  const ways: readonly (readonly [string, ExecuteOptions])[] = [
    ...WAYS.filter(([, { allocator }]) => allocator !== "v2"),
    ["gc, moving", MOVING],
  ];
  for (const [way, options] of ways) {
    const { gc } = options;
    const run: ExecuteOptions = gc === undefined ? options : { ...options, gc: { ...gc, collectEvery } };
    const { stdout, failure, exitCode, trace } = execute(checked, run);
    expect({ stdout, failure, exitCode }, `${name}, ${way}`).toEqual({
      stdout: wanted.stdout,
      failure: wanted.failure,
      exitCode: wanted.exitCode,
    });
    if (failure?.includes(OVERFLOW) !== true) expect(trace, `${name}, ${way}`).toEqual(wanted.trace);
  }
  const moving = { ...MOVING, gc: { ...MOVING.gc, collectEvery } };
  expect(executeLiteralsEachTime(checked, moving).stdout, `${name}, literals each time`).toBe(wanted.stdout);
}
