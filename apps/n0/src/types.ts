/**
 * The types of Morph, as the checker resolves them and the generator reads them.
 *
 * A basic type is one shared object (`INT`, `STRING`, ...); structs and interfaces are one object for each declaration.
 * Arrays, maps and function types are structural: two objects may be the same type, so compare with {@link sameType}.
 */
import type { MethodSymbol } from "./symbols.ts";

/** Any type. Switch on `kind`. */
export type Type =
  | BasicType
  | ArrayType
  | MapType
  | StructType
  | InterfaceType
  | FunctionType
  | PointerType
  | ModuleType
  | TupleType;

/**
 * `null` is the type of a `kosong` that meets no other type. `unknown` and `failed` stand for what could not be checked
 * (messages call them Unknown and Error); a program that passes the front end holds neither.
 */
export type BasicKind =
  | "int"
  | "float"
  | "bool"
  | "string"
  | "void"
  | "error"
  | "channel"
  | "null"
  | "unknown"
  | "failed";

/** A type without parts. */
export interface BasicType {
  readonly kind: BasicKind;
}

/** `[]T` */
export interface ArrayType {
  readonly kind: "array";
  readonly element: Type;
}

/** `map[K]V` */
export interface MapType {
  readonly kind: "map";
  readonly key: Type;
  readonly value: Type;
}

/** One field of a struct, in the order of declaration. */
export interface Field {
  readonly name: string;
  readonly type: Type;
  /** Its place in {@link StructType.fields}. */
  readonly index: number;
}

/** A struct: a reference to an object with fields. The same name in another module is another struct. */
export interface StructType {
  readonly kind: "struct";
  readonly name: string;
  /** The import path of the declaring module, "" in the main file. */
  readonly modulePath: string;
  readonly fields: Field[];
  /** The fields by name: the same objects as in `fields`. */
  readonly fieldsByName: Map<string, Field>;
  /** By name, in the order of declaration. */
  readonly methods: Map<string, MethodSymbol>;
}

/** One method of an interface. */
export interface InterfaceMethod {
  readonly name: string;
  readonly type: FunctionType;
  /** Its place in the interface, and so in every table of methods made for it. */
  readonly index: number;
}

/** An interface: satisfied by every struct that has its methods. Interfaces are the same when their names are. */
export interface InterfaceType {
  readonly kind: "interface";
  readonly name: string;
  readonly modulePath: string;
  /** By name, in the order of declaration. */
  readonly methods: Map<string, InterfaceMethod>;
}

/** A function's signature, without the receiver in the case of a method. `result` is a tuple when it returns several values. */
export interface FunctionType {
  readonly kind: "function";
  readonly parameters: readonly Type[];
  /** `VOID` when nothing is returned. */
  readonly result: Type;
}

/** `&x`; only the checker meets it, the front end accepts no program that uses pointers. */
export interface PointerType {
  readonly kind: "pointer";
  readonly element: Type;
}

/** The type of an imported module's name. */
export interface ModuleType {
  readonly kind: "module";
  readonly path: string;
}

/** What a function with several results returns: at least two types. No variable has such a type. */
export interface TupleType {
  readonly kind: "tuple";
  readonly elements: readonly Type[];
}

export const INT: BasicType = { kind: "int" };
export const FLOAT: BasicType = { kind: "float" };
export const BOOL: BasicType = { kind: "bool" };
export const STRING: BasicType = { kind: "string" };
export const VOID: BasicType = { kind: "void" };
export const ERROR: BasicType = { kind: "error" };
export const CHANNEL: BasicType = { kind: "channel" };
export const NULL: BasicType = { kind: "null" };
/** The type of what could not be resolved; it fits everywhere. */
export const UNKNOWN: BasicType = { kind: "unknown" };
/** The type of an expression that was reported; it fits everywhere, but it is no condition. */
export const FAILED: BasicType = { kind: "failed" };

/** The basic types that a program can name. */
const NAMED: ReadonlyMap<string, BasicType> = new Map([
  ["int", INT],
  ["float", FLOAT],
  ["bool", BOOL],
  ["string", STRING],
  ["void", VOID],
  ["error", ERROR],
  ["channel", CHANNEL],
]);

/** The basic type of that name. Names are case sensitive. */
export function basicTypeNamed(name: string): BasicType | undefined {
  return NAMED.get(name);
}

/** The names of all basic types. */
export function basicTypeNames(): Iterable<string> {
  return NAMED.keys();
}

/** Whether the type has no parts. */
export function isBasic(type: Type): type is BasicType {
  switch (type.kind) {
    case "array":
    case "map":
    case "struct":
    case "interface":
    case "function":
    case "pointer":
    case "module":
    case "tuple":
      return false;
    default:
      return true;
  }
}

/** Whether the value is a reference to an object in the heap (the generator keeps such values where the collector looks). */
export function isReference(type: Type): boolean {
  switch (type.kind) {
    case "string":
    case "error":
    case "array":
    case "map":
    case "struct":
    case "function":
    case "null":
      return true;
    default:
      return false;
  }
}

/** Whether `kosong` is a value of the type. */
export function isNullable(type: Type): boolean {
  return isReference(type) || type.kind === "interface" || type.kind === "pointer";
}

/**
 * Whether two types are the same. Inside arrays, maps, functions and tuples, a part that is still unknown matches
 * anything. O(size of the types).
 */
export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "array":
      return b.kind === "array" && matches(a.element, b.element);
    case "map":
      return b.kind === "map" && matches(a.key, b.key) && matches(a.value, b.value);
    case "struct":
      return b.kind === "struct" && a.name === b.name && a.modulePath === b.modulePath;
    case "interface":
      return b.kind === "interface" && a.name === b.name;
    case "function":
      return b.kind === "function" && allMatch(a.parameters, b.parameters) && matches(a.result, b.result);
    case "pointer":
      return b.kind === "pointer" && matches(a.element, b.element);
    case "module":
      return b.kind === "module" && a.path === b.path;
    case "tuple":
      return b.kind === "tuple" && allMatch(a.elements, b.elements);
    default:
      return a.kind === b.kind;
  }
}

function matches(a: Type, b: Type): boolean {
  return a.kind === "unknown" || b.kind === "unknown" || sameType(a, b);
}

function allMatch(a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length && a.every((type, i) => matches(type, b[i]!));
}

/** Whether the struct has every method of the interface, with the same signature. O(methods of the interface). */
export function implementsInterface(struct: StructType, target: InterfaceType): boolean {
  for (const wanted of target.methods.values()) {
    const method = struct.methods.get(wanted.name);
    if (method === undefined || !sameType(method.type, wanted.type)) return false;
  }
  return true;
}

/** Whether a value may be stored where `target` is expected; a struct for an interface is converted on the way. */
export function isAssignable(value: Type, target: Type): boolean {
  if (value.kind === "unknown" || value.kind === "failed" || target.kind === "unknown") return true;
  if (target.kind === "failed") return isBasic(value);
  if (value.kind === "null" && isNullable(target)) return true;
  // Of a variable that has nothing but `kosong` to tell its type; it can be compared with `kosong`, and little else.
  if (target.kind === "null") return isReference(value) && !isBasic(value);
  if (value.kind === "struct" && target.kind === "interface") return implementsInterface(value, target);
  if (value.kind === "tuple" && target.kind === "tuple") {
    return (
      value.elements.length === target.elements.length &&
      value.elements.every((type, i) => isAssignable(type, target.elements[i]!))
    );
  }
  return sameType(value, target);
}

/** Whether a part of the type is not known: of a literal without elements, or after an error. */
export function hasUnknown(type: Type): boolean {
  switch (type.kind) {
    case "unknown":
    case "failed":
      return true;
    case "array":
    case "pointer":
      return hasUnknown(type.element);
    case "map":
      return hasUnknown(type.key) || hasUnknown(type.value);
    case "function":
      return type.parameters.some(hasUnknown) || hasUnknown(type.result);
    case "tuple":
      return type.elements.some(hasUnknown);
    default:
      return false;
  }
}

/**
 * Whether `==` is defined on the struct: arrays, maps and functions, also inside other structs, make it undefined. A
 * struct met again on the way counts as comparable.
 */
export function isComparable(struct: StructType, seen: Set<StructType> = new Set()): boolean {
  const pending = [struct];
  seen.add(struct);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const { type } of next.fields) {
      if (type.kind === "array" || type.kind === "map" || type.kind === "function") return false;
      if (type.kind === "struct" && !seen.has(type)) {
        seen.add(type);
        pending.push(type);
      }
    }
  }
  return true;
}

/** The longest type name a message shows; what is longer ends in "...". */
const LONGEST_NAME = 400;

/** The type as messages write it: `int`, `[]T`, `map[K]V`, `fungsi(A, B) R`, `(A, B)`, `Module<path>`. */
export function typeName(type: Type): string {
  const parts: string[] = [];
  let length = 0;
  const add = (text: string): void => {
    parts.push(text);
    length += text.length;
  };
  const addList = (types: readonly Type[]): void => {
    add("(");
    for (let i = 0; i < types.length && length <= LONGEST_NAME; i++) {
      if (i > 0) add(", ");
      addType(types[i]!);
    }
    add(")");
  };
  const addType = (part: Type): void => {
    if (length > LONGEST_NAME) return;
    switch (part.kind) {
      case "array":
        add("[]");
        addType(part.element);
        return;
      case "map":
        add("map[");
        addType(part.key);
        add("]");
        addType(part.value);
        return;
      case "pointer":
        add("*");
        addType(part.element);
        return;
      case "struct":
      case "interface":
        add(part.name);
        return;
      case "function":
        add("fungsi");
        addList(part.parameters);
        add(" ");
        addType(part.result);
        return;
      case "tuple":
        addList(part.elements);
        return;
      case "module":
        add(`Module<${part.path}>`);
        return;
      case "null":
        add("Null");
        return;
      case "unknown":
        add("Unknown");
        return;
      case "failed":
        add("Error");
        return;
      default:
        add(part.kind);
        return;
    }
  };
  addType(type);
  return length > LONGEST_NAME ? `${parts.join("").slice(0, LONGEST_NAME)}...` : parts.join("");
}
