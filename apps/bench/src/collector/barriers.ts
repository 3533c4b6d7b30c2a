/* What barriers and roots cost programs that never collect: the programs of apps/n0/bench with and without them, and on V2; each way in processes of its own, in turn. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BarrierResult, BarrierWay } from "./barrier-worker.js";
import type { Figures } from "./figures.js";
import type { Plan } from "./plan.js";

const WORKER = fileURLToPath(new URL("./barrier-worker.js", import.meta.url));
/** All but "numbers", where there is no store of a reference nor a call with one alive. */
export const BARRIER_PROGRAMS: readonly string[] = [
  "lists",
  "recursion",
  "shapes",
  "sorting",
  "tokens",
  "trees",
  "words",
];
const WAYS: readonly BarrierWay[] = ["with", "without", "v2"];
/** Rounds take few milliseconds, and the least is wanted. V2 takes new memory in each, so it has fewer. */
const MORE_ROUNDS = 6;

/** Optimised machine code from the first call on: V8 takes its time to replace that of its first compiler, in which a barrier costs something else. */
const inProcess = (program: string, way: BarrierWay, rounds: number): BarrierResult =>
  JSON.parse(
    execFileSync(process.execPath, ["--no-liftoff", WORKER, program, way, String(rounds)], { encoding: "utf8" }),
  ) as BarrierResult;

/** The least time of each way. @throws Error when a program does not print the same each time, or collects */
const leastTimes = (program: string, { rounds, processes }: Plan): Record<BarrierWay, number> => {
  const least = { with: Number.POSITIVE_INFINITY, without: Number.POSITIVE_INFINITY, v2: Number.POSITIVE_INFINITY };
  const outputs = new Set<string>();
  for (let i = 0; i < processes; i++) {
    for (const way of WAYS) {
      const { ms, output, collections } = inProcess(program, way, way === "v2" ? rounds : rounds * MORE_ROUNDS);
      if (collections > 0) throw new Error(`${program} is not to collect, and does`);
      outputs.add(output);
      least[way] = Math.min(least[way], ms);
    }
  }
  if (outputs.size > 1) throw new Error(`${program}: the ways to run it do not agree`);
  return least;
};

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

export const barriers = (plan: Plan): Figures => {
  const times = BARRIER_PROGRAMS.map((program) => leastTimes(program, plan));
  const costs = times.map((each) => each.with / each.without);
  return {
    ...Object.fromEntries(BARRIER_PROGRAMS.map((program, i) => [program, costs[i]!])),
    mean: geometricMean(costs),
    overV2: geometricMean(times.map((each) => each.with / each.v2)),
  };
};
