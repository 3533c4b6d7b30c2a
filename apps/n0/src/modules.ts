/** Finds, reads and parses a program's files, and puts its modules in an order in which each can be checked. */
import type { SourceFile, Statement } from "./ast.ts";
import type { ParseError } from "./parse/cursor.ts";
import { parse } from "./parser.ts";
import { standardModule } from "./stdlib.ts";

/** Where sources come from: a disk, an editor's buffers, a test's strings. */
export interface SourceReader {
  /**
   * The bytes of a file, or null when there is none. Paths are the main file's, that of its folder with an import path
   * behind it, or relative to the folder the compiler runs in.
   */
  readonly read: (path: string) => Uint8Array | null;
}

/** A file of the program, parsed. */
export interface LoadedModule {
  /** The import path as written, "" for the main file. Two spellings of one file are two modules. */
  readonly path: string;
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly source: SourceFile;
  readonly errors: readonly ParseError[];
  /** For each import statement that cannot be followed, why. */
  readonly problems: ReadonlyMap<Statement, string>;
}

/**
 * Loads the main file and everything it imports, each import path once. Dependencies stand before the modules that
 * import them, the main file last. A file with parse errors is in the list, but its imports are not followed.
 *
 * @param main the main file's path and bytes
 */
export function loadModules(main: { file: string; bytes: Uint8Array }, reader: SourceReader): LoadedModule[] {
  const folder = main.file.slice(0, main.file.lastIndexOf("/") + 1);
  const loaded = new Map<string, Visit | null>();
  const order: LoadedModule[] = [];
  // Depth first, on a stack of our own: a chain of imports may be longer than the engine's.
  const stack = [visit("", main.file, main.bytes)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const statement = top.imports[top.next++];
    if (statement === undefined) {
      top.done = true;
      order.push(top.module);
      stack.pop();
      continue;
    }
    const { path } = statement;
    let target = loaded.get(path);
    if (target === undefined) {
      target = load(path, folder, reader);
      loaded.set(path, target);
      if (target !== null) stack.push(target);
    } else if (target !== null && !target.done) {
      top.problems.set(statement, `Import cycle detected: ${path}`);
      continue;
    }
    const problem = target === null ? `module '${path}' not found` : parseProblem(target.module);
    if (problem !== null) top.problems.set(statement, `Failed to import module '${path}': ${problem}`);
  }
  return order;
}

type ImportingStatement = Statement & { kind: "import" | "fromImport" };

/** A module on its way. */
interface Visit {
  readonly module: LoadedModule;
  readonly imports: readonly ImportingStatement[];
  readonly problems: Map<Statement, string>;
  next: number;
  done: boolean;
}

function visit(path: string, file: string, bytes: Uint8Array): Visit {
  const { file: source, errors } = parse(bytes);
  const problems = new Map<Statement, string>();
  const isImport = (statement: Statement): statement is ImportingStatement =>
    statement.kind === "import" || statement.kind === "fromImport";
  const imports = errors.length > 0 ? [] : source.statements.filter(isImport);
  return { module: { path, file, bytes, source, errors, problems }, imports, problems, next: 0, done: false };
}

function parseProblem({ errors }: LoadedModule): string | null {
  return errors.length === 0 ? null : `${errors.length} parse error${errors.length === 1 ? "" : "s"}`;
}

/** Looks beside the main file, then in `stdlib` and `n1` of the present folder, then among the standard modules. */
function load(path: string, folder: string, reader: SourceReader): Visit | null {
  // The extension is what stands behind a dot in the last part of the path.
  const file = path.lastIndexOf(".") > path.lastIndexOf("/") ? path : `${path}.fox`;
  const candidates = file.startsWith("/") ? [file] : [`${folder}${file}`, `stdlib/${file}`, `n1/${file}`];
  for (const candidate of candidates) {
    const bytes = reader.read(candidate);
    if (bytes !== null) return visit(path, candidate, bytes);
  }
  const standard = standardModule(path);
  return standard === undefined ? null : visit(path, `<${path}>`, new TextEncoder().encode(standard));
}
