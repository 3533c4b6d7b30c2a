import type { FunctionSymbol, GlobalSymbol, LocalSymbol, MethodSymbol } from "../symbols.ts";
import type { InterfaceType } from "../types.ts";
import type { TypeNode } from "./annotations.ts";
import type { Expression, ParameterNode, WhileExpression } from "./expressions.ts";
import type { Node } from "./node.ts";

/** Any statement. Switch on `kind`. */
export type Statement =
  | VarStatement
  | AssignStatement
  | ReturnStatement
  | ExpressionStatement
  | SwitchStatement
  | BreakStatement
  | ContinueStatement
  | ImportStatement
  | FromImportStatement
  | StructDeclaration
  | InterfaceDeclaration;

/** `var a, b T = x, y`, at the `var` (or `tetapan`). */
export interface VarStatement extends Node {
  readonly kind: "var";
  readonly constant: boolean;
  readonly names: VarName[];
  readonly annotation: TypeNode | null;
  /** None: zero values. As many as names: one each, all evaluated before any is stored. One for several names: a tuple. */
  readonly values: Expression[];
}

/** One declared name, at the name. */
export interface VarName extends Node {
  readonly name: string;
  /** Checked. */
  symbol: GlobalSymbol | LocalSymbol | null;
  /** Checked. For a tuple whose part is a struct and whose variable is an interface: the interface; else null. */
  convertTo: InterfaceType | null;
}

/** `a, b = x, y`, at the `=`. All values are evaluated before any is stored. One value for several targets is a tuple. */
export interface AssignStatement extends Node {
  readonly kind: "assign";
  /** Identifiers, members (struct fields, variables of modules), indexes (arrays, maps). Only identifiers take a tuple. */
  readonly targets: Expression[];
  readonly values: Expression[];
  /** Checked. For each target of a tuple assignment: the interface its part is converted to, or null. Else empty. */
  convertTo: (InterfaceType | null)[];
}

/** `kembalikan a, b`, at the word. At the top level it ends the start-up, and `main` is not called. */
export interface ReturnStatement extends Node {
  readonly kind: "return";
  /** Several make a tuple. One may be a tuple itself, or a void call in a void function. */
  readonly values: Expression[];
  /** Checked. For each part of a forwarded tuple: the interface it is converted to, or null. Else empty. */
  convertTo: (InterfaceType | null)[];
}

/** An expression whose value is dropped, at the expression; a named function is one too, and so are `jika` and `selama`. */
export interface ExpressionStatement extends Node {
  readonly kind: "expression";
  expression: Expression;
  /** Checked. The function this statement declares at the top level: nothing to run. Else null. */
  declares: FunctionSymbol | MethodSymbol | null;
}

/** `pilih`, at the word. The value is evaluated once; the first case that has an equal value runs, else `otherwise`. */
export interface SwitchStatement extends Node {
  readonly kind: "switch";
  /** Checked: int, bool or string. */
  value: Expression;
  readonly cases: SwitchCase[];
  otherwise: Block | null;
}

/** `kasus a, b:`, at the word. */
export interface SwitchCase extends Node {
  readonly values: Expression[];
  readonly body: Block;
}

/** `berhenti`, at the word. */
export interface BreakStatement extends Node {
  readonly kind: "break";
  /** Checked. What it leaves: the innermost `selama` or `pilih` of the same function; null outside both: it does nothing. */
  target: WhileExpression | SwitchStatement | null;
}

/** `lanjut`, at the word. */
export interface ContinueStatement extends Node {
  readonly kind: "continue";
  /** Checked. The innermost `selama` of the same function; null outside: it does nothing. */
  target: WhileExpression | null;
}

/** `ambil "path"`, at the word. */
export interface ImportStatement extends Node {
  readonly kind: "import";
  readonly path: string;
}

/** `dari "path" ambil A, B`, at `dari`. */
export interface FromImportStatement extends Node {
  readonly kind: "fromImport";
  readonly path: string;
  readonly names: string[];
}

/** `struktur`, at the word. */
export interface StructDeclaration extends Node {
  readonly kind: "struct";
  readonly name: string;
  readonly fields: FieldNode[];
}

/** A field's name and type, at the name. */
export interface FieldNode extends Node {
  readonly name: string;
  readonly type: TypeNode;
}

/** `antarmuka`, at the word. */
export interface InterfaceDeclaration extends Node {
  readonly kind: "interface";
  readonly name: string;
  readonly methods: MethodNode[];
}

/** A method's signature in an interface, at its name. */
export interface MethodNode extends Node {
  readonly name: string;
  readonly parameters: ParameterNode[];
  readonly results: TypeNode[];
}

/** Statements up to `akhir`, `lainnya`, `atau_jika` or `kasus`. */
export interface Block {
  readonly statements: Statement[];
}
