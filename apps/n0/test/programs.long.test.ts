/** Every program on the collector, and on V1 with literals that are made each time, with a collection at each allocation, and at fewer, where objects stay young for longer; everything verified after each. */
import { expect, test } from "vitest";
import { disk } from "../src/disk.ts";
import { compileFrontEnd } from "../src/front-end.ts";
import { corpus } from "./corpus.ts";
import { execute, executeLiteralsEachTime, FIXED_WAYS, GC_WAYS, MOVING } from "./execute.ts";

const HOUR = 3_600_000;

const cases = corpus("programs")
  .filter(({ name }) => !name.endsWith("-recursion"))
  .map((entry) => [entry.name, entry] as const);

test.each(cases)("%s", { timeout: HOUR }, (_, { file, bytes, expected }) => {
  const result = compileFrontEnd({ file, bytes, reader: disk });
  if (!result.ok) throw new Error("the program is rejected");
  const [, options] = GC_WAYS.at(-1)!;
  expect(execute(result.program, options).stdout).toBe(expected);
  expect(executeLiteralsEachTime(result.program, options).stdout, "literals each time").toBe(expected);
  const [, onV1] = FIXED_WAYS.at(-1)!;
  expect(executeLiteralsEachTime(result.program, onV1).stdout, "V1, literals each time").toBe(expected);
  expect(execute(result.program, MOVING).stdout, "moving").toBe(expected);
  for (const collectEvery of [2, 3, 5, 8]) {
    const run = { ...options, gc: { ...options.gc, collectEvery } };
    expect(execute(result.program, run).stdout, `every ${collectEvery}`).toBe(expected);
  }
});
