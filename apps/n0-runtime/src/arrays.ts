import { describe, MorphError } from "@morph/memory";
import type { Core } from "./core.ts";
import { nullFailure } from "./failure.ts";
import { ARRAY_CAPACITY, ARRAY_ELEMENT_SIZE, ARRAY_LENGTH, ARRAY_POINTERS } from "./layout.ts";
import type { Strings } from "./strings.ts";
import { ARRAY, RAW } from "./types.ts";

/** Elements for which an array has room once it grows. */
const LEAST_GROWN = 4;

/** Arrays: an object of 40 bytes and a data block, which has room for more elements once something was appended. */
export class Arrays {
  private readonly core: Core;
  private readonly strings: Strings;

  constructor(core: Core, strings: Strings) {
    this.core = core;
    this.strings = strings;
  }

  /**
   * An array of zeros. O(bytes).
   * @param pointers 1 when each element starts with a pointer
   * @throws ERR_MORPH_INVALID_SIZE
   */
  create(length: number, elementSize: number, pointers: number): number {
    if (!Number.isInteger(length) || length < 0) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `capacity: expected an integer from 0, got ${describe(length)}`);
    }
    if (!Number.isInteger(elementSize) || elementSize < 1 || (pointers !== 0 && elementSize % 8 !== 0)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `element size: expected an integer from 1, a multiple of 8 for pointers, got ${describe(elementSize)}`,
      );
    }
    const { core } = this;
    const array = core.alloc(40, ARRAY);
    core.hold(array);
    const data = core.alloc(length * elementSize, RAW);
    core.release(1);
    // V1-1: the length comes after the data, because the second allocation may collect.
    core.setPointer(array, data);
    core.setWord(array + ARRAY_LENGTH, length);
    core.setWord(array + ARRAY_CAPACITY, length);
    core.setWord(array + ARRAY_ELEMENT_SIZE, elementSize);
    core.setWord(array + ARRAY_POINTERS, pointers === 0 ? 0 : 1);
    return array;
  }

  /** Address of an element, or -1 when the 64-bit index is out of range. O(1). @throws the failure `null` */
  at(array: number, low: number, high: number): number {
    const length = this.length(array);
    if (high !== 0 || low >>> 0 >= length) return -1;
    const { i32 } = this.core;
    const word = array >>> 2;
    return ((i32[word] as number) >>> 0) + (low >>> 0) * (i32[word + 6] as number);
  }

  /**
   * Room for at least one more element: the data block doubles. The length stays; who appends sets it. O(bytes).
   * @throws the failures `null` and `memory`
   */
  grow(array: number): void {
    const { core } = this;
    const length = this.length(array);
    const word = array >>> 2;
    const elementSize = core.i32[word + 6] as number;
    const capacity = Math.max(length * 2, LEAST_GROWN);
    core.hold(array);
    const data = core.alloc(capacity * elementSize, RAW);
    core.release(1);
    core.copy(data, core.i32[word] as number, length * elementSize);
    core.setPointer(array, data);
    core.setWord(array + ARRAY_CAPACITY, capacity);
  }

  /** A new array of all elements of both. O(bytes). */
  concat(a: number, b: number): number {
    const { core } = this;
    const aLength = this.length(a);
    const bLength = this.length(b);
    const word = a >>> 2;
    const elementSize = core.i32[word + 6] as number;
    const pointers = core.i32[word + 8] as number;
    core.hold(a);
    core.hold(b);
    const array = this.create(aLength + bLength, elementSize, pointers);
    core.release(2);
    const data = (core.i32[array >>> 2] as number) >>> 0;
    core.copy(data, core.i32[a >>> 2] as number, aLength * elementSize);
    // The element size is a's: of b no more than it has.
    const ofB = bLength * Math.min(elementSize, core.i32[(b >>> 2) + 6] as number);
    core.copy(data + aLength * elementSize, core.i32[b >>> 2] as number, ofB);
    return array;
  }

  /** The parts between occurrences of a separator; an empty one splits into bytes. */
  split(string: number, separator: number): number {
    const { core, strings } = this;
    const length = strings.length(string);
    const step = strings.length(separator);
    const starts: number[] = [];
    const ends: number[] = [];
    if (step === 0) {
      for (let i = 0; i < length; i++) {
        starts.push(i);
        ends.push(i + 1);
      }
    } else {
      let start = 0;
      for (let at = strings.index(string, separator); at >= 0; at = strings.index(string, separator, start)) {
        starts.push(start);
        ends.push(at);
        start = at + step;
      }
      starts.push(start);
      ends.push(length);
    }
    // V1-11: everything is held while the parts are made.
    core.hold(string);
    const array = this.create(starts.length, 8, 1);
    core.hold(array);
    for (let i = 0; i < starts.length; i++) {
      const part = strings.slice(string, starts[i] as number, ends[i] as number);
      core.setPointer((core.i32[array >>> 2] as number) + i * 8, part);
    }
    core.release(2);
    return array;
  }

  /** A string of the low 8 bits of each int. O(length). */
  toBytes(array: number): number {
    const length = this.length(array);
    const { core, strings } = this;
    core.hold(array);
    const string = strings.allocate(length);
    core.release(1);
    const { i32, u8 } = core;
    const data = strings.dataOf(string);
    const word = (i32[array >>> 2] as number) >>> 2;
    for (let i = 0; i < length; i++) u8[data + i] = i32[word + i * 2] as number;
    return string;
  }

  /** An array of the bytes of a string, each 0 to 255. O(length). */
  ofBytes(string: number): number {
    const { core, strings } = this;
    const length = strings.length(string);
    core.hold(string);
    const array = this.create(length, 8, 0);
    core.release(1);
    const { i32, u8 } = core;
    const data = strings.dataOf(string);
    const word = (i32[array >>> 2] as number) >>> 2;
    for (let i = 0; i < length; i++) i32[word + i * 2] = u8[data + i] as number;
    return array;
  }

  /** @throws the failure `null` */
  length(array: number): number {
    if (array === 0) throw nullFailure("an array");
    return this.core.i32[(array + 8) >>> 2] as number;
  }
}
