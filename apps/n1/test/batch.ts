/** Runs many modules in one process; see `compiler.ts`, which starts it. */
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { runModule } from "n0";
import { MemoryWriter } from "n0-runtime";
import { MARK, type Outcome, STACK_MIB, type Task } from "./batch-task.ts";

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
  const tasks = JSON.parse(readFileSync(`${folder}/tasks.json`, "utf8")) as Task[];
  const modules = new Map<string, Uint8Array<ArrayBuffer>>();
  const outcomes: Outcome[] = [];
  for (const { module: file, args, options } of tasks) {
    const module = modules.get(file) ?? new Uint8Array(readFileSync(file));
    modules.set(file, module);
    const stdout = new MemoryWriter();
    const { exitCode, failure, trace } = runModule(module, { ...options, args, stdout });
    writeSync(2, MARK);
    outcomes.push({ exitCode, failure, trace, stdout: stdout.text() });
  }
  writeFileSync(`${folder}/outcomes.json`, JSON.stringify(outcomes));
}
