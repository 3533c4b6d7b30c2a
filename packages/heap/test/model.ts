import type { LinearMemory } from "@morph/memory";
import { expect } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import type { Heap } from "../src/index.ts";

/** A size as programs ask for them: mostly small, now and then very large. */
export function someSize(next: (below: number) => number): number {
  const kind = next(100);
  if (kind < 60) return 1 + next(128);
  if (kind < 85) return 1 + next(1100);
  if (kind < 97) return 1 + next(9000);
  return 1 + next(kind === 99 ? 400_000 : 70_000);
}

/**
 * Runs operations on a heap beside a plain model: an array of live objects, each with its size and the pattern its bytes
 * were filled with. Overlap shows as a pattern that changed.
 */
export class HeapModel {
  private readonly pointers: number[] = [];
  private readonly sizes: number[] = [];
  private readonly patterns: number[] = [];
  private readonly freed: [start: number, end: number][] = [];
  private serial = 0;
  private readonly heap: Heap;
  private readonly memory: LinearMemory;

  constructor(heap: Heap, memory: LinearMemory) {
    this.heap = heap;
    this.memory = memory;
  }

  get live(): number {
    return this.pointers.length;
  }

  malloc(size: number): number {
    return this.add(this.heap.malloc(size), size, 16);
  }

  alignedAlloc(alignment: number, size: number): number {
    return this.add(this.heap.alignedAlloc(alignment, size), size, alignment);
  }

  calloc(count: number, size: number): number {
    const pointer = this.heap.calloc(count, size);
    const { u8 } = this.memory;
    for (let i = pointer; i < pointer + count * size; i++) if (u8[i] !== 0) throw new Error(`byte at ${i} is not 0`);
    return this.add(pointer, count * size, 16);
  }

  /** Gives the `index`-th live object another size; its bytes up to the smaller size must stay. */
  realloc(index: number, size: number): number {
    const old = this.pointers[index]!;
    const pattern = this.patterns[index]!;
    const kept = Math.min(this.sizes[index]!, size);
    const pointer = this.heap.realloc(old, size);
    const { u8 } = this.memory;
    for (const i of [0, kept >>> 1, kept - 1]) {
      if (u8[pointer + i] !== pattern) throw new Error(`realloc of ${old} to ${pointer} lost byte ${i}`);
    }
    this.drop(index);
    return this.add(pointer, size, 16);
  }

  /** Frees the `index`-th live object, after a look at its first and last byte. */
  free(index: number): number {
    const pointer = this.pointers[index]!;
    const pattern = this.patterns[index]!;
    const { u8 } = this.memory;
    if (u8[pointer] !== pattern || u8[pointer + this.sizes[index]! - 1] !== pattern) {
      throw new Error(`bytes at ${pointer} changed`);
    }
    const end = pointer + this.heap.usableSize(pointer);
    this.heap.free(pointer);
    if (this.freed.length < 200) this.freed.push([pointer, end]);
    this.drop(index);
    return pointer;
  }

  /** Writes into all that was freed, and next to all that is live, as far as it is nobody's: programs with faults do. */
  writeWildly(value: number): void {
    const { u8 } = this.memory;
    const live = this.pointers.map((pointer) => [pointer, pointer + this.heap.usableSize(pointer)] as const);
    live.sort(([a], [b]) => a - b);
    let end = 0;
    for (const [pointer, after] of live) {
      u8.fill(value, Math.max(end, pointer - 128), pointer);
      end = after;
      const next = live.find(([start]) => start >= after)?.[0] ?? u8.length;
      u8.fill(value, after, Math.min(after + 128, next));
    }
    for (const [pointer, after] of this.freed) {
      if (!live.some(([start, until]) => start < after && pointer < until)) u8.fill(value, pointer, after);
    }
  }

  /** Does something wrong; it must be refused. */
  misuse(kind: number, index: number): void {
    const pointer = this.pointers[index]!;
    const wrong = [pointer + 8, pointer + 0.5, -pointer, 0, Number.NaN, pointer + 2 ** 32, pointer + 1][kind % 7]!;
    expect(codeOf(() => this.heap.free(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
    if (kind % 3 === 0 && this.sizes[index]! > 16) {
      expect(codeOf(() => this.heap.free(pointer + 16))).toBe("ERR_MORPH_INVALID_POINTER");
    }
  }

  /** Everything at once: bytes, live set, counts, structure. */
  check(): void {
    const { u8 } = this.memory;
    let bytes = 0;
    this.pointers.forEach((pointer, index) => {
      const pattern = this.patterns[index]!;
      const end = pointer + this.sizes[index]!;
      for (let i = pointer; i < end; i++) if (u8[i] !== pattern) throw new Error(`byte at ${i} changed`);
      const usable = this.heap.usableSize(pointer);
      if (usable < this.sizes[index]!) throw new Error(`${usable} bytes at ${pointer} are too few`);
      bytes += usable;
    });
    const walked = Float64Array.from(this.heap.liveObjects());
    expect(walked).toEqual(Float64Array.from(this.pointers).sort());
    const stats = this.heap.stats();
    expect(stats.currentLive).toBe(bytes);
    expect(stats.peakLive).toBeGreaterThanOrEqual(bytes);
    expect(stats.footprint).toBeGreaterThanOrEqual(bytes + stats.tableBytes);
    this.heap.verify();
  }

  private add(pointer: number, size: number, alignment: number): number {
    if (pointer <= 0 || pointer % alignment !== 0) throw new Error(`${pointer} is not aligned to ${alignment}`);
    const pattern = (this.serial++ * 31 + 7) & 255;
    this.memory.u8.fill(pattern, pointer, pointer + size);
    this.pointers.push(pointer);
    this.sizes.push(size);
    this.patterns.push(pattern);
    return pointer;
  }

  private drop(index: number): void {
    for (const column of [this.pointers, this.sizes, this.patterns]) {
      column[index] = column.at(-1)!;
      column.pop();
    }
  }
}
