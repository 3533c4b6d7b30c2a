/** Runs the compiler for many tasks in one process; see `compiler.ts`, which starts it. */
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { runModule } from "n0";
import { MemoryWriter } from "n0-runtime";
import { type Batch, MARK, STACK_MIB } from "./batch-task.ts";

if (isMainThread) {
  // Only a thread of its own can have a large stack, as the command gives it.
  const worker = new Worker(new URL(import.meta.url), {
    workerData: process.argv[2],
    resourceLimits: { stackSizeMb: STACK_MIB },
  });
  worker.once("error", (error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  const folder = workerData as string;
  const { allocator, tasks } = JSON.parse(readFileSync(`${folder}/batch.json`, "utf8")) as Batch;
  const module = new Uint8Array(readFileSync(`${folder}/compiler.wasm`));
  const outcomes = tasks.map((args) => {
    const { exitCode, failure } = runModule(module, { allocator, args, stdout: new MemoryWriter() });
    writeSync(2, MARK);
    return { exitCode, failure };
  });
  writeFileSync(`${folder}/outcomes.json`, JSON.stringify(outcomes));
}
