/** Second lines of the checker's messages: what to write instead. */
import { builtinNames } from "../builtins.ts";
import { standardModule } from "../stdlib.ts";
import { didYouMean } from "../suggest.ts";
import { basicTypeNames, type InterfaceType, type StructType, sameType, type Type, typeName } from "../types.ts";
import type { Context, Names } from "./context.ts";
import { isExported } from "./names.ts";

/** For a name in an expression that nothing has. */
export function nameHint(context: Context, name: string): string | undefined {
  if (standardModule(name) !== undefined) return `'${name}' is a standard module: write ambil "${name}" above`;
  const { values, types } = context.names;
  return didYouMean(
    name,
    new Set([
      ...context.localNames(),
      ...values.keys(),
      ...types.keys(),
      ...builtinNames(),
      ...basicTypeNames(),
      // The words that are values.
      "benar",
      "salah",
      "kosong",
    ]),
  );
}

/** For a type that does not exist. */
export function typeHint(context: Context, name: string): string | undefined {
  return didYouMean(name, new Set([...basicTypeNames(), ...context.names.types.keys()]));
}

/** For a member that a module does not export. */
export function exportHint(names: Names, name: string): string | undefined {
  const all = [...names.values, ...names.types];
  const exported = all.filter(([own, entry]) => isExported(own) && !isModule(entry)).map(([own]) => own);
  return didYouMean(name, new Set(exported));
}

function isModule(entry: object): boolean {
  return "symbol" in entry && (entry.symbol as { kind: string }).kind === "module";
}

/** For a field or method that a struct or interface does not have. */
export function memberHint(type: StructType | InterfaceType, name: string): string | undefined {
  const fields = type.kind === "struct" ? type.fieldsByName.keys() : [];
  return didYouMean(name, new Set([...fields, ...type.methods.keys()]));
}

/** For a field that a struct literal names and the struct does not have. */
export function fieldHint(type: StructType, name: string): string | undefined {
  return didYouMean(name, new Set(type.fieldsByName.keys()));
}

/** For a value of one type where another is expected. */
export function mismatchHint(value: Type, target: Type): string | undefined {
  if (value.kind === "struct" && target.kind === "interface") return missingMethods(value, target);
  const from = value.kind;
  const to = target.kind;
  if (to === "string") {
    if (from === "int") return "conv.Itoa makes a string of an int";
    if (from === "float") return "conv.Ftoa makes a string of a float";
  }
  if (from === "string") {
    if (to === "int") return "conv.Atoi reads an int from a string";
    if (to === "float") return "conv.Atof reads a float from a string";
    if (to === "error") return "error(...) makes an error of a string";
  }
  if (from === "int" && to === "float") return "float(...) makes a float of an int";
  if (from === "float" && to === "int") return "int(...) makes an int of a float, without its fraction";
  return undefined;
}

/** For an operator between two types. */
export function operandsHint(left: Type, right: Type): string | undefined {
  if (left.kind === "string") return mismatchHint(right, left);
  if (right.kind === "string") return mismatchHint(left, right);
  if (left.kind === "float") return mismatchHint(right, left);
  return right.kind === "float" ? mismatchHint(left, right) : undefined;
}

/** What a struct lacks to be used as an interface. */
function missingMethods(struct: StructType, target: InterfaceType): string | undefined {
  const missing: string[] = [];
  for (const { name, type } of target.methods.values()) {
    const own = struct.methods.get(name);
    const wanted = `${name}${typeName(type).slice("fungsi".length)}`;
    if (own === undefined) missing.push(wanted);
    else if (!sameType(own.type, type))
      missing.push(`${wanted} instead of ${name}${typeName(own.type).slice("fungsi".length)}`);
  }
  return missing.length === 0 ? undefined : `'${struct.name}' lacks ${missing.join(", ")}`;
}
