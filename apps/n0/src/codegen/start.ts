/**
 * The start-up: initialisers of imported modules, the main file's statements in their order, then `main`. The main file
 * is cut into functions of some statements each, because engines take long over very large ones.
 */

import type { Statement } from "../ast.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { FunctionBuilder } from "./function-builder.ts";
import { wasmType } from "./layout.ts";
import { generateStatement } from "./statements.ts";

/** The export that runs the program. */
export const START = "start";

/** Top-level statements in one function. */
const STATEMENTS = 100;

/** Adds the function that runs the program. */
export function generateStart(context: ModuleContext): void {
  const { m, program, image } = context;
  const { modules, main, mainFunction } = program;
  const code: Code[] = [];
  if (context.referenceGlobals > 0) {
    const operands = [context.address(image.globals), m.i32.const(context.referenceGlobals)];
    code.push(context.runtime("mph_gc_push_frame", operands));
  }
  code.push(...context.literals.prepare());
  modules.forEach((module, file) => {
    const isMain = module === main;
    const statements = module.statements.filter((statement) => (isMain ? runs(statement) : statement.kind === "var"));
    for (let from = 0; from < statements.length; from += STATEMENTS) {
      const name = generatePart(context, file, from, statements.slice(from, from + STATEMENTS));
      const part = m.call(name, [], wasm.i32);
      code.push(isMain ? m.if(part, m.return()) : m.drop(part));
    }
  });
  if (mainFunction !== null) {
    const result = wasmType(mainFunction.type.result);
    const call = m.call(context.functionName(mainFunction.declaration), [], result);
    code.push(result === wasm.none ? call : m.drop(call));
  }
  m.addFunction(START, [], wasm.none, [], m.block(null, code));
  m.exportFunction(START);
}

function runs(statement: Statement): boolean {
  return statement.kind !== "expression" || statement.declares === null;
}

/** A function that runs statements of the top level. Its result is 1 when one of them was a return. */
function generatePart(context: ModuleContext, file: number, from: number, statements: readonly Statement[]): string {
  const { m } = context;
  const name = `start_${file}_${from}`;
  context.traced(name, "", file);
  const signature = { params: [], result: wasm.i32 };
  const builder = new FunctionBuilder(context, signature, {
    file,
    place: statements[0]!,
    results: [],
    allocates: true,
  });
  const scope = { builder, targets: new Map(), isStart: true };
  const body = statements.flatMap((statement) => generateStatement(scope, statement));
  builder.finish(name, [...body, builder.leave(m.i32.const(0))]);
  return name;
}
