import { describe, MorphError } from "@morph/memory";
import { nullFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import { ARRAY_CAPACITY, ARRAY_ELEMENT_SIZE, ARRAY_LENGTH, ARRAY_POINTERS } from "./layout.ts";
import type { Strings } from "./strings.ts";
import { ARRAY, RAW } from "./types.ts";

/** Elements for which an array has room once it grows. */
const LEAST_GROWN = 4;

/** Arrays: an object of 40 bytes and a data block, which has room for more elements once something was appended. */
export class Arrays {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;

  constructor(heap: RuntimeHeap, strings: Strings) {
    this.heap = heap;
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
    const { heap } = this;
    const array = heap.alloc(40, ARRAY);
    heap.hold(array);
    const data = heap.alloc(length * elementSize, RAW);
    heap.release(1);
    // V1-1: the length comes after the data, because the second allocation may collect.
    heap.setPointer(array, data);
    heap.setWord(array + ARRAY_LENGTH, length);
    heap.setWord(array + ARRAY_CAPACITY, length);
    heap.setWord(array + ARRAY_ELEMENT_SIZE, elementSize);
    heap.setWord(array + ARRAY_POINTERS, pointers === 0 ? 0 : 1);
    return array;
  }

  /** Address of an element, or -1 when the 64-bit index is out of range. O(1). @throws the failure `null` */
  at(array: number, low: number, high: number): number {
    const length = this.length(array);
    if (high !== 0 || low >>> 0 >= length) return -1;
    const { i32 } = this.heap;
    const word = array >>> 2;
    return ((i32[word] as number) >>> 0) + (low >>> 0) * (i32[word + ARRAY_ELEMENT_SIZE / 4] as number);
  }

  /**
   * Room for at least one more element: the data block doubles. The length stays; who appends sets it. O(bytes).
   * @throws the failures `null` and `memory`
   */
  grow(array: number): void {
    const { heap } = this;
    const length = this.length(array);
    const word = array >>> 2;
    const elementSize = heap.i32[word + ARRAY_ELEMENT_SIZE / 4] as number;
    const capacity = Math.max(length * 2, LEAST_GROWN);
    heap.hold(array);
    const data = heap.alloc(capacity * elementSize, RAW);
    heap.release(1);
    heap.copy(data, heap.i32[word] as number, length * elementSize);
    heap.setPointer(array, data);
    heap.setWord(array + ARRAY_CAPACITY, capacity);
  }

  /** A new array of all elements of both. O(bytes). */
  concat(a: number, b: number): number {
    const { heap } = this;
    const aLength = this.length(a);
    const bLength = this.length(b);
    const word = a >>> 2;
    const elementSize = heap.i32[word + ARRAY_ELEMENT_SIZE / 4] as number;
    const pointers = heap.i32[word + ARRAY_POINTERS / 4] as number;
    heap.hold(a);
    heap.hold(b);
    const array = this.create(aLength + bLength, elementSize, pointers);
    heap.release(2);
    const data = (heap.i32[array >>> 2] as number) >>> 0;
    heap.copy(data, heap.i32[a >>> 2] as number, aLength * elementSize);
    // The element size is a's: of b no more than it has.
    const ofB = bLength * Math.min(elementSize, heap.i32[(b >>> 2) + ARRAY_ELEMENT_SIZE / 4] as number);
    heap.copy(data + aLength * elementSize, heap.i32[b >>> 2] as number, ofB);
    return array;
  }

  /** The parts between occurrences of a separator; an empty one splits into bytes. */
  split(string: number, separator: number): number {
    const { heap, strings } = this;
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
    heap.hold(string);
    const array = this.create(starts.length, 8, 1);
    heap.hold(array);
    for (let i = 0; i < starts.length; i++) {
      const part = strings.slice(string, starts[i] as number, ends[i] as number);
      heap.setPointer((heap.i32[array >>> 2] as number) + i * 8, part);
    }
    heap.release(2);
    return array;
  }

  /** A string of the low 8 bits of each int. O(length). */
  toBytes(array: number): number {
    const length = this.length(array);
    const { heap, strings } = this;
    heap.hold(array);
    const string = strings.allocate(length);
    heap.release(1);
    const { i32, u8 } = heap;
    const data = strings.dataOf(string);
    const word = (i32[array >>> 2] as number) >>> 2;
    for (let i = 0; i < length; i++) u8[data + i] = i32[word + i * 2] as number;
    return string;
  }

  /** An array of the bytes of a string, each 0 to 255. O(length). */
  ofBytes(string: number): number {
    const { heap, strings } = this;
    const length = strings.length(string);
    heap.hold(string);
    const array = this.create(length, 8, 0);
    heap.release(1);
    const { i32, u8 } = heap;
    const data = strings.dataOf(string);
    const word = (i32[array >>> 2] as number) >>> 2;
    for (let i = 0; i < length; i++) i32[word + i * 2] = u8[data + i] as number;
    return array;
  }

  /** @throws the failure `null` */
  length(array: number): number {
    if (array === 0) throw nullFailure("an array");
    return this.heap.i32[(array + ARRAY_LENGTH) >>> 2] as number;
  }
}
