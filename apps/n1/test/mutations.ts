/** Damaged programs: what n0 says of each, this compiler has to say, too. */
import { compileFrontEnd, formatDiagnostics } from "n0";
import { expect } from "vitest";
import { exchanges, mutations } from "../../n0/test/mutations.ts";
import { checkAll, stageA } from "./compiler.ts";

/** Compares that many of each kind of mutation. */
export async function compareMutations(count: number, seed: number): Promise<void> {
  const programs = [...mutations(count, seed), ...exchanges(count, seed)];
  let rejected = 0;
  for (const { file, run } of await checkAll(await stageA(), programs)) {
    const bytes = programs[Number(/(\d+)\.fox$/.exec(file)![1])]!;
    const result = compileFrontEnd({ file, bytes });
    const expected = formatDiagnostics(result.ok ? result.warnings : result.diagnostics, result.sources);
    const context = new TextDecoder().decode(bytes);
    expect(run.failure, context).toBeNull();
    expect(run.stderr, context).toBe(expected);
    expect(run.exitCode, context).toBe(result.ok ? 0 : 1);
    if (!result.ok) rejected++;
  }
  // Most of them are damaged so that it shows, but not all.
  expect(rejected).toBeGreaterThan(count / 2);
  expect(rejected).toBeLessThan(programs.length);
}
