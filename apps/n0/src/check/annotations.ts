/** From types as they are written to types. */
import type { Node, TypeNode } from "../ast.ts";
import { MOST_PARAMETERS } from "../limits.ts";
import { NO_RESULT_HINT } from "../parse/hints.ts";
import { basicTypeNamed, type FunctionType, type Type, typeName, UNKNOWN, VOID } from "../types.ts";
import type { Context } from "./context.ts";
import { exportHint, nameHint, typeHint } from "./hints.ts";
import { isExported } from "./names.ts";

/** The type an annotation names; unknown, with a message, when there is none. `void` is no type of a value. */
export function resolveType(context: Context, node: TypeNode): Type {
  const type = resolve(context, node);
  if (type.kind === "void") context.unsupported(node, "Type void is only allowed as a result");
  return type;
}

/** The result type of a function: void for none, a tuple for several. @param header where the function starts */
export function resolveResults(context: Context, nodes: readonly TypeNode[], header?: Node): Type {
  const [only] = nodes;
  if (only === undefined) return VOID;
  // A name in the next line is taken for the result of a function that has none.
  const below = header !== undefined && only.line > header.line;
  if (nodes.length === 1) return resolve(context, only, below ? NO_RESULT_HINT : undefined);
  return { kind: "tuple", elements: nodes.map((node) => resolveType(context, node)) };
}

/** The signature of a function with these parameters and results. @param header where it starts */
export function resolveSignature(
  context: Context,
  parameters: readonly { readonly type: TypeNode }[],
  results: readonly TypeNode[],
  header?: Node,
): FunctionType {
  if (parameters.length > MOST_PARAMETERS) {
    const message = `A function has at most ${MOST_PARAMETERS} parameters, got ${parameters.length}`;
    context.unsupported(header ?? parameters[0]!.type, message);
  }
  return {
    kind: "function",
    parameters: parameters.map(({ type }) => resolveType(context, type)),
    result: resolveResults(context, results, header),
  };
}

function resolve(context: Context, node: TypeNode, hint?: string): Type {
  switch (node.kind) {
    case "named": {
      const symbol = context.names.types.get(node.name);
      if (symbol !== undefined) context.use(symbol);
      const type = basicTypeNamed(node.name) ?? symbol?.type;
      if (type !== undefined) return type;
      context.error(node, `Unknown type: ${node.name}`, hint ?? typeHint(context, node.name));
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
    context.error(node, `Unknown module: ${node.module}`, nameHint(context, node.module));
    return UNKNOWN;
  }
  if (symbol.kind !== "module") {
    context.error(node, `Expected module, got ${typeName(symbol.type)}`);
    return UNKNOWN;
  }
  context.use(symbol);
  const { path } = symbol.type;
  const names = context.imports.get(path)!;
  const type = isExported(node.name) ? names.types.get(node.name)?.type : undefined;
  if (type !== undefined) return type;
  const isValue = isExported(node.name) && names.values.has(node.name);
  if (isValue) context.error(node, `'${node.name}' is not a type`);
  else context.error(node, `Module '${path}' does not export type '${node.name}'`, exportHint(names, node.name));
  return UNKNOWN;
}
