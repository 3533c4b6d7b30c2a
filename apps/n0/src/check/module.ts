/** Checks one module: its top level is declared, then its globals get their types, then everything is checked. */
import type { Module, SourceFile, Statement } from "../ast.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { typeName, UNKNOWN } from "../types.ts";
import { Context, type Names } from "./context.ts";
import { declareTopLevel } from "./declarations.ts";
import { checkBody, checkGlobals, checkStatement } from "./statements.ts";
import { warnOfUnused } from "./unused.ts";

/** A module that was read and parsed, and what its imports led to. */
export interface ModuleInput {
  /** The import path, "" for the main file. */
  readonly path: string;
  readonly file: string;
  readonly source: SourceFile;
  /** The checked modules it may import, by import path. */
  readonly imports: ReadonlyMap<string, Names>;
  /** For each import statement that cannot be followed, why. */
  readonly problems: ReadonlyMap<Statement, string>;
}

/** A checked module; complete only when there are no diagnostics. */
export interface CheckedModule {
  readonly module: Module;
  readonly names: Names;
  readonly diagnostics: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  readonly usesThreads: boolean;
}

/** Checks a module whose imports are checked. O(length of the source). */
export function checkModule({ path, file, source, imports, problems }: ModuleInput): CheckedModule {
  const { statements } = source;
  const context = new Context(path, file, imports);
  declareTopLevel(context, statements, problems);
  inferGlobals(context, statements);
  for (const statement of statements) checkTopLevel(context, statement);
  if (path === "") checkMain(context);
  warnOfUnused(context, statements);
  const { names, globals, functions, methods, structs, interfaces, closures, locals, diagnostics, warnings } = context;
  return {
    module: { path, file, statements, globals, functions, methods, structs, interfaces, closures, locals },
    names,
    diagnostics,
    warnings,
    usesThreads: context.usesThreads,
  };
}

/** Checks the initialisers, each when its type is first asked for; the bodies of closures in them come last. */
function inferGlobals(context: Context, statements: readonly Statement[]): void {
  const bodies: NonNullable<Context["deferredBodies"]> = [];
  context.deferredBodies = bodies;
  for (const statement of statements) if (statement.kind === "var") checkGlobals(context, statement);
  context.deferredBodies = null;
  for (const [node, { type }] of context.duplicates) {
    context.error(node, `Global variable '${node.name}' already declared (type: ${typeName(type)})`);
  }
  for (const literal of bodies) checkBody(context, literal, null);
}

/** The start-up calls `main` without arguments. */
function checkMain(context: Context): void {
  const main = context.functions.find(({ name }) => name === "main");
  if (main === undefined || main.type.parameters.length === 0) return;
  context.unsupported(main.declaration, "Function main must have no parameters");
}

function checkTopLevel(context: Context, statement: Statement): void {
  if (statement.kind === "var") return;
  const literal = statement.kind === "expression" ? statement.expression : null;
  if (literal?.kind === "function" && literal.signature !== null) {
    const { declares } = statement as Statement & { kind: "expression" };
    checkBody(context, literal, declares?.kind === "method" ? declares.struct : UNKNOWN);
  } else {
    checkStatement(context, statement);
  }
}
