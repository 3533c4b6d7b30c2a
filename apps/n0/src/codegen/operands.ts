/**
 * Evaluates several expressions from left to right before something is done with all of them. A value stays where
 * WebAssembly keeps it, on its operand stack, unless it is needed twice, or is a reference that has to live across an
 * allocation in a later expression: such a value goes to a local (and a slot), and so does what stands before it.
 */

import type { Expression } from "../ast.ts";
import type * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import { generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { isTraced, wasmType } from "./layout.ts";
import { failIfNull, requiredCode } from "./values.ts";

/** One expression to evaluate. */
export interface Operand {
  readonly expression: Expression;
  /** Whether the value is read more than once. Default false. */
  readonly again?: boolean;
  /** Whether a variable's value has to be copied, because the variable may be assigned before it is used. Default false. */
  readonly copy?: boolean;
}

/** The evaluated values. */
export interface Values {
  /** What has to run first. */
  readonly before: Code[];
  /** Reads the i-th value: once, and in order, unless it was asked for `again`. */
  readonly get: (i: number) => Code;
  /** Gives back the locals and slots of the values: once all of them are part of the code. */
  readonly release: () => void;
}

/**
 * @param held whether something that is done with the values allocates before all of them were used: then references stay rooted
 */
export function evaluate(builder: FunctionBuilder, operands: readonly Operand[], held = false): Values {
  const { context, m } = builder;
  const { effects } = context;
  const count = operands.length;
  const rooted: boolean[] = new Array(count).fill(false);
  let lastLocal = -1;
  let allocates = held;
  for (let i = count - 1; i >= 0; i--) {
    const { expression, again = false, copy = false } = operands[i]!;
    // A literal that was made once is rooted for ever.
    const traced = isTraced(expression.type) && !(expression.kind === "string" && context.literals.once);
    const needsRoot = allocates && traced && (copy || !isStable(expression));
    rooted[i] = needsRoot;
    if (lastLocal < i && (needsRoot || copy || (again && !isStable(expression)))) lastLocal = i;
    allocates ||= effects.of(expression);
  }
  const before: Code[] = [];
  const getters: (() => Code)[] = [];
  const locals: number[] = [];
  const slots: number[] = [];
  for (let i = 0; i < count; i++) {
    const { expression, copy = false } = operands[i]!;
    if (!copy && isStable(expression)) {
      getters.push(() => generateExpression(builder, expression));
      continue;
    }
    const code = generateExpression(builder, expression);
    if (i > lastLocal) {
      getters.push(() => code);
      continue;
    }
    const type = wasmType(expression.type);
    const local = builder.take(type);
    locals.push(local);
    getters.push(() => m.local.get(local, type));
    if (rooted[i]) {
      const slot = builder.takeSlot();
      slots.push(slot);
      before.push(builder.setRooted(local, slot, expression.type, code));
    } else {
      before.push(m.local.set(local, code));
    }
  }
  return {
    before,
    get: (i) => getters[i]!(),
    release: () => {
      for (const local of locals) builder.give(local);
      for (const slot of slots) builder.giveSlot(slot);
    },
  };
}

/** Whether the expression has the same value, and costs nothing, each time it is read within one statement. */
export function isStable(expression: Expression): boolean {
  switch (expression.kind) {
    case "int":
    case "float":
    case "bool":
    case "null":
      return true;
    case "identifier":
      return expression.symbol?.kind === "local";
    default:
      return false;
  }
}

/** Several statements and a value as one expression. */
export function sequence(builder: FunctionBuilder, before: readonly Code[], value: Code, type: wasm.Type): Code {
  return before.length === 0 ? value : builder.m.block(null, [...before, value], type);
}

/** The reference, once it is known not to be null; else the program ends. `get` reads the expression's value. */
export function required(builder: FunctionBuilder, expression: Expression, get: () => Code, line: number): Code {
  if (isNeverNull(expression)) return get();
  const type = wasmType(expression.type);
  if (!isStable(expression)) return requiredCode(builder, get(), line, type);
  return builder.m.block(null, [failIfNull(builder, get(), line), get()], type);
}

/** {@link required} for an expression that nothing else is evaluated with. */
export function generateRequired(builder: FunctionBuilder, expression: Expression, line: number): Code {
  return required(builder, expression, () => generateExpression(builder, expression), line);
}

/** Whether the expression makes a new object. */
export function isNeverNull(expression: Expression): boolean {
  switch (expression.kind) {
    case "string":
    case "interpolated":
    case "array":
    case "map":
    case "struct":
    case "function":
    case "binary":
      return true;
    case "call":
      return expression.target?.kind === "constructor";
    default:
      return false;
  }
}
