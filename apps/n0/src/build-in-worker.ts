/** Compiles a program in a thread of its own, because only there the stack can be large. */
import { Worker } from "node:worker_threads";

/** What the worker is told. */
export interface BuildTask {
  /** The main file, whose imports it reads again. */
  readonly file: string;
  readonly source: Uint8Array<ArrayBuffer>;
  readonly recorded: boolean;
}

/** Enough for blocks and expressions nested as deeply as the language allows, in the generator and in its encoder. */
const STACK_MIB = 64;

/** The module of a program that the front end accepts. @throws what the thread throws */
export function buildInWorker(task: BuildTask): Promise<Uint8Array<ArrayBuffer>> {
  const worker = new Worker(new URL("./build-worker.js", import.meta.url), {
    workerData: task,
    resourceLimits: { stackSizeMb: STACK_MIB },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the compiler's thread ended without a module")));
  });
}
