/**
 * The module's own ways to make small strings: a call of the runtime takes longer than most of them. They have the parameters of the
 * runtime's functions, which they call for what is large, null or negative, and where the nursery has no room.
 */
import { LAYOUT } from "@morph/gc";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { GC_CONTROL, STRING_CURSORS } from "../names.ts";

const { i32, none, ref } = wasm;
const COPY = "gc_copy";
const ROOM = "gc_string";
/** The longest string that is made from one part; two of half the size fit in a small object, too. */
const LONGEST = 1_023;
const LONGEST_PART = 511;
const WORD = 4;
const DIGIT_0 = 48;
const TEN = 10;

/** Makes the function. */
type Maker = (context: ModuleContext, name: string) => void;

const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["mph_string_new", makeNew],
  ["mph_string_concat", makeConcat],
  ["mph_string_substring", makeSubstring],
  ["mph_conv_Itoa", makeItoa],
]);

/** The name of the module's own function in place of one of the runtime; null where there is none. */
export function ownStringFunction(context: ModuleContext, runtimeName: string): string | null {
  const make = MAKERS.get(runtimeName);
  if (make === undefined) return null;
  return context.helper(`own_${runtimeName}`, (name) => make(context, name), true);
}

/** (bytes, length) -> string. */
function makeNew(context: ModuleContext, name: string): void {
  const { m } = context;
  const from = local(context, 0);
  const length = local(context, 1);
  const made = 2;
  const slow = (): Code => m.return(context.runtimeImport("mph_string_new", [from(), length()]));
  const body = m.block(
    null,
    [
      m.if(m.i32.gt_u(length(), m.i32.const(LONGEST)), slow()),
      takeRoom(context, made, length(), slow()),
      copy(context, contents(context, made), from(), length()),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], ref, [i32], body);
}

/** (a, b) -> string. */
function makeConcat(context: ModuleContext, name: string): void {
  const { m } = context;
  const a = local(context, 0);
  const b = local(context, 1);
  const left = local(context, 2);
  const right = local(context, 3);
  const made = 4;
  const slow = (): Code => m.return(context.runtimeImport("mph_string_concat", [a(), b()]));
  const body = m.block(
    null,
    [
      m.if(m.i32.or(m.i32.eqz(a()), m.i32.eqz(b())), slow()),
      m.local.set(2, context.target.stringCount(a())),
      m.local.set(3, context.target.stringCount(b())),
      m.if(m.i32.gt_u(m.i32.or(left(), right()), m.i32.const(LONGEST_PART)), slow()),
      takeRoom(context, made, m.i32.add(left(), right()), slow()),
      copy(context, contents(context, made), bytesOf(context, a()), left()),
      copy(context, m.i32.add(contents(context, made), left()), bytesOf(context, b()), right()),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], ref, [i32, i32, i32], body);
}

/** (string, start low, start high, end low, end high) -> string. Start and end are clamped to the string. */
function makeSubstring(context: ModuleContext, name: string): void {
  const { m } = context;
  const string = local(context, 0);
  const start = local(context, 1);
  const startHigh = local(context, 2);
  const end = local(context, 3);
  const endHigh = local(context, 4);
  const length = local(context, 5);
  const made = 6;
  const parameters = (): Code[] => [string(), start(), startHigh(), end(), endHigh()];
  const slow = (): Code => m.return(context.runtimeImport("mph_string_substring", parameters()));
  const count = (): Code => m.i32.sub(end(), start());
  const body = m.block(
    null,
    [
      m.if(m.i32.or(m.i32.eqz(string()), m.i32.or(startHigh(), endHigh())), slow()),
      m.local.set(5, context.target.stringCount(string())),
      m.if(m.i32.gt_u(end(), length()), m.local.set(3, length())),
      m.if(m.i32.gt_u(start(), end()), m.local.set(1, end())),
      m.if(m.i32.gt_u(count(), m.i32.const(LONGEST)), slow()),
      takeRoom(context, made, count(), slow()),
      copy(context, contents(context, made), m.i32.add(bytesOf(context, string()), start()), count()),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32, i32, i32], ref, [i32, i32], body);
}

/** (low, high) -> string: the digits of an int, from behind. */
function makeItoa(context: ModuleContext, name: string): void {
  const { m } = context;
  const low = local(context, 0);
  const high = local(context, 1);
  const rest = local(context, 2);
  const digits = local(context, 3);
  const made = 4;
  const at = local(context, 5);
  const ten = (): Code => m.i32.const(TEN);
  const slow = (): Code => m.return(context.runtimeImport("mph_conv_Itoa", [low(), high()]));
  const countDigits = m.loop(
    "count",
    m.block(null, [
      m.local.set(3, m.i32.add(digits(), m.i32.const(1))),
      m.local.set(2, m.i32.div_u(rest(), ten())),
      m.br("count", rest()),
    ]),
  );
  const write = m.loop(
    "write",
    m.block(null, [
      m.local.set(5, m.i32.sub(at(), m.i32.const(1))),
      m.i32.store8(0, 1, at(), m.i32.add(m.i32.rem_u(low(), ten()), m.i32.const(DIGIT_0))),
      m.local.set(0, m.i32.div_u(low(), ten())),
      m.br("write", low()),
    ]),
  );
  const body = m.block(
    null,
    [
      m.if(high(), slow()),
      m.local.set(2, low()),
      countDigits,
      takeRoom(context, made, digits(), slow()),
      m.local.set(5, m.i32.add(contents(context, made), digits())),
      write,
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], ref, [i32, i32, i32, i32], body);
}

function local({ m }: ModuleContext, index: number): () => Code {
  return () => m.local.get(index, i32);
}

/** Where the bytes of a string begin. */
function bytesOf({ m }: ModuleContext, string: Code): Code {
  return m.i32.add(string, m.i32.const(LAYOUT.ARRAY_HEADER_BYTES));
}

function contents(context: ModuleContext, made: number): Code {
  return bytesOf(context, context.m.local.get(made, i32));
}

/** Sets a local to a new string of zeros; where there is no room, does something else. */
function takeRoom(context: ModuleContext, made: number, length: Code, otherwise: Code): Code {
  const { m } = context;
  const room = context.helper(ROOM, (name) => makeRoom(context, name));
  return m.block(null, [
    m.local.set(made, m.call(room, [m.i32.add(length, m.i32.const(1))], i32)),
    m.if(m.i32.eqz(m.local.get(made, i32)), otherwise),
  ]);
}

function copy(context: ModuleContext, to: Code, from: Code, bytes: Code): Code {
  const name = context.helper(COPY, (helper) => makeCopy(context, helper));
  return context.m.call(name, [to, from, bytes], none);
}

/** (bytes, with the 0 at the end) -> string, or 0 where the cursor of its size class stands at its limit. */
function makeRoom({ m }: ModuleContext, name: string): void {
  const control = m.global.get(GC_CONTROL, i32);
  const size = m.i32.add(m.local.get(0, i32), m.i32.const(LAYOUT.ARRAY_HEADER_BYTES + 7));
  const sizeClass = m.i32.load8_u(LAYOUT.CLASS_TABLE, 1, m.i32.add(control, m.i32.shr_u(size, m.i32.const(3))));
  const cursor = (): Code => m.local.get(1, i32);
  const made = (): Code => m.local.get(2, i32);
  const body = m.block(
    null,
    [
      m.local.set(1, m.i32.add(m.global.get(STRING_CURSORS, i32), m.i32.shl(sizeClass, m.i32.const(6)))),
      m.local.set(2, m.i32.load(0, 4, cursor())),
      m.if(m.i32.eq(made(), m.i32.load(WORD, 4, cursor())), m.return(m.i32.const(0))),
      m.i32.store(0, 4, cursor(), m.i32.add(made(), m.i32.load(LAYOUT.SLOT_BYTES * WORD, 4, cursor()))),
      m.i32.store(0, 4, made(), m.local.get(0, i32)),
      made(),
    ],
    i32,
  );
  m.addFunction(name, [i32], i32, [i32, i32], body);
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
