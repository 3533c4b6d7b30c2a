/** Generates the function of a Morph function, method or closure. */

import type { FunctionLiteral } from "../ast.ts";
import { type FunctionType, NULL, type StructType, type Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import { closureSignature, ENVIRONMENT } from "./closures.ts";
import type { ModuleContext } from "./context.ts";
import { FunctionBuilder, type Signature } from "./function-builder.ts";
import { partsOf, wasmType } from "./layout.ts";
import { generateBlock } from "./statements.ts";

/** A function of the top level: its parameters are those of the WebAssembly function. */
export function generateTopLevelFunction(context: ModuleContext, literal: FunctionLiteral): void {
  generate(context, literal, signatureOf(literal.signature!, []), 0);
}

/** A method: the receiver comes first. */
export function generateMethod(context: ModuleContext, literal: FunctionLiteral, struct: StructType): void {
  generate(context, literal, signatureOf(literal.signature!, [struct]), 0);
}

/** A closure: the environment comes first. */
export function generateClosureFunction(context: ModuleContext, literal: FunctionLiteral): void {
  generate(context, literal, closureSignature(literal.signature!), 1);
}

function signatureOf({ parameters, result }: FunctionType, first: readonly Type[]): Signature {
  return { params: [...first, ...parameters].map(wasmType), result: wasmType(result) };
}

/** @param skipped how many parameters of the WebAssembly function are no Morph parameters */
function generate(context: ModuleContext, literal: FunctionLiteral, signature: Signature, skipped: number): void {
  const results = partsOf(literal.signature!.result);
  const allocates = context.effects.ofFunction(literal);
  const options = { file: context.fileNumber(literal), place: literal, results, allocates };
  const builder = new FunctionBuilder(context, signature, options);
  if (literal.captures.length > 0) builder.rootParameter(NULL, ENVIRONMENT);
  const parameters = literal.receiver === null ? literal.parameters : [literal.receiver, ...literal.parameters];
  parameters.forEach(({ symbol }, i) => {
    builder.bindParameter(symbol!, i + skipped);
  });
  const body = [generateBlock({ builder, targets: new Map(), isStart: false }, literal.body!)];
  // The checker has seen a return on every path, but a validator does not see that.
  if (signature.result !== wasm.none) body.push(context.m.unreachable());
  builder.finish(context.functionName(literal), body);
}
