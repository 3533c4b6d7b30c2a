/* One way to run a program: `node --single-threaded way-worker.js PROGRAM WAY ROUNDS`. */
import { cpuMs, quantile } from "./clock.js";
import type { Program, Run } from "./program.js";
import { recordsProgram } from "./records.js";
import { traceProgram } from "./traces.js";
import { treesProgram } from "./trees.js";

export type ProgramName = "trees" | "records" | "cc1" | "python";
/** With frees by hand, on the collector with three and two times the live bytes at most and without a bound, on plain JavaScript objects. */
export type Way = "heap" | "at3" | "at2" | "unbounded" | "objects";

/** What came out. */
export interface WayResult {
  /** The median of the rounds, or null where there was no room. */
  readonly ms: number | null;
  readonly answer: number | null;
  readonly peakLive: number;
  /** On the collector. */
  readonly peakFootprint: number;
}

const programs: Readonly<Record<ProgramName, () => Program>> = {
  trees: () => treesProgram({ longDepth: 18, depth: 14, trees: 40 }),
  records: () => recordsProgram(100_000, 400_000),
  cc1: () => traceProgram("cc1"),
  python: () => traceProgram("python"),
};

const isNoRoom = (error: unknown): boolean => (error as { code?: string }).code === "ERR_MORPH_OUT_OF_MEMORY";

const prepare = (program: Program, way: Way): { run: Run; peakFootprint(): number } => {
  if (way === "heap") return { run: program.onHeap(), peakFootprint: () => 0 };
  if (way === "objects") return { run: program.onObjects!(), peakFootprint: () => 0 };
  return program.onCollector(way === "at3" ? 3 * program.peakLive : way === "at2" ? 2 * program.peakLive : undefined);
};

const measure = (program: Program, way: Way, rounds: number): WayResult => {
  const { peakLive } = program;
  try {
    const { run, peakFootprint } = prepare(program, way);
    const times: number[] = [];
    let answer = 0;
    for (let round = 0; round < rounds + 2; round++) {
      const start = cpuMs();
      answer = run();
      // The first two warm up.
      if (round > 1) times.push(cpuMs() - start);
    }
    return { ms: quantile(times, 0.5), answer, peakLive, peakFootprint: peakFootprint() };
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    return { ms: null, answer: null, peakLive, peakFootprint: 0 };
  }
};

const [name, way, rounds] = process.argv.slice(2) as [ProgramName, Way, string];
process.stdout.write(JSON.stringify(measure(programs[name](), way, Number(rounds))));
