import { describe, MorphError } from "@morph/memory";
import { nullFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import type { Arrays } from "./arrays.ts";
import { hash64 } from "./hash.ts";
import {
  ENTRY_BYTES,
  ENTRY_DELETED,
  ENTRY_OCCUPIED,
  ENTRY_VALUE,
  ENTRY_VALUE_HIGH,
  FNV_BASIS_LOW,
  FNV_PRIME_LOW,
  HASH_FACTOR,
  HASH_SHIFT,
  MAP_CAPACITY,
  MAP_COUNT,
  MAP_DELETED,
  MAP_KEY_KIND,
  MAP_MOVES,
  MAP_OLD_MOVES,
  MAP_POINTERS,
} from "./layout.ts";
import type { Strings } from "./strings.ts";
import { MAP } from "./types.ts";

/** How keys are hashed and compared: all 64 bits (int, bool, float), a string's content, or a pointer's identity. */
export const KEY_RAW = 0;
export const KEY_STRING = 1;
export const KEY_IDENTITY = 2;

/**
 * Where generated code finds an entry on the collector: byte offsets in a map, in an entry, bytes of an entry, and the numbers of a string's hash. A capacity is a power of two; a search starts at the entry of the hash's low bits, passes
 * deleted ones, and ends at one that was never occupied. A raw key's hash is its low word.
 */
export const MAP_LAYOUT: {
  readonly CAPACITY: number;
  readonly KEY_KIND: number;
  readonly POINTERS: number;
  readonly ENTRY_BYTES: number;
  readonly VALUE: number;
  readonly OCCUPIED: number;
  readonly DELETED: number;
  readonly HASH_BASIS: number;
  readonly HASH_PRIME: number;
  readonly HASH_SHIFT: number;
  readonly HASH_FACTOR: number;
} = {
  CAPACITY: MAP_CAPACITY,
  KEY_KIND: MAP_KEY_KIND,
  POINTERS: MAP_POINTERS,
  ENTRY_BYTES,
  VALUE: ENTRY_VALUE,
  OCCUPIED: ENTRY_OCCUPIED,
  DELETED: ENTRY_DELETED,
  HASH_BASIS: FNV_BASIS_LOW,
  HASH_PRIME: FNV_PRIME_LOW,
  HASH_SHIFT,
  HASH_FACTOR,
};

/** How {@link Maps.keys} reads and orders raw keys: signed ints, floats, or bools, which have 4 bytes in an array. */
export const ORDER_INT = 0;
export const ORDER_FLOAT = 1;
export const ORDER_BOOL = 2;

const INITIAL_CAPACITY = 16;
/** With less, three quarters full is full, and a search for a missing key would not end. */
const LEAST_CAPACITY = 4;

/** Bits of a data block's words: key and value of an entry. */
const KEY_WORD = 1;
const VALUE_WORD = 1 << (ENTRY_VALUE / 4);
/** The map's `MAP_MOVES` when none of its identity keys was young. */
const NONE_YOUNG = -1;
/** Objects start at multiples of 8, and neighbours should not collide. */
const POINTER_SHIFT = 3;

/*
 * Hash maps with open addressing: an object of 40 bytes and a block of entries, 24 bytes each, of which a power of two is there.
 * An entry is looked for from hash % capacity on, one after the other, up to one that was never occupied. (V1-7: the key kind is the declared one.)
 *
 * Where objects move, identity keys do, and with them their hashes: such a map notes how often objects had moved when its keys found their places, and
 * is rehashed in place by the first search after that has changed.
 */

/** Maps of 64-bit keys and values. */
export class Maps {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;
  private readonly arrays: Arrays;
  /** Where the last search met its first tombstone, as a word index, or 0. */
  private tombstone = 0;

  constructor(heap: RuntimeHeap, strings: Strings, arrays: Arrays) {
    this.heap = heap;
    this.strings = strings;
    this.arrays = arrays;
  }

  /** @param pointers 1 when values are pointers. @throws ERR_MORPH_INVALID_CONFIG */
  create(kind: number, pointers: number): number {
    if (kind !== KEY_RAW && kind !== KEY_STRING && kind !== KEY_IDENTITY) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `key kind: expected 0, 1 or 2, got ${describe(kind)}`);
    }
    const { heap } = this;
    const place = heap.hold(heap.alloc(40, MAP));
    const entries = heap.allocElements(INITIAL_CAPACITY, ENTRY_BYTES, pointerWords(kind, pointers));
    const map = heap.held(place);
    heap.release(1);
    heap.setPointer(map, 0, entries);
    heap.setWord(map + MAP_CAPACITY, INITIAL_CAPACITY);
    heap.setWord(map + MAP_KEY_KIND, kind);
    heap.setWord(map + MAP_POINTERS, pointers === 0 ? 0 : 1);
    return map;
  }

  set(map: number, keyLow: number, keyHigh: number, low: number, high: number): void {
    const { heap } = this;
    const word = this.wordOf(map);
    const { i32 } = heap;
    const capacity = i32[word + MAP_CAPACITY / 4] as number;
    const kind = i32[word + MAP_KEY_KIND / 4] as number;
    if (kind === KEY_STRING && keyLow === 0) throw nullFailure("a map's key");
    const rehash = (i32[word + MAP_DELETED / 4] as number) >= capacity / 4;
    const grow = (i32[word + MAP_COUNT / 4] as number) >= capacity * 0.75;
    if (rehash || grow) this.setInRoom(map, keyLow, keyHigh, low, high, rehash, grow);
    else this.put(word, kind, keyLow, keyHigh, low, high);
  }

  /** Makes room first. The map, its key and its value may move meanwhile. */
  private setInRoom(
    map: number,
    keyLow: number,
    keyHigh: number,
    low: number,
    high: number,
    rehash: boolean,
    grow: boolean,
  ): void {
    const { heap } = this;
    const word = map >>> 2;
    const capacity = heap.i32[word + MAP_CAPACITY / 4] as number;
    const kind = heap.i32[word + MAP_KEY_KIND / 4] as number;
    const traced = heap.i32[word + MAP_POINTERS / 4] !== 0;
    const place = heap.hold(map);
    heap.hold(kind === KEY_RAW ? 0 : keyLow);
    heap.hold(traced ? low : 0);
    if (rehash) this.resize(map, capacity);
    if (grow) this.resize(heap.held(place), capacity * 2);
    const now = heap.held(place) >>> 2;
    const key = kind === KEY_RAW ? keyLow : heap.held(place + 1);
    const value = traced ? heap.held(place + 2) : low;
    heap.release(3);
    this.put(now, kind, key, keyHigh, value, high);
  }

  /** Whether the key is there; its value, or 0, is the result. */
  get(map: number, keyLow: number, keyHigh: number): boolean {
    const { heap } = this;
    const word = this.wordOf(map);
    const entry = this.find(word, heap.i32[word + MAP_KEY_KIND / 4] as number, keyLow, keyHigh);
    const { i32 } = heap;
    if (i32[entry + ENTRY_OCCUPIED / 4] === 0) {
      heap.setResult(0, 0);
      return false;
    }
    heap.setResult(i32[entry + ENTRY_VALUE / 4] as number, i32[entry + ENTRY_VALUE_HIGH / 4] as number);
    return true;
  }

  delete(map: number, keyLow: number, keyHigh: number): void {
    const { heap } = this;
    const word = this.wordOf(map);
    const { i32 } = heap;
    const entry = this.find(word, i32[word + MAP_KEY_KIND / 4] as number, keyLow, keyHigh);
    if (i32[entry + ENTRY_OCCUPIED / 4] === 0) return;
    i32[entry + ENTRY_DELETED / 4] = 1;
    i32[word + MAP_COUNT / 4]!--;
    i32[word + MAP_DELETED / 4]!++;
    const capacity = i32[word + MAP_CAPACITY / 4] as number;
    if ((i32[word + MAP_DELETED / 4] as number) >= capacity / 4) this.resize(map, capacity);
  }

  /** How many keys; of null 0. O(1). */
  length(map: number): number {
    return map === 0 ? 0 : (this.heap.i32[(map + MAP_COUNT) >>> 2] as number);
  }

  /**
   * An array of the keys in ascending order, which does not depend on the allocator: of strings by unsigned bytes. Keys that
   * are compared by identity have no such order. O(n log n).
   * @param order of raw keys: ORDER_INT, ORDER_FLOAT, ORDER_BOOL
   * @throws ERR_MORPH_INVALID_CONFIG for identity keys
   */
  keys(map: number, order: number): number {
    const { heap, strings } = this;
    const word = this.wordOf(map);
    const kind = heap.i32[word + MAP_KEY_KIND / 4] as number;
    if (kind === KEY_IDENTITY)
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "keys compared by identity have no order");
    const rawSize = order === ORDER_BOOL ? 4 : 8;
    const size = kind === KEY_STRING ? heap.referenceBytes : rawSize;
    const place = heap.hold(map);
    const array = this.arrays.create(this.length(map), size, kind === KEY_STRING ? 1 : 0);
    const entries = this.liveEntries(heap.held(place) >>> 2);
    heap.release(1);
    const { i32 } = heap;
    if (kind === KEY_STRING) entries.sort((a, b) => strings.compare(i32[a] as number, i32[b] as number));
    else if (order === ORDER_FLOAT) entries.sort((a, b) => compareFloats(i32, a, b));
    else entries.sort((a, b) => compareInts(i32, a, b));
    if (kind === KEY_STRING) {
      entries.forEach((entry, i) => {
        this.arrays.setReference(array, i, i32[entry] as number);
      });
      return array;
    }
    const data = this.arrays.elementsOf(array);
    entries.forEach((entry, i) => {
      const to = (data + i * size) >>> 2;
      i32[to] = i32[entry] as number;
      if (size === 8) i32[to + 1] = i32[entry + 1] as number;
    });
    return array;
  }

  /**
   * Rehashes into a new block of entries. O(both capacities).
   * @param capacity a power of two from 4 on, above the count
   * @throws ERR_MORPH_INVALID_SIZE
   */
  resize(map: number, capacity: number): void {
    const { heap } = this;
    const word = this.wordOf(map);
    const count = heap.i32[word + MAP_COUNT / 4] as number;
    if (!(capacity >= LEAST_CAPACITY && capacity > count && Math.log2(capacity) % 1 === 0)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `capacity: expected a power of two from ${LEAST_CAPACITY} on, above ${count}, got ${describe(capacity)}`,
      );
    }
    const kind = heap.i32[word + MAP_KEY_KIND / 4] as number;
    const pointers = pointerWords(kind, heap.i32[word + MAP_POINTERS / 4] as number);
    const place = heap.hold(map);
    const entries = heap.allocElements(capacity, ENTRY_BYTES, pointers);
    const resized = heap.held(place);
    heap.release(1);
    const now = resized >>> 2;
    const { i32, dataStart } = heap;
    const first = this.firstEntry(now);
    const end = first + (i32[now + MAP_CAPACITY / 4] as number) * (ENTRY_BYTES / 4);
    const target = (entries + dataStart) >>> 2;
    const mask = capacity - 1;
    const isTold = heap.recorder !== undefined || (pointers !== 0 && heap.moving && !heap.isYoung(entries));
    for (let entry = first; entry < end; entry += ENTRY_BYTES / 4) {
      if (i32[entry + ENTRY_OCCUPIED / 4] === 0 || i32[entry + ENTRY_DELETED / 4] !== 0) continue;
      let slot = this.hashOf(kind, i32[entry] as number) & mask;
      while (i32[target + slot * (ENTRY_BYTES / 4) + ENTRY_OCCUPIED / 4] !== 0) slot = (slot + 1) & mask;
      const to = target + slot * (ENTRY_BYTES / 4);
      i32[to] = i32[entry] as number;
      i32[to + 1] = i32[entry + 1] as number;
      i32[to + ENTRY_VALUE / 4] = i32[entry + ENTRY_VALUE / 4] as number;
      i32[to + ENTRY_VALUE_HIGH / 4] = i32[entry + ENTRY_VALUE_HIGH / 4] as number;
      i32[to + ENTRY_OCCUPIED / 4] = 1;
      if (isTold) heap.copied(entries, dataStart + slot * ENTRY_BYTES, entry * 4, ENTRY_BYTES, ENTRY_BYTES, pointers);
    }
    heap.setPointer(resized, 0, entries);
    heap.setWord(resized + MAP_CAPACITY, capacity);
    i32[now + MAP_DELETED / 4] = 0;
    if (heap.moving && kind === KEY_IDENTITY) this.noteMoves(now);
  }

  /** A key's 64-bit hash is the result. */
  hashKey(kind: number, low: number, high: number): void {
    if (kind === KEY_STRING) this.hashBytes(this.strings.dataOf(low), this.strings.length(low));
    else this.heap.setResult(low, high);
  }

  /** The 64-bit hash of some bytes is the result. */
  hashBytes(pointer: number, length: number): void {
    const hash = hash64(this.heap.u8, pointer >>> 0, length);
    this.heap.setResult(hash.low, hash.high);
  }

  keysEqual(kind: number, aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
    if (kind === KEY_STRING) return this.strings.equals(aLow, bLow);
    return (aLow | 0) === (bLow | 0) && (aHigh | 0) === (bHigh | 0);
  }

  /** Word indexes of the entries that hold a key. */
  private liveEntries(word: number): number[] {
    const { i32 } = this.heap;
    const first = this.firstEntry(word);
    const end = first + (i32[word + MAP_CAPACITY / 4] as number) * (ENTRY_BYTES / 4);
    const entries: number[] = [];
    for (let entry = first; entry < end; entry += ENTRY_BYTES / 4) {
      if (i32[entry + ENTRY_OCCUPIED / 4] !== 0 && i32[entry + ENTRY_DELETED / 4] === 0) entries.push(entry);
    }
    return entries;
  }

  private put(word: number, kind: number, keyLow: number, keyHigh: number, low: number, high: number): void {
    const { heap } = this;
    const { i32 } = heap;
    let entry = this.find(word, kind, keyLow, keyHigh);
    if (i32[entry + ENTRY_OCCUPIED / 4] === 0) {
      if (this.tombstone !== 0) {
        entry = this.tombstone;
        i32[word + MAP_DELETED / 4]!--;
      }
      if (kind === KEY_RAW) i32[entry] = keyLow;
      else this.setKey(word, kind, entry, keyLow);
      i32[entry + 1] = keyHigh;
      heap.setWord((entry << 2) + ENTRY_OCCUPIED, 1);
      i32[entry + ENTRY_DELETED / 4] = 0;
      i32[word + MAP_COUNT / 4]!++;
    }
    if (i32[word + MAP_POINTERS / 4] === 0) i32[entry + ENTRY_VALUE / 4] = low;
    else {
      const entries = i32[word] as number;
      heap.setPointer(entries, ((entry << 2) + ENTRY_VALUE - entries) | 0, low);
    }
    i32[entry + ENTRY_VALUE_HIGH / 4] = high;
  }

  /** Stores the key of an entry that is no raw one. */
  private setKey(word: number, kind: number, entry: number, key: number): void {
    const { heap } = this;
    const entries = heap.i32[word] as number;
    heap.setPointer(entries, ((entry << 2) - entries) | 0, key);
    if (kind === KEY_IDENTITY && heap.isYoung(key)) heap.i32[word + MAP_MOVES / 4] = heap.moves;
  }

  /** Word index of the first entry. */
  private firstEntry(word: number): number {
    const { heap } = this;
    return ((heap.i32[word] as number) + heap.dataStart) >>> 2;
  }

  /** Puts identity keys that have moved into the places of their hashes. O(capacity) when objects have moved, else O(1). */
  private settle(word: number): void {
    const { heap } = this;
    const { i32 } = heap;
    const moves = i32[word + MAP_MOVES / 4];
    const areYoungSettled = moves === NONE_YOUNG || moves === heap.moves;
    if (areYoungSettled && i32[word + MAP_OLD_MOVES / 4] === heap.oldMoves) return;
    const words = ENTRY_BYTES / 4;
    const mask = (i32[word + MAP_CAPACITY / 4] as number) - 1;
    const settled = new Int32Array((mask + 1) * words);
    for (const entry of this.liveEntries(word)) {
      let slot = this.hashOf(KEY_IDENTITY, i32[entry] as number) & mask;
      while (settled[slot * words + ENTRY_OCCUPIED / 4] !== 0) slot = (slot + 1) & mask;
      settled.set(i32.subarray(entry, entry + words), slot * words);
    }
    const traced = i32[word + MAP_POINTERS / 4] !== 0;
    const entries = i32[word] as number;
    const first = this.firstEntry(word);
    for (let at = 0; at < settled.length; at += words) {
      const offset = heap.dataStart + at * 4;
      // What is overwritten has a barrier, too: a collection that marks wants to see it.
      heap.setPointer(entries, offset, settled[at] as number);
      if (traced) heap.setPointer(entries, offset + ENTRY_VALUE, settled[at + ENTRY_VALUE / 4] as number);
      else i32[first + at + ENTRY_VALUE / 4] = settled[at + ENTRY_VALUE / 4] as number;
      i32[first + at + ENTRY_VALUE_HIGH / 4] = settled[at + ENTRY_VALUE_HIGH / 4] as number;
      heap.setWord(entries + offset + ENTRY_OCCUPIED, settled[at + ENTRY_OCCUPIED / 4] as number);
      i32[first + at + ENTRY_DELETED / 4] = 0;
    }
    i32[word + MAP_DELETED / 4] = 0;
    this.noteMoves(word);
  }

  /** Notes that identity keys lie where their hashes of now say. */
  private noteMoves(word: number): void {
    const { heap } = this;
    const { i32 } = heap;
    i32[word + MAP_OLD_MOVES / 4] = heap.oldMoves;
    const isAnyYoung = this.liveEntries(word).some((entry) => heap.isYoung(i32[entry] as number));
    i32[word + MAP_MOVES / 4] = isAnyYoung ? heap.moves : NONE_YOUNG;
  }

  /** Word index of the key's entry, or of the one that ends the search, which was never occupied. */
  private find(word: number, kind: number, keyLow: number, keyHigh: number): number {
    const { heap } = this;
    if (kind === KEY_IDENTITY && heap.moving) this.settle(word);
    const { i32 } = heap;
    const entries = this.firstEntry(word);
    const mask = (i32[word + MAP_CAPACITY / 4] as number) - 1;
    const low = keyLow | 0;
    const high = keyHigh | 0;
    this.tombstone = 0;
    for (let slot = this.hashOf(kind, low) & mask; ; slot = (slot + 1) & mask) {
      const entry = entries + slot * (ENTRY_BYTES / 4);
      if (i32[entry + ENTRY_OCCUPIED / 4] === 0) return entry;
      if (i32[entry + ENTRY_DELETED / 4] !== 0) {
        if (this.tombstone === 0) this.tombstone = entry;
      } else if (kind === KEY_STRING) {
        if (this.strings.equals(i32[entry] as number, low)) return entry;
      } else if (i32[entry] === low && i32[entry + 1] === high) return entry;
    }
  }

  /** Low half of a key's hash. */
  private hashOf(kind: number, low: number): number {
    if (kind === KEY_STRING) return this.strings.hash(low);
    return kind === KEY_IDENTITY && this.heap.moving ? low >>> POINTER_SHIFT : low;
  }

  private wordOf(map: number): number {
    if (map === 0) throw nullFailure("a map");
    return map >>> 2;
  }
}

/** Which words of an entry hold pointers, as bits. */
function pointerWords(kind: number, pointers: number): number {
  return (kind === KEY_RAW ? 0 : KEY_WORD) | (pointers === 0 ? 0 : VALUE_WORD);
}

/** Compares the signed 64-bit numbers at two word indexes. */
function compareInts(i32: Int32Array, a: number, b: number): number {
  const high = (i32[a + 1] as number) - (i32[b + 1] as number);
  return high !== 0 ? high : ((i32[a] as number) >>> 0) - ((i32[b] as number) >>> 0);
}

/** IEEE's total order: -nan, -inf, ..., -0, 0, ..., inf, nan. As ints, negative floats stand the wrong way round. */
function compareFloats(i32: Int32Array, a: number, b: number): number {
  const negative = (i32[a + 1] as number) < 0 && (i32[b + 1] as number) < 0;
  return negative ? compareInts(i32, b, a) : compareInts(i32, a, b);
}
