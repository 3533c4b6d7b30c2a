import { joinMemory, type LinearMemory, type MorphError } from "@morph/memory";
import type { Allocator } from "./allocator.ts";
import { RuntimeFailure } from "./failure.ts";
import type { Recorder } from "./recording/recorder.ts";
import type { RootStacks } from "./roots.ts";

/**
 * The heap as runtime functions use it, with either allocator behind it: the memory's views, allocation, held pointers, and stores that a
 * recorder is told of.
 */
export class RuntimeHeap {
  i32: Int32Array;
  u8: Uint8Array;
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
    if (this.recorder !== undefined) this.recorder.alloc(pointer, size, type);
    return pointer;
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

  /** Keeps an object alive while this runtime function allocates; null is fine. */
  hold(pointer: number): void {
    this.roots.hold(pointer);
    this.recorder?.hold(pointer);
  }

  /** Lets go of the last `count` held. */
  release(count: number): void {
    this.roots.release(count);
    this.recorder?.release(count);
  }

  /** Stores a pointer into a field; the high half stays 0. */
  setPointer(address: number, pointer: number): void {
    this.i32[address >>> 2] = pointer;
    this.recorder?.storePointer(address, pointer);
  }

  /** Stores a word that tracing depends on. */
  setWord(address: number, value: number): void {
    this.i32[address >>> 2] = value;
    this.recorder?.storeWord(address, value);
  }

  /** Copies bytes that may hold pointers. */
  copy(target: number, source: number, bytes: number): void {
    const from = source >>> 0;
    this.u8.copyWithin(target >>> 0, from, from + bytes);
    this.recorder?.copy(target, source, bytes);
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
  private failed(error: unknown, size: number): unknown {
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
