/** Compiles a program in a thread of its own, because only there the stack can be large. */
import { Worker } from "node:worker_threads";
import type { CodegenOptions } from "./codegen/context.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { LimitError } from "./limits.ts";

/** What the worker is told. */
export interface BuildTask {
  /** The main file, whose imports it reads again. */
  readonly file: string;
  readonly source: Uint8Array<ArrayBuffer>;
  readonly options: CodegenOptions;
}

/** What it says in the end: the module, or which limit of engines the program exceeds. */
export type BuildAnswer = { readonly module: Uint8Array<ArrayBuffer> } | { readonly limit: Diagnostic };

/** Enough for blocks and expressions nested as deeply as the language allows, in the generator and in its encoder. */
const STACK_MIB = 64;

/** The module of a program that the front end accepts. @throws what the thread throws */
export function buildInWorker(task: BuildTask): Promise<Uint8Array<ArrayBuffer>> {
  const worker = new Worker(new URL("./build-worker.js", import.meta.url), {
    workerData: task,
    resourceLimits: { stackSizeMb: STACK_MIB },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", (answer: BuildAnswer) => {
      if ("module" in answer) resolve(answer.module);
      else reject(new LimitError(answer.limit));
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the compiler's thread ended without a module")));
  });
}
