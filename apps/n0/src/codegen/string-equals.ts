/** The module's own comparison of strings: a call of the runtime costs more than most comparisons. */
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";

/** The name of a function (string, string) -> 0 or 1: the same content; null equals only null. */
export function stringEquals(context: ModuleContext): string {
  return context.helper("string_equals", (name) => make(context, name));
}

const A = 0;
const B = 1;
const LEFT = 2;

function make({ m, target }: ModuleContext, name: string): void {
  const { i32 } = wasm;
  const header = target.dataHeader;
  const get = (local: number): Code => m.local.get(local, i32);
  const no = (): Code => m.return(m.i32.const(0));
  const yes = (): Code => m.return(m.i32.const(1));
  const step = (bytes: number): Code =>
    m.block(null, [
      m.local.set(A, m.i32.add(get(A), m.i32.const(bytes))),
      m.local.set(B, m.i32.add(get(B), m.i32.const(bytes))),
      m.local.set(LEFT, m.i32.sub(get(LEFT), m.i32.const(bytes))),
    ]);
  // A data block starts at a multiple of 8.
  const words = m.loop(
    "words",
    m.if(
      m.i32.ge_u(get(LEFT), m.i32.const(8)),
      m.block(null, [
        m.if(m.i64.ne(m.i64.load(header, 8, get(A)), m.i64.load(header, 8, get(B))), no()),
        step(8),
        m.br("words"),
      ]),
    ),
  );
  const bytes = m.loop(
    "bytes",
    m.if(
      get(LEFT),
      m.block(null, [
        m.if(m.i32.ne(m.i32.load8_u(header, 1, get(A)), m.i32.load8_u(header, 1, get(B))), no()),
        step(1),
        m.br("bytes"),
      ]),
    ),
  );
  const body = m.block(
    null,
    [
      m.if(m.i32.eq(get(A), get(B)), yes()),
      m.if(m.i32.or(m.i32.eqz(get(A)), m.i32.eqz(get(B))), no()),
      m.if(m.i64.ne(target.stringLength(get(A)), target.stringLength(get(B))), no()),
      m.local.set(LEFT, target.stringCount(get(A))),
      m.local.set(A, target.stringBytes(get(A))),
      m.local.set(B, target.stringBytes(get(B))),
      words,
      bytes,
      m.i32.const(1),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], i32, [i32], body);
}
