/*
 * The operand stack of WebAssembly must hold no reference while something collects: nobody could read it back. So where an operand that may
 * collect comes behind one that is a reference, both go to locals first, but for what can as well be read behind it.
 */

import { node } from "../../wasm/code.ts";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import type { FunctionBuilder } from "../function-builder.ts";
import { BASE, GC_CONTROL, LITERALS, NURSERY_BASE, NURSERY_BYTES, RESULT } from "../names.ts";

/** Whether code may collect: never; only where a cursor stands at its limit; in calls. */
export const NEVER = 0;
export const SLOWLY = 1;
export const CALLING = 2;

const SLOW = "slow";
const GET = 0x20;
const I32_LOAD = 0x28;
const I32_ADD = 0x6a;
const CONSTANTS: readonly number[] = [0x41, 0x42, 0x44];
const FIXED_GLOBALS: readonly string[] = [BASE, RESULT, GC_CONTROL, NURSERY_BASE, NURSERY_BYTES];

/** An allocation: `slow` is rare, calls the runtime, and is the only part that may collect. */
export function slowly(condition: Code, slow: Code, fast: Code): Code {
  return node("if", wasm.none, [condition, slow, fast], [], SLOW);
}

/** Whether the code is what {@link slowly} made. */
export function isSlowly(code: Code): boolean {
  return code.kind === "if" && code.name === SLOW;
}

/** Whether values of the type are references, or hold one. */
export function isReference(type: wasm.Type): boolean {
  return type === wasm.ref || type === wasm.pair;
}

/** Arranges the operands of one function. */
export class Operands {
  private readonly builder: FunctionBuilder;
  private readonly context: ModuleContext;
  private readonly collecting: Map<Code, number> = new Map();

  constructor(builder: FunctionBuilder) {
    this.builder = builder;
    this.context = builder.context;
  }

  /** Whether arranged code may collect. */
  collects(code: Code): number {
    return this.collecting.get(code) ?? NEVER;
  }

  /** The code with no reference on the operand stack where something may collect. */
  arrange(code: Code): Code {
    let parts = code.parts.map((part) => this.arrange(part));
    let before: readonly Code[] = [];
    switch (code.kind) {
      case "sequence":
      case "block":
      case "loop":
        requireEmptyStack(parts);
        break;
      case "if":
        break;
      default:
        [before, parts] = this.settle(parts);
    }
    const own = this.context.mayCollect(code) ? CALLING : NEVER;
    const arranged = this.made({ ...code, parts }, own);
    if (isSlowly(arranged) && this.collects(arranged) > NEVER) this.collecting.set(arranged, SLOWLY);
    if (before.length === 0) return arranged;
    return this.made(node("sequence", arranged.type, [...before, arranged]), NEVER);
  }

  private made(code: Code, own: number): Code {
    const collects = code.parts.reduce((most, part) => Math.max(most, this.collects(part)), own);
    if (collects > NEVER) this.collecting.set(code, collects);
    return code;
  }

  /** Operands whose references lie in locals while a later one collects, with what has to be done before them. */
  private settle(parts: Code[]): [readonly Code[], Code[]] {
    let last = parts.length - 1;
    while (last > 0 && this.collects(parts[last]!) === NEVER) last--;
    if (last <= 0) return [[], parts];
    const waiting = parts.slice(0, last);
    if (waiting.some(isDerived)) throw new Error("an address within an object waits on the operand stack");
    if (!waiting.some((part) => isReference(valueType(part)))) return [[], parts];
    if (!this.context.sites.keep("operand")) return [[], parts];
    const { m } = this.context;
    const before: Code[] = [];
    const settled = parts.map((part, i) => {
      if (i > last || (i < last && this.isReadableLater(part, parts.slice(i + 1, last + 1)))) return part;
      const type = valueType(part);
      const local = this.builder.newLocal(type, "operand");
      before.push(this.made(m.local.set(local, part), NEVER));
      return m.local.get(local, type);
    });
    return [before, settled];
  }

  /** Whether code has the same value when it is read behind the others. */
  private isReadableLater(code: Code, others: readonly Code[]): boolean {
    const { kind, bytes, parts, name, number } = code;
    if (kind === "plain" && parts.length === 0) return CONSTANTS.includes(bytes[0]!);
    if (kind === "global" && parts.length === 0) return FIXED_GLOBALS.includes(name);
    if (kind === "local" && bytes[0] === GET) {
      return code.type === this.builder.typeOf(number) && !others.some((other) => sets(other, number));
    }
    // A literal's slot always has its pointer of now.
    return kind === "plain" && bytes[0] === I32_LOAD && parts[0]!.kind === "global" && parts[0]!.name === LITERALS;
  }
}

/** The type of a code's value, also where several parts say it together. */
export function valueType(code: Code): wasm.Type {
  const { kind, type, parts } = code;
  if (type === wasm.none || type === wasm.unreachable) return type;
  if (kind === "sequence") return valueType(parts.at(-1)!);
  if (kind !== "if") return type;
  const then = valueType(parts[1]!);
  const otherwise = valueType(parts[2]!);
  // A null is a constant next to a reference.
  return then === wasm.unreachable || isReference(otherwise) ? otherwise : then;
}

function sets(code: Code, local: number): boolean {
  if (code.kind === "local" && code.bytes[0] !== GET && code.number === local) return true;
  return code.parts.some((part) => sets(part, local));
}

/** Whether the value is an address within an object, which no collection keeps right. */
function isDerived({ kind, bytes, parts }: Code): boolean {
  return kind === "plain" && bytes[0] === I32_ADD && parts.some((part) => isReference(valueType(part)));
}

function requireEmptyStack(parts: readonly Code[]): void {
  parts.forEach((part, i) => {
    const type = valueType(part);
    if (i < parts.length - 1 && type !== wasm.none && type !== wasm.unreachable) {
      throw new Error("a value waits below a statement");
    }
  });
}
