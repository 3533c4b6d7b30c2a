import { MorphError } from "@morph/memory";
import { Arrays, requireShape } from "../values/arrays.ts";
import { ARRAY_LENGTH } from "../values/layout.ts";
import type { Strings } from "../values/strings.ts";
import { ARRAY } from "../values/types.ts";
import type { Shape } from "./allocator.ts";
import type { GcHeap } from "./heap.ts";

const ARRAY_BYTES = 16;

/*
 * Arrays on the collector: the data block knows its capacity, and its type what an element is.
 *
 *   array       | data, 4 bytes | 4 | length 8 |
 *   data block  | capacity, 4 bytes | 4 | elements |
 */
export class GcArrays extends Arrays {
  private readonly gcHeap: GcHeap;

  constructor(heap: GcHeap, strings: Strings) {
    super(heap, strings);
    this.gcHeap = heap;
  }

  override create(length: number, elementSize: number, pointers: number): number {
    const { heap } = this;
    requireShape(length, elementSize, pointers, heap.referenceBytes);
    // The block last: a module stores its elements without a barrier, so that it must be younger than every collection.
    const place = heap.hold(heap.alloc(ARRAY_BYTES, ARRAY));
    const data = heap.allocElements(length, elementSize, pointers === 0 ? 0 : 1);
    const array = heap.held(place);
    heap.setPointer(array, 0, data);
    heap.setWord(array + ARRAY_LENGTH, length);
    heap.release(1);
    return array;
  }

  override elementSize(array: number): number {
    return this.shapeOf(array).size;
  }

  override pointersOf(array: number): number {
    return this.shapeOf(array).pointers;
  }

  /** What an element is; kinds of elements have one object each. */
  private shapeOf(array: number): Shape {
    return this.gcHeap.gc.shapeOf(this.heap.i32[array >>> 2] as number);
  }

  protected override setCapacity(): void {}

  /** Elements of another kind would be pointers that are none; an empty array is of any kind. */
  protected override shapedLike(a: number, b: number): number {
    if (this.shapeOf(a) === this.shapeOf(b) || this.length(b) === 0) return a;
    if (this.length(a) === 0) return b;
    throw new MorphError("ERR_MORPH_INVALID_TYPE", "arrays of elements of two kinds cannot be joined");
  }
}
