/**
 * What a name stands for. The checker makes one symbol for each declaration and puts it at every use, so the generator
 * never looks a name up: it may key a Map by the symbol object.
 */
import type { FunctionLiteral } from "./ast.ts";
import type { BuiltinName } from "./builtins.ts";
import type { NativeName } from "./natives.ts";
import type { BasicType, FunctionType, InterfaceType, ModuleType, StructType, Type } from "./types.ts";

/** Anything a name can stand for in an expression. Switch on `kind`. */
export type NameSymbol =
  | GlobalSymbol
  | LocalSymbol
  | CaptureSymbol
  | FunctionSymbol
  | ModuleSymbol
  | TypeSymbol
  | BuiltinSymbol;

/** What holds a value that can be read and, unless constant, written. */
export type VariableSymbol = GlobalSymbol | LocalSymbol | CaptureSymbol;

/** A variable of a module's top level. Before its initialiser has run it reads as zero, false or null. */
export interface GlobalSymbol {
  readonly kind: "global";
  readonly name: string;
  type: Type;
  readonly constant: boolean;
  /** The import path of the declaring module, "" in the main file. */
  readonly modulePath: string;
}

/** A variable inside a function, or inside a block of the top level; parameters and receivers too. */
export interface LocalSymbol {
  readonly kind: "local";
  readonly name: string;
  type: Type;
  readonly constant: boolean;
  readonly parameter: boolean;
  /** The function it belongs to; null for the blocks of the top level. */
  readonly owner: FunctionLiteral | null;
}

/** A closure's own copy of a variable around it, made when the closure is created; writes stay in the copy. */
export interface CaptureSymbol {
  readonly kind: "capture";
  readonly name: string;
  readonly type: Type;
  readonly constant: boolean;
  /** The closure that holds the copy. */
  readonly owner: FunctionLiteral;
  /** What is copied: a variable of the function directly around `owner` (its local, or its own capture). */
  readonly source: LocalSymbol | CaptureSymbol;
  /** Its place in `owner.captures`. */
  readonly index: number;
}

/** A function of a module's top level. Used as a value (not called), it becomes a closure without captures. */
export interface FunctionSymbol {
  readonly kind: "function";
  readonly name: string;
  type: FunctionType;
  readonly modulePath: string;
  /** Its parameters and body; `declaration.body` is null when it is native. */
  readonly declaration: FunctionLiteral;
  /** Which native function of the runtime it is, such as `conv_Itoa`; null when the body is Morph. */
  readonly native: NativeName | null;
}

/** A method of a struct. */
export interface MethodSymbol {
  readonly kind: "method";
  readonly name: string;
  /** Without the receiver. */
  readonly type: FunctionType;
  readonly struct: StructType;
  readonly declaration: FunctionLiteral;
}

/** A module's name, bound by `ambil`. */
export interface ModuleSymbol {
  readonly kind: "module";
  readonly name: string;
  readonly type: ModuleType;
}

/** A type's name where a value may stand: constructor calls, conversions, the second argument of `assert`. */
export interface TypeSymbol {
  readonly kind: "type";
  readonly name: string;
  readonly type: StructType | InterfaceType | BasicType;
}

/** A built-in function, in a call. */
export interface BuiltinSymbol {
  readonly kind: "builtin";
  readonly name: BuiltinName;
}
