import type { BuiltinName } from "../builtins.ts";
import type { CaptureSymbol, FunctionSymbol, LocalSymbol, MethodSymbol, NameSymbol } from "../symbols.ts";
import type { Field, FunctionType, InterfaceMethod, InterfaceType, StructType, Type } from "../types.ts";
import type { TypeNode } from "./annotations.ts";
import type { Node } from "./node.ts";
import type { Block } from "./statements.ts";

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
