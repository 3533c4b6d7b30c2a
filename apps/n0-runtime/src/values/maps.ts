import { describe, MorphError } from "@morph/memory";
import { nullFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import type { Arrays } from "./arrays.ts";
import { hash64, hashLow } from "./hash.ts";
import {
  ENTRY_BYTES,
  ENTRY_DELETED,
  ENTRY_OCCUPIED,
  ENTRY_VALUE,
  ENTRY_VALUE_HIGH,
  MAP_CAPACITY,
  MAP_COUNT,
  MAP_DELETED,
  MAP_KEY_KIND,
  MAP_POINTERS,
} from "./layout.ts";
import type { Strings } from "./strings.ts";
import { MAP, RAW } from "./types.ts";

/** How keys are hashed and compared: all 64 bits (int, bool, float), a string's content, or a pointer's identity. */
export const KEY_RAW = 0;
export const KEY_STRING = 1;
export const KEY_IDENTITY = 2;

/** How {@link Maps.keys} reads and orders raw keys: signed ints, floats, or bools, which have 4 bytes in an array. */
export const ORDER_INT = 0;
export const ORDER_FLOAT = 1;
export const ORDER_BOOL = 2;

const INITIAL_CAPACITY = 16;
/** With less, three quarters full is full, and a search for a missing key would not end. */
const LEAST_CAPACITY = 4;

/*
 * Hash maps with open addressing: an object of 40 bytes and a block of entries, 24 bytes each, of which a power of two is there.
 * An entry is looked for from hash % capacity on, one after the other, up to one that was never occupied. (V1-7: the key kind is the declared one.)
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
    const map = heap.alloc(40, MAP);
    heap.hold(map);
    const entries = heap.alloc(ENTRY_BYTES * INITIAL_CAPACITY, RAW);
    heap.release(1);
    heap.setPointer(map, entries);
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
    if (rehash || grow)
      this.makeRoom(map, kind === KEY_RAW ? 0 : keyLow, i32[word + MAP_POINTERS / 4] === 0 ? 0 : low, rehash, grow);
    this.put(word, kind, keyLow, keyHigh, low, high);
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
    const size = kind === KEY_RAW && order === ORDER_BOOL ? 4 : 8;
    heap.hold(map);
    const array = this.arrays.create(this.length(map), size, kind === KEY_STRING ? 1 : 0);
    heap.release(1);
    const entries = this.liveEntries(word);
    const { i32 } = heap;
    if (kind === KEY_STRING) entries.sort((a, b) => strings.compare(i32[a] as number, i32[b] as number));
    else if (order === ORDER_FLOAT) entries.sort((a, b) => compareFloats(i32, a, b));
    else entries.sort((a, b) => compareInts(i32, a, b));
    const data = (i32[array >>> 2] as number) >>> 0;
    entries.forEach((entry, i) => {
      const to = data + i * size;
      if (kind === KEY_STRING) heap.setPointer(to, i32[entry] as number);
      else i32[to >>> 2] = i32[entry] as number;
      if (size === 8) i32[(to >>> 2) + 1] = i32[entry + 1] as number;
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
    heap.hold(map);
    const entries = heap.alloc(ENTRY_BYTES * capacity, RAW);
    heap.release(1);
    const { i32 } = heap;
    const kind = i32[word + MAP_KEY_KIND / 4] as number;
    const first = (i32[word] as number) >>> 2;
    const end = first + (i32[word + MAP_CAPACITY / 4] as number) * (ENTRY_BYTES / 4);
    const target = entries >>> 2;
    const mask = capacity - 1;
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
      heap.recorder?.copy(to * 4, entry * 4, ENTRY_BYTES);
    }
    heap.setPointer(map, entries);
    heap.setWord(map + MAP_CAPACITY, capacity);
    i32[word + MAP_DELETED / 4] = 0;
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
    const first = (i32[word] as number) >>> 2;
    const end = first + (i32[word + MAP_CAPACITY / 4] as number) * (ENTRY_BYTES / 4);
    const entries: number[] = [];
    for (let entry = first; entry < end; entry += ENTRY_BYTES / 4) {
      if (i32[entry + ENTRY_OCCUPIED / 4] !== 0 && i32[entry + ENTRY_DELETED / 4] === 0) entries.push(entry);
    }
    return entries;
  }

  private makeRoom(map: number, key: number, value: number, rehash: boolean, grow: boolean): void {
    const { heap } = this;
    heap.hold(map);
    heap.hold(key);
    heap.hold(value);
    if (rehash) this.resize(map, heap.i32[(map + MAP_CAPACITY) >>> 2] as number);
    if (grow) this.resize(map, (heap.i32[(map + MAP_CAPACITY) >>> 2] as number) * 2);
    heap.release(3);
  }

  private put(word: number, kind: number, keyLow: number, keyHigh: number, low: number, high: number): void {
    const { heap } = this;
    const { i32, recorder } = heap;
    let entry = this.find(word, kind, keyLow, keyHigh);
    if (i32[entry + ENTRY_OCCUPIED / 4] === 0) {
      if (this.tombstone !== 0) {
        entry = this.tombstone;
        i32[word + MAP_DELETED / 4]!--;
      }
      i32[entry] = keyLow;
      i32[entry + 1] = keyHigh;
      i32[entry + ENTRY_OCCUPIED / 4] = 1;
      i32[entry + ENTRY_DELETED / 4] = 0;
      i32[word + MAP_COUNT / 4]!++;
      if (recorder !== undefined) {
        if (kind !== KEY_RAW) recorder.storePointer(entry * 4, keyLow);
        recorder.storeWord(entry * 4 + ENTRY_OCCUPIED, 1);
      }
    }
    i32[entry + ENTRY_VALUE / 4] = low;
    i32[entry + ENTRY_VALUE_HIGH / 4] = high;
    if (recorder !== undefined && i32[word + MAP_POINTERS / 4] !== 0)
      recorder.storePointer(entry * 4 + ENTRY_VALUE, low);
  }

  /** Word index of the key's entry, or of the one that ends the search, which was never occupied. */
  private find(word: number, kind: number, keyLow: number, keyHigh: number): number {
    const { i32 } = this.heap;
    const entries = (i32[word] as number) >>> 2;
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
    if (kind !== KEY_STRING) return low;
    return hashLow(this.heap.u8, this.strings.dataOf(low), this.strings.length(low));
  }

  private wordOf(map: number): number {
    if (map === 0) throw nullFailure("a map");
    return map >>> 2;
  }
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
