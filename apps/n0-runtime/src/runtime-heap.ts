import { joinMemory, type LinearMemory, type MorphError } from "@morph/memory";
import type { Allocator } from "./allocator.ts";
import { RuntimeFailure } from "./failure.ts";
import type { Recorder } from "./recording/recorder.ts";
import type { RootStacks } from "./roots.ts";
import { RAW } from "./values/types.ts";

/**
 * The heap as runtime functions use it, with V1 or V2 behind it: the memory's views, allocation, held pointers, and stores that a
 * recorder is told of. `GcHeap` is the one whose objects move.
 */
export class RuntimeHeap {
  i32: Int32Array;
  u8: Uint8Array;
  /** Whether objects may move when something is allocated. */
  readonly moving: boolean = false;
  /** Bytes of a data block before its elements. */
  readonly dataStart: number = 0;
  /** Bytes of a reference in an array. */
  readonly referenceBytes: number = 8;
  /** Where objects move: they count up when young ones, and when old ones may have. */
  get moves(): number {
    return 0;
  }
  get oldMoves(): number {
    return 0;
  }
  readonly memory: LinearMemory;
  readonly allocator: Allocator;
  readonly roots: RootStacks;
  readonly recorder: Recorder | undefined;
  /** Word index of the first result cell. */
  readonly cell: number;
  private readonly owner: number;

  /** @param resultCell address of the result cells */
  constructor(
    memory: LinearMemory,
    allocator: Allocator,
    roots: RootStacks,
    recorder: Recorder | undefined,
    resultCell: number,
  ) {
    this.memory = memory;
    this.allocator = allocator;
    this.roots = roots;
    this.recorder = recorder;
    this.cell = resultCell / 4;
    this.owner = joinMemory(memory, {
      name: "n0-runtime",
      contractVersion: 1,
      viewsChanged: () => {
        this.i32 = memory.i32;
        this.u8 = memory.u8;
      },
    });
    this.i32 = memory.i32;
    this.u8 = memory.u8;
  }

  /** An object whose bytes are all 0. @throws the failure `memory`; MorphError for a wrong size or type */
  alloc(size: number, type: number): number {
    let pointer: number;
    try {
      pointer = this.allocator.alloc(size, type);
    } catch (error) {
      throw this.failed(error, size);
    }
    if (this.recorder !== undefined) this.record(pointer, size, type);
    return pointer;
  }

  /** Tells the recorder of a new object. */
  protected record(pointer: number, size: number, type: number): void {
    this.recorder?.alloc(pointer, size, type);
  }

  /**
   * A data block of zeros: so many elements of so many bytes.
   * @param _pointers bit i: word i of each element holds a pointer. Here the object that has the block says so
   */
  allocElements(count: number, size: number, _pointers: number): number {
    return this.alloc(count * size, RAW);
  }

  /** @throws the failure `memory` */
  collect(): void {
    this.recorder?.collect();
    try {
      this.allocator.collect();
    } catch (error) {
      throw this.failed(error, 0);
    }
  }

  /** Keeps an object alive while this runtime function allocates; null is fine. @returns where {@link held} finds it */
  hold(pointer: number): number {
    this.recorder?.hold(pointer);
    return this.roots.hold(pointer);
  }

  /** The pointer of a held object now, unsigned. */
  held(place: number): number {
    return (this.roots.held[place] as number) >>> 0;
  }

  /** Lets go of the last `count` held. */
  release(count: number): void {
    this.roots.release(count);
    this.recorder?.release(count);
  }

  /** Stores a pointer into an object's field; the high half stays 0. */
  setPointer(object: number, offset: number, pointer: number): void {
    const address = object + offset;
    this.i32[address >>> 2] = pointer;
    this.recorder?.storePointer(address, pointer);
  }

  /** Stores a word that tracing depends on. */
  setWord(address: number, value: number): void {
    this.i32[address >>> 2] = value;
    this.recorder?.storeWord(address, value);
  }

  /** Copies elements into a data block, pointers in them too. @param pointers as of {@link allocElements} */
  copyElements(data: number, offset: number, source: number, bytes: number, size: number, pointers: number): void {
    const from = source >>> 0;
    this.u8.copyWithin((data + offset) >>> 0, from, from + bytes);
    this.copied(data, offset, source, bytes, size, pointers);
  }

  /** To be called after elements were copied into a data block; see {@link copyElements}. */
  copied(data: number, offset: number, source: number, bytes: number, _size: number, _pointers: number): void {
    this.recorder?.copy(data + offset, source, bytes);
  }

  /** Copies bytes that hold no pointers. O(count). */
  copyBytes(target: number, source: number, count: number): void {
    const { u8 } = this;
    const to = target >>> 0;
    const from = source >>> 0;
    // Up to this length a call of `copyWithin` costs as much.
    if (count > 32) u8.copyWithin(to, from, from + count);
    else for (let i = 0; i < count; i++) u8[to + i] = u8[from + i] as number;
  }

  /** Whether an object may move soon. */
  isYoung(_pointer: number): boolean {
    return false;
  }

  /** Writes a 64-bit result. */
  setResult(low: number, high: number): void {
    this.i32[this.cell] = low;
    this.i32[this.cell + 1] = high;
  }

  /** The view of some bytes, until the next allocation. */
  bytes(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    return this.u8.subarray(start, start + length);
  }

  destroy(): void {
    this.memory.unregister(this.owner);
  }

  /** The runtime function that allocated does not go on: nothing is held any more. */
  protected failed(error: unknown, size: number): unknown {
    this.release(this.roots.heldCount);
    return (error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY" || size > 0xffff_f000
      ? outOfMemory(error as Error)
      : error;
  }
}

/** The failure that a full memory is. */
export function outOfMemory(error: Error): RuntimeFailure {
  return new RuntimeFailure("memory", `mmap failed: ${error.message}`);
}
