/**
 * The module's own ways to make small arrays: a call of the runtime takes longer than most of them. What is large, and what finds no room in the nursery, the
 * runtime makes.
 */
import { LAYOUT } from "@morph/gc";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { ARRAY_CURSORS, GC_CONTROL } from "../names.ts";
import { copyBytes } from "./copying.ts";

const { i32, ref } = wasm;
const NEW = "own_mph_array_new";
const CONCAT = "own_mph_array_concat";
const ROOM = "gc_array";
const WORD = 4;
const ARRAY_BYTES = 16;
const LENGTH = 8;
const HEADER = LAYOUT.ARRAY_HEADER_BYTES;
/** The most elements that are looked at: of more, a data block is large in any case. */
const MOST = LAYOUT.MAX_SMALL_BYTES / WORD;

/** The name of the function in place of `mph_array_new`. */
export function ownArrayNew(context: ModuleContext): string {
  return context.helper(NEW, (name) => makeNew(context, name), true);
}

/** A new array of all elements of both, which are not null. @param size of an element, 4 or 8 bytes */
export function concatArrays(context: ModuleContext, a: Code, b: Code, size: number, isTraced: boolean): Code {
  const { m } = context;
  const name = context.helper(CONCAT, (helper) => makeConcat(context, helper), true);
  return m.call(name, [a, b, m.i32.const(size), m.i32.const(isTraced ? 1 : 0)], ref);
}

/** (length, element size, whether they are references) -> array. */
function makeNew(context: ModuleContext, name: string): void {
  const { m } = context;
  const get = (local: number): Code => m.local.get(local, i32);
  const parameters = (): Code[] => [get(0), get(1), get(2)];
  const made = 3;
  const body = m.block(
    null,
    [
      m.local.set(made, takeRoom(context, parameters())),
      m.if(m.i32.eqz(get(made)), m.return(context.runtimeImport("mph_array_new", parameters()))),
      get(made),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32], ref, [i32], body);
}

/** (a, b, element size, whether they are references) -> array. */
function makeConcat(context: ModuleContext, name: string): void {
  const { m } = context;
  const [a, b, size, traced, made, to] = [0, 1, 2, 3, 4, 5];
  const get = (local: number): Code => m.local.get(local, i32);
  const length = (array: number): Code => m.i32.load(LENGTH, 4, get(array));
  const elements = (array: number): Code => m.i32.add(m.i32.load(0, 4, get(array)), m.i32.const(HEADER));
  const bytes = (array: number): Code => m.i32.mul(length(array), get(size));
  const slow = m.return(context.runtimeImport("mph_array_concat", [get(a), get(b)]));
  const sum = m.i32.add(length(a), length(b));
  const body = m.block(
    null,
    [
      // The sum of two lengths may be more than a word has; that of two that are not large is not.
      m.if(
        m.i32.lt_u(m.i32.or(length(a), length(b)), m.i32.const(MOST)),
        m.local.set(made, takeRoom(context, [sum, get(size), get(traced)])),
      ),
      m.if(m.i32.eqz(get(made)), slow),
      m.local.set(to, elements(made)),
      copyBytes(context, get(to), elements(a), bytes(a)),
      copyBytes(context, m.i32.add(get(to), bytes(a)), elements(b), bytes(b)),
      get(made),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32, i32], ref, [i32, i32], body);
}

function takeRoom(context: ModuleContext, operands: readonly Code[]): Code {
  return context.m.call(
    context.helper(ROOM, (name) => makeRoom(context, name)),
    operands,
    i32,
  );
}

/** (length, element size, whether they are references) -> array of zeros; 0 where its data block would be large, or a cursor stands at its limit. */
function makeRoom(context: ModuleContext, name: string): void {
  const { m } = context;
  const [length, size, traced, table, cursor, data, arrays, made] = [0, 1, 2, 3, 4, 5, 6, 7];
  const get = (local: number): Code => m.local.get(local, i32);
  const set = (local: number, value: Code): Code => m.local.set(local, value);
  const none = (): Code => m.return(m.i32.const(0));
  const bytes = m.i32.add(m.i32.mul(get(length), get(size)), m.i32.const(HEADER));
  const shape = m.i32.add(m.i32.shl(m.i32.shr_u(get(size), m.i32.const(3)), m.i32.const(1)), get(traced));
  const classes = m.i32.add(
    m.global.get(GC_CONTROL, i32),
    m.i32.shr_u(m.i32.add(get(data), m.i32.const(7)), m.i32.const(3)),
  );
  const isAtLimit = (of: number): Code => m.i32.eq(m.i32.load(0, 4, get(of)), m.i32.load(WORD, 4, get(of)));
  const body = m.block(
    null,
    [
      m.if(m.i32.gt_u(get(length), m.i32.const(MOST)), none()),
      set(data, bytes),
      m.if(m.i32.gt_u(get(data), m.i32.const(LAYOUT.MAX_SMALL_BYTES)), none()),
      set(table, context.importedGlobal(ARRAY_CURSORS)),
      set(arrays, m.i32.load(0, 4, get(table))),
      set(
        cursor,
        m.i32.add(
          m.i32.load(WORD, 4, m.i32.add(get(table), m.i32.shl(shape, m.i32.const(2)))),
          m.i32.shl(m.i32.load8_u(LAYOUT.CLASS_TABLE, 1, classes), m.i32.const(6)),
        ),
      ),
      m.if(m.i32.or(isAtLimit(cursor), isAtLimit(arrays)), none()),
      set(data, m.i32.load(0, 4, get(cursor))),
      m.i32.store(0, 4, get(cursor), m.i32.add(get(data), m.i32.load(LAYOUT.SLOT_BYTES * WORD, 4, get(cursor)))),
      set(made, m.i32.load(0, 4, get(arrays))),
      m.i32.store(0, 4, get(arrays), m.i32.add(get(made), m.i32.const(ARRAY_BYTES))),
      m.i32.store(0, 4, get(data), get(length)),
      m.i32.store(0, 4, get(made), get(data)),
      m.i32.store(LENGTH, 4, get(made), get(length)),
      get(made),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32], i32, [i32, i32, i32, i32, i32], body);
}
