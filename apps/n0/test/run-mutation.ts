/** A thread that compiles and runs whatever it is sent, and says how that went: see `run-mutations.long.test.ts`. */
import { parentPort } from "node:worker_threads";
import { MemoryWriter } from "n0-runtime";
import { formatDiagnostics } from "../src/diagnostics.ts";
import { compileFrontEnd } from "../src/front-end.ts";
import { runModule } from "../src/run.ts";
import { moduleOf } from "./execute.ts";

/** How a damaged program ended; what threw is `crashed`. */
export type Outcome =
  | { readonly kind: "rejected"; readonly text: string }
  | { readonly kind: "ran"; readonly stdout: string; readonly failure: string | null }
  | { readonly kind: "crashed"; readonly text: string };

/** A program and who allocates. */
export interface MutationTask {
  readonly bytes: Uint8Array;
  readonly allocator: "v1" | "v2";
}

parentPort!.on("message", ({ bytes, allocator }: MutationTask) => {
  parentPort!.postMessage(outcomeOf(bytes, allocator));
});

function outcomeOf(bytes: Uint8Array, allocator: "v1" | "v2"): Outcome {
  try {
    const result = compileFrontEnd({ file: "damaged.fox", bytes });
    if (!result.ok) return { kind: "rejected", text: formatDiagnostics(result.diagnostics, result.sources) };
    const stdout = new MemoryWriter();
    const options = { allocator, stdout, maxMemory: 256 * 1024 * 1024, v1: { threshold: 100_000 } };
    const { failure } = runModule(moduleOf(result.program), options);
    return { kind: "ran", stdout: stdout.text(), failure };
  } catch (error) {
    return { kind: "crashed", text: String((error as Error).stack) };
  }
}
