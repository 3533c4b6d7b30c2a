/** The checks of mimalloc's test-api.c and hardened_malloc's test programs that make sense here, under their names. */
import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Heap } from "../src/index.ts";

const EINVAL = 28;
const ENOMEM = 48;

const fresh = (maxPages = 200): { heap: Heap; c: ReturnType<Heap["wasmImports"]>; memory: LinearMemory } => {
  const memory = new LinearMemory({ initialPages: 2, maxPages });
  const heap = new Heap({ memory });
  return { heap, c: heap.wasmImports(), memory };
};

/** Start and end of a new object. */
const extent = (heap: Heap, size: number): [number, number] => {
  const pointer = heap.malloc(size);
  return [pointer, pointer + size];
};

describe("mimalloc test-api", () => {
  it("malloc-zero: a size of 0 gets a pointer of its own", () => {
    const { heap, c } = fresh();
    const [a, b] = [c.malloc(0), c.malloc(0)];
    expect(a).not.toBe(0);
    expect(a).not.toBe(b);
    c.free(a);
    c.free(b);
    expect(codeOf(() => heap.malloc(0))).toBe("ERR_MORPH_INVALID_SIZE");
  });

  it("malloc-nomem1: what cannot be is null", () => {
    const { c } = fresh();
    expect(c.malloc(-1)).toBe(0);
    expect(c.malloc(0x7fffffff)).toBe(0);
  });

  it("malloc-free-null, malloc-free-invalid-low", () => {
    const { c } = fresh();
    c.free(0);
    expect(codeOf(() => c.free(0x0003990080 >>> 0))).toBe("ERR_MORPH_INVALID_POINTER");
  });

  it("calloc-overflow, calloc0", () => {
    const { heap, c } = fresh();
    expect(c.calloc(c.calloc(1, 4) === 0 ? 0 : 0x40000001, 4)).toBe(0);
    expect(c.calloc(-1, -1)).toBe(0);
    expect(c.malloc_usable_size(c.calloc(0, 1000))).toBeLessThanOrEqual(16);
    expect(codeOf(() => heap.calloc(2 ** 31, 4))).toBe("ERR_MORPH_INVALID_SIZE");
  });

  it("malloc-large: 64 MiB and a little", () => {
    const { heap, c } = fresh(2000);
    const pointer = c.malloc(67_108_872);
    expect(pointer).not.toBe(0);
    c.free(pointer);
    heap.verify();
  });

  it("posix_memalign1: an alignment of a pointer", () => {
    const { c, memory } = fresh();
    const slot = c.malloc(8);
    expect(c.posix_memalign(slot, 4, 32)).toBe(0);
    const pointer = memory.u32[slot / 4]!;
    expect(pointer % 4).toBe(0);
    c.free(pointer);
  });

  it("posix_memalign_no_align, posix_memalign_nonsize: EINVAL, and the result is not written", () => {
    const { c, memory } = fresh();
    const slot = c.malloc(8);
    memory.u32[slot / 4] = 77;
    for (const alignment of [0, 1, 2, 3, 5, 24, -4]) expect(c.posix_memalign(slot, alignment, 32)).toBe(EINVAL);
    expect(memory.u32[slot / 4]).toBe(77);
  });

  it("posix_memalign: nothing is allocated when the result can be written nowhere", () => {
    const { c, heap, memory } = fresh();
    const { currentLive } = heap.stats();
    for (const place of [0, 2, 257, -1, -4, memory.u8.length, Number.NaN, undefined]) {
      expect(codeOf(() => c.posix_memalign(place as number, 16, 32))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    expect(heap.stats().currentLive).toBe(currentLive);
    heap.verify();
  });

  it("posix_memalign_nomem: ENOMEM, and the result is not written", () => {
    const { c, memory } = fresh();
    const slot = c.malloc(8);
    memory.u32[slot / 4] = 77;
    expect(c.posix_memalign(slot, 16, -1)).toBe(ENOMEM);
    expect(memory.u32[slot / 4]).toBe(77);
  });

  it("posix_memalign_zero: a size of 0 gets a pointer of its own, which may be freed", () => {
    const { heap, c, memory } = fresh();
    const slot = c.malloc(8);
    expect([c.posix_memalign(slot, 32, 0), c.posix_memalign(slot + 4, 32, 0)]).toEqual([0, 0]);
    const pointers = [...memory.u32.subarray(slot / 4, slot / 4 + 2), c.aligned_alloc(32, 0)];
    expect(new Set([0, slot, ...pointers]).size).toBe(5);
    for (const pointer of pointers) {
      expect(pointer % 32).toBe(0);
      c.free(pointer);
    }
    heap.verify();
  });

  it("memalign1 to memalign3, malloc-aligned1 to 13: every alignment for every size", () => {
    const { heap, c } = fresh(4000);
    for (let bits = 0; bits <= 20; bits++) {
      const alignment = 2 ** bits;
      const pointers = [1, 5, 16, 33, alignment - 1, alignment, alignment + 1]
        .filter((size) => size > 0 && size < 300_000)
        .map((size) => {
          const pointer = c.aligned_alloc(alignment, size);
          expect(pointer).toBeGreaterThan(0);
          expect(pointer % alignment).toBe(0);
          expect(c.malloc_usable_size(pointer)).toBeGreaterThanOrEqual(size);
          return pointer;
        });
      for (const pointer of pointers) c.free(pointer);
    }
    heap.verify();
  });

  it("aligned_alloc_einval: no power of two gets no pointer", () => {
    const { c } = fresh();
    for (const alignment of [0, 3, 24, 100, -3]) expect(c.aligned_alloc(alignment, 16)).toBe(0);
  });

  it("malloc-aligned-at: alignment stays when everything around is freed and reused", () => {
    const { heap } = fresh();
    const pointers = Array.from({ length: 500 }, (_, i) => heap.alignedAlloc(2 ** (i % 13), 1 + ((i * 37) % 3000)));
    pointers.forEach((pointer, i) => {
      expect(pointer % 2 ** (i % 13)).toBe(0);
    });
    for (const pointer of pointers.filter((_, i) => i % 2 === 0)) heap.free(pointer);
    for (let i = 0; i < 500; i++) expect(heap.alignedAlloc(256, 100 + i) % 256).toBe(0);
    heap.verify();
  });

  it("realloc-null, realloc-null-sizezero, realloc-sizezero", () => {
    const { c } = fresh();
    expect(c.realloc(0, 4)).not.toBe(0);
    expect(c.realloc(0, 0)).not.toBe(0);
    expect(c.realloc(c.malloc(4), 0)).not.toBe(0);
  });

  it("reallocarray-null-sizezero: a failing realloc keeps the object", () => {
    const { c, memory } = fresh();
    const pointer = c.malloc(100);
    memory.u8.fill(9, pointer, pointer + 100);
    expect(c.realloc(pointer, -1)).toBe(0);
    expect(memory.u8[pointer + 99]).toBe(9);
    c.free(pointer);
  });

  it("heap_destroy: frees what the heap has, heap_delete of another keeps the rest", () => {
    const { heap, memory } = fresh();
    const other = new Heap({ memory });
    const kept = other.malloc(100);
    memory.u8.fill(7, kept, kept + 100);
    for (let i = 0; i < 100; i++) heap.malloc(i * 100 + 1);
    const { footprint } = memory;
    heap.destroy();
    expect(memory.footprint).toBeLessThan(footprint);
    for (let i = 0; i < 100; i++) memory.u8.fill(9, ...extent(other, i * 100 + 1));
    expect(other.owns(kept)).toBe(true);
    expect(memory.u8.subarray(kept, kept + 100).every((byte) => byte === 7)).toBe(true);
    other.verify();
  });

  it("zeroinit (test-api-fill): calloc of used memory is zero, realloc keeps what was written", () => {
    const { heap, memory } = fresh();
    for (const size of [1, 32, 100, 1024, 1030, 70_000]) {
      const used = heap.malloc(size);
      memory.u8.fill(0xff, used, used + size);
      heap.free(used);
      const pointer = heap.calloc(1, size);
      expect(memory.u8.subarray(pointer, pointer + size).some((byte) => byte !== 0)).toBe(false);
      memory.u8.fill(1, pointer, pointer + size);
      const moved = heap.realloc(pointer, size * 3);
      expect(memory.u8.subarray(moved, moved + size).some((byte) => byte !== 1)).toBe(false);
    }
  });
});

describe("hardened_malloc", () => {
  const SMALL = 16;
  const LARGE = 256 * 1024;

  it.each([SMALL, 1000, 2000, LARGE, 3_000_000])("double_free_small, double_free_large: of %i bytes", (size) => {
    const { heap } = fresh();
    const pointer = heap.malloc(size);
    heap.free(pointer);
    expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
  });

  it.each([SMALL, 1000, 2000, LARGE, 3_000_000])(
    "double_free_small_delayed, double_free_large_delayed: of %i bytes",
    (size) => {
      const { heap } = fresh();
      const pointer = heap.malloc(size);
      const other = heap.malloc(size);
      heap.free(pointer);
      heap.free(other);
      expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
      expect(codeOf(() => heap.free(other))).toBe("ERR_MORPH_DOUBLE_FREE");
    },
  );

  it("invalid_free_protected, invalid_free_unprotected: a page that is not the heap's", () => {
    const { heap, memory } = fresh();
    const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    expect(codeOf(() => heap.free(memory.acquire(1, id)))).toBe("ERR_MORPH_INVALID_POINTER");
  });

  it.each([64, 1000, 2000, LARGE])(
    "invalid_free_small_region, invalid_free_small_region_far: inside of %i bytes",
    (size) => {
      const { heap } = fresh();
      const pointer = heap.malloc(size);
      for (const inside of [1, 8, 16, 32, size >> 1, size - 16, 2 ** 20, 2 ** 30]) {
        expect(codeOf(() => heap.free(pointer + inside))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => heap.usableSize(pointer + inside))).toBe("ERR_MORPH_INVALID_POINTER");
      }
      heap.free(pointer);
    },
  );

  it("invalid_malloc_usable_size_small, invalid_malloc_usable_size_small_quarantine", () => {
    const { heap } = fresh();
    const pointer = heap.malloc(SMALL);
    expect(codeOf(() => heap.usableSize(pointer + 1))).toBe("ERR_MORPH_INVALID_POINTER");
    heap.free(pointer);
    expect(codeOf(() => heap.usableSize(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(codeOf(() => heap.realloc(pointer, 10))).toBe("ERR_MORPH_DOUBLE_FREE");
  });

  it("unaligned_free_small, unaligned_free_large, unaligned_malloc_usable_size_small", () => {
    const { heap } = fresh();
    for (const size of [SMALL, LARGE]) {
      const pointer = heap.malloc(size);
      expect(codeOf(() => heap.free(pointer + 1))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => heap.usableSize(pointer + 1))).toBe("ERR_MORPH_INVALID_POINTER");
    }
  });

  it("uninitialized_free, uninitialized_realloc, uninitialized_malloc_usable_size: before there was any object", () => {
    const { heap } = fresh();
    for (const use of [() => heap.free(16), () => heap.realloc(16, 1), () => heap.usableSize(16)]) {
      expect(codeOf(use)).toBe("ERR_MORPH_INVALID_POINTER");
    }
  });

  it("write_after_free_small_reuse, write_after_free_large_reuse, overflow_small_8_byte: damage is the user's alone", () => {
    const { heap, memory } = fresh();
    for (const size of [SMALL, 128, 1000, 2000, LARGE]) {
      const pointer = heap.malloc(size);
      const neighbour = heap.malloc(size);
      heap.free(pointer);
      memory.u8.fill(0x61, pointer, pointer + size);
      memory.u8.fill(0x61, neighbour + size, neighbour + size + 8);
      expect(heap.malloc(size)).toBe(pointer);
      heap.free(pointer);
      heap.free(neighbour);
      heap.verify();
    }
  });

  it("impossibly_large_malloc: nothing near the end of the address space", () => {
    const { heap, c } = fresh();
    for (let size = 2 ** 32 - 70_000; size <= 2 ** 32; size += 4099) {
      expect(codeOf(() => heap.malloc(size))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    }
    for (const size of [-1, -15, -4096, -65_536]) expect(c.malloc(size)).toBe(0);
    expect(heap.stats().currentLive).toBe(0);
    heap.verify();
  });

  it("malloc_object_size, large_array_growth: an array that doubles keeps its bytes", () => {
    const { heap, memory } = fresh(2000);
    let pointer = heap.malloc(16);
    memory.u32[pointer / 4] = 0;
    for (let size = 32; size <= 2 ** 22; size *= 2) {
      pointer = heap.realloc(pointer, size);
      memory.u32.fill(size, (pointer + size / 2) / 4, (pointer + size) / 4);
    }
    for (let size = 32; size <= 2 ** 22; size *= 2) expect(memory.u32[(pointer + size / 2) / 4]).toBe(size);
    expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(2 ** 22);
  });
});
