/** The thread a deeply nested program is compiled in: see `build-in-worker.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { buildProgram } from "./build.ts";
import type { BuildTask } from "./build-in-worker.ts";
import { disk } from "./disk.ts";
import { compileFrontEnd } from "./front-end.ts";

const { file, source, recorded } = workerData as BuildTask;

const result = compileFrontEnd({ file, bytes: source, reader: disk });
if (!result.ok) throw new Error("the program was changed while it was compiled");
parentPort!.postMessage(await buildProgram(result.program, { recorded }));
