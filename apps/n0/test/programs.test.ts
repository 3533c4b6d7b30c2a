import { expect, test } from "vitest";
import { disk } from "../src/disk.ts";
import { compileFrontEnd } from "../src/front-end.ts";
import { corpus } from "./corpus.ts";
import { execute, executeLiteralsEachTime, WAYS } from "./execute.ts";

/** These need the large stack that only the command has; `command.test.ts` runs them. */
const DEEP = ["deep-recursion", "endless-recursion"];

/** Collections of a program, each of which verifies everything: of one that allocates more, every n-th allocation collects. `programs.long.test.ts` has all. */
const MOST_COLLECTIONS = 15;

const cases = corpus("programs").map((entry) => [entry.name, entry] as const);

test.each(cases)("%s", (name, { file, bytes, expected, code }) => {
  const result = compileFrontEnd({ file, bytes, reader: disk });
  if (!result.ok) throw new Error("the program is rejected");
  if (DEEP.includes(name)) return;
  let allocations = 0;
  for (const [way, options] of WAYS) {
    const { gc } = options;
    const collectEvery = Math.ceil(allocations / MOST_COLLECTIONS);
    const run = gc?.collectEvery === 1 ? { ...options, gc: { ...gc, collectEvery } } : options;
    const { stdout, exitCode, stats } = execute(result.program, run);
    allocations = stats!.allocations;
    expect(stdout, way).toBe(expected);
    if (code < 0) expect(exitCode, way).not.toBe(0);
    else expect(exitCode, way).toBe(code);
  }
  // Nothing but the allocations tells a literal that was made once from one that is made each time.
  for (const [way, options] of WAYS.filter(([name]) => name === "v1" || name === "gc")) {
    const original = executeLiteralsEachTime(result.program, options);
    expect(original.stdout, `${way}, literals each time`).toBe(expected);
  }
});
