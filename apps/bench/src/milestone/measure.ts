import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AllocatorName, decodeRecording } from "n0-runtime";
import type { Comparison, Side } from "./comparison.js";
import { ALLOCATORS } from "./contenders.js";
import { compile, type MilestoneProgram, type SourceFile } from "./programs.js";
import type { MilestoneSettings } from "./settings.js";
import { generatedSource } from "./source.js";
import { inWorkerProcess } from "./worker-process.js";

/** Sizes of the recorded allocations are kept of these, for what other headers and classes would give. */
const HISTOGRAM_LINES = 1_000;

/** The side of an allocator. */
interface AllocatorSide extends Side {
  readonly contender: AllocatorName;
}

/** Files of the program that is being measured. */
interface Files {
  readonly modules: Readonly<Record<AllocatorName, string>>;
  readonly recording: string;
  readonly source: string;
}

const limitOf = ({ contender }: Side, { limitMs, limitV1Ms }: MilestoneSettings): number =>
  contender === "v1" ? limitV1Ms : limitMs;

const faster = (known: number | undefined, milliseconds: number): number =>
  Math.min(known ?? Number.POSITIVE_INFINITY, milliseconds);

const runOnce = async (
  side: AllocatorSide,
  module: string,
  args: readonly string[],
  settings: MilestoneSettings,
): Promise<void> => {
  if (side.note !== undefined) return;
  const task = { do: "run", module, args, allocator: side.contender } as const;
  const answer = await inWorkerProcess(task, limitOf(side, settings));
  if ("problem" in answer) side.note = answer.problem;
  else {
    const { milliseconds, firstMs, failure, output, stats } = answer.value;
    if (failure !== null) side.note = failure;
    const { allocations, payload, peakFootprint, collections, freeListSteps } = stats;
    Object.assign(side, { allocations, payload, peakFootprint, collections, freeListSteps, output });
    side.wholeMs = faster(side.wholeMs, milliseconds);
    side.firstMs = faster(side.firstMs, firstMs);
  }
};

/** Runs a program on the collector as plain objects run: in memory that it has used before. */
const runAgainOnce = async (
  side: AllocatorSide,
  module: string,
  args: readonly string[],
  { limitMs }: MilestoneSettings,
): Promise<void> => {
  if (side.note !== undefined || side.contender !== "gc") return;
  const answer = await inWorkerProcess({ do: "again", module, args, allocator: side.contender }, limitMs);
  if ("problem" in answer) side.note = answer.problem;
  else side.againMs = faster(side.againMs, answer.value.milliseconds);
};

const replayOnce = async (side: AllocatorSide, path: string, settings: MilestoneSettings): Promise<void> => {
  if (side.replayNote !== undefined) return;
  const task = { do: "replay", path, allocator: side.contender } as const;
  const answer = await inWorkerProcess(task, limitOf(side, settings));
  if ("problem" in answer) side.replayNote = answer.problem;
  else if (!(answer.value.allocatorMs >= (side.allocatorMs ?? Number.POSITIVE_INFINITY)))
    Object.assign(side, answer.value);
};

const runPlainOnce = async (
  side: Side,
  program: string,
  source: string,
  { limitMs }: MilestoneSettings,
): Promise<void> => {
  if (side.note !== undefined) return;
  const answer = await inWorkerProcess({ do: "plain", program, source }, limitMs);
  if ("problem" in answer) side.note = answer.problem;
  else {
    const { output, milliseconds, firstMs } = answer.value;
    side.output = output;
    side.wholeMs = faster(side.wholeMs, milliseconds);
    side.firstMs = faster(side.firstMs, firstMs);
  }
};

/** A process that has not run the program before, so that its heap is as small as it starts. */
const watchPlain = async (
  side: Side,
  program: string,
  source: string,
  { limitMs }: MilestoneSettings,
): Promise<void> => {
  const answer = await inWorkerProcess({ do: "watch", program, source }, limitMs);
  if ("problem" in answer) return;
  const { collections: count, totalMs, maxMs, pauses, peakUsed, peakCommitted } = answer.value;
  // The engine does not say how many objects it freed.
  side.collections = { count, totalMs, maxMs, freedObjects: 0, pauses };
  side.peakFootprint = peakUsed;
  side.peakCommitted = peakCommitted;
};

const histogramOf = (path: string): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const size of decodeRecording(readFileSync(path)).sizes) {
    if (size >= 0) counts[size] = (counts[size] ?? 0) + 1;
  }
  return counts;
};

const equal = (sides: readonly Side[]): boolean | undefined => {
  const outputs = sides.map(({ output }) => output).filter((output) => output !== undefined);
  return outputs.length < 2 ? undefined : new Set(outputs).size === 1;
};

/** Records the program's calls on V2 and replays them on every allocator. @returns the sizes of the allocations, where they are kept */
const replayAll = async (
  program: MilestoneProgram,
  source: SourceFile | undefined,
  args: readonly string[],
  { modules: { v2: module }, recording }: Files,
  sides: readonly AllocatorSide[],
  settings: MilestoneSettings,
): Promise<Record<number, number> | undefined> => {
  const note = (text: string): undefined => {
    for (const side of sides) side.replayNote = text;
  };
  const allocations = sides.find(({ contender }) => contender === "v2")?.allocations ?? Number.POSITIVE_INFINITY;
  if (allocations > settings.mostRecorded) {
    return note(`not replayed: over ${settings.mostRecorded.toLocaleString("en-US")} allocations`);
  }
  writeFileSync(module, await compile(program, source, "v2", true));
  const recorded = await inWorkerProcess({ do: "record", module, args, path: recording }, settings.limitMs);
  if ("problem" in recorded) return note(`not recorded: ${recorded.problem}`);
  for (let i = 0; i < settings.processes; i++) {
    for (const side of sides.toReversed()) await replayOnce(side, recording, settings);
  }
  return program.lines === HISTOGRAM_LINES ? histogramOf(recording) : undefined;
};

/** Measures a program on everything, by turns, each time in a process of its own. */
const compare = async (program: MilestoneProgram, settings: MilestoneSettings, folder: string): Promise<Comparison> => {
  const { id, what, style, lines, plain } = program;
  const module = join(folder, "program.wasm");
  const files: Files = {
    modules: { v1: module, v2: module, gc: join(folder, "collected.wasm") },
    recording: join(folder, "recording"),
    source: join(folder, "input.txt"),
  };
  let source: SourceFile | undefined;
  if (lines !== undefined) {
    writeFileSync(files.source, generatedSource(lines));
    source = { path: files.source, bytes: statSync(files.source).size };
  }
  for (const allocator of ["v2", "gc"] as const) {
    writeFileSync(files.modules[allocator], await compile(program, source, allocator));
  }
  const args = source === undefined ? [] : (program.args?.(source) ?? []);
  const allocators = ALLOCATORS.map((contender): AllocatorSide => ({ contender }));
  const onObjects: Side = { contender: "plain" };
  for (let i = 0; i < settings.processes; i++) {
    for (const side of allocators.toReversed()) {
      await runOnce(side, files.modules[side.contender], args, settings);
      if (plain !== undefined) await runAgainOnce(side, files.modules[side.contender], args, settings);
    }
    if (plain !== undefined) await runPlainOnce(onObjects, plain, files.source, settings);
  }
  if (plain !== undefined) await watchPlain(onObjects, plain, files.source, settings);
  const histogram = await replayAll(program, source, args, files, allocators, settings);
  const sides = plain === undefined ? allocators : [...allocators, onObjects];
  return { id, what, style, lines, sourceBytes: source?.bytes, sides, equalOutput: equal(sides), histogram };
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
