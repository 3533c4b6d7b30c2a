import { nullFailure, RuntimeFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import { BUILDER_BYTES, BUILDER_CAPACITY, BUILDER_LENGTH } from "./layout.ts";
import { LONGEST, type Strings } from "./strings.ts";
import { RAW } from "./types.ts";

const LEAST_CAPACITY = 64;

/*
 * Module bytes: byte sequences that grow at their end. Their data block doubles, so that a byte costs O(1) in the mean.
 *
 *   builder  ┌ data 8 ┬ length 8 ┬ capacity 8 ┐            data block: `RAW`, capacity bytes
 */
export class Builders {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;
  private readonly registerType: () => number;
  /** The handle of the type, 0 before the first builder: most programs have none, and V2 knows few types. */
  private type = 0;

  /** @param registerType registers the type of builders */
  constructor(heap: RuntimeHeap, strings: Strings, registerType: () => number) {
    this.heap = heap;
    this.strings = strings;
    this.registerType = registerType;
  }

  /** An empty builder. */
  create(): number {
    const { heap } = this;
    if (this.type === 0) this.type = this.registerType();
    const builder = heap.alloc(BUILDER_BYTES, this.type);
    heap.hold(builder);
    const data = heap.alloc(LEAST_CAPACITY, RAW);
    heap.release(1);
    heap.setPointer(builder, data);
    heap.i32[(builder + BUILDER_CAPACITY) >>> 2] = LEAST_CAPACITY;
    return builder;
  }

  /** Appends a string. O(its length) in the mean. */
  add(builder: number, string: number): void {
    this.require(builder);
    const length = this.strings.length(string);
    const at = this.extend(builder, string, length);
    this.heap.copyBytes(at, this.strings.dataOf(string), length);
  }

  /** Appends what another builder holds, which may be the same. */
  addAll(builder: number, other: number): void {
    this.require(builder);
    const from = this.require(other);
    const length = this.heap.i32[from + BUILDER_LENGTH / 4] as number;
    const at = this.extend(builder, other, length);
    this.heap.copyBytes(at, this.heap.i32[from] as number, length);
  }

  /** Appends the low 8 bits. O(1) in the mean. */
  addByte(builder: number, byte: number): void {
    const word = this.require(builder);
    const { i32 } = this.heap;
    const length = i32[word + BUILDER_LENGTH / 4] as number;
    const at =
      length < (i32[word + BUILDER_CAPACITY / 4] as number)
        ? (i32[word] as number) + length
        : this.extend(builder, 0, 1);
    this.heap.u8[at >>> 0] = byte;
    this.heap.i32[word + BUILDER_LENGTH / 4] = length + 1;
  }

  /** Address of a byte, or -1 when the 64-bit index is out of range. O(1). */
  at(builder: number, low: number, high: number): number {
    const word = this.require(builder);
    const { i32 } = this.heap;
    if (high !== 0 || low >>> 0 >= (i32[word + BUILDER_LENGTH / 4] as number)) return -1;
    return ((i32[word] as number) >>> 0) + (low >>> 0);
  }

  length(builder: number): number {
    return this.heap.i32[this.require(builder) + BUILDER_LENGTH / 4] as number;
  }

  /** Forgets the bytes and keeps the room. O(1). */
  clear(builder: number): void {
    this.heap.i32[this.require(builder) + BUILDER_LENGTH / 4] = 0;
  }

  /** The bytes as a string. O(length). */
  toText(builder: number): number {
    const word = this.require(builder);
    const { heap } = this;
    heap.hold(builder);
    const string = this.strings.create(heap.i32[word] as number, heap.i32[word + BUILDER_LENGTH / 4] as number);
    heap.release(1);
    return string;
  }

  /** Room for `count` more bytes, of which the length then speaks. @param source kept alive meanwhile. @returns where they go */
  private extend(builder: number, source: number, count: number): number {
    const { heap } = this;
    const word = builder >>> 2;
    const length = heap.i32[word + BUILDER_LENGTH / 4] as number;
    const needed = length + count;
    const capacity = heap.i32[word + BUILDER_CAPACITY / 4] as number;
    if (needed > LONGEST) throw new RuntimeFailure("memory", `a builder of ${needed} bytes is too long`);
    if (needed > capacity) {
      const larger = Math.min(Math.max(needed, capacity * 2), LONGEST);
      heap.hold(builder);
      heap.hold(source);
      const data = heap.alloc(larger, RAW);
      heap.release(2);
      heap.copyBytes(data, heap.i32[word] as number, length);
      heap.setPointer(builder, data);
      heap.i32[word + BUILDER_CAPACITY / 4] = larger;
    }
    heap.i32[word + BUILDER_LENGTH / 4] = needed;
    return (heap.i32[word] as number) + length;
  }

  /** Word index of a builder. Its type is looked at, because a program can write `bytes.Builder()` itself. */
  private require(builder: number): number {
    if (builder === 0) throw nullFailure("a builder");
    if (this.type === 0 || this.heap.allocator.typeOf(builder) !== this.type) {
      throw new RuntimeFailure("builder", "a bytes.Builder that bytes.New did not make");
    }
    return builder >>> 2;
  }
}
