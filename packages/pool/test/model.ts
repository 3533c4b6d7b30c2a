import type { LinearMemory } from "@morph/memory";
import { expect } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import type { PoolManager } from "../src/index.ts";

/**
 * Runs random operations on a manager beside a plain model: an array of live objects, each with its size and the
 * pattern its bytes were filled with. Overlap shows as a pattern that changed.
 */
export class PoolModel {
  private readonly pointers: number[] = [];
  private readonly sizes: number[] = [];
  private readonly classes: number[];
  private readonly pools: PoolManager;
  private readonly memory: LinearMemory;

  constructor(pools: PoolManager, memory: LinearMemory) {
    this.pools = pools;
    this.memory = memory;
    this.classes = pools.stats().classes.map(({ slotSize }) => slotSize);
  }

  get live(): number {
    return this.pointers.length;
  }

  alloc(size: number): void {
    const pointer = this.pools.alloc(size);
    const slot = this.slotFor(size);
    if (pointer % (slot & -slot) !== 0) throw new Error(`${pointer} is not aligned for ${size} bytes`);
    this.fill(pointer, size);
    this.pointers.push(pointer);
    this.sizes.push(size);
  }

  /** Frees the `index`-th live object, after a look at its first and last word. */
  free(index: number): void {
    const pointer = this.pointers[index]!;
    this.look(pointer, this.sizes[index]!);
    this.pools.free(pointer);
    this.pointers[index] = this.pointers.at(-1)!;
    this.sizes[index] = this.sizes.at(-1)!;
    this.pointers.pop();
    this.sizes.pop();
  }

  /** Does something wrong; it must be refused. */
  misuse(kind: number, index: number): void {
    const pointer = this.pointers[index]!;
    const wrong = [pointer + 8, pointer + 0.5, -pointer, 0, Number.NaN, pointer + 2 ** 32, 2 ** 32 - 16][kind % 7]!;
    // 8 bytes on may be the next object of the smallest class.
    if (wrong === pointer + 8 && this.slotFor(this.sizes[index]!) === 8) return;
    expect(codeOf(() => this.pools.free(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
  }

  /** Everything at once: bytes, live set, counts, structure. */
  check(): void {
    this.pointers.forEach((pointer, i) => {
      this.lookAtAll(pointer, this.sizes[i]!);
    });
    const walked = Float64Array.from(this.pools.liveObjects()).sort();
    expect(walked).toEqual(Float64Array.from(this.pointers).sort());
    const stats = this.pools.stats();
    expect(stats.used).toBe(this.live);
    expect(stats.slots).toBe(stats.used + stats.free);
    stats.classes.forEach(({ used, slotSize }) => {
      expect(used).toBe(this.sizes.filter((size) => this.slotFor(size) === slotSize).length);
    });
    this.pools.verify();
  }

  private slotFor(size: number): number {
    return this.classes.find((slot) => slot >= size)!;
  }

  private fill(pointer: number, size: number): void {
    this.memory.u8.fill((pointer >>> 3) * 31, pointer, pointer + size);
  }

  private look(pointer: number, size: number): void {
    const pattern = ((pointer >>> 3) * 31) & 255;
    const { u8 } = this.memory;
    if (u8[pointer] !== pattern || u8[pointer + size - 1] !== pattern) throw new Error(`bytes at ${pointer} changed`);
  }

  private lookAtAll(pointer: number, size: number): void {
    const pattern = ((pointer >>> 3) * 31) & 255;
    const { u8 } = this.memory;
    for (let i = pointer; i < pointer + size; i++) if (u8[i] !== pattern) throw new Error(`byte at ${i} changed`);
  }
}
