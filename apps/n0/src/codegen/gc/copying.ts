/** Copying of few bytes. */
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";

const { i32, none } = wasm;
const COPY = "gc_copy";

/** Copies bytes to where none of them lies. */
export function copyBytes(context: ModuleContext, to: Code, from: Code, bytes: Code): Code {
  const name = context.helper(COPY, (helper) => makeCopy(context, helper));
  return context.m.call(name, [to, from, bytes], none);
}

/** (to, from, bytes): eight at a time, then one at a time. */
function makeCopy({ m }: ModuleContext, name: string): void {
  const [to, from, left] = [0, 1, 2];
  const get = (index: number): Code => m.local.get(index, i32);
  const step = (bytes: number): Code[] => [
    m.local.set(to, m.i32.add(get(to), m.i32.const(bytes))),
    m.local.set(from, m.i32.add(get(from), m.i32.const(bytes))),
    m.local.set(left, m.i32.sub(get(left), m.i32.const(bytes))),
  ];
  const words = m.loop(
    "words",
    m.if(
      m.i32.ge_u(get(left), m.i32.const(8)),
      m.block(null, [m.i64.store(0, 1, get(to), m.i64.load(0, 1, get(from))), ...step(8), m.br("words")]),
    ),
  );
  const bytes = m.loop(
    "bytes",
    m.if(
      get(left),
      m.block(null, [m.i32.store8(0, 1, get(to), m.i32.load8_u(0, 1, get(from))), ...step(1), m.br("bytes")]),
    ),
  );
  m.addFunction(name, [i32, i32, i32], none, [], m.block(null, [words, bytes]));
}
