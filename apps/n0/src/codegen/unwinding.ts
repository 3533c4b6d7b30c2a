/** Rewrites finished modules so that the runner can unwind a Morph thread that waits and continue it. */
import binaryen from "binaryen";
import { RECEIVE, SEND, SLEEP, YIELD } from "./names.ts";

/** The module of another compiler, rewritten as `generateModule` does with its own. O(size of the module). */
export function rewriteForThreads(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const m = binaryen.readBinary(bytes);
  try {
    addUnwinding(m);
    return new Uint8Array(m.emitBinary());
  } finally {
    m.dispose();
  }
}

/** Adds what unwinds and continues to a module that has everything else. */
export function addUnwinding(m: binaryen.Module): void {
  // Optimising what the pass makes takes four times as long and hardly shows.
  binaryen.setOptimizeLevel(0);
  binaryen.setPassArgument("asyncify-imports", [SEND, RECEIVE, SLEEP, YIELD].map((name) => `n0.${name}`).join());
  m.runPasses(["asyncify"]);
  binaryen.setPassArgument("asyncify-imports", null);
}
