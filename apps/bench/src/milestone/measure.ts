import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AllocatorName, type AllocatorStats, decodeRecording } from "n0-runtime";
import { compile, type MilestoneProgram, type SourceFile } from "./programs.js";
import type { MilestoneSettings } from "./settings.js";
import { generatedSource } from "./source.js";
import type { ReplayAnswer, RunAnswer, Task } from "./worker.js";

const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));
const MOST_OUTPUT = 64 * 2 ** 20;
/** Sizes of the recorded allocations are kept of these, for what other headers and classes would give. */
const HISTOGRAM_LINES = 1_000;

/** One allocator in one program. Times are the best of several runs, in milliseconds; sizes are bytes. */
export interface Side {
  readonly allocator: AllocatorName;
  /** What could not be measured, and why: "stopped after 3 s". */
  note?: string;
  /** Of the run; absent when it was stopped. */
  wholeMs?: number;
  allocations?: number;
  payload?: number;
  peakFootprint?: number;
  collections?: AllocatorStats["collections"];
  freeListSteps?: number | undefined;
  output?: string;
  /** Of the recorded calls, V1's clock off; absent when they were not replayed: see `replayNote`. */
  allocatorMs?: number;
  collectionMs?: number;
  replayNote?: string;
}

/** A program on both allocators. */
export interface Comparison {
  readonly id: string;
  readonly what: string;
  readonly style?: string | undefined;
  readonly lines?: number | undefined;
  readonly sourceBytes?: number | undefined;
  readonly v1: Side;
  readonly v2: Side;
  /** Whether both printed the same; undefined when one of them did not end. */
  readonly equalOutput?: boolean | undefined;
  /** Count of recorded allocations by payload bytes. */
  readonly histogram?: Readonly<Record<number, number>> | undefined;
}

/** What a process answers, or what stopped it. */
type Answer<T> = { readonly value: T } | { readonly problem: string };

const ask = <T>(task: Task, limitMs: number): Promise<Answer<T>> =>
  new Promise((resolve) => {
    const options = { timeout: limitMs, killSignal: "SIGKILL", maxBuffer: MOST_OUTPUT } as const;
    execFile(process.execPath, [WORKER, JSON.stringify(task)], options, (error, stdout, stderr) => {
      if (error === null) resolve({ value: JSON.parse(stdout) as T });
      else if (error.killed === true) resolve({ problem: `stopped after ${limitMs / 1_000} s` });
      else
        resolve({ problem: /^\w*Error.*$/m.exec(stderr)?.[0] ?? `ended by ${error.signal ?? `code ${error.code}`}` });
    });
  });

const limitOf = (allocator: AllocatorName, { limitMs, limitV1Ms }: MilestoneSettings): number =>
  allocator === "v1" ? limitV1Ms : limitMs;

const runOnce = async (
  side: Side,
  module: string,
  args: readonly string[],
  settings: MilestoneSettings,
): Promise<void> => {
  if (side.note !== undefined) return;
  const { allocator } = side;
  const answer = await ask<RunAnswer>({ do: "run", module, args, allocator }, limitOf(allocator, settings));
  if ("problem" in answer) side.note = answer.problem;
  else {
    const { milliseconds, failure, output, stats } = answer.value;
    if (failure !== null) side.note = failure;
    const { allocations, payload, peakFootprint, collections, freeListSteps } = stats;
    Object.assign(side, { allocations, payload, peakFootprint, collections, freeListSteps, output });
    side.wholeMs = Math.min(side.wholeMs ?? Number.POSITIVE_INFINITY, milliseconds);
  }
};

const replayOnce = async (side: Side, path: string, settings: MilestoneSettings): Promise<void> => {
  if (side.replayNote !== undefined) return;
  const { allocator } = side;
  const answer = await ask<ReplayAnswer>({ do: "replay", path, allocator }, limitOf(allocator, settings));
  if ("problem" in answer) side.replayNote = answer.problem;
  else if (!(answer.value.allocatorMs >= (side.allocatorMs ?? Number.POSITIVE_INFINITY)))
    Object.assign(side, answer.value);
};

const histogramOf = (path: string): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const size of decodeRecording(readFileSync(path)).sizes) {
    if (size >= 0) counts[size] = (counts[size] ?? 0) + 1;
  }
  return counts;
};

const equal = (v1: Side, v2: Side): boolean | undefined =>
  v1.output === undefined || v2.output === undefined ? undefined : v1.output === v2.output;

/** Measures a program on both allocators, by turns, each time in a process of its own. */
const compare = async (program: MilestoneProgram, settings: MilestoneSettings, folder: string): Promise<Comparison> => {
  const { id, what, style, lines } = program;
  let source: SourceFile | undefined;
  if (lines !== undefined) {
    const path = join(folder, "input.txt");
    writeFileSync(path, generatedSource(lines));
    source = { path, bytes: statSync(path).size };
  }
  const module = join(folder, "program.wasm");
  const path = join(folder, "recording");
  writeFileSync(module, await compile(program, source, false));
  const args = source === undefined ? [] : (program.args?.(source) ?? []);
  const v1: Side = { allocator: "v1" };
  const v2: Side = { allocator: "v2" };
  for (let i = 0; i < settings.processes; i++) for (const side of [v2, v1]) await runOnce(side, module, args, settings);
  let histogram: Record<number, number> | undefined;
  const allocations = v2.allocations ?? Number.POSITIVE_INFINITY;
  if (allocations > settings.mostRecorded) {
    v1.replayNote = v2.replayNote = `not replayed: over ${settings.mostRecorded.toLocaleString("en-US")} allocations`;
  } else {
    writeFileSync(module, await compile(program, source, true));
    const recorded = await ask<unknown>({ do: "record", module, args, path }, settings.limitMs);
    if ("problem" in recorded) v1.replayNote = v2.replayNote = `not recorded: ${recorded.problem}`;
    else {
      for (let i = 0; i < settings.processes; i++) for (const side of [v2, v1]) await replayOnce(side, path, settings);
      if (lines === HISTOGRAM_LINES) histogram = histogramOf(path);
    }
  }
  return { id, what, style, lines, sourceBytes: source?.bytes, v1, v2, equalOutput: equal(v1, v2), histogram };
};

/** Measures all programs of a mode. @param done called after each */
export const measureMilestone = async (
  settings: MilestoneSettings,
  done: (comparison: Comparison) => void = () => {},
): Promise<Comparison[]> => {
  const folder = mkdtempSync(join(tmpdir(), "morph-milestone-"));
  const comparisons: Comparison[] = [];
  try {
    for (const program of settings.programs) {
      const comparison = await compare(program, settings, folder);
      comparisons.push(comparison);
      done(comparison);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return comparisons;
};
