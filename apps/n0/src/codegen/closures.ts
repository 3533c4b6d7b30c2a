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
import { type Layout, layOut, partsOf, wasmType } from "./layout.ts";
import { generateNative } from "./natives.ts";
import { sequence } from "./operands.ts";
import { allocate } from "./structs.ts";
import { load, store, storesInSteps } from "./values.ts";

/** The environment's parameter in the function of a closure. */
export const ENVIRONMENT = 0;

const layouts: WeakMap<FunctionLiteral, Layout> = new WeakMap();

/** Where captured values lie in the environment of a closure. */
function environmentLayout(literal: FunctionLiteral): Layout {
  const layout = layouts.get(literal) ?? layOut(literal.captures.map(({ type }) => type));
  layouts.set(literal, layout);
  return layout;
}

/** Where a captured variable lies. */
export function captureAddress(
  builder: FunctionBuilder,
  symbol: CaptureSymbol,
): { address: () => Code; offset: number } {
  const { m } = builder;
  return {
    address: () => m.local.get(ENVIRONMENT, wasm.i32),
    offset: environmentLayout(symbol.owner).offsets[symbol.index]!,
  };
}

/** How a function value of that type is called: the environment, then the arguments. */
export function closureSignature(type: FunctionType): Signature {
  return { params: [wasm.i32, ...type.parameters.map(wasmType)], result: wasmType(type.result) };
}

/** A new closure with copies of what it captures. */
export function generateClosure(builder: FunctionBuilder, literal: FunctionLiteral): Code {
  const { context, m } = builder;
  const { captures } = literal;
  const name = context.functionName(literal);
  if (captures.length === 0) return newClosure(builder, name, m.i32.const(0), 0);
  const layout = environmentLayout(literal);
  const environment = builder.take(wasm.i32);
  const get = (): Code => m.local.get(environment, wasm.i32);
  const code = [m.local.set(environment, allocate(builder, "closure environment", layout))];
  captures.forEach(({ source, type }, i) => {
    const offset = layout.offsets[i]!;
    const value = readSource(builder, source);
    code.push(
      storesInSteps(context, type)
        ? codeInLocal(builder, value, wasmType(type), (again) => store(context, type, get, offset, again))
        : store(context, type, get, offset, () => value),
    );
  });
  builder.give(environment);
  return sequence(builder, code, newClosure(builder, name, get(), layout.size), wasm.i32);
}

function readSource(builder: FunctionBuilder, source: CaptureSymbol["source"]): Code {
  if (source.kind === "local") return builder.getVariable(source);
  const { address, offset } = captureAddress(builder, source);
  return load(builder.context, source.type, address, offset);
}

/** A function of the top level as a value: a closure without captures. */
export function generateFunctionValue(builder: FunctionBuilder, symbol: FunctionSymbol): Code {
  const { context, m } = builder;
  const name = context.helper(`value_${functionKey(context, symbol)}`, (helper) => {
    makeWrapper(context, symbol, helper);
  });
  return newClosure(builder, name, m.i32.const(0), 0);
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
  const options = { file: context.fileNumber(declaration), place: declaration, results, allocates: false };
  const builder = new FunctionBuilder(context, signature, options);
  const operands = type.parameters.map((parameter, i) => m.local.get(i + 1, wasmType(parameter)));
  const call =
    native === null
      ? m.call(context.functionName(declaration), operands, signature.result)
      : generateNative(builder, native, type, operands, declaration.line);
  builder.finish(name, [type.result.kind === "void" ? call : builder.leave(call)]);
}

function newClosure(builder: FunctionBuilder, name: string, environment: Code, bytes: number): Code {
  const { context, m } = builder;
  const index = m.i32.const(context.tableIndex(name));
  return context.runtime("mph_closure_new", [index, environment, m.i32.const(bytes)]);
}
