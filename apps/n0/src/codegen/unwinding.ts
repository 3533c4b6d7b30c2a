/** The pass that makes a module with Morph threads one that the runner can unwind and continue: binaryen's asyncify. */
import binaryen from "binaryen";
import { RECEIVE, SEND, SLEEP, YIELD } from "./names.ts";

/** The module with what the runner needs to unwind it; what it does is the same. */
export function rewriteForThreads(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const m = binaryen.readBinary(bytes);
  try {
    const { Features } = binaryen;
    m.setFeatures(
      Features.MutableGlobals |
        Features.SignExt |
        Features.BulkMemory |
        Features.BulkMemoryOpt |
        Features.NontrappingFPToInt,
    );
    // The functions' names stay.
    binaryen.setDebugInfo(true);
    // Optimising what the pass makes takes four times as long and hardly shows.
    binaryen.setOptimizeLevel(0);
    binaryen.setPassArgument("asyncify-imports", [SEND, RECEIVE, SLEEP, YIELD].map((name) => `n0.${name}`).join());
    m.runPasses(["asyncify"]);
    binaryen.setPassArgument("asyncify-imports", null);
    return new Uint8Array(m.emitBinary());
  } finally {
    m.dispose();
  }
}
