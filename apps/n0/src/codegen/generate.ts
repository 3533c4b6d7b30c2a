/** Makes a WebAssembly module of a checked program. */
import binaryen from "binaryen";
import type { Program } from "../ast.ts";
import { type CodegenOptions, ModuleContext, zero } from "./context.ts";
import { generateClosureFunction, generateMethod, generateTopLevelFunction } from "./functions.ts";
import { wasmType } from "./layout.ts";
import { encodeManifest, MANIFEST_SECTION, MANIFEST_VERSION, type Manifest } from "./manifest.ts";
import { BASE, MEMORY, RESULT, STACK_LIMIT, STACK_POINTER, TABLE } from "./names.ts";
import { generateStart } from "./start.ts";
import { addThreads } from "./threads.ts";
import { addUnwinding } from "./unwinding.ts";

export type { CodegenOptions } from "./context.ts";

/** Pages of a full 32-bit memory. */
const MOST_PAGES = 65536;

/**
 * The bytes of a module that runs the program: `run` takes it. O(size of the program).
 *
 * @param program what the front end has checked
 */
export function generateModule(program: Program, options: CodegenOptions = {}): Uint8Array<ArrayBuffer> {
  const context = new ModuleContext(program, options);
  const { m } = context;
  try {
    buildModule(context);
    if (program.usesThreads) addUnwinding(m);
    return new Uint8Array(m.emitBinary());
  } finally {
    m.dispose();
  }
}

function buildModule(context: ModuleContext): void {
  const { m, program } = context;
  const { i32 } = binaryen;
  m.setFeatures(
    binaryen.Features.MutableGlobals |
      binaryen.Features.SignExt |
      binaryen.Features.BulkMemory |
      binaryen.Features.BulkMemoryOpt |
      binaryen.Features.NontrappingFPToInt,
  );
  // Loads and stores need the memory to be there; its data comes last.
  m.setMemory(1, MOST_PAGES, null, [], false, false, MEMORY);
  m.addGlobalImport(BASE, "n0", BASE, i32, false);
  m.addGlobalImport(RESULT, "n0", RESULT, i32, false);
  for (const name of [STACK_POINTER, STACK_LIMIT]) {
    m.addGlobal(name, i32, true, m.i32.const(0));
    m.addGlobalExport(name, name);
  }
  for (const [symbol, place] of context.globalPlaces()) {
    if (place.kind === "wasm") m.addGlobal(place.name, wasmType(symbol.type), true, zero(m, symbol.type));
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
  addTable(context);
  addRegion(context);
}

/** Index 0 holds no function: it is the null of tables. */
function addTable(context: ModuleContext): void {
  const { m } = context;
  const names = context.tableFunctions();
  m.addTable(TABLE, names.length + 1, names.length + 1);
  m.addActiveElementSegment(TABLE, "functions", names, m.i32.const(1));
}

function addRegion(context: ModuleContext): void {
  const { m, image, program, files, recorded } = context;
  const segment = { offset: context.address(0), data: image.data() };
  m.setMemory(1, MOST_PAGES, null, [segment], false, false, MEMORY);
  m.addMemoryImport(MEMORY, "env", "memory");
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    regionBytes: image.size,
    types: image.types,
    files,
    threads: program.usesThreads,
    recorded,
  };
  m.addCustomSection(MANIFEST_SECTION, encodeManifest(manifest));
}
