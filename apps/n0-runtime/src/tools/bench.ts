import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import type { AllocatorName } from "../create-allocator.ts";
import { decodeRecording } from "../recording/decoder.ts";
import { Recorder } from "../recording/recorder.ts";
import type { ReplayResult } from "../recording/replay-memory.ts";
import { replay } from "../recording/replayer.ts";
import { createRuntime } from "../runtime.ts";
import { arrayAppend, frontEnd, linkedList, textChurn } from "./sample-programs.ts";

/*
 * Allocator time of V1, V2 and gc for the same recorded calls. Each program is recorded once, on V1; each replay runs in a process of its
 * own, by turns. The process replays it several times, each on a new memory that nothing has touched: the first of them
 * compile the code, of the others the best counts. Shown is the best of all rounds. "v1+clock" is V1 with its clock call.
 */

/** What a replay in a process of its own reports. */
interface Measured {
  readonly allocatorMs: number;
  readonly collectionMs: number;
  readonly collections: number;
  readonly peakFootprint: number;
  readonly freeListSteps: number;
  readonly allocations: number;
}

/** Replays before those that count. */
const WARM_UP = 3;
const COUNTED = 3;

const [mode, path, allocator] = process.argv.slice(2);
if (mode === "--replay") replayHere(path as string, allocator as string);
else compare(process.argv.includes("--quick"));

/** The process of one replay. The name may carry V1's clock: "v1+clock". */
function replayHere(file: string, name: string): void {
  const recording = decodeRecording(readFileSync(file));
  const clock = name.endsWith("+clock");
  let best: ReplayResult | undefined;
  for (let i = 0; i < WARM_UP + COUNTED; i++) {
    const result = replay(recording, name.slice(0, 2) as AllocatorName, { clock });
    if (i >= WARM_UP && !(result.allocatorMs >= (best?.allocatorMs ?? Infinity))) best = result;
  }
  const { allocatorMs, collectionMs, allocations, stats } = best as ReplayResult;
  const measured: Measured = {
    allocatorMs,
    collectionMs,
    collections: stats.collections.count,
    peakFootprint: stats.peakFootprint,
    freeListSteps: stats.freeListSteps ?? 0,
    allocations,
  };
  console.log(JSON.stringify(measured));
}

function compare(quick: boolean): void {
  const scale = quick ? 0.25 : 1;
  // Short enough that V1 collects in the last one only. After a collection its free list is searched at each allocation, and the front
  // end at 60,000 tokens takes 19 seconds in it: that would say nothing else any more.
  const programs = [
    frontEnd(25_000 * scale),
    linkedList(400_000 * scale),
    textChurn(20_000 * scale),
    arrayAppend(Math.ceil(10 * scale), 800),
  ];
  const rounds = quick ? 3 : 5;
  const folder = mkdtempSync(join(tmpdir(), "n0-runtime-"));
  const table = new Table({
    head: ["program", "allocations", "", "ms", "ns each", "of that GC ms", "GCs", "list steps", "peak MB"],
    colAligns: ["left", "right", "left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  const summary: string[] = [];
  const sums: Record<string, number> = { v1: 0, "v1+clock": 0, v2: 0, gc: 0 };
  try {
    for (const program of programs) {
      const file = join(folder, "recording");
      const recorder = new Recorder();
      const runtime = createRuntime({ allocator: "v1", recorder });
      program.run(runtime);
      recorder.save(file);
      const best = new Map<string, Measured>();
      for (let round = 0; round < rounds; round++) {
        for (const name of ["v1", "v2", "gc", "v1+clock"]) {
          const measured = inProcess(file, name);
          const before = best.get(name);
          if (before === undefined || measured.allocatorMs < before.allocatorMs) best.set(name, measured);
        }
      }
      for (const [name, measured] of best) {
        if (best.get("v1")?.collections === 0) sums[name]! += measured.allocatorMs;
        table.push([
          name === "v1" ? program.name : "",
          name === "v1" ? measured.allocations.toLocaleString("en-US") : "",
          name,
          measured.allocatorMs.toFixed(2),
          ((measured.allocatorMs * 1e6) / measured.allocations).toFixed(1),
          measured.collectionMs.toFixed(2),
          measured.collections,
          measured.freeListSteps.toLocaleString("en-US"),
          (measured.peakFootprint / 1e6).toFixed(1),
        ]);
      }
      const [v1, v2] = [best.get("v1")!, best.get("v2")!];
      const reuses = v1.collections > 0 ? " (V1 collects, and uses pages again)" : "";
      summary.push(`${program.name.padEnd(13)} ${below(v2.allocatorMs, v1.allocatorMs)}${reuses}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(table.toString());
  console.log(`Allocator time on untouched memory, V1's clock call off:\n${summary.join("\n")}`);
  // Where V1 collects its memory is not untouched any more.
  console.log(`untouched     ${below(sums.v2!, sums.v1!)}`);
}

function below(v2: number, v1: number): string {
  const percent = Math.round((1 - v2 / v1) * 100);
  const relation = percent >= 0 ? `${percent} % below` : `${-percent} % above`;
  return `V2 ${v2.toFixed(2)} ms, V1 ${v1.toFixed(2)} ms: ${relation}`;
}

function inProcess(file: string, name: string): Measured {
  const script = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, [script, "--replay", file, name], { encoding: "utf8" }));
}
