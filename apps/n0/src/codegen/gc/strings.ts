/**
 * The module's own ways to make small strings: a call of the runtime takes longer than most of them. They have the parameters of the
 * runtime's functions, which they call for what is large, null or negative, and where the nursery has no room.
 */
import { LAYOUT } from "@morph/gc";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { roundUp } from "../layout.ts";
import { GC_CONTROL, STRING_CURSORS } from "../names.ts";
import { copyBytes } from "./copying.ts";

const { i32, i64, ref } = wasm;
const LITERAL = "gc_literal_";
/** The longest string that is made from one part; two of half the size fit in a small object, too. */
const LONGEST = 1_023;
const LONGEST_PART = 511;
/** The longest literal that is made of words of 8 bytes, and the longest that is compared as such. */
const MOST_WORDS = 4;
const MOST_COMPARED = 2;
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

/** A new string of these bytes, which also lie at an address. */
export function literalString(context: ModuleContext, literal: Uint8Array, address: Code): Code {
  const { m } = context;
  const words = wordsOf(literal);
  if (words.length > MOST_WORDS) return context.runtime("mph_string_new", [address, m.i32.const(literal.length)]);
  const name = context.helper(LITERAL + words.length, (helper) => makeLiteral(context, helper, words.length), true);
  return m.call(name, [address, m.i32.const(literal.length), ...words.map((word) => m.i64.const(word))], ref);
}

/** (address, length, words of 8 bytes, zeros behind the last byte) -> string. */
function makeLiteral(context: ModuleContext, name: string, words: number): void {
  const { m } = context;
  const from = local(context, 0);
  const length = local(context, 1);
  const [made, bytes, cursor] = [words + 2, words + 3, words + 4];
  const slow = m.return(context.runtimeImport("mph_string_new", [from(), length()]));
  const places = Array.from({ length: words }, (_, i) => i);
  const body = m.block(
    null,
    [
      m.local.set(bytes, m.i32.add(length(), m.i32.const(1))),
      takeRoom(context, made, bytes, cursor, slow),
      ...places.map((i) =>
        m.i64.store(LAYOUT.ARRAY_HEADER_BYTES + i * 8, 8, m.local.get(made, i32), m.local.get(i + 2, i64)),
      ),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, ...places.map(() => i64)], ref, [i32, i32, i32], body);
}

/** What says whether a string, which is not null, has these bytes: a slot ends at a multiple of 8, and has zeros behind the last byte. Null where a call is no longer. */
export function comparison({ m, target }: ModuleContext, literal: Uint8Array): ((get: () => Code) => Code) | null {
  const words = wordsOf(literal);
  if (words.length > MOST_COMPARED) return null;
  return (get) => {
    let code = m.i32.eq(target.stringCount(get()), m.i32.const(literal.length));
    words.forEach((word, i) => {
      const bytes = m.i64.load(LAYOUT.ARRAY_HEADER_BYTES + i * 8, 8, get());
      code = m.if(code, m.i64.eq(bytes, m.i64.const(word)), m.i32.const(0));
    });
    return code;
  };
}

/** Bytes as words of 8, the last one with zeros behind. */
function wordsOf(bytes: Uint8Array): bigint[] {
  const padded = new Uint8Array(roundUp(bytes.length, 8));
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Array.from({ length: padded.length / 8 }, (_, i) => view.getBigInt64(i * 8, true));
}

/** (bytes, length) -> string. */
function makeNew(context: ModuleContext, name: string): void {
  const { m } = context;
  const from = local(context, 0);
  const length = local(context, 1);
  const [made, bytes, cursor] = [2, 3, 4];
  const slow = (): Code => m.return(context.runtimeImport("mph_string_new", [from(), length()]));
  const body = m.block(
    null,
    [
      m.if(m.i32.gt_u(length(), m.i32.const(LONGEST)), slow()),
      m.local.set(bytes, m.i32.add(length(), m.i32.const(1))),
      takeRoom(context, made, bytes, cursor, slow()),
      copyBytes(context, contents(context, made), from(), length()),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], ref, [i32, i32, i32], body);
}

/** (a, b) -> string. */
function makeConcat(context: ModuleContext, name: string): void {
  const { m } = context;
  const a = local(context, 0);
  const b = local(context, 1);
  const left = local(context, 2);
  const right = local(context, 3);
  const [made, bytes, cursor] = [4, 5, 6];
  const slow = (): Code => m.return(context.runtimeImport("mph_string_concat", [a(), b()]));
  const body = m.block(
    null,
    [
      m.if(m.i32.or(m.i32.eqz(a()), m.i32.eqz(b())), slow()),
      m.local.set(2, context.target.stringCount(a())),
      m.local.set(3, context.target.stringCount(b())),
      m.if(m.i32.gt_u(m.i32.or(left(), right()), m.i32.const(LONGEST_PART)), slow()),
      m.local.set(bytes, m.i32.add(m.i32.add(left(), right()), m.i32.const(1))),
      takeRoom(context, made, bytes, cursor, slow()),
      copyBytes(context, contents(context, made), bytesOf(context, a()), left()),
      copyBytes(context, m.i32.add(contents(context, made), left()), bytesOf(context, b()), right()),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], ref, [i32, i32, i32, i32, i32], body);
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
  const [made, bytes, cursor] = [6, 7, 8];
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
      m.local.set(bytes, m.i32.add(count(), m.i32.const(1))),
      takeRoom(context, made, bytes, cursor, slow()),
      copyBytes(context, contents(context, made), m.i32.add(bytesOf(context, string()), start()), count()),
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32, i32, i32], ref, [i32, i32, i32, i32], body);
}

/** (low, high) -> string: the digits of an int, from behind. */
function makeItoa(context: ModuleContext, name: string): void {
  const { m } = context;
  const low = local(context, 0);
  const high = local(context, 1);
  const rest = local(context, 2);
  const digits = local(context, 3);
  const [made, bytes, cursor] = [4, 6, 7];
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
      m.local.set(bytes, m.i32.add(digits(), m.i32.const(1))),
      takeRoom(context, made, bytes, cursor, slow()),
      m.local.set(5, m.i32.add(contents(context, made), digits())),
      write,
      m.local.get(made, i32),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32], ref, [i32, i32, i32, i32, i32, i32], body);
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

/**
 * Sets a local to a new string of zeros; where the cursor of its size class stands at its limit, does something else. The bytes have the 0 at the end with them; they and the
 * cursor are locals.
 */
function takeRoom({ m }: ModuleContext, made: number, bytes: number, cursor: number, otherwise: Code): Code {
  const get = (local: number): Code => m.local.get(local, i32);
  const control = m.global.get(GC_CONTROL, i32);
  const size = m.i32.add(get(bytes), m.i32.const(LAYOUT.ARRAY_HEADER_BYTES + 7));
  const sizeClass = m.i32.load8_u(LAYOUT.CLASS_TABLE, 1, m.i32.add(control, m.i32.shr_u(size, m.i32.const(3))));
  return m.block(null, [
    m.local.set(cursor, m.i32.add(m.global.get(STRING_CURSORS, i32), m.i32.shl(sizeClass, m.i32.const(6)))),
    m.local.set(made, m.i32.load(0, 4, get(cursor))),
    m.if(m.i32.eq(get(made), m.i32.load(WORD, 4, get(cursor))), otherwise),
    m.i32.store(0, 4, get(cursor), m.i32.add(get(made), m.i32.load(LAYOUT.SLOT_BYTES * WORD, 4, get(cursor)))),
    m.i32.store(0, 4, get(made), get(bytes)),
  ]);
}
