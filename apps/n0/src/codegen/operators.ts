/** Generates operators. Ints are 64 bits and wrap; a shift counts modulo 64, as WebAssembly's does. */

import type { BinaryExpression, PrefixExpression } from "../ast.ts";
import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import { divideByConstant } from "./constant-division.ts";
import type { Code } from "./context.ts";
import { generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { FAIL_DIVIDE } from "./names.ts";
import { evaluate, required, sequence } from "./operands.ts";
import { stringEquals } from "./string-equals.ts";
import { failIf, low } from "./values.ts";

/** `!x`, `-x`, `~x` */
export function generatePrefix(builder: FunctionBuilder, { operator, operand }: PrefixExpression): Code {
  const { m } = builder;
  const value = generateExpression(builder, operand);
  switch (operator) {
    case "!":
      return m.i32.eqz(value);
    case "-":
      return operand.type.kind === "float" ? m.f64.neg(value) : m.i64.sub(m.i64.const(0n), value);
    case "~":
      return m.i64.xor(value, m.i64.const(-1n));
    default:
      throw new Error(`operator ${operator} has no code`);
  }
}

/** `a + b` and all the others. */
export function generateBinary(builder: FunctionBuilder, expression: BinaryExpression): Code {
  const { m } = builder;
  const { operator, left, right } = expression;
  switch (operator) {
    case "dan":
      return m.if(generateExpression(builder, left), generateExpression(builder, right), m.i32.const(0));
    case "atau":
      return m.if(generateExpression(builder, left), m.i32.const(1), generateExpression(builder, right));
    case "+":
      if (left.type.kind === "string" || left.type.kind === "array") return generateConcat(builder, expression);
      break;
    case "/":
    case "%":
      if (left.type.kind === "int") return generateDivision(builder, expression);
      break;
    case "==":
    case "!=":
      return generateEquality(builder, expression);
    default:
  }
  const values = evaluate(builder, [{ expression: left }, { expression: right }]);
  const a = values.get(0);
  const b = values.get(1);
  values.release();
  const code = left.type.kind === "float" ? floatOperation(m, operator, a, b) : intOperation(m, operator, a, b);
  return sequence(builder, values.before, code, code.type);
}

function intOperation(m: wasm.Module, operator: string, a: Code, b: Code): Code {
  const { i64 } = m;
  switch (operator) {
    case "+":
      return i64.add(a, b);
    case "-":
      return i64.sub(a, b);
    case "*":
      return i64.mul(a, b);
    case "&":
      return i64.and(a, b);
    case "|":
      return i64.or(a, b);
    case "^":
      return i64.xor(a, b);
    case "<<":
      return i64.shl(a, b);
    case ">>":
      return i64.shr_s(a, b);
    case "<":
      return i64.lt_s(a, b);
    case ">":
      return i64.gt_s(a, b);
    case "<=":
      return i64.le_s(a, b);
    default:
      return i64.ge_s(a, b);
  }
}

function floatOperation(m: wasm.Module, operator: string, a: Code, b: Code): Code {
  const { f64 } = m;
  switch (operator) {
    case "+":
      return f64.add(a, b);
    case "-":
      return f64.sub(a, b);
    case "*":
      return f64.mul(a, b);
    case "/":
      return f64.div(a, b);
    case "<":
      return f64.lt(a, b);
    case ">":
      return f64.gt(a, b);
    case "<=":
      return f64.le(a, b);
    default:
      return f64.ge(a, b);
  }
}

function generateConcat(builder: FunctionBuilder, { left, right, type, line }: BinaryExpression): Code {
  const { context } = builder;
  const values = evaluate(builder, [{ expression: left }, { expression: right }]);
  const a = required(builder, left, () => values.get(0), line);
  const b = required(builder, right, () => values.get(1), line);
  values.release();
  const joined =
    type.kind === "array"
      ? context.target.concatArrays(type.element, a, b)
      : context.runtime("mph_string_concat", [a, b]);
  return sequence(builder, values.before, joined, wasm.ref);
}

/** Division and remainder. Only divisors of 0 and -1 need more than one comparison. */
function generateDivision(builder: FunctionBuilder, { operator, left, right, line }: BinaryExpression): Code {
  const { m } = builder;
  const { i64 } = m;
  if (right.kind === "int" && right.value !== 0n) {
    return divideByConstant(builder, operator, generateExpression(builder, left), right.value);
  }
  const values = evaluate(builder, [
    { expression: left, again: true },
    { expression: right, again: true },
  ]);
  const { before, get } = values;
  // The smallest int by -1 has no result either.
  const fails = m.i32.or(
    i64.eqz(get(1)),
    m.i32.and(i64.eq(get(1), i64.const(-1n)), i64.eq(get(0), i64.const(-(2n ** 63n)))),
  );
  const isRare = i64.le_u(i64.add(get(1), i64.const(1n)), i64.const(1n));
  before.push(m.if(isRare, failIf(builder, fails, FAIL_DIVIDE, line)));
  const code = operator === "/" ? i64.div_s(get(0), get(1)) : i64.rem_s(get(0), get(1));
  values.release();
  return sequence(builder, before, code, wasm.i64);
}

function generateEquality(builder: FunctionBuilder, expression: BinaryExpression): Code {
  const { operator, left, right } = expression;
  const type = comparedType(left.type, right.type);
  const isEqual = operator === "==";
  const withLiteral = compareWithLiteral(builder, expression);
  if (withLiteral !== null) return isEqual ? withLiteral : builder.m.i32.eqz(withLiteral);
  const values = evaluate(builder, [{ expression: left }, { expression: right }]);
  // A variable declared with `kosong` is a reference: next to an interface, an instance without a vtable.
  const widened = (code: Code, own: Type): Code =>
    type.kind === "interface" && own.kind === "null" ? builder.m.i64.extend_u(code) : code;
  const a = widened(values.get(0), left.type);
  const b = widened(values.get(1), right.type);
  values.release();
  return sequence(builder, values.before, compare(builder, type, a, b, isEqual), wasm.i32);
}

/** Whether a string is equal to a literal, where that needs no call; else null. A literal that is made each time is made here, too. */
function compareWithLiteral(builder: FunctionBuilder, { left, right }: BinaryExpression): Code | null {
  const { m, context } = builder;
  const literal = left.kind === "string" ? left : right;
  const text = left.kind === "string" ? right : left;
  if (literal.kind !== "string" || text.kind === "string" || text.type.kind !== "string") return null;
  const isEqual = context.target.comparison(literal.bytes);
  if (isEqual === null) return null;
  const evaluated = context.literals.once ? [text] : [left, right];
  const values = evaluate(
    builder,
    evaluated.map((expression) => ({ expression, again: true })),
  );
  const get = (): Code => values.get(evaluated.indexOf(text));
  const code = m.if(get(), isEqual(get), m.i32.const(0));
  values.release();
  return sequence(builder, values.before, code, wasm.i32);
}

/** A null has the type of what it is compared with; if that is a null as well, both are references. */
function comparedType(left: Type, right: Type): Type {
  return left.kind === "null" ? right : left;
}

/** Whether two values are the same, or are not: numbers by value, strings by content, all else by identity. */
export function compare(builder: FunctionBuilder, type: Type, a: Code, b: Code, isEqual: boolean): Code {
  const { m } = builder;
  switch (type.kind) {
    case "int":
      return isEqual ? m.i64.eq(a, b) : m.i64.ne(a, b);
    case "float":
      return isEqual ? m.f64.eq(a, b) : m.f64.ne(a, b);
    case "string": {
      const equal = m.call(stringEquals(builder.context), [a, b], wasm.i32);
      return isEqual ? equal : m.i32.eqz(equal);
    }
    case "interface":
      return isEqual ? m.i32.eq(low(m, a), low(m, b)) : m.i32.ne(low(m, a), low(m, b));
    default:
      return isEqual ? m.i32.eq(a, b) : m.i32.ne(a, b);
  }
}
