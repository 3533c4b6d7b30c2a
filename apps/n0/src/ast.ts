/**
 * The syntax tree. The parser makes it; the checker then fills in what is marked "checked": each expression's `type`,
 * each name's `symbol`, each call's `target`, each closure's `captures`, and wraps a struct in an
 * {@link InterfaceConversion} wherever an interface is expected. In a checked program:
 *
 * - no type is unknown or failed, and no expression of type void or of a tuple type stands where a value is needed.
 *   A void expression is an expression statement, or the one value of a return in a void function; a tuple is the one
 *   value of a `var`, an assignment or a return with several targets, or an expression statement;
 * - `[]`, `{}` and `kosong` have the type they are used at (`kosong` keeps `null` only where nothing says more);
 * - `jika` and `selama` are expression statements only;
 * - tree and types nest at most 1,000 expressions deep, so recursion over them is safe on an ordinary stack.
 *
 * `line` and `column` start at 1, and `column` counts bytes.
 */

import type { BuiltinName } from "./builtins.ts";
import type { CaptureSymbol, FunctionSymbol, GlobalSymbol, LocalSymbol, MethodSymbol, NameSymbol } from "./symbols.ts";
import type { Field, FunctionType, InterfaceMethod, InterfaceType, StructType, Type } from "./types.ts";

/** Where a node stands in its file: the token that each node's comment names. */
export interface Node {
  readonly line: number;
  readonly column: number;
}

// ---------------------------------------------------------------------------------------------------- programs

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

// -------------------------------------------------------------------------------------------------- statements

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

// ------------------------------------------------------------------------------------------------- annotations

/** A type as written, at its first token. Only the checker needs these. */
export type TypeNode =
  | NamedTypeNode
  | QualifiedTypeNode
  | ArrayTypeNode
  | MapTypeNode
  | FunctionTypeNode
  | PointerTypeNode;

/** `T` */
export interface NamedTypeNode extends Node {
  readonly kind: "named";
  readonly name: string;
}

/** `module.T` */
export interface QualifiedTypeNode extends Node {
  readonly kind: "qualified";
  readonly module: string;
  readonly name: string;
}

/** `[]T` */
export interface ArrayTypeNode extends Node {
  readonly kind: "array";
  readonly element: TypeNode;
}

/** `map[K]V` */
export interface MapTypeNode extends Node {
  readonly kind: "map";
  readonly key: TypeNode;
  readonly value: TypeNode;
}

/** `fungsi(A, B) R` */
export interface FunctionTypeNode extends Node {
  readonly kind: "function";
  readonly parameters: TypeNode[];
  readonly results: TypeNode[];
}

/** `*T` */
export interface PointerTypeNode extends Node {
  readonly kind: "pointer";
  readonly element: TypeNode;
}

// ------------------------------------------------------------------------------------------------- expressions

/** Any expression. Switch on `kind`; `type` is the checked type. */
export type Expression =
  | IntLiteral
  | FloatLiteral
  | BoolLiteral
  | NullLiteral
  | StringLiteral
  | InterpolatedString
  | ArrayLiteral
  | MapLiteral
  | StructLiteral
  | FunctionLiteral
  | Identifier
  | MemberExpression
  | IndexExpression
  | CallExpression
  | PrefixExpression
  | BinaryExpression
  | IfExpression
  | WhileExpression
  | InterfaceConversion;

interface ExpressionNode extends Node {
  /** Checked. */
  type: Type;
}

/** A whole number, at the token. */
export interface IntLiteral extends ExpressionNode {
  readonly kind: "int";
  /** 0 to 2^63 - 1. */
  readonly value: bigint;
}

/** A number with a fraction, at the token. */
export interface FloatLiteral extends ExpressionNode {
  readonly kind: "float";
  readonly value: number;
}

/** `benar` or `salah`, at the token. */
export interface BoolLiteral extends ExpressionNode {
  readonly kind: "bool";
  readonly value: boolean;
}

/** `kosong`, at the token. Its checked type is the type it is a null of: a string, an interface, ... */
export interface NullLiteral extends ExpressionNode {
  readonly kind: "null";
}

/** A string without interpolation, at the opening quote. */
export interface StringLiteral extends ExpressionNode {
  readonly kind: "string";
  /** Exactly the bytes of the value. */
  readonly bytes: Uint8Array;
}

/** `"a #{x} b"`, at the opening quote. Every part is a string. */
export interface InterpolatedString extends ExpressionNode {
  readonly kind: "interpolated";
  /** At least one; string literals are never empty. */
  readonly parts: Expression[];
}

/** `[a, b]`, at the bracket. */
export interface ArrayLiteral extends ExpressionNode {
  readonly kind: "array";
  readonly elements: Expression[];
}

/** `{k: v}`, at the brace, in source order. */
export interface MapLiteral extends ExpressionNode {
  readonly kind: "map";
  readonly entries: MapEntry[];
}

/** One pair of a map literal. */
export interface MapEntry {
  key: Expression;
  value: Expression;
}

/** `T{f: v}`, at the brace. */
export interface StructLiteral extends ExpressionNode {
  readonly kind: "struct";
  readonly name: Identifier;
  /** Every field once, in source order (the order of evaluation). */
  readonly fields: FieldValue[];
}

/** One field of a struct literal, at its name. */
export interface FieldValue extends Node {
  readonly name: string;
  value: Expression;
  /** Checked. */
  field: Field | null;
}

/**
 * `fungsi`, at the word: a function or method of the top level (then {@link ExpressionStatement.declares} says so) or a
 * closure, which is created when it is evaluated.
 */
export interface FunctionLiteral extends ExpressionNode {
  readonly kind: "function";
  /** "" without a name. A name inside a function binds nothing. */
  readonly name: string;
  readonly receiver: ParameterNode | null;
  readonly parameters: ParameterNode[];
  readonly results: TypeNode[];
  /** Null when native. */
  readonly body: Block | null;
  /** Checked. Its signature without the receiver; the same as `type`. */
  signature: FunctionType | null;
  /** Checked. What is copied into the closure, in the order of first use; empty for functions and methods. */
  readonly captures: CaptureSymbol[];
  /** Checked. All local variables in the order of declaration, those of inner blocks too, without parameters. */
  readonly locals: LocalSymbol[];
}

/** A parameter's name and type, at the name. */
export interface ParameterNode extends Node {
  readonly name: string;
  readonly type: TypeNode;
  /** Checked; stays null in interfaces. */
  symbol: LocalSymbol | null;
}

/** A name, at the token. */
export interface Identifier extends ExpressionNode {
  readonly kind: "identifier";
  readonly name: string;
  /** Checked. As a value only: global, local, capture, function. */
  symbol: NameSymbol | null;
}

/** `a.b`, at the dot. */
export interface MemberExpression extends ExpressionNode {
  readonly kind: "member";
  object: Expression;
  readonly name: string;
  /** Checked. */
  member: Member | null;
}

/** What a member expression reaches. Methods stand in calls only. */
export type Member =
  | { readonly kind: "field"; readonly struct: StructType; readonly field: Field }
  | { readonly kind: "method"; readonly method: MethodSymbol }
  | { readonly kind: "interfaceMethod"; readonly interface: InterfaceType; readonly method: InterfaceMethod }
  /** A global variable or a function of a module; `object` is the module's name and has no value. */
  | { readonly kind: "module"; readonly symbol: NameSymbol };

/** `a[i]`, at the bracket. By `object.type`: array (checked against the bounds), map (zero value when missing), string (a signed byte). */
export interface IndexExpression extends ExpressionNode {
  readonly kind: "index";
  object: Expression;
  index: Expression;
}

/** `f(a, b)`, at the parenthesis. Callee or receiver first, then the arguments, left to right. */
export interface CallExpression extends ExpressionNode {
  readonly kind: "call";
  callee: Expression;
  readonly arguments: Expression[];
  /** Checked. */
  target: CallTarget | null;
}

/** What a call calls. Only for `closure` is the callee itself evaluated. */
export type CallTarget =
  /** A function of the top level, of this module or another. */
  | { readonly kind: "function"; readonly function: FunctionSymbol }
  /** A method; `receiver` is the object of the member expression `callee`. */
  | { readonly kind: "method"; readonly method: MethodSymbol; readonly receiver: Expression }
  | {
      readonly kind: "interfaceMethod";
      readonly interface: InterfaceType;
      readonly method: InterfaceMethod;
      readonly receiver: Expression;
    }
  /** A value of a function type, wherever it comes from: variable, field, element, result of a call, function literal. */
  | { readonly kind: "closure"; readonly type: FunctionType }
  /** `T(a, b)`: every field in the order of declaration. */
  | { readonly kind: "constructor"; readonly struct: StructType }
  /** `int(f)` truncates toward zero, `float(i)`, `error(s)` makes an error; the same type: the value itself. */
  | { readonly kind: "conversion"; readonly from: Type; readonly to: Type }
  /** For `assert` the call's `type` is the struct and the second argument has no value. */
  | { readonly kind: "builtin"; readonly name: BuiltinName };

/** `!x`, `-x`, `~x`, at the operator. (`&x` and `*x` never pass the front end.) */
export interface PrefixExpression extends ExpressionNode {
  readonly kind: "prefix";
  readonly operator: "!" | "-" | "~" | "&" | "*";
  operand: Expression;
}

/** `a + b`, at the operator. Both operands have the same type, see {@link BinaryOperator}. */
export interface BinaryExpression extends ExpressionNode {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  left: Expression;
  right: Expression;
}

/**
 * Arithmetic on int or float, `%`, bits and shifts on int; `+` also joins strings and arrays. `==` and `!=` compare int,
 * float, bool by value, string by content (null equals only null), everything else by identity, interfaces by their
 * instance. `dan` and `atau` evaluate the right side only when it matters.
 */
export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "=="
  | "!="
  | "<"
  | ">"
  | "<="
  | ">="
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "dan"
  | "atau";

/** `jika` with its `atau_jika` and `lainnya`, at the word. */
export interface IfExpression extends ExpressionNode {
  readonly kind: "if";
  /** The first is `jika`, the others `atau_jika`. */
  readonly branches: IfBranch[];
  readonly otherwise: Block | null;
}

/** One condition and its block, at `jika` or `atau_jika`. */
export interface IfBranch extends Node {
  condition: Expression;
  readonly body: Block;
}

/** `selama`, at the word. */
export interface WhileExpression extends ExpressionNode {
  readonly kind: "while";
  condition: Expression;
  readonly body: Block;
}

/** Made by the checker: a struct becomes an interface value (a null struct a null interface), at the struct expression. */
export interface InterfaceConversion extends Node {
  readonly kind: "convert";
  readonly value: Expression;
  readonly struct: StructType;
  type: InterfaceType;
}
