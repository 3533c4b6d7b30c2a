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
    requireShape(length, elementSize, pointers, this.heap.referenceBytes);
    return this.make(length, elementSize, pointers === 0 ? 0 : 1, false);
  }

  /** @param overwritten whether all elements are set at once */
  private make(length: number, elementSize: number, pointers: number, overwritten: boolean): number {
    const { heap, gcHeap } = this;
    // The block last: a module stores its elements without a barrier, so that it must be younger than every collection.
    const place = heap.hold(heap.alloc(ARRAY_BYTES, ARRAY));
    const data = gcHeap.makeElements(length, elementSize, pointers, overwritten);
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

  override concat(a: number, b: number): number {
    const { heap } = this;
    const aLength = this.length(a);
    const bLength = this.length(b);
    const { size, pointers } = this.commonShape(a, aLength, b, bLength);
    const place = heap.hold(a);
    heap.hold(b);
    const array = this.make(aLength + bLength, size, pointers, true);
    const left = this.elementsOf(heap.held(place));
    const right = this.elementsOf(heap.held(place + 1));
    heap.release(2);
    const data = heap.i32[array >>> 2] as number;
    const bytes = aLength * size;
    heap.copyElements(data, heap.dataStart, left, bytes, size, pointers);
    heap.copyElements(data, heap.dataStart + bytes, right, bLength * size, size, pointers);
    return array;
  }

  /** What the elements of both are: those of another kind would be pointers that are none. An empty array is of any kind. */
  private commonShape(a: number, aLength: number, b: number, bLength: number): Shape {
    const shape = this.shapeOf(a);
    if (bLength === 0) return shape;
    const other = this.shapeOf(b);
    if (other === shape || aLength === 0) return other;
    throw new MorphError("ERR_MORPH_INVALID_TYPE", "arrays of elements of two kinds cannot be joined");
  }
}
