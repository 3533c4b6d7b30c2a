import { buildProgram, compileFrontEnd, disk, type FrontEndResult, formatDiagnostics } from "n0";
import { beforeAll, expect, test } from "vitest";
import { type CorpusProgram, corpus } from "../../n0/test/corpus.ts";
import { buildAll, type Compilation, MAIN, type Module, type Run, runEach, stageA } from "./compiler.ts";

const programs = corpus("programs");

/** The last one collects at every allocation, so that an object that nobody keeps alive is missed. */
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

/**
 * Tests that the programs of n0's tests do the same when this compiler compiled them, however they are run.
 * @param stage of the compiler: A is compiled by n0, B by A
 */
export function comparePrograms(stage: "A" | "B"): void {
  let compiled: Compilation[] = [];
  let runs: Run[][] = [];
  /** When n0 compiled them. */
  let expected: Run[] = [];

  beforeAll(async () => {
    const modules = await Promise.all(programs.map((program) => buildProgram(checked(program).program)));
    expected = (await runEach(modules, WAYS.slice(0, 1))).map(([run]) => run!);
    const a = await stageA();
    const compiler = stage === "A" ? a : (await buildAll(a, [MAIN]))[0]!.module!;
    compiled = await buildAll(
      compiler,
      programs.map(({ file }) => file),
    );
    runs = await runEach(
      compiled.map((compilation) => compilation.module as Module),
      WAYS,
    );
  }, 120_000);

  test.each(programs.map((program, i) => [program.name, program, i] as const))("%s", (_, program, i) => {
    expect(compiled[i]).toMatchObject({ exitCode: 0, failure: null });
    expect(compiled[i]!.stderr).toBe(warningsOf(program));
    const { failure, trace } = expected[i]!;
    expect(runs[i]![0]).toMatchObject({ failure, trace });
    for (const { stdout, exitCode } of runs[i]!) {
      expect(stdout).toBe(program.expected);
      if (program.code < 0) expect(exitCode).not.toBe(0);
      else expect(exitCode).toBe(program.code);
    }
  });
}
