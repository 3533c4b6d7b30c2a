/** The top level of a module, in the language's order: imports, type names, then functions and globals, then fields. */
import type {
  ExpressionStatement,
  FromImportStatement,
  FunctionLiteral,
  ImportStatement,
  InterfaceDeclaration,
  Node,
  Statement,
  StructDeclaration,
  VarStatement,
} from "../ast.ts";
import { isBuiltinName } from "../builtins.ts";
import { fitsRuntime, nativeFunction } from "../natives.ts";
import { standardModule, standardModules } from "../stdlib.ts";
import { didYouMean } from "../suggest.ts";
import type { FunctionSymbol, GlobalSymbol, MethodSymbol, NameSymbol } from "../symbols.ts";
import { type FunctionType, type InterfaceType, type StructType, typeName, UNKNOWN } from "../types.ts";
import { resolveSignature, resolveType } from "./annotations.ts";
import type { Context } from "./context.ts";
import { exportHint } from "./hints.ts";
import { isExported } from "./names.ts";

/**
 * Declares everything at the top level, so that bodies and initialisers can be checked in any order.
 *
 * @param problems for each import statement that cannot be followed, why
 */
export function declareTopLevel(
  context: Context,
  statements: readonly Statement[],
  problems: ReadonlyMap<Statement, string>,
): void {
  for (const statement of statements) {
    if (statement.kind !== "import" && statement.kind !== "fromImport") continue;
    const problem = problems.get(statement);
    if (problem !== undefined) context.error(statement, problem, nearModule(statement.path));
    else if (statement.kind === "import") bindModule(context, statement);
    else bindMembers(context, statement);
  }
  const structs: [StructDeclaration, StructType][] = [];
  for (const statement of statements) {
    if (statement.kind === "struct") structs.push([statement, declareStruct(context, statement)]);
    else if (statement.kind === "interface") declareInterface(context, statement);
  }
  for (const statement of statements) {
    if (statement.kind === "var") declareGlobals(context, statement);
    else if (statement.kind === "expression") declareFunction(context, statement);
  }
  for (const [statement, struct] of structs) declareFields(context, statement, struct);
  for (const symbol of context.functions) if (symbol.native !== null) checkNativeTypes(context, symbol);
}

function nearModule(path: string): string | undefined {
  return standardModule(path) === undefined ? didYouMean(path, new Set(standardModules())) : undefined;
}

/** The name a path binds: its last part up to the first dot. */
function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const dot = file.indexOf(".");
  return dot < 0 ? file : file.slice(0, dot);
}

function bindModule(context: Context, statement: ImportStatement): void {
  const { path } = statement;
  const name = moduleName(path);
  const symbol = { kind: "module", name, type: { kind: "module", path } } as const;
  context.names.values.set(name, { symbol, imported: true });
  context.boundBy.set(statement, [{ name, symbol }]);
}

function bindMembers(context: Context, statement: FromImportStatement): void {
  const { values, types } = context.imports.get(statement.path)!;
  const bound: { name: string; symbol: NameSymbol }[] = [];
  context.boundBy.set(statement, bound);
  for (const name of statement.names) {
    const value = isExported(name) ? values.get(name) : undefined;
    const type = isExported(name) ? types.get(name) : undefined;
    if (value !== undefined) context.names.values.set(name, { symbol: value.symbol, imported: true });
    if (type !== undefined) context.names.types.set(name, type);
    const symbol = value?.symbol ?? type;
    if (symbol !== undefined) bound.push({ name, symbol });
    if (value === undefined && type === undefined) {
      const hint = exportHint(context.imports.get(statement.path)!, name);
      context.error(statement, `Module '${statement.path}' does not export '${name}'`, hint);
    }
  }
}

function declareStruct(context: Context, statement: StructDeclaration): StructType {
  const struct: StructType = {
    kind: "struct",
    name: statement.name,
    modulePath: context.path,
    fields: [],
    fieldsByName: new Map(),
    methods: new Map(),
  };
  declareType(context, statement, struct);
  context.structs.push(struct);
  return struct;
}

function declareInterface(context: Context, statement: InterfaceDeclaration): void {
  const type: InterfaceType = {
    kind: "interface",
    name: statement.name,
    modulePath: context.path,
    methods: new Map(),
  };
  declareType(context, statement, type);
  context.interfaces.push(type);
  for (const method of statement.methods) {
    const { name, parameters, results } = method;
    if (type.methods.has(name)) context.unsupported(method, `Method '${name}' already declared in '${type.name}'`);
    const signature = resolveSignature(context, parameters, results, method);
    type.methods.set(name, { name, type: signature, index: type.methods.get(name)?.index ?? type.methods.size });
  }
}

function declareType(context: Context, at: Node, type: StructType | InterfaceType): void {
  const { types } = context.names;
  if (types.has(type.name)) context.unsupported(at, `Type '${type.name}' already declared`);
  types.set(type.name, { kind: "type", name: type.name, type });
}

function declareFields(context: Context, statement: StructDeclaration, struct: StructType): void {
  for (const node of statement.fields) {
    const type = resolveType(context, node.type);
    if (struct.fieldsByName.has(node.name)) {
      context.unsupported(node, `Field '${node.name}' already declared in '${struct.name}'`);
      continue;
    }
    const field = { name: node.name, type, index: struct.fields.length };
    struct.fields.push(field);
    struct.fieldsByName.set(node.name, field);
  }
}

function declareGlobals(context: Context, statement: VarStatement): void {
  const { annotation, constant } = statement;
  const type = annotation === null ? UNKNOWN : resolveType(context, annotation);
  const { values, types } = context.names;
  for (const declared of statement.names) {
    const { name } = declared;
    const known = values.get(name)?.symbol ?? types.get(name);
    if (known !== undefined) context.duplicates.push([declared, known]);
    const symbol: GlobalSymbol = { kind: "global", name, type, constant, modulePath: context.path };
    declared.symbol = symbol;
    context.globals.push(symbol);
    context.pendingGlobals.set(symbol, statement);
    if (!values.has(name)) values.set(name, { symbol, imported: false });
  }
}

function declareFunction(context: Context, statement: ExpressionStatement): void {
  const literal = statement.expression;
  if (literal.kind !== "function" || literal.name === "") return;
  if (literal.receiver !== null) {
    statement.declares = declareMethod(context, literal, literal.receiver.type);
    return;
  }
  const type = signatureOf(context, literal);
  const { values, types } = context.names;
  const { name } = literal;
  const native = literal.body === null ? nativeSymbol(context, literal, type) : null;
  const symbol: FunctionSymbol = {
    kind: "function",
    name,
    type,
    modulePath: context.path,
    declaration: literal,
    native,
  };
  statement.declares = symbol;
  // A native declaration of a built-in function declares nothing new.
  if (literal.body === null && isBuiltinName(name)) return;
  if (values.get(name)?.imported === false || types.has(name)) {
    context.unsupported(literal, `Function '${name}' already declared`);
  }
  values.set(name, { symbol, imported: false });
  context.functions.push(symbol);
}

function signatureOf(context: Context, literal: FunctionLiteral): FunctionType {
  const type = resolveSignature(context, literal.parameters, literal.results, literal);
  literal.signature = type;
  literal.type = type;
  return type;
}

function nativeSymbol(context: Context, literal: FunctionLiteral, type: FunctionType): FunctionSymbol["native"] {
  const { name } = literal;
  if (isBuiltinName(name)) return null;
  const native = nativeFunction(context.path, name);
  // One that does not exist may be declared, as long as nothing uses it.
  if (native !== undefined && native.signature !== typeName(type)) {
    context.unsupported(literal, `Native function '${name}' must have type ${native.signature}, got ${typeName(type)}`);
  }
  return native?.name ?? null;
}

/** The runtime makes and reads the structs of a native function, so they have to lie as it knows them. */
function checkNativeTypes(context: Context, { declaration, name, type }: FunctionSymbol): void {
  const result = type.result.kind === "tuple" ? type.result.elements : [type.result];
  for (const part of [...type.parameters, ...result]) {
    if (part.kind !== "interface" && (part.kind !== "struct" || fitsRuntime(part))) continue;
    const wanted = part.name === "File" ? "a struct with one field of type int" : "a struct without fields";
    context.unsupported(declaration, `Native function '${name}' needs '${part.name}' to be ${wanted}`);
    return;
  }
}

function declareMethod(
  context: Context,
  literal: FunctionLiteral,
  receiver: NonNullable<FunctionLiteral["receiver"]>["type"],
): MethodSymbol | null {
  // A pointer receiver has this one message, not that of pointer types too.
  const struct = receiver.kind === "pointer" ? UNKNOWN : resolveType(context, receiver);
  const type = signatureOf(context, literal);
  if (struct.kind !== "struct") {
    context.error(literal.receiver!, `Method receiver must be a struct, got ${typeName(struct)}`);
    return null;
  }
  const { name } = literal;
  if (literal.body === null) context.unsupported(literal, `Native method '${name}' does not exist in the runtime`);
  if (struct.methods.has(name)) context.unsupported(literal, `Method '${name}' already declared in '${struct.name}'`);
  const symbol: MethodSymbol = { kind: "method", name, type, struct, declaration: literal };
  struct.methods.set(name, symbol);
  context.methods.push(symbol);
  return symbol;
}
