/** The front end: from the bytes of a program to a checked tree, or to everything that is wrong with it. */
import type { Module, Program } from "./ast.ts";
import type { Names } from "./check/context.ts";
import { checkModule } from "./check/module.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { type LoadedModule, loadModules, type SourceReader } from "./modules.ts";
import { NESTING_MESSAGE } from "./parse/cursor.ts";

/** What to compile. */
export interface FrontEndInput {
  /** The main file's path: imports are looked for in its folder, and messages name it. */
  readonly file: string;
  /** The main file's bytes. */
  readonly bytes: Uint8Array;
  /** Where imported files come from; without it only the standard modules can be imported. */
  readonly reader?: SourceReader;
}

/** A checked program with what is odd in it, or its diagnostics: never both, and at least one diagnostic. */
export type FrontEndResult = (
  | { readonly ok: true; readonly program: Program; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
) & {
  /** The bytes of every file that was read, by the names that diagnostics and modules use. */
  readonly sources: ReadonlyMap<string, Uint8Array>;
};

/**
 * Checks a program. Nothing is thrown, whatever the bytes are. O(length of all sources).
 *
 * @returns all diagnostics: those of an imported module before those of its importer, within a file by place
 */
export function compileFrontEnd(input: FrontEndInput): FrontEndResult {
  try {
    return compile(input);
  } catch (error) {
    // Nesting is limited to what an ordinary stack holds, but the caller may have left us less than that.
    if (!(error instanceof RangeError)) throw error;
    const { file, bytes } = input;
    const diagnostic = { stage: "parse", file, line: 0, column: 0, message: NESTING_MESSAGE } as const;
    return { ok: false, diagnostics: [diagnostic], sources: new Map([[file, bytes]]) };
  }
}

function compile({ file, bytes, reader = { read: () => null } }: FrontEndInput): FrontEndResult {
  const loaded = loadModules({ file: file.replaceAll("\\", "/"), bytes }, reader);
  const sources = new Map(loaded.map((module) => [module.file, module.bytes]));
  let diagnostics: readonly Diagnostic[] = [];
  const modules: Module[] = [];
  const checked = new Map<string, Names>();
  let usesThreads = false;
  let warnings: readonly Diagnostic[] = [];
  for (const module of loaded) {
    if (module.errors.length > 0) {
      diagnostics = diagnostics.concat(sorted(parseDiagnostics(module)));
      continue;
    }
    const { path, source, problems } = module;
    const result = checkModule({ path, file: module.file, source, imports: checked, problems });
    checked.set(path, result.names);
    modules.push(result.module);
    diagnostics = diagnostics.concat(sorted(result.diagnostics));
    usesThreads ||= result.usesThreads;
    // Nobody can change a standard module.
    if (module.file !== `<${path}>`) warnings = warnings.concat(sorted(result.warnings));
  }
  const reported = mostUrgent(diagnostics);
  if (reported.length > 0) return { ok: false, diagnostics: reported, sources };
  const main = modules.at(-1)!;
  const mainFunction = main.functions.find(({ name }) => name === "main") ?? null;
  return { ok: true, program: { modules, main, mainFunction, usesThreads }, warnings, sources };
}

function parseDiagnostics({ file, errors }: LoadedModule): Diagnostic[] {
  return errors.map((error) => ({ stage: "parse", file, ...error }));
}

/** What is not supported is said only of a program without mistakes. */
function mostUrgent(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const errors = diagnostics.filter(({ stage }) => stage !== "unsupported");
  return errors.length > 0 ? errors : diagnostics;
}

/** By place; the same message at the same place once. */
function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const list = [...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
  return list.filter(({ line, column, message }, i) => {
    const last = list[i - 1];
    return last?.line !== line || last.column !== column || last.message !== message;
  });
}
