/** The programs of n0's tests do the same when this compiler compiled them, on both allocators. */

import { runModule, unwindable } from "n0";
import { type AllocatorName, MemoryWriter } from "n0-runtime";
import { beforeAll, describe, expect, test } from "vitest";
import { corpus } from "../../n0/test/corpus.ts";
import { buildAll, MAIN, type Run, stageA } from "./compiler.ts";

const programs = corpus("programs");
const allocators: readonly AllocatorName[] = ["v1", "v2"];
/** The modules by stage of the compiler: A is compiled by n0, B by A. */
const runs: Record<"A" | "B", Run[]> = { A: [], B: [] };

beforeAll(async () => {
  const files = programs.map(({ file }) => file);
  const a = await stageA();
  runs.A = await buildAll(a, [...files, MAIN]);
  runs.B = await buildAll(runs.A.at(-1)!.module!, files);
}, 120_000);

describe.each(["A", "B"] as const)("compiled by stage %s", (stage) => {
  test.each(programs.map((program, i) => [program.name, program, i] as const))("%s", async (_, program, i) => {
    const run = runs[stage][i]!;
    expect(run).toMatchObject({ exitCode: 0, messages: "", failure: null });
    const module = await unwindable(run.module!);
    for (const allocator of allocators) {
      const stdout = new MemoryWriter();
      const { exitCode } = runModule(module, { allocator, stdout });
      expect(stdout.text()).toBe(program.expected);
      if (program.code < 0) expect(exitCode).not.toBe(0);
      else expect(exitCode).toBe(program.code);
    }
  });
});
