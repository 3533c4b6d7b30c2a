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
  protected readonly heap: RuntimeHeap;
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
    const { heap } = this;
    requireShape(length, elementSize, pointers, heap.referenceBytes);
    const array = heap.alloc(40, ARRAY);
    heap.hold(array);
    const data = heap.alloc(length * elementSize, RAW);
    heap.release(1);
    // V1-1: the length comes after the data, because the second allocation may collect.
    heap.setPointer(array, 0, data);
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
    return this.elementsOf(array) + (low >>> 0) * this.elementSize(array);
  }

  /** Where the elements lie, until something is allocated. */
  elementsOf(array: number): number {
    const { heap } = this;
    return ((heap.i32[array >>> 2] as number) >>> 0) + heap.dataStart;
  }

  /** Bytes of an element. O(1). */
  elementSize(array: number): number {
    return this.heap.i32[(array + ARRAY_ELEMENT_SIZE) >>> 2] as number;
  }

  /** 1 when each element starts with a pointer, else 0. O(1). */
  pointersOf(array: number): number {
    return this.heap.i32[(array + ARRAY_POINTERS) >>> 2] as number;
  }

  /**
   * Room for at least one more element: the data block doubles. The length stays; who appends sets it. O(bytes).
   * @throws the failures `null` and `memory`
   */
  grow(array: number): void {
    const { heap } = this;
    const length = this.length(array);
    const elementSize = this.elementSize(array);
    const pointers = this.pointersOf(array);
    const capacity = Math.max(length * 2, LEAST_GROWN);
    const place = heap.hold(array);
    const data = heap.allocElements(capacity, elementSize, pointers);
    const grown = heap.held(place);
    heap.release(1);
    const bytes = length * elementSize;
    heap.copyElements(data, heap.dataStart, this.elementsOf(grown), bytes, elementSize, pointers);
    heap.setPointer(grown, 0, data);
    this.setCapacity(grown, capacity);
  }

  /** Notes for how many elements there is room. */
  protected setCapacity(array: number, capacity: number): void {
    this.heap.setWord(array + ARRAY_CAPACITY, capacity);
  }

  /** A new array of all elements of both. O(bytes). */
  concat(a: number, b: number): number {
    const { heap } = this;
    const aLength = this.length(a);
    const bLength = this.length(b);
    const elementSize = this.elementSize(a);
    const pointers = this.pointersOf(a);
    const place = heap.hold(a);
    heap.hold(b);
    const array = this.create(aLength + bLength, elementSize, pointers);
    const left = heap.held(place);
    const right = heap.held(place + 1);
    heap.release(2);
    const data = heap.i32[array >>> 2] as number;
    const ofA = aLength * elementSize;
    heap.copyElements(data, heap.dataStart, this.elementsOf(left), ofA, elementSize, pointers);
    // The element size is a's: of b no more than it has.
    const ofB = bLength * Math.min(elementSize, this.elementSize(right));
    heap.copyElements(data, heap.dataStart + ofA, this.elementsOf(right), ofB, elementSize, pointers);
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
    const source = heap.hold(string);
    const target = heap.hold(this.create(starts.length, heap.referenceBytes, 1));
    for (let i = 0; i < starts.length; i++) {
      const part = strings.slice(heap.held(source), starts[i] as number, ends[i] as number);
      this.setReference(heap.held(target), i, part);
    }
    const array = heap.held(target);
    heap.release(2);
    return array;
  }

  /** Stores an element of an array of references. */
  setReference(array: number, index: number, pointer: number): void {
    const { heap } = this;
    heap.setPointer(heap.i32[array >>> 2] as number, heap.dataStart + index * heap.referenceBytes, pointer);
  }

  /** A string of the low 8 bits of each int. O(length). */
  toBytes(array: number): number {
    const length = this.length(array);
    const { heap, strings } = this;
    const place = heap.hold(array);
    const string = strings.allocate(length);
    const word = this.elementsOf(heap.held(place)) >>> 2;
    heap.release(1);
    const { i32, u8 } = heap;
    const data = strings.dataOf(string);
    for (let i = 0; i < length; i++) u8[data + i] = i32[word + i * 2] as number;
    return string;
  }

  /** An array of the bytes of a string, each 0 to 255. O(length). */
  ofBytes(string: number): number {
    const { heap, strings } = this;
    const length = strings.length(string);
    const place = heap.hold(string);
    const array = this.create(length, 8, 0);
    const data = strings.dataOf(heap.held(place));
    heap.release(1);
    const { i32, u8 } = heap;
    const word = this.elementsOf(array) >>> 2;
    for (let i = 0; i < length; i++) i32[word + i * 2] = u8[data + i] as number;
    return array;
  }

  /** @throws the failure `null` */
  length(array: number): number {
    if (array === 0) throw nullFailure("an array");
    return this.heap.i32[(array + ARRAY_LENGTH) >>> 2] as number;
  }
}

/** @throws ERR_MORPH_INVALID_SIZE for what is no length or no element size */
export function requireShape(length: number, elementSize: number, pointers: number, referenceBytes: number): void {
  if (!Number.isInteger(length) || length < 0) {
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `capacity: expected an integer from 0, got ${describe(length)}`);
  }
  if (!Number.isInteger(elementSize) || elementSize < 1 || (pointers !== 0 && elementSize % referenceBytes !== 0)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_SIZE",
      `element size: expected an integer from 1, a multiple of ${referenceBytes} for pointers, got ${describe(elementSize)}`,
    );
  }
}
