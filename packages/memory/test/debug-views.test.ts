import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { LinearMemory, PAGE_BYTES, type PageOwner } from "../src/index.ts";

/** An allocator of pages: as little as one can be. */
class Pages {
  readonly memory: LinearMemory;
  private readonly owner: number;

  constructor(memory: LinearMemory) {
    this.memory = memory;
    const asOwner: PageOwner = { name: "pages", contractVersion: 1, viewsChanged() {}, allocator: this };
    this.owner = memory.register(asOwner);
  }
  alloc(size: number): number {
    return this.memory.acquire(Math.ceil(size / PAGE_BYTES), this.owner);
  }
  free(pointer: number): void {
    this.memory.release(pointer, 1);
  }
  usableSize(): number {
    return PAGE_BYTES;
  }
  realloc(pointer: number, size: number): number {
    if (size <= PAGE_BYTES) return pointer;
    const moved = this.alloc(size);
    this.free(pointer);
    return moved;
  }
  reset(): void {
    this.memory.unregister(this.owner);
  }
}

describe("debugViews", () => {
  it("detaches the views at each allocation, and at no other call", () => {
    const memory = new LinearMemory({ initialPages: 8, debugViews: true });
    const pages = new Pages(memory);
    let before = memory.f64;
    const pointer = pages.alloc(8);
    expect(before.length).toBe(0);
    before = memory.f64;
    before[pointer / 8] = 1.5;
    pages.usableSize();
    expect(before[pointer / 8]).toBe(1.5);
    pages.free(pointer);
    expect(memory.f64).toBe(before);
    memory.acquire(1, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    expect(before.length).toBe(0);
    expect(memory.f64[pointer / 8]).toBe(1.5);
  });

  it("tells owners of the new views, and listeners of growth only", () => {
    const memory = new LinearMemory({ initialPages: 8, debugViews: true });
    let seen = memory.i32;
    let growths = 0;
    memory.register({
      name: "test",
      contractVersion: 1,
      viewsChanged() {
        seen = memory.i32;
      },
    });
    memory.onGrow(() => growths++);
    const pages = new Pages(memory);
    const pointer = pages.alloc(8);
    expect(seen).toBe(memory.i32);
    expect(growths).toBe(0);
    pages.alloc(20 * PAGE_BYTES);
    expect(growths).toBe(1);
    expect(seen).toBe(memory.i32);
    pages.free(pointer);
    memory.wasm.grow(1);
    pages.alloc(8);
    expect(growths).toBe(2);
  });

  it("knows when an object ended: freed, moved or reset, and not when another came in its place", () => {
    for (const shared of [false, true]) {
      const memory = new LinearMemory({ initialPages: 8, maxPages: 100, debugViews: true, shared });
      const ends = memory.objectEnds!;
      const pages = new Pages(memory);
      const first = pages.alloc(8);
      const second = pages.alloc(8);
      const born = ends.now;
      pages.free(first);
      expect(ends.endedAt(first)).toBeGreaterThan(born);
      expect(ends.endedAt(first + PAGE_BYTES - 1)).toBeGreaterThan(born);
      expect(ends.endedAt(second)).toBe(0);
      const again = pages.alloc(8);
      expect(again).toBe(first);
      expect(ends.endedAt(again)).toBeLessThanOrEqual(ends.now);
      const reborn = ends.now;
      expect(pages.realloc(again, 9)).toBe(again);
      expect(ends.endedAt(again)).toBeLessThanOrEqual(reborn);
      pages.realloc(again, 2 * PAGE_BYTES);
      expect(ends.endedAt(again)).toBeGreaterThan(reborn);
      pages.reset();
      expect(ends.endedAt(second)).toBeGreaterThan(reborn);
    }
  });

  it("is not there without the option, which is a boolean", () => {
    expect(new LinearMemory({ initialPages: 1 }).objectEnds).toBe(undefined);
    expect(codeOf(() => new LinearMemory({ debugViews: 1 as unknown as boolean }))).toBe("ERR_MORPH_INVALID_CONFIG");
  });
});
