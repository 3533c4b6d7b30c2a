/** Makes a WebAssembly module of a checked program. */
import type { Program } from "../ast.ts";
import type * as wasm from "../wasm/index.ts";
import { type CodegenOptions, ModuleContext, zero } from "./context.ts";
import { generateClosureFunction, generateMethod, generateTopLevelFunction } from "./functions.ts";
import { Sites } from "./gc/sites.ts";
import { wasmType } from "./layout.ts";
import { encodeManifest, MANIFEST_SECTION, MANIFEST_VERSION, type Manifest } from "./manifest.ts";
import { BASE, RESULT } from "./names.ts";
import { generateStart } from "./start.ts";
import { addThreads } from "./threads.ts";

export type { CodegenOptions } from "./context.ts";

/**
 * The bytes of a module that runs the program: `run` takes it, once `rewriteForThreads` has rewritten one that uses threads. O(size of
 * the program).
 *
 * @param program what the front end has checked
 * @param sites for tests: which places have their code
 */
export function generateModule(
  program: Program,
  options: CodegenOptions = {},
  sites: Sites = new Sites(),
): Uint8Array<ArrayBuffer> {
  return makeModule(program, options, sites).emit();
}

/** As {@link generateModule}, before it is written as bytes. */
export function makeModule(program: Program, options: CodegenOptions, sites: Sites): wasm.Module {
  const context = new ModuleContext(program, options, sites);
  const { m } = context;
  m.addGlobalImport(BASE, "n0");
  m.addGlobalImport(RESULT, "n0");
  context.target.declare();
  for (const [symbol, place] of context.globalPlaces()) {
    if (place.kind === "wasm") m.addGlobal(place.name, wasmType(symbol.type), zero(m, symbol.type));
  }
  for (const { functions, methods, closures } of program.modules) {
    for (const { declaration } of functions) {
      if (declaration.body !== null) generateTopLevelFunction(context, declaration);
    }
    for (const { declaration, struct } of methods) generateMethod(context, declaration, struct);
    for (const literal of closures) generateClosureFunction(context, literal);
  }
  generateStart(context);
  if (program.usesThreads) addThreads(context);
  context.literals.finish();
  m.setTable(context.tableFunctions());
  addRegion(context);
  return m;
}

function addRegion(context: ModuleContext): void {
  const { m, image, program, files, recorded, target } = context;
  m.setData(BASE, image.data());
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    regionBytes: image.size,
    types: image.types,
    files,
    threads: program.usesThreads,
    recorded,
    ...(target.name === "gc" ? { target: target.name } : {}),
    trace: context.trace(),
  };
  m.addCustomSection(MANIFEST_SECTION, encodeManifest(manifest));
}
