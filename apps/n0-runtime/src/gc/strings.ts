import { nullFailure } from "../failure.ts";
import { outOfMemory } from "../runtime-heap.ts";
import { hashWords } from "../values/hash.ts";
import { LONGEST, Strings } from "../values/strings.ts";
import { DATA_START } from "./allocator.ts";
import type { GcHeap } from "./heap.ts";

/** Bytes of the first piece that is read. */
const FIRST_PIECE = 65_536;

/*
 * Strings on the collector are one object:
 *
 *   string  | length + 1, 4 bytes | 4 | bytes | 0 ... up to a multiple of 8 |
 */
export class GcStrings extends Strings {
  private readonly gcHeap: GcHeap;

  constructor(heap: GcHeap) {
    super(heap);
    this.gcHeap = heap;
  }

  override length(string: number): number {
    if (string === 0) throw nullFailure("a string");
    return (this.heap.i32[string >>> 2] as number) - 1;
  }

  override dataOf(string: number): number {
    if (string === 0) throw nullFailure("a string");
    return (string >>> 0) + DATA_START;
  }

  override equals(a: number, b: number): boolean {
    if ((a | 0) === (b | 0)) return true;
    if (a === 0 || b === 0) return false;
    const { i32 } = this.heap;
    const size = i32[a >>> 2] as number;
    return size === i32[b >>> 2] && this.bytesEqual((a >>> 0) + DATA_START, (b >>> 0) + DATA_START, size - 1);
  }

  override hash(string: number): number {
    return hashWords(this.heap.i32, this.dataOf(string) >>> 2, this.length(string));
  }

  override allocate(length: number): number {
    return this.gcHeap.allocString(length);
  }

  /** What is read is known only afterwards, so it is kept outside the memory until then. */
  override ofRead(most: number, read: (bytes: Uint8Array) => number): number {
    if (most > LONGEST) throw outOfMemory(new Error(`a string of ${most} bytes is too long`));
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (let bytes = FIRST_PIECE; length < most; bytes *= 2) {
      const piece = new Uint8Array(Math.min(bytes, most - length));
      const count = read(piece);
      pieces.push(piece.subarray(0, count));
      length += count;
      if (count < piece.length) break;
    }
    const string = this.allocate(length);
    let at = this.dataOf(string);
    for (const piece of pieces) {
      this.heap.u8.set(piece, at);
      at += piece.length;
    }
    return string;
  }
}
