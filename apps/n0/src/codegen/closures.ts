/*
 * Closures: an object of 16 bytes with an index of the table and an environment.
 *
 *   closure ┬ function 8 ┬ environment 8 ┐        environment ┬ captured values, as the fields of a struct ┐
 *
 * Captured variables are copied when the closure is made, and live in its environment from then on.
 */

import type { FunctionLiteral } from "../ast.ts";
import type { CaptureSymbol, FunctionSymbol } from "../symbols.ts";
import type { FunctionType } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { codeInLocal } from "./expressions.ts";
import { FunctionBuilder, type Signature } from "./function-builder.ts";
import { type Layout, partsOf, wasmType } from "./layout.ts";
import { generateNative } from "./natives.ts";
import { sequence } from "./operands.ts";

/** The environment's parameter in the function of a closure. */
export const ENVIRONMENT = 0;

/** Where captured values lie in the environment of a closure. */
function environmentLayout({ target, environmentLayouts }: ModuleContext, literal: FunctionLiteral): Layout {
  const layout = environmentLayouts.get(literal) ?? target.layOut(literal.captures.map(({ type }) => type));
  environmentLayouts.set(literal, layout);
  return layout;
}

/** Where a captured variable lies. */
export function captureAddress(
  builder: FunctionBuilder,
  symbol: CaptureSymbol,
): { address: () => Code; offset: number } {
  const { context, m } = builder;
  return {
    address: () => m.local.get(ENVIRONMENT, wasm.ref),
    offset: environmentLayout(context, symbol.owner).offsets[symbol.index]!,
  };
}

/** How a function value of that type is called: the environment, then the arguments. */
export function closureSignature(type: FunctionType): Signature {
  return { params: [wasm.ref, ...type.parameters.map(wasmType)], result: wasmType(type.result) };
}

/** A new closure with copies of what it captures. */
export function generateClosure(builder: FunctionBuilder, literal: FunctionLiteral): Code {
  const { context, m } = builder;
  const { captures } = literal;
  const name = context.functionName(literal);
  const { target } = context;
  if (captures.length === 0) return newClosure(builder, name, () => m.i32.const(0), 0);
  const layout = environmentLayout(context, literal);
  const environment = builder.take(wasm.ref);
  const get = (): Code => m.local.get(environment, wasm.ref);
  const code = [m.local.set(environment, target.allocate(builder, "closure environment", layout))];
  const isYoung = target.isBornYoung(layout.size);
  captures.forEach(({ source, type }, i) => {
    const offset = layout.offsets[i]!;
    const value = readSource(builder, source);
    const put = (again: () => Code): Code =>
      isYoung
        ? target.initialise(type, get, offset, again)
        : target.storeField(builder, type, get, offset, again, "a value in a large environment");
    const isSimple = isYoung && !target.storesInSteps(type);
    code.push(isSimple ? put(() => value) : codeInLocal(builder, value, wasmType(type), put));
  });
  const closure = newClosure(builder, name, get, layout.size);
  builder.give(environment);
  return sequence(builder, code, closure, wasm.ref);
}

function readSource(builder: FunctionBuilder, source: CaptureSymbol["source"]): Code {
  if (source.kind === "local") return builder.getVariable(source);
  const { address, offset } = captureAddress(builder, source);
  return builder.context.target.load(source.type, address, offset);
}

/** A function of the top level as a value: a closure without captures. */
export function generateFunctionValue(builder: FunctionBuilder, symbol: FunctionSymbol): Code {
  const { context, m } = builder;
  const name = context.helper(`value_${functionKey(context, symbol)}`, (helper) => {
    makeWrapper(context, symbol, helper);
  });
  return newClosure(builder, name, () => m.i32.const(0), 0);
}

function functionKey(context: ModuleContext, { native, declaration }: FunctionSymbol): string {
  return native ?? context.functionName(declaration);
}

/** A function that drops the environment and calls the real one. */
function makeWrapper(context: ModuleContext, symbol: FunctionSymbol, name: string): void {
  const { m } = context;
  const { type, native, declaration } = symbol;
  const signature = closureSignature(type);
  const results = partsOf(type.result);
  const options = { file: context.fileNumber(declaration), place: declaration, results, allocates: true };
  const builder = new FunctionBuilder(context, signature, options);
  const operands = type.parameters.map((parameter, i) => m.local.get(i + 1, wasmType(parameter)));
  const call =
    native === null
      ? m.call(context.functionName(declaration), operands, signature.result)
      : generateNative(builder, native, type, operands, declaration.line);
  builder.finish(name, [type.result.kind === "void" ? call : builder.leave(call)]);
}

function newClosure(builder: FunctionBuilder, name: string, environment: () => Code, bytes: number): Code {
  const { context, m } = builder;
  return context.target.closure(builder, m.i32.const(context.tableIndex(name)), environment, bytes);
}
