import type { FunctionSymbol, GlobalSymbol, LocalSymbol, MethodSymbol } from "../symbols.ts";
import type { InterfaceType, StructType } from "../types.ts";
import type { FunctionLiteral } from "./expressions.ts";
import type { Statement } from "./statements.ts";

/** One parsed file. */
export interface SourceFile {
  readonly statements: Statement[];
}

/** A checked program: everything the generator needs. */
export interface Program {
  /** Every module once, dependencies before the modules that import them; the last is `main`. */
  readonly modules: readonly Module[];
  /** The file that is run. */
  readonly main: Module;
  /** The function `main` of the main file, called once after the main file's statements; null when there is none. */
  readonly mainFunction: FunctionSymbol | null;
  /** Whether the program calls `luncurkan` anywhere. */
  readonly usesThreads: boolean;
}

/** A checked module. Start-up: of imported modules only the global `var` statements run; of `main` all statements. */
export interface Module {
  /** The import path as written, "" for the main file. */
  readonly path: string;
  /** The file it was read from, or `<path>` for a built-in module; what runtime messages call it. */
  readonly file: string;
  /** The top level in textual order. Declarations (functions, structs, ...) are among them and do nothing when run. */
  readonly statements: readonly Statement[];
  /** In the order of declaration, as are all lists here. */
  readonly globals: readonly GlobalSymbol[];
  readonly functions: readonly FunctionSymbol[];
  readonly methods: readonly MethodSymbol[];
  readonly structs: readonly StructType[];
  readonly interfaces: readonly InterfaceType[];
  /** Every closure of the module, outer ones first, wherever it stands; not the functions and methods above. */
  readonly closures: readonly FunctionLiteral[];
  /** The variables of blocks at the top level. */
  readonly locals: readonly LocalSymbol[];
}
