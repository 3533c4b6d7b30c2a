/** Looking names up: locals, then the module's own, then what the language brings. */
import type { FunctionSymbol, GlobalSymbol, NameSymbol, TypeSymbol } from "../symbols.ts";
import { basicTypeNamed } from "../types.ts";
import type { Context, Names } from "./context.ts";

/** Whether other modules may use the name: its first letter is an upper-case one. */
export function isExported(name: string): boolean {
  return /^[A-Z]/.test(name);
}

/** What a name in an expression stands for, built-in functions apart; undefined when nothing has that name. */
export function lookUp(context: Context, name: string): Exclude<NameSymbol, { kind: "builtin" }> | undefined {
  const local = context.lookUpLocal(name);
  if (local !== undefined) return local;
  const { values, types } = context.names;
  const own = values.get(name)?.symbol ?? types.get(name);
  if (own !== undefined) return own;
  const basic = basicTypeNamed(name);
  return basic === undefined ? undefined : { kind: "type", name, type: basic };
}

/** What a module exports under that name; undefined when nothing. Modules it imports are not passed on. */
export function exportedSymbol(names: Names, name: string): GlobalSymbol | FunctionSymbol | TypeSymbol | undefined {
  if (!isExported(name)) return undefined;
  const value = names.values.get(name)?.symbol;
  if (value !== undefined && value.kind !== "module") return value;
  return names.types.get(name);
}
