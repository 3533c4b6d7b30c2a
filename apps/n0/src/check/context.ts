/** What the checker knows while it walks one module: its names, the scopes around the present place, its messages. */
import type {
  Block,
  FunctionLiteral,
  Node,
  Statement,
  SwitchStatement,
  VarName,
  VarStatement,
  WhileExpression,
} from "../ast.ts";
import type { Diagnostic, Stage } from "../diagnostics.ts";
import { MAX_NESTING, NESTING_MESSAGE } from "../parse/cursor.ts";
import type {
  CaptureSymbol,
  FunctionSymbol,
  GlobalSymbol,
  LocalSymbol,
  MethodSymbol,
  ModuleSymbol,
  NameSymbol,
  TypeSymbol,
} from "../symbols.ts";
import type { InterfaceType, StructType, Type } from "../types.ts";

/** A value's name at the top level of a module. */
export interface Binding {
  readonly symbol: GlobalSymbol | FunctionSymbol | ModuleSymbol;
  /** Bound by an import: it cannot be assigned. */
  readonly imported: boolean;
}

/** What a module offers to others: all its names, of which those in upper case are exported. */
export interface Names {
  readonly values: Map<string, Binding>;
  readonly types: Map<string, TypeSymbol>;
}

/** A function that is being checked, or the top level. */
export interface Frame {
  /** Null for the top level. */
  readonly literal: FunctionLiteral | null;
  /** The result type; null for the top level, which takes any. */
  readonly result: Type | null;
  /** Innermost last. The top level itself has none: its variables are global. */
  readonly scopes: Map<string, LocalSymbol>[];
  /** What the function has captured, by the variable it copies. */
  readonly captures: Map<LocalSymbol | CaptureSymbol, CaptureSymbol>;
  /** The loops and switches around the present place, innermost last. */
  readonly targets: (WhileExpression | SwitchStatement)[];
}

/** A module while it is checked. */
export class Context {
  readonly path: string;
  readonly file: string;
  readonly names: Names;
  /** The modules it may import, by import path: those that were read without errors. */
  readonly imports: ReadonlyMap<string, Names>;
  readonly diagnostics: Diagnostic[] = [];

  readonly globals: GlobalSymbol[] = [];
  readonly functions: FunctionSymbol[] = [];
  readonly methods: MethodSymbol[] = [];
  readonly structs: StructType[] = [];
  readonly interfaces: InterfaceType[] = [];
  readonly closures: FunctionLiteral[] = [];
  readonly locals: LocalSymbol[] = [];
  usesThreads = false;

  readonly declaredLocals: { readonly node: Node; readonly symbol: LocalSymbol }[] = [];
  /** What each import statement binds. */
  readonly boundBy: Map<Statement, { readonly name: string; readonly symbol: NameSymbol }[]> = new Map();
  readonly warnings: Diagnostic[] = [];

  /** The `var` statements of globals whose initialisers wait to be checked. */
  readonly pendingGlobals: Map<GlobalSymbol, VarStatement> = new Map();
  /** Globals declared again, and what has their name already: reported when its type is known. */
  readonly duplicates: [VarName, { readonly type: Type }][] = [];
  /** While the initialisers of globals are checked: the closures whose bodies wait until every global has its type. */
  deferredBodies: FunctionLiteral[] | null = null;

  readonly #used: Set<NameSymbol> = new Set();
  readonly #frames: Frame[] = [{ literal: null, result: null, scopes: [], captures: new Map(), targets: [] }];
  #depth = 0;
  #tooDeep = false;

  constructor(path: string, file: string, imports: ReadonlyMap<string, Names>) {
    this.path = path;
    this.file = file;
    this.imports = imports;
    this.names = { values: new Map(), types: new Map() };
  }

  /** Reports a mistake of the program. @param hint what to write instead */
  error(at: Node, message: string, hint?: string): void {
    this.#add("type", at, message, hint);
  }

  /** Reports what the rules allow but no program can run; said only when there is no error. */
  unsupported(at: Node, message: string): void {
    this.#add("unsupported", at, message);
  }

  /** Reports what is odd in a program that is right. */
  warning({ line, column }: Node, message: string): void {
    this.warnings.push({ stage: "warning", file: this.file, line, column, message });
  }

  /** Notes that something is read. O(functions around it). */
  use(symbol: NameSymbol): void {
    this.#used.add(uncaptured(symbol));
  }

  /** Takes back what {@link use} noted. */
  forgetUse(symbol: NameSymbol): void {
    this.#used.delete(uncaptured(symbol));
  }

  /** Whether something was read, and not only declared or assigned. */
  isUsed(symbol: NameSymbol): boolean {
    return this.#used.has(uncaptured(symbol));
  }

  #add(stage: Stage, { line, column }: Node, message: string, hint?: string): void {
    const last = this.diagnostics.at(-1);
    if (last?.line === line && last.column === column && last.message === message) return;
    const diagnostic = { stage, file: this.file, line, column, message };
    this.diagnostics.push(hint === undefined ? diagnostic : { ...diagnostic, hint });
  }

  /** Enters a level of nesting; beyond the limit it says so once and answers false. Every true asks for a {@link leave}. */
  enter(at: Node): boolean {
    if (this.#depth < MAX_NESTING) {
      this.#depth++;
      return true;
    }
    if (!this.#tooDeep) this.error(at, NESTING_MESSAGE);
    this.#tooDeep = true;
    return false;
  }

  leave(): void {
    this.#depth--;
  }

  get frame(): Frame {
    return this.#frames.at(-1)!;
  }

  /** Whether a `var` here declares a global. */
  get atTopLevel(): boolean {
    return this.#frames.length === 1 && this.frame.scopes.length === 0;
  }

  /** Goes into a function, with its first scope open, until {@link leaveFunction}. */
  enterFunction(literal: FunctionLiteral, result: Type): void {
    this.#frames.push({ literal, result, scopes: [new Map()], captures: new Map(), targets: [] });
  }

  leaveFunction(): void {
    this.#frames.pop();
  }

  /** Makes a local variable of the innermost scope. O(1). */
  declareLocal(name: string, type: Type, constant: boolean, parameter = false): LocalSymbol {
    const { literal, scopes } = this.frame;
    const symbol: LocalSymbol = { kind: "local", name, type, constant, parameter, owner: literal };
    if (!parameter) (literal === null ? this.locals : literal.locals).push(symbol);
    scopes.at(-1)!.set(name, symbol);
    return symbol;
  }

  /** The local variable of that name that a declaration would clash with. */
  localInScope(name: string): LocalSymbol | undefined {
    return this.frame.scopes.at(-1)?.get(name);
  }

  /** The names of all local variables that can be seen here. */
  *localNames(): Generator<string> {
    for (const { scopes } of this.#frames) for (const scope of scopes) yield* scope.keys();
  }

  /** The innermost local variable of that name; one of a function around this one is captured. O(open scopes). */
  lookUpLocal(name: string): LocalSymbol | CaptureSymbol | undefined {
    const frames = this.#frames;
    for (let f = frames.length - 1; f >= 0; f--) {
      const { scopes } = frames[f]!;
      for (let s = scopes.length - 1; s >= 0; s--) {
        const found = scopes[s]!.get(name);
        if (found === undefined) continue;
        let symbol: LocalSymbol | CaptureSymbol = found;
        for (let inner = f + 1; inner < frames.length; inner++) symbol = capture(frames[inner]!, symbol);
        return symbol;
      }
    }
    return undefined;
  }
}

/** Of a captured variable the variable itself. */
function uncaptured(symbol: NameSymbol): NameSymbol {
  let read = symbol;
  while (read.kind === "capture") read = read.source;
  return read;
}

function capture({ literal, captures }: Frame, source: LocalSymbol | CaptureSymbol): CaptureSymbol {
  const known = captures.get(source);
  if (known !== undefined) return known;
  const { name, type, constant } = source;
  const owner = literal!;
  const symbol: CaptureSymbol = { kind: "capture", name, type, constant, owner, source, index: owner.captures.length };
  owner.captures.push(symbol);
  captures.set(source, symbol);
  return symbol;
}

/** Whether every way through the block ends in a `kembalikan`; loops and switches never count. */
export function alwaysReturns(block: Block): boolean {
  return block.statements.some((statement) => {
    if (statement.kind === "return") return true;
    if (statement.kind !== "expression" || statement.expression.kind !== "if") return false;
    const { branches, otherwise } = statement.expression;
    return otherwise !== null && alwaysReturns(otherwise) && branches.every(({ body }) => alwaysReturns(body));
  });
}
