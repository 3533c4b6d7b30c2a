import { describe, MorphError } from "@morph/memory";
import { nullFailure } from "../failure.ts";
import { outOfMemory, type RuntimeHeap } from "../runtime-heap.ts";
import { hashLow } from "./hash.ts";
import { IMPOSSIBLE_BYTES, STRING_LENGTH } from "./layout.ts";
import { RAW, STRING } from "./types.ts";

const encoder = new TextEncoder();

/** A length is read as a signed word. */
export const LONGEST = 0x7fff_ffff;

/** Byte strings: an object of 16 bytes and a data block of length + 1 each; never changed. `GcStrings` are one object each. */
export class Strings {
  protected readonly heap: RuntimeHeap;

  constructor(heap: RuntimeHeap) {
    this.heap = heap;
  }

  /** A string of bytes, which do not move meanwhile. O(length). @throws ERR_MORPH_INVALID_SIZE */
  create(bytes: number, length: number): number {
    if (length < 0) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `length: expected 0 to 2^31 - 1, got ${describe(length)}`);
    }
    const string = this.allocate(length);
    this.heap.copyBytes(this.dataOf(string), bytes, length);
    return string;
  }

  /** A string of a JavaScript string's UTF-8, or of bytes. O(length). */
  createFrom(content: string | Uint8Array): number {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    const string = this.allocate(bytes.length);
    this.heap.u8.set(bytes, this.dataOf(string));
    return string;
  }

  /** A string of one byte, the low 8 bits. */
  ofByte(byte: number): number {
    const string = this.allocate(1);
    this.heap.u8[this.dataOf(string)] = byte;
    return string;
  }

  /**
   * A string of what is read.
   * @param most bytes to read at most, from 1
   * @param read fills bytes from their start on, as far as there are any, and says how many
   */
  ofRead(most: number, read: (bytes: Uint8Array) => number): number {
    const { heap } = this;
    // No string is longer; as in C, the buffer's allocation is what fails.
    const data = heap.alloc(most > LONGEST ? IMPOSSIBLE_BYTES : most + 1, RAW);
    const length = read(heap.bytes(data, most));
    heap.hold(data);
    const string = heap.alloc(16, STRING);
    heap.setPointer(string, 0, data);
    heap.i32[(string + STRING_LENGTH) >>> 2] = length;
    heap.release(1);
    return string;
  }

  concat(a: number, b: number): number {
    const { heap } = this;
    const aLength = this.length(a);
    const bLength = this.length(b);
    if (aLength + bLength > LONGEST) throw outOfMemory(new Error(`a string of ${aLength + bLength} bytes is too long`));
    const place = heap.hold(a);
    heap.hold(b);
    const string = this.allocate(aLength + bLength);
    const left = heap.held(place);
    const right = heap.held(place + 1);
    heap.release(2);
    const data = this.dataOf(string);
    heap.copyBytes(data, this.dataOf(left), aLength);
    heap.copyBytes(data + aLength, this.dataOf(right), bLength);
    return string;
  }

  /** Whether the bytes are the same; null equals only null. */
  equals(a: number, b: number): boolean {
    if ((a | 0) === (b | 0)) return true;
    if (a === 0 || b === 0) return false;
    const { i32 } = this.heap;
    const length = i32[(a + STRING_LENGTH) >>> 2] as number;
    if (length !== i32[(b + STRING_LENGTH) >>> 2]) return false;
    return this.bytesEqual((i32[a >>> 2] as number) >>> 0, (i32[b >>> 2] as number) >>> 0, length);
  }

  protected bytesEqual(a: number, b: number, length: number): boolean {
    const { u8 } = this.heap;
    for (let i = 0; i < length; i++) if (u8[a + i] !== u8[b + i]) return false;
    return true;
  }

  /** -1, 0 or 1: by unsigned bytes, and what starts another comes before it. O(length). @throws the failure `null` */
  compare(a: number, b: number): number {
    const aLength = this.length(a);
    const bLength = this.length(b);
    const { u8 } = this.heap;
    const aData = this.dataOf(a);
    const bData = this.dataOf(b);
    const shorter = Math.min(aLength, bLength);
    for (let i = 0; i < shorter; i++) {
      const difference = (u8[aData + i] as number) - (u8[bData + i] as number);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(aLength - bLength);
  }

  /** @throws the failure `null` */
  length(string: number): number {
    if (string === 0) throw nullFailure("a string");
    return this.heap.i32[(string + STRING_LENGTH) >>> 2] as number;
  }

  /** Where the bytes lie. @throws the failure `null` */
  dataOf(string: number): number {
    if (string === 0) throw nullFailure("a string");
    return (this.heap.i32[string >>> 2] as number) >>> 0;
  }

  /** Where a map looks for the string, as a hash of 32 bits. O(length). */
  hash(string: number): number {
    return hashLow(this.heap.u8, this.dataOf(string), this.length(string));
  }

  /** Offset of the first occurrence at or after `from`, or -1. */
  index(string: number, sub: number, from = 0): number {
    const { u8 } = this.heap;
    const last = this.length(string) - this.length(sub);
    const data = this.dataOf(string);
    const wanted = this.dataOf(sub);
    const length = this.length(sub);
    for (let at = from; at <= last; at++) {
      let i = 0;
      while (i < length && u8[data + at + i] === u8[wanted + i]) i++;
      if (i === length) return at;
    }
    return -1;
  }

  /** Without the bytes of `cut` at both ends. */
  trim(string: number, cut: number): number {
    const { u8 } = this.heap;
    const data = this.dataOf(string);
    const bytes = this.heap.bytes(this.dataOf(cut), this.length(cut));
    let start = 0;
    let end = this.length(string);
    while (start < end && bytes.includes(u8[data + start] as number)) start++;
    while (end > start && bytes.includes(u8[data + end - 1] as number)) end--;
    return this.slice(string, start, end);
  }

  /** Bytes `start` to `end - 1`, which must lie in the string. */
  slice(string: number, start: number, end: number): number {
    const { heap } = this;
    const place = heap.hold(string);
    const slice = this.allocate(end - start);
    const source = this.dataOf(heap.held(place)) + start;
    heap.release(1);
    heap.copyBytes(this.dataOf(slice), source, end - start);
    return slice;
  }

  /** A slice clamped to the string: 64-bit bounds, as words; of null the empty string. */
  substring(string: number, startLow: number, startHigh: number, endLow: number, endHigh: number): number {
    if (string === 0) return this.allocate(0);
    const length = this.length(string);
    const start = clamp(startLow, startHigh, length);
    return this.slice(string, start, Math.max(start, clamp(endLow, endHigh, length)));
  }

  /** The content as text, for hosts. */
  textOf(string: number): string {
    return new TextDecoder().decode(this.heap.bytes(this.dataOf(string), this.length(string)));
  }

  /** The view of the bytes before the first NUL, as C's `%s` and `fopen` see them, until the next allocation. */
  upToNul(string: number): Uint8Array {
    const bytes = this.heap.bytes(this.dataOf(string), this.length(string));
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  }

  /** A string of zeros: the object, then its data block. */
  allocate(length: number): number {
    const { heap } = this;
    const string = heap.alloc(16, STRING);
    heap.hold(string);
    const data = heap.alloc(length + 1, RAW);
    heap.release(1);
    heap.setPointer(string, 0, data);
    heap.i32[(string + STRING_LENGTH) >>> 2] = length;
    return string;
  }
}

/** A 64-bit number brought into 0 to `most`. */
export function clamp(low: number, high: number, most: number): number {
  if (high < 0) return 0;
  return high > 0 || low >>> 0 > most ? most : low >>> 0;
}
