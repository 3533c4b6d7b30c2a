/**
 * Division of an int by a constant. Engines multiply where 32-bit ints are divided by a constant, but divide where 64-bit ones are, which takes several times as
 * long: so a power of two is a shift or a mask, and an int from 0 to 2^32 - 1 is divided as one of 32 bits.
 */
import * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import { codeInLocal } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";

const LARGEST_32 = 0x7fff_ffffn;
const SIGN = 63n;
const WORD_BITS = 32n;

/** `value / divisor` or `value % divisor`; the divisor is not 0. Both round toward 0. */
export function divideByConstant(builder: FunctionBuilder, operator: string, value: Code, divisor: bigint): Code {
  const isQuotient = operator === "/";
  if (divisor < 1n || divisor > LARGEST_32) return divide(builder, isQuotient, value, divisor);
  const byKind = (divisor & (divisor - 1n)) === 0n ? byPowerOfTwo : byOther;
  return codeInLocal(builder, value, wasm.i64, (get) => byKind(builder, isQuotient, get, divisor));
}

function divide({ m: { i64 } }: FunctionBuilder, isQuotient: boolean, value: Code, divisor: bigint): Code {
  return isQuotient ? i64.div_s(value, i64.const(divisor)) : i64.rem_s(value, i64.const(divisor));
}

/** A negative number is moved up before its low bits go, so that it comes nearer to 0. */
function byPowerOfTwo({ m: { i64 } }: FunctionBuilder, isQuotient: boolean, get: () => Code, divisor: bigint): Code {
  const low = divisor - 1n;
  const moved = i64.add(get(), i64.and(i64.shr_s(get(), i64.const(SIGN)), i64.const(low)));
  if (isQuotient) return i64.shr_s(moved, i64.const(BigInt(divisor.toString(2).length - 1)));
  return i64.sub(get(), i64.and(moved, i64.const(~low)));
}

function byOther(builder: FunctionBuilder, isQuotient: boolean, get: () => Code, divisor: bigint): Code {
  const { m } = builder;
  const { i32, i64 } = m;
  const word = i32.wrap(get());
  const by = i32.const(Number(divisor));
  return m.if(
    i64.eqz(i64.shr_u(get(), i64.const(WORD_BITS))),
    i64.extend_u(isQuotient ? i32.div_u(word, by) : i32.rem_u(word, by)),
    divide(builder, isQuotient, get(), divisor),
  );
}
