/**
 * The module's own search in maps: a call of the runtime takes longer than most. Keys are numbers and strings; what is new in a map, and maps that are searched
 * by identity, whose keys may have moved, are the runtime's.
 */
import { LAYOUT } from "@morph/gc";
import { KEY_RAW, KEY_STRING, MAP_LAYOUT } from "n0-runtime";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { stringEquals } from "../string-equals.ts";
import type { Barrier } from "./barrier.ts";

const { i32, none } = wasm;
const FIND = "gc_find";
const HASH = "gc_hash";
const GET = "own_mph_map_get";
const SET = "own_mph_map_set";
const HEADER = LAYOUT.ARRAY_HEADER_BYTES;
const WORD = 4;

/** The name of the function in place of `mph_map_get`. */
export function ownMapGet(context: ModuleContext): string {
  return context.helper(GET, (name) => makeGet(context, name));
}

/** The name of the function in place of `mph_map_set`. */
export function ownMapSet(context: ModuleContext, barrier: Barrier): string {
  return context.helper(SET, (name) => makeSet(context, name, barrier), true);
}

/** (map, key low, key high) -> whether it is there. Its value, or 0, is the result. */
function makeGet(context: ModuleContext, name: string): void {
  const { m } = context;
  const [map, low, high, entry] = [0, 1, 2, 3];
  const get = (local: number): Code => m.local.get(local, i32);
  const key = (): Code[] => [get(map), get(low), get(high)];
  const body = m.block(
    null,
    [
      m.local.set(entry, find(context, key())),
      m.if(m.i32.eqz(get(entry)), m.return(context.runtimeImport("mph_map_get", key()))),
      m.if(
        m.i32.eqz(m.i32.load(MAP_LAYOUT.OCCUPIED, 4, get(entry))),
        m.block(null, [m.i64.store(0, 8, context.result(), m.i64.const(0n)), m.return(m.i32.const(0))]),
      ),
      m.i64.store(0, 8, context.result(), m.i64.load(MAP_LAYOUT.VALUE, 8, get(entry))),
      m.i32.const(1),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32], i32, [i32], body);
}

/** (map, key low, key high, value low, value high). */
function makeSet(context: ModuleContext, name: string, barrier: Barrier): void {
  const { m } = context;
  const [map, low, high, value, valueHigh, entry, entries] = [0, 1, 2, 3, 4, 5, 6];
  const get = (local: number): Code => m.local.get(local, i32);
  const field = (): Code => m.i32.add(m.i32.sub(get(entry), get(entries)), m.i32.const(MAP_LAYOUT.VALUE));
  const slow = (): Code =>
    m.block(null, [
      context.runtimeImport("mph_map_set", [get(map), get(low), get(high), get(value), get(valueHigh)]),
      m.return(),
    ]);
  const before = barrier.before(
    () => get(entries),
    field,
    () => get(value),
    "a value of a map",
  );
  const body = m.block(null, [
    m.local.set(entry, find(context, [get(map), get(low), get(high)])),
    m.if(m.i32.eqz(get(entry)), slow()),
    m.if(m.i32.eqz(m.i32.load(MAP_LAYOUT.OCCUPIED, 4, get(entry))), slow()),
    m.if(
      m.i32.load(MAP_LAYOUT.POINTERS, 4, get(map)),
      m.block(null, [m.local.set(entries, m.i32.load(0, 4, get(map))), ...before]),
    ),
    m.i32.store(MAP_LAYOUT.VALUE, 4, get(entry), get(value)),
    m.i32.store(MAP_LAYOUT.VALUE + WORD, 4, get(entry), get(valueHigh)),
  ]);
  m.addFunction(name, [i32, i32, i32, i32, i32], none, [i32, i32], body);
}

function find(context: ModuleContext, operands: readonly Code[]): Code {
  return context.m.call(
    context.helper(FIND, (name) => makeFind(context, name)),
    operands,
    i32,
  );
}

/** (map, key low, key high) -> the key's entry, or the one that ends the search, which was never occupied; 0 where map or key is null, and for keys by identity. */
function makeFind(context: ModuleContext, name: string): void {
  const { m } = context;
  const [map, low, high, entries, mask, place, entry, key] = [0, 1, 2, 3, 4, 5, 6, 7];
  const get = (local: number): Code => m.local.get(local, i32);
  const set = (local: number, value: Code): Code => m.local.set(local, value);
  const kind = (): Code => m.i32.load(MAP_LAYOUT.KEY_KIND, 4, get(map));
  const hash = context.helper(HASH, (helper) => makeHash(context, helper));
  const nothing = (): Code => m.return(m.i32.const(0));
  /** Walks the entries from the hash's place on. */
  const walk = (label: string, isKey: Code): Code =>
    m.loop(
      label,
      m.block(null, [
        set(place, m.i32.and(get(place), get(mask))),
        set(entry, m.i32.add(get(entries), m.i32.mul(get(place), m.i32.const(MAP_LAYOUT.ENTRY_BYTES)))),
        m.if(m.i32.eqz(m.i32.load(MAP_LAYOUT.OCCUPIED, 4, get(entry))), m.return(get(entry))),
        m.if(m.i32.eqz(m.i32.load(MAP_LAYOUT.DELETED, 4, get(entry))), m.if(isKey, m.return(get(entry)))),
        set(place, m.i32.add(get(place), m.i32.const(1))),
        m.br(label),
      ]),
    );
  const word = m.i64.or(m.i64.extend_u(get(low)), m.i64.shl(m.i64.extend_u(get(high)), m.i64.const(32n)));
  const isText = m.if(
    m.i32.eq(m.local.tee(key, m.i32.load(0, 4, get(entry)), i32), get(low)),
    m.i32.const(1),
    m.if(
      m.i32.eq(m.i32.load(0, 4, get(key)), m.i32.load(0, 4, get(low))),
      m.call(stringEquals(context), [get(key), get(low)], i32),
      m.i32.const(0),
    ),
  );
  const body = m.block(
    null,
    [
      m.if(m.i32.eqz(get(map)), nothing()),
      set(entries, m.i32.add(m.i32.load(0, 4, get(map)), m.i32.const(HEADER))),
      set(mask, m.i32.sub(m.i32.load(MAP_LAYOUT.CAPACITY, 4, get(map)), m.i32.const(1))),
      set(place, get(low)),
      m.if(m.i32.eq(kind(), m.i32.const(KEY_RAW)), walk("numbers", m.i64.eq(m.i64.load(0, 8, get(entry)), word))),
      m.if(m.i32.or(m.i32.ne(kind(), m.i32.const(KEY_STRING)), m.i32.eqz(get(low))), nothing()),
      set(place, m.call(hash, [get(low)], i32)),
      walk("texts", isText),
      m.unreachable(),
    ],
    i32,
  );
  m.addFunction(name, [i32, i32, i32], i32, [i32, i32, i32, i32, i32], body);
}

/** (string) -> its hash, four bytes at a time; see `hashWords` of n0-runtime. */
function makeHash({ m }: ModuleContext, name: string): void {
  const [at, end, hash] = [0, 1, 2];
  const get = (local: number): Code => m.local.get(local, i32);
  const set = (local: number, value: Code): Code => m.local.set(local, value);
  const mixed = (): Code => m.i32.xor(get(hash), m.i32.shr_u(get(hash), m.i32.const(MAP_LAYOUT.HASH_SHIFT)));
  const times = (value: Code, factor: number): Code => m.i32.mul(value, m.i32.const(factor | 0));
  // The length word has the 0 at the end with it, so this is up to 3 bytes behind the last one.
  const bytes = m.i32.and(m.i32.add(m.i32.load(0, 4, get(at)), m.i32.const(WORD - 2)), m.i32.const(-WORD));
  const words = m.loop(
    "words",
    m.if(
      m.i32.lt_u(get(at), get(end)),
      m.block(null, [
        set(hash, times(m.i32.xor(get(hash), m.i32.load(HEADER, 4, get(at))), MAP_LAYOUT.HASH_PRIME)),
        set(at, m.i32.add(get(at), m.i32.const(WORD))),
        m.br("words"),
      ]),
    ),
  );
  const body = m.block(
    null,
    [
      set(end, m.i32.add(get(at), bytes)),
      set(hash, m.i32.const(MAP_LAYOUT.HASH_BASIS | 0)),
      words,
      set(hash, times(mixed(), MAP_LAYOUT.HASH_FACTOR)),
      mixed(),
    ],
    i32,
  );
  m.addFunction(name, [i32], i32, [i32, i32], body);
}
