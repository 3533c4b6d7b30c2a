import { nullFailure, RuntimeFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import { BUILDER_BYTES, BUILDER_CAPACITY, BUILDER_LENGTH } from "./layout.ts";
import { LONGEST, type Strings } from "./strings.ts";

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
    const place = heap.hold(heap.alloc(BUILDER_BYTES, this.type));
    const data = heap.allocElements(LEAST_CAPACITY, 1, 0);
    const builder = heap.held(place);
    heap.release(1);
    heap.setPointer(builder, 0, data);
    heap.i32[(builder + BUILDER_CAPACITY) >>> 2] = LEAST_CAPACITY;
    return builder;
  }

  /** Appends a string. O(its length) in the mean. */
  add(builder: number, string: number): void {
    this.require(builder);
    const { heap, strings } = this;
    const length = strings.length(string);
    if (this.fits(builder, length)) {
      heap.copyBytes(this.take(builder, length), strings.dataOf(string), length);
      return;
    }
    const place = heap.hold(string);
    const grown = this.grow(builder, length);
    const added = heap.held(place);
    heap.release(1);
    heap.copyBytes(this.take(grown, length), strings.dataOf(added), length);
  }

  /** Appends what another builder holds, which may be the same. */
  addAll(builder: number, other: number): void {
    this.require(builder);
    const { heap } = this;
    const length = heap.i32[this.require(other) + BUILDER_LENGTH / 4] as number;
    const place = heap.hold(other);
    const grown = this.fits(builder, length) ? builder : this.grow(builder, length);
    const added = heap.held(place);
    heap.release(1);
    heap.copyBytes(this.take(grown, length), this.dataOf(added), length);
  }

  /** Appends the low 8 bits. O(1) in the mean. */
  addByte(builder: number, byte: number): void {
    const word = this.require(builder);
    const { i32 } = this.heap;
    const length = i32[word + BUILDER_LENGTH / 4] as number;
    if (length === (i32[word + BUILDER_CAPACITY / 4] as number)) {
      const at = this.take(this.grow(builder, 1), 1);
      this.heap.u8[at] = byte;
      return;
    }
    this.heap.u8[this.dataOf(builder) + length] = byte;
    i32[word + BUILDER_LENGTH / 4] = length + 1;
  }

  /** Address of a byte, or -1 when the 64-bit index is out of range. O(1). */
  at(builder: number, low: number, high: number): number {
    const word = this.require(builder);
    const { i32 } = this.heap;
    if (high !== 0 || low >>> 0 >= (i32[word + BUILDER_LENGTH / 4] as number)) return -1;
    return this.dataOf(builder) + (low >>> 0);
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
    const length = this.length(builder);
    const { heap, strings } = this;
    const place = heap.hold(builder);
    const string = strings.allocate(length);
    heap.copyBytes(strings.dataOf(string), this.dataOf(heap.held(place)), length);
    heap.release(1);
    return string;
  }

  /** Where the bytes lie, until something is allocated. */
  private dataOf(builder: number): number {
    return ((this.heap.i32[builder >>> 2] as number) >>> 0) + this.heap.dataStart;
  }

  /** Whether there is room for `count` more bytes. */
  private fits(builder: number, count: number): boolean {
    const { i32 } = this.heap;
    const length = i32[(builder + BUILDER_LENGTH) >>> 2] as number;
    return length + count <= (i32[(builder + BUILDER_CAPACITY) >>> 2] as number);
  }

  /** Makes the builder longer by what fits. @returns where the new bytes go */
  private take(builder: number, count: number): number {
    const { i32 } = this.heap;
    const length = i32[(builder + BUILDER_LENGTH) >>> 2] as number;
    i32[(builder + BUILDER_LENGTH) >>> 2] = length + count;
    return this.dataOf(builder) + length;
  }

  /** Room for `count` more bytes. @returns the builder, where it is now */
  private grow(builder: number, count: number): number {
    const { heap } = this;
    const length = heap.i32[(builder + BUILDER_LENGTH) >>> 2] as number;
    const needed = length + count;
    if (needed > LONGEST) {
      heap.release(heap.roots.heldCount);
      throw new RuntimeFailure("memory", `a builder of ${needed} bytes is too long`);
    }
    const capacity = heap.i32[(builder + BUILDER_CAPACITY) >>> 2] as number;
    const larger = Math.min(Math.max(needed, capacity * 2), LONGEST);
    const place = heap.hold(builder);
    const data = heap.allocElements(larger, 1, 0);
    const grown = heap.held(place);
    heap.release(1);
    heap.copyBytes(data + heap.dataStart, this.dataOf(grown), length);
    heap.setPointer(grown, 0, data);
    heap.i32[(grown + BUILDER_CAPACITY) >>> 2] = larger;
    return grown;
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
