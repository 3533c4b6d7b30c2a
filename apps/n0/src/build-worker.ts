/** The thread a deeply nested program is compiled in: see `build-in-worker.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { buildProgram } from "./build.ts";
import type { BuildAnswer, BuildTask } from "./build-in-worker.ts";
import { disk } from "./disk.ts";
import { compileFrontEnd } from "./front-end.ts";
import { LimitError } from "./limits.ts";

const { file, source, options } = workerData as BuildTask;

const result = compileFrontEnd({ file, bytes: source, reader: disk });
if (!result.ok) throw new Error("the program was changed while it was compiled");
try {
  parentPort!.postMessage({ module: await buildProgram(result.program, options) } satisfies BuildAnswer);
} catch (error) {
  // An error loses what it carries on its way to the other thread.
  if (!(error instanceof LimitError)) throw error;
  parentPort!.postMessage({ limit: error.diagnostic } satisfies BuildAnswer);
}
