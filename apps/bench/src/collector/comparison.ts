/* Programs on the collector against the same with frees by hand, and on plain JavaScript objects: CPU time, each way in processes of its own, in turn. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { quantile } from "./clock.js";
import type { Figures } from "./figures.js";
import type { Plan } from "./plan.js";
import type { ProgramName, Way, WayResult } from "./way-worker.js";

const WORKER = fileURLToPath(new URL("./way-worker.js", import.meta.url));

const inProcess = (program: ProgramName, way: Way, rounds: number): WayResult => {
  const args = ["--single-threaded", WORKER, program, way, String(rounds)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as WayResult;
};

/** Results of each way, as many as there are processes. @throws Error when their answers differ */
const results = (program: ProgramName, ways: readonly Way[], { rounds, processes }: Plan): Map<Way, WayResult[]> => {
  const all = new Map<Way, WayResult[]>(ways.map((way) => [way, []]));
  const answers = new Set<number>();
  for (let i = 0; i < processes; i++) {
    for (const way of ways) {
      const result = inProcess(program, way, rounds);
      if (result.answer !== null) answers.add(result.answer);
      all.get(way)!.push(result);
    }
  }
  if (answers.size > 1) throw new Error(`${program}: the ways to run it do not agree`);
  return all;
};

const timeOf = (list: readonly WayResult[]): number =>
  quantile(
    list.map(({ ms }) => ms ?? Number.NaN),
    0.5,
  );

/** Times over those with frees by hand, NaN where there was no room; and the footprint without a bound over the bytes alive. */
const against = (program: ProgramName, plan: Plan): Figures => {
  const all = results(program, ["heap", "at3", "at2", "unbounded"], plan);
  const times = new Map([...all].map(([way, list]) => [way, timeOf(list)]));
  const over = (way: Way): number => times.get(way)! / times.get("heap")!;
  const { peakFootprint, peakLive } = all.get("unbounded")![0]!;
  return {
    at3: over("at3"),
    at2: over("at2"),
    unbounded: over("unbounded"),
    footprint: peakFootprint / peakLive,
    overBound: (peakFootprint - 8 * 2 ** 20) / peakLive,
  };
};

export const treesAgainstHeap = (plan: Plan): Figures => against("trees", plan);
export const recordsAgainstHeap = (plan: Plan): Figures => against("records", plan);
export const cc1AgainstHeap = (plan: Plan): Figures => against("cc1", plan);
export const pythonAgainstHeap = (plan: Plan): Figures => against("python", plan);

export const treesAgainstObjects = (plan: Plan): Figures => {
  const all = results("trees", ["unbounded", "objects"], plan);
  return { ratio: timeOf(all.get("unbounded")!) / timeOf(all.get("objects")!) };
};
