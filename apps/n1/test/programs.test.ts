/** The programs of n0's tests do the same when this compiler compiled them, however they are run. */
import { buildProgram, compileFrontEnd, disk, type FrontEndResult, formatDiagnostics } from "n0";
import { beforeAll, describe, expect, test } from "vitest";
import { type CorpusProgram, corpus } from "../../n0/test/corpus.ts";
import { buildAll, type Compilation, MAIN, type Module, type Run, runEach, stageA } from "./compiler.ts";

const programs = corpus("programs");

/** The last one, of stage B alone, collects at every allocation, so that an object that nobody keeps alive is missed. */
const WAYS = [{ allocator: "v2" }, { allocator: "v1" }, { allocator: "v1", v1: { threshold: 0 } }] as const;

function checked({ file, bytes }: CorpusProgram): FrontEndResult & { readonly ok: true } {
  const result = compileFrontEnd({ file, bytes, reader: disk });
  if (!result.ok) throw new Error("the program is rejected");
  return result;
}

/** What n0 says of a program that is right. */
function warningsOf(program: CorpusProgram): string {
  const { warnings, sources } = checked(program);
  return formatDiagnostics(warnings, sources);
}

/** By the stage of the compiler: A is compiled by n0, B by A. */
const compiled: Record<"A" | "B", Compilation[]> = { A: [], B: [] };
const runs: Record<"A" | "B", Run[][]> = { A: [], B: [] };
/** The first way, when n0 compiled them. */
let expected: Run[] = [];

beforeAll(async () => {
  const files = programs.map(({ file }) => file);
  const modules = await Promise.all(programs.map((program) => buildProgram(checked(program).program)));
  expected = (await runEach(modules, WAYS.slice(0, 1))).map(([run]) => run!);
  const a = await stageA();
  const [compiler] = await buildAll(a, [MAIN]);
  for (const [stage, module] of [
    ["A", a],
    ["B", compiler!.module!],
  ] as const) {
    compiled[stage] = await buildAll(module, files);
    runs[stage] = await runEach(
      compiled[stage].map((compilation) => compilation.module as Module),
      stage === "A" ? WAYS.slice(0, 2) : WAYS,
    );
  }
}, 120_000);

describe.each(["A", "B"] as const)("compiled by stage %s", (stage) => {
  test.each(programs.map((program, i) => [program.name, program, i] as const))("%s", (_, program, i) => {
    expect(compiled[stage][i]).toMatchObject({ exitCode: 0, failure: null });
    expect(compiled[stage][i]!.stderr).toBe(warningsOf(program));
    const { failure, trace } = expected[i]!;
    expect(runs[stage][i]![0]).toMatchObject({ failure, trace });
    for (const { stdout, exitCode } of runs[stage][i]!) {
      expect(stdout).toBe(program.expected);
      if (program.code < 0) expect(exitCode).not.toBe(0);
      else expect(exitCode).toBe(program.code);
    }
  });
});
