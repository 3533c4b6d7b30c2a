/**
 * Morph threads: `luncurkan` hands the runner an index of the table and an argument of 64 bits, and the runner calls it
 * later on stacks of its own. A module that uses them is rewritten (asyncify) so that the runner can unwind a thread
 * that waits and continue it: see `unwinding.ts`.
 */

import type { Expression } from "../ast.ts";
import type { FunctionSymbol } from "../symbols.ts";
import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { generateExpression } from "./expressions.ts";
import { FunctionBuilder } from "./function-builder.ts";
import { isTraced, partsOf, wasmType } from "./layout.ts";
import { SPAWN, TURNS_LEFT, YIELD } from "./names.ts";
import { generateNative } from "./natives.ts";
import { words } from "./values.ts";

/** Turns of loops after which other Morph threads get theirs. */
const TURNS = 20_000;

const RUN_THREAD = "run_thread";

/** `luncurkan(f)` and `luncurkan(f, x)` */
export function generateSpawn(builder: FunctionBuilder, symbol: FunctionSymbol, argument: Expression | null): Code {
  const { context, m } = builder;
  const name = context.helper(`thread_${symbol.native ?? context.functionName(symbol.declaration)}`, (helper) => {
    makeEntry(context, symbol, helper);
  });
  const index = m.i32.const(context.tableIndex(name));
  const operands =
    argument === null
      ? [m.i32.const(0), m.i32.const(0), m.i32.const(0)]
      : [
          ...words(builder, toBits(m, argument.type, generateExpression(builder, argument))),
          m.i32.const(isTraced(argument.type) ? 1 : 0),
        ];
  return context.runner(SPAWN, [index, ...operands]);
}

/** What stands at the start of each turn of a loop in a program with threads. */
export function generateTurn(builder: FunctionBuilder): Code[] {
  const { context, m } = builder;
  if (!context.program.usesThreads) return [];
  const left = (): Code => m.global.get(TURNS_LEFT, wasm.i32);
  return [
    m.global.set(TURNS_LEFT, m.i32.sub(left(), m.i32.const(1))),
    m.if(
      m.i32.lt_s(left(), m.i32.const(0)),
      m.block(null, [m.global.set(TURNS_LEFT, m.i32.const(TURNS)), context.runner(YIELD, [])]),
    ),
  ];
}

/** Adds what a program with threads needs: an export that starts one. */
export function addThreads({ m }: ModuleContext): void {
  const { i32, none } = wasm;
  m.addGlobal(TURNS_LEFT, i32, m.i32.const(TURNS));
  const operands = [m.local.get(1, i32), m.local.get(2, i32)];
  const call = m.callIndirect(m.local.get(0, i32), operands, [i32, i32], none);
  m.addFunction(RUN_THREAD, [i32, i32, i32], none, [], call);
  m.exportFunction(RUN_THREAD);
}

/** A function of the argument's two words. */
function makeEntry(context: ModuleContext, symbol: FunctionSymbol, name: string): void {
  const { m } = context;
  const { i32 } = wasm;
  const { type, native, declaration } = symbol;
  const options = { file: context.fileNumber(declaration), place: declaration, results: [], allocates: true };
  const builder = new FunctionBuilder(context, { params: [i32, i32], result: wasm.none }, options);
  const argument = m.i64.or(
    m.i64.extend_u(m.local.get(0, i32)),
    m.i64.shl(m.i64.extend_u(m.local.get(1, i32)), m.i64.const(32n)),
  );
  const [parameter] = type.parameters;
  const operands = parameter === undefined ? [] : [fromBits(m, parameter, argument)];
  const call =
    native === null
      ? m.call(context.functionName(declaration), operands, wasmType(type.result))
      : generateNative(builder, native, type, operands, declaration.line);
  builder.finish(name, [partsOf(type.result).length === 0 ? call : m.drop(call)]);
}

function toBits(m: wasm.Module, type: Type, value: Code): Code {
  switch (wasmType(type)) {
    case wasm.i64:
    case wasm.pair:
      return value;
    case wasm.f64:
      return m.i64.reinterpret(value);
    default:
      return m.i64.extend_u(value);
  }
}

function fromBits(m: wasm.Module, type: Type, value: Code): Code {
  switch (wasmType(type)) {
    case wasm.i64:
    case wasm.pair:
      return value;
    case wasm.f64:
      return m.f64.reinterpret(value);
    default:
      return m.i32.wrap(value);
  }
}
