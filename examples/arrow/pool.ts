import type { Heap } from "@morph/heap";

type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;
type TypedArrayConstructor<T extends TypedArray> = new (buffer: ArrayBufferLike, offset: number, length: number) => T;

/**
 * Arrow's buffers in linear memory: 64-byte aligned, as its format asks, so that tables are made, sent and read without a copy, by JavaScript and by
 * WebAssembly. In place of: an `ArrayBuffer` for each column. The heap's memory must not grow while tables live, unless it is shared: a growth of an
 * unshared memory detaches their arrays. `memory.reserve()` makes room before.
 */
export class ArrowPool {
  private readonly heap: Heap;
  private readonly pointers: number[] = [];

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** A zeroed array of so many elements, for `makeData({ data })` and the like. */
  array<T extends TypedArray>(type: TypedArrayConstructor<T> & { BYTES_PER_ELEMENT: number }, length: number): T {
    const bytes = Math.max(64, Math.ceil((length * type.BYTES_PER_ELEMENT) / 64) * 64);
    const pointer = this.heap.alignedAlloc(64, bytes);
    this.pointers.push(pointer);
    this.heap.memory.u8.fill(0, pointer, pointer + bytes);
    return new type(this.heap.memory.u8.buffer, pointer, length);
  }

  /** A copy of bytes that came from elsewhere, such as a file of Arrow's. */
  bytes(source: Uint8Array): Uint8Array {
    const copy = this.array(Uint8Array, source.length);
    copy.set(source);
    return copy;
  }

  /** Frees all arrays; no table that uses them may live. */
  free(): void {
    for (const pointer of this.pointers.splice(0)) this.heap.free(pointer);
  }
}
