import { LAYOUT } from "@morph/gc";
import type { LinearMemory } from "@morph/memory";
import type { Recorder } from "../recording/recorder.ts";
import { RuntimeHeap } from "../runtime-heap.ts";
import { ARRAY, MAP } from "../values/types.ts";
import { DATA_START, GC_ARRAY, GC_MAP, type GcAllocator } from "./allocator.ts";

const WORD_BYTES = 4;

/** The heap on the collector: objects move, each store of a pointer has its barrier, and data blocks know their length. */
export class GcHeap extends RuntimeHeap {
  override readonly moving: boolean = true;
  override readonly dataStart: number = DATA_START;
  override readonly referenceBytes: number = 4;
  readonly gc: GcAllocator;
  private readonly control: number;
  /** The nursery's addresses, signed. */
  private readonly base: number;
  private readonly span: number;

  constructor(memory: LinearMemory, gc: GcAllocator, recorder: Recorder | undefined, resultCell: number) {
    super(memory, gc, gc.roots, recorder, resultCell);
    this.gc = gc;
    this.control = gc.collector.control / 4;
    this.base = memory.i32[this.control + LAYOUT.NURSERY_BASE] as number;
    this.span = memory.i32[this.control + LAYOUT.NURSERY_BYTES] as number;
    if (recorder === undefined) return;
    // Not the V1 layouts, for which the handles stand in a recording. No struct has such a name.
    recorder.type({ ...GC_ARRAY, name: "array (gc)" }, ARRAY);
    recorder.type({ ...GC_MAP, name: "map (gc)" }, MAP);
    gc.onMove = () => recorder.moved();
  }

  protected override record(pointer: number, size: number, type: number): void {
    this.recorder?.alloc(pointer, size, type, this.gc.collector.weak(pointer >>> 0));
  }

  override get moves(): number {
    return this.i32[this.control + LAYOUT.MOVES] as number;
  }

  override get oldMoves(): number {
    return this.i32[this.control + LAYOUT.OLD_MOVES] as number;
  }

  override isYoung(pointer: number): boolean {
    return ((pointer | 0) - this.base) >>> 0 < this.span;
  }

  override allocElements(count: number, size: number, pointers: number): number {
    return this.makeElements(count, size, pointers, false);
  }

  /** @param overwritten whether all elements are set at once; then they need not be zeros. @throws the failure `memory` */
  makeElements(count: number, size: number, pointers: number, overwritten: boolean): number {
    let data: number;
    try {
      data = this.gc.allocElements(count, size, pointers, overwritten);
    } catch (error) {
      throw this.failed(error, count * size);
    }
    this.recorder?.allocElements(data, count, size, pointers, "raw", this.gc.collector.weak(data));
    return data;
  }

  /** A string of zeros. @throws the failure `memory` */
  allocString(length: number): number {
    let string: number;
    try {
      string = this.gc.allocString(length);
    } catch (error) {
      throw this.failed(error, length);
    }
    this.recorder?.allocElements(string, length + 1, 1, 0, "string", this.gc.collector.weak(string));
    return string;
  }

  override setPointer(object: number, offset: number, pointer: number): void {
    if (!this.isYoung(object)) {
      const { i32 } = this;
      // Where a young pointer stands already, it was recorded.
      const isNew = this.isYoung(pointer) && !this.isYoung(i32[(object + offset) >>> 2] as number);
      if (isNew || i32[this.control + LAYOUT.MARKING] !== 0) this.gc.collector.barrier(object, offset, pointer);
    }
    super.setPointer(object, offset, pointer);
  }

  override copied(data: number, offset: number, source: number, bytes: number, size: number, pointers: number): void {
    // A new block beyond 2 KiB is old from the start when it has pointers.
    if (pointers !== 0 && !this.isYoung(data)) {
      for (let at = offset; at < offset + bytes; at += size) this.rememberElement(data, at, pointers);
    }
    super.copied(data, offset, source, bytes, size, pointers);
  }

  private rememberElement(data: number, offset: number, pointers: number): void {
    for (let word = 0; 1 << word <= pointers; word++) {
      if ((pointers & (1 << word)) === 0) continue;
      const at = offset + word * WORD_BYTES;
      this.gc.collector.barrier(data, at, this.i32[(data + at) >>> 2] as number);
    }
  }
}
