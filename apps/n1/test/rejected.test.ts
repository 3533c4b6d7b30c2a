/** What n0 rejects is rejected with the same messages. */
import { compileFrontEnd, disk, formatDiagnostics } from "n0";
import { beforeAll, expect, test } from "vitest";
import { corpus } from "../../n0/test/corpus.ts";
import { buildAll, type Compilation, stageA } from "./compiler.ts";

const programs = corpus("rejected");
let runs: Compilation[] = [];

beforeAll(async () => {
  runs = await buildAll(
    await stageA(),
    programs.map(({ file }) => file),
  );
}, 120_000);

test.each(programs.map((program, i) => [program.name, program, i] as const))("%s", (_, { file, bytes }, i) => {
  const result = compileFrontEnd({ file, bytes, reader: disk });
  if (result.ok) throw new Error("n0 accepts it");
  expect(runs[i]!.stderr).toBe(formatDiagnostics(result.diagnostics, result.sources));
  expect(runs[i]).toMatchObject({ exitCode: 1, failure: null, module: null });
});
