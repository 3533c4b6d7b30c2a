/** Runs a module in a thread of its own, because only there the stack can be large. */
import { Worker } from "node:worker_threads";
import type { AllocatorName } from "n0-runtime";
import type { RunResult } from "./run.ts";

/** How to run a module in a worker; its stdout is the process's. */
export interface WorkerRunOptions {
  /** Default: what the module is made for; v2 rather than v1. */
  readonly allocator?: AllocatorName;
  /** Bytes; see `RunOptions.maxMemory`. */
  readonly maxMemory?: number;
  /** What `os.Args` holds. Default: nothing. */
  readonly args?: readonly string[];
  /** Where the recording goes; the module has to be generated with `recorded`. */
  readonly recordPath?: string;
  /** Whether stdout is a terminal, where nothing is held back. */
  readonly interactive?: boolean;
}

/** What the worker is told. */
export interface WorkerTask extends WorkerRunOptions {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What it says in the end: `error` when the module could not be run at all. */
export type WorkerAnswer = { readonly result: RunResult } | { readonly error: string };

/**
 * The stack: 100,000 calls may take 2.6 KB each. Pages of it that are never reached are never there; where it ends, V8
 * throws and nothing crashes.
 */
const STACK_MIB = 256;

/** Runs a program to its end. @throws Error when it is no module, or the thread dies */
export function runInWorker(bytes: Uint8Array<ArrayBuffer>, options: WorkerRunOptions): Promise<RunResult> {
  const task: WorkerTask = { ...options, bytes };
  const worker = new Worker(new URL("./run-worker.js", import.meta.url), {
    workerData: task,
    resourceLimits: { stackSizeMb: STACK_MIB },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", (answer: WorkerAnswer) => {
      if ("result" in answer) resolve(answer.result);
      else reject(new Error(answer.error));
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the program's thread ended without a result")));
  });
}
