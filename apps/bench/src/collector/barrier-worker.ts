/* A program of apps/n0/bench, run several times in one memory: `node barrier-worker.js PROGRAM WAY ROUNDS`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildProgram, compileFrontEnd, disk, runModule } from "n0";
import { MemoryWriter } from "n0-runtime";
import { mainThreadMs } from "./clock.js";

/** On the collector, as it is and without barriers and roots; on V2. */
export type BarrierWay = "with" | "without" | "v2";

/** What came out. */
export interface BarrierResult {
  /** The least of the rounds, of the main thread. */
  readonly ms: number;
  /** Of each round. */
  readonly output: string;
  /** In the rounds, not between them. */
  readonly collections: number;
}

/** More than each program allocates, all of which is used before the first collection. */
const GC = { nurseryBytes: 64 * 2 ** 20, pauseTargetMs: Number.POSITIVE_INFINITY };
/** Rounds that warm up: they touch what the others allocate again. On V2 nothing is allocated again. */
const WARM_UP = 2;

const measure = async (program: string, way: BarrierWay, rounds: number): Promise<BarrierResult> => {
  const file = fileURLToPath(new URL(`../../../n0/bench/${program}.fox`, import.meta.url));
  const checked = compileFrontEnd({ file, bytes: readFileSync(file), reader: disk });
  if (!checked.ok) throw new Error(`${program} does not compile`);
  const isV2 = way === "v2";
  const module = await buildProgram(checked.program, { target: isV2 ? "fixed" : "gc", collects: way !== "without" });
  // The runner's clock is that of the main thread.
  Object.defineProperty(globalThis, "performance", { value: { now: mainThreadMs() } });
  const times: number[] = [];
  const stdout = new MemoryWriter();
  let collections = 0;
  let atStart = 0;
  const { failure } = runModule(module, {
    allocator: isV2 ? "v2" : "gc",
    stdout,
    ...(isV2 ? {} : { gc: GC }),
    again: (milliseconds, runtime) => {
      collections += runtime.stats().collections.count - atStart;
      // Nothing is alive between rounds, and all of it goes, so that large objects cause no collection either.
      runtime.mph_gc_collect();
      atStart = runtime.stats().collections.count;
      return times.push(milliseconds) < rounds + WARM_UP;
    },
  });
  if (failure !== null) throw new Error(failure);
  const text = stdout.text();
  const output = text.slice(0, text.length / times.length);
  if (text !== output.repeat(times.length)) throw new Error(`${program} does not print the same in each round`);
  return { ms: Math.min(...times.slice(WARM_UP)), output, collections };
};

const [program, way, rounds] = process.argv.slice(2) as [string, BarrierWay, string];
process.stdout.write(JSON.stringify(await measure(program, way, Number(rounds))));
