/** Modules with Morph threads that another compiler made: they cannot be unwound yet. */
import { readManifest } from "./codegen/manifest.ts";

/** What a module exports once it can be unwound. */
const UNWIND = "asyncify_start_unwind";

/**
 * The module as it can be run: one that uses Morph threads and cannot be unwound is rewritten, any other bytes stay as
 * they are. Binaryen is large, so it is loaded for such a module alone.
 */
export async function unwindable(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (!needsUnwinding(bytes)) return bytes;
  const { rewriteForThreads } = await import("./codegen/unwinding.ts");
  return rewriteForThreads(bytes);
}

function needsUnwinding(bytes: Uint8Array<ArrayBuffer>): boolean {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch {
    // Whoever runs it says what is wrong with it.
    return false;
  }
  const threads = readManifest(module)?.threads === true;
  return threads && !WebAssembly.Module.exports(module).some(({ name }) => name === UNWIND);
}
