import type { Node } from "./node.ts";

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
