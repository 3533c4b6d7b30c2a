/** From types as they are written to types. */
import type { TypeNode } from "../ast.ts";
import { basicTypeNamed, type FunctionType, type Type, typeName, UNKNOWN, VOID } from "../types.ts";
import type { Context } from "./context.ts";
import { isExported } from "./names.ts";

/** The type an annotation names; unknown, with a message, when there is none. `void` is no type of a value. */
export function resolveType(context: Context, node: TypeNode): Type {
  const type = resolve(context, node);
  if (type.kind === "void") context.unsupported(node, "Type void is only allowed as a result");
  return type;
}

/** The result type of a function: void for none, a tuple for several. */
export function resolveResults(context: Context, nodes: readonly TypeNode[]): Type {
  if (nodes.length === 0) return VOID;
  if (nodes.length === 1) return resolve(context, nodes[0]!);
  return { kind: "tuple", elements: nodes.map((node) => resolveType(context, node)) };
}

/** The signature of a function with these parameters and results. */
export function resolveSignature(
  context: Context,
  parameters: readonly { readonly type: TypeNode }[],
  results: readonly TypeNode[],
): FunctionType {
  return {
    kind: "function",
    parameters: parameters.map(({ type }) => resolveType(context, type)),
    result: resolveResults(context, results),
  };
}

function resolve(context: Context, node: TypeNode): Type {
  switch (node.kind) {
    case "named": {
      const type = basicTypeNamed(node.name) ?? context.names.types.get(node.name)?.type;
      if (type !== undefined) return type;
      context.error(node, `Unknown type: ${node.name}`);
      return UNKNOWN;
    }
    case "qualified":
      return resolveQualified(context, node);
    case "array":
      return { kind: "array", element: resolveType(context, node.element) };
    case "map":
      return { kind: "map", key: resolveType(context, node.key), value: resolveType(context, node.value) };
    case "function":
      return resolveSignature(
        context,
        node.parameters.map((type) => ({ type })),
        node.results,
      );
    case "pointer":
      resolveType(context, node.element);
      context.unsupported(node, "Pointer types are not supported");
      return UNKNOWN;
  }
}

function resolveQualified(context: Context, node: TypeNode & { kind: "qualified" }): Type {
  const symbol = context.lookUpLocal(node.module) ?? context.names.values.get(node.module)?.symbol;
  if (symbol === undefined) {
    context.error(node, `Unknown module: ${node.module}`);
    return UNKNOWN;
  }
  if (symbol.kind !== "module") {
    context.error(node, `Expected module, got ${typeName(symbol.type)}`);
    return UNKNOWN;
  }
  const { path } = symbol.type;
  const names = context.imports.get(path)!;
  const type = isExported(node.name) ? names.types.get(node.name)?.type : undefined;
  if (type !== undefined) return type;
  const isValue = isExported(node.name) && names.values.has(node.name);
  context.error(
    node,
    isValue ? `'${node.name}' is not a type` : `Module '${path}' does not export type '${node.name}'`,
  );
  return UNKNOWN;
}
