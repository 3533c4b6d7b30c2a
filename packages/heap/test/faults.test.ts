/** Faults that were found by others' bug reports and by real programs: each kind has a test. */
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { Heap } from "../src/index.ts";

/** Allocates objects of a size until there is no room for one more. */
const fill = (heap: Heap, size: number): number[] => {
  const pointers: number[] = [];
  for (;;) {
    const pointer = heap.tryMalloc(size);
    if (pointer === 0) return pointers;
    pointers.push(pointer);
  }
};

const limits: [name: string, make: () => Heap][] = [
  ["at maxBytes", () => new Heap({ maxBytes: 350_000 })],
  ["at the memory's maximum", () => new Heap({ memory: new LinearMemory({ initialPages: 2, maxPages: 7 }) })],
];

describe.each(limits)("a heap %s", (_, make) => {
  it.each([300, 1100, 1500, 2048, 3000, 4000, 10_000])(
    "of which every second object of %i bytes was freed serves all smaller sizes",
    (large) => {
      for (const small of [1, 16, 129, 300, 1024].filter((size) => size <= large)) {
        const heap = make();
        const objects = fill(heap, large);
        const kept = objects.filter((_object, i) => i % 2 === 0);
        for (const object of objects.filter((_object, i) => i % 2 === 1)) heap.free(object);
        const served = fill(heap, small);
        // A block of 128 bytes, or a slot of the large ones, for each.
        const each = large <= 1024 ? large : Math.ceil(small / 128) * 128;
        expect(served.length * each).toBeGreaterThan((objects.length - kept.length) * large * 0.6);
        heap.verify();
        expect([...heap.liveObjects()]).toEqual([...kept, ...served].sort((a, b) => a - b));
        expect(served.every((pointer) => heap.usableSize(pointer) >= small)).toBe(true);
        for (const pointer of served) heap.free(pointer);
        heap.verify();
        expect(heap.tryMalloc(large)).not.toBe(0);
      }
    },
  );

  it("gives every size that fits into what is free, wherever the bins have it", () => {
    const next = random(5);
    for (let round = 0; round < 30; round++) {
      const heap = make();
      const objects = [...fill(heap, 5000 + next(9000)), ...fill(heap, 1200 + next(2000))];
      const free = objects.filter(() => next(3) === 0);
      // Apart from each other, so that the largest one is as large as each of them.
      const apart = free.filter((object) => !free.includes(object + heap.usableSize(object)));
      const largest = Math.max(...apart.map((object) => heap.usableSize(object)));
      for (const object of apart) heap.free(object);
      const again = heap.tryMalloc(largest);
      expect(again).not.toBe(0);
      heap.free(again);
      heap.verify();
    }
  });

  it("refuses without growing anything, again and again, and gives again when something is freed", () => {
    const heap = make();
    const objects = fill(heap, 5000);
    const before = heap.stats();
    const requests: ((size: number) => number)[] = [
      (size) => heap.tryMalloc(size),
      (size) => heap.tryCalloc(1, size),
      (size) => heap.tryRealloc(objects[3]!, size),
      (size) => heap.tryAlignedAlloc(64, size),
    ];
    for (let i = 0; i < 5; i++) for (const request of requests) expect(request(330_000)).toBe(0);
    for (let i = 0; i < 5; i++) expect(codeOf(() => heap.malloc(330_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => heap.calloc(2, 165_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => heap.realloc(objects[3]!, 330_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => heap.alignedAlloc(64, 330_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(heap.stats()).toEqual(before);
    expect(heap.stats().peakFootprint).toBeLessThanOrEqual(heap.maxBytes);
    for (const object of objects.splice(0, 40)) heap.free(object);
    expect(heap.tryMalloc(130_000)).not.toBe(0);
    heap.verify();
  });
});

describe("a refusal that repeats another", () => {
  it("asks the memory for nothing and makes no stack trace", () => {
    const memory = new LinearMemory({ initialPages: 2, maxPages: 20 });
    let asked = 0;
    const grow = memory.wasm.grow.bind(memory.wasm);
    memory.wasm.grow = (pages: number) => {
      asked++;
      return grow(pages);
    };
    const heap = new Heap({ memory });
    fill(heap, 3000);
    const error = (): Error => {
      try {
        heap.malloc(100_000);
      } catch (thrown) {
        return thrown as Error;
      }
      throw new Error("not refused");
    };
    expect(error().stack).toContain("at ");
    const before = asked;
    const again = error();
    expect(asked).toBe(before);
    expect(again.stack).not.toContain("\n    at ");
    expect(again.message).toContain("100000 bytes");
  });
});

describe("alignedAlloc", () => {
  it("takes and counts what it keeps, at every alignment", () => {
    for (let bits = 5; bits <= 30; bits++) {
      const alignment = 2 ** bits;
      for (const size of [1, 100, 5000, 70_000, 1_100_000]) {
        const memory = new LinearMemory({ initialPages: 4 });
        const heap = new Heap({ memory });
        const tables = heap.stats().footprint;
        const pointer = heap.alignedAlloc(alignment, size);
        expect(pointer % alignment).toBe(0);
        const kept = Math.ceil(size / PAGE_BYTES) * PAGE_BYTES;
        expect(heap.stats().footprint).toBeLessThanOrEqual(tables + kept + 16_384);
        expect(heap.stats().peakFootprint).toBe(heap.stats().footprint);
        expect(memory.peakFootprint).toBeLessThan(kept + 12 * PAGE_BYTES);
        heap.free(pointer);
        heap.verify();
      }
    }
  });

  it("is served within maxBytes that has room for the object alone", () => {
    for (const alignment of [2 ** 15, 2 ** 16, 2 ** 20, 2 ** 22, 2 ** 26]) {
      expect(new Heap({ maxBytes: 24_576 + 16_384 + PAGE_BYTES }).alignedAlloc(alignment, 100) % alignment).toBe(0);
    }
    expect(new Heap({ maxBytes: 2 ** 22 }).alignedAlloc(2 ** 22, 100) % 2 ** 22).toBe(0);
  });

  it("finds an aligned place behind a free end that is not aligned", () => {
    const heap = new Heap();
    for (const size of [5000, 30_000, 50_000, 60_000]) {
      heap.malloc(size);
      for (const alignment of [256, 4096, 32_768, 65_536]) {
        const before = heap.stats().footprint;
        expect(heap.alignedAlloc(alignment, 40_000) % alignment).toBe(0);
        expect(heap.stats().footprint - before).toBeLessThanOrEqual(PAGE_BYTES);
      }
    }
    heap.verify();
  });
});

describe("calloc", () => {
  it("does not touch pages that nobody ever had, and clears all that anybody had", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const heap = new Heap({ memory });
    // What is written there behind everybody's back shows whether it was cleared.
    memory.reserve(3000);
    memory.u8.fill(9, memory.u8.length - 150_000_000);
    const fresh = heap.calloc(1, 100_000_000);
    const middle = fresh + 50_000_000;
    expect(memory.u8[middle]).toBe(9);
    // Next to other objects it clears in any case.
    for (const i of [fresh, fresh + 4000, fresh + 99_996_000, fresh + 99_999_999]) expect(memory.u8[i]).toBe(0);
    heap.free(fresh);
    const used = heap.calloc(1, 100_000_000);
    for (let i = used; i < used + 100_000_000; i += 4099) expect(memory.u8[i]).toBe(0);
  });

  it("is all zeros in any order of sizes, whatever was written where", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const heap = new Heap({ memory });
    const next = random(77);
    const live: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const size = 1 + next([100, 500, 3000, 30_000, 300_000, 1_500_000][next(40) === 0 ? 5 : next(5)]!);
      const pointer = heap.calloc(1, size);
      const end = pointer + size;
      const bytes = memory.u8.subarray(pointer, end);
      if (bytes.some((byte) => byte !== 0)) throw new Error(`${size} bytes at ${pointer} are not all 0`);
      // Over its end, too, as far as it is nobody's: a common fault.
      memory.u8.fill(255, pointer, Math.min(end + 64, pointer + heap.usableSize(pointer)));
      live.push(pointer);
      if (live.length > 60) heap.free(live.splice(next(live.length), 1)[0]!);
      if (next(100) === 0) heap.trim();
    }
    heap.verify();
  });
});

describe("numbers near 2^31 and 2^32", () => {
  it("are refused or served, and never served with something else", { timeout: 60_000 }, () => {
    const heap = new Heap();
    const guard = heap.malloc(64);
    const edges = [2 ** 31, 2 ** 32, 2 ** 30, 2 ** 32 - 65_536].flatMap((edge) => [
      edge - 128,
      edge - 16,
      edge - 1,
      edge,
      edge + 1,
      edge + 16,
    ]);
    for (const size of edges) {
      for (const request of [
        () => heap.malloc(size),
        () => heap.calloc(size, 2),
        () => heap.alignedAlloc(2 ** 31, size),
        () => heap.alignedAlloc(64, size),
        () => heap.realloc(guard, size),
        () => heap.alignedAlloc(size, 100),
      ]) {
        let pointer: number;
        try {
          pointer = request();
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/OUT_OF_MEMORY|INVALID_SIZE|INVALID_ALIGNMENT/);
          continue;
        }
        expect(pointer + heap.usableSize(pointer)).toBeLessThanOrEqual(2 ** 32);
        heap.verify();
        if (heap.owns(guard)) heap.free(pointer);
        else {
          heap.free(pointer);
          expect(codeOf(() => heap.free(guard))).not.toBe("did not throw");
          return;
        }
      }
    }
  });

  it("more than half of 4 GiB is there again and again, whatever size was first", () => {
    for (const initialPages of [1, 2, 16, 256]) {
      const heap = new Heap({ memory: new LinearMemory({ initialPages }) });
      const small = heap.malloc(100);
      for (const size of [70_000_000, 600_000_000, 2 ** 31, 2 ** 31 + 16, 2 ** 31 + 2 ** 30, 4_200_000_000]) {
        const pointer = heap.malloc(size);
        expect(pointer + size).toBeLessThanOrEqual(2 ** 32);
        heap.free(pointer);
      }
      heap.free(small);
      heap.verify();
    }
  });

  it("almost 2 GiB shrink, move and keep their bytes", () => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    const pointer = heap.malloc(2 ** 31 - 65_536);
    memory.u8[pointer] = 1;
    memory.u8[pointer + 2 ** 31 - 65_537] = 2;
    const shorter = heap.realloc(pointer, 2 ** 31 - 131_073);
    expect([shorter, heap.usableSize(shorter), memory.u8[shorter]]).toEqual([pointer, 2 ** 31 - 131_072, 1]);
    const small = heap.realloc(shorter, 100);
    expect([heap.usableSize(small), memory.u8[small]]).toEqual([112, 1]);
    heap.verify();
  });
});

describe("a wrong pointer", () => {
  it("just past a block was never handed out", () => {
    for (const size of [1100, 2048, 5000, 20_000, 200_000]) {
      const heap = new Heap();
      const pointer = heap.malloc(size);
      expect(codeOf(() => heap.free(pointer + heap.usableSize(pointer)))).toBe("ERR_MORPH_INVALID_POINTER");
      const end = pointer + heap.usableSize(pointer);
      heap.free(pointer);
      expect(codeOf(() => heap.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
      for (const wrong of [end, end + 128, pointer + 16, pointer + 128]) {
        expect(codeOf(() => heap.free(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
      }
      // What realloc cuts off was no object either.
      const long = heap.malloc(size * 3);
      heap.realloc(long, size);
      expect(codeOf(() => heap.free(long + heap.usableSize(long)))).toBe("ERR_MORPH_INVALID_POINTER");
    }
  });

  it("into a slab that became blocks is one that was freed only where a slot was", () => {
    const heap = new Heap();
    const slots = Array.from({ length: 300 }, () => heap.malloc(48));
    for (const slot of slots) heap.free(slot);
    const block = heap.malloc(100_000);
    heap.free(block);
    for (const slot of slots.slice(0, 200)) {
      expect(codeOf(() => heap.free(slot))).toBe("ERR_MORPH_DOUBLE_FREE");
      expect(codeOf(() => heap.free(slot + 16))).toBe("ERR_MORPH_INVALID_POINTER");
    }
  });
});

describe("a wrong pointer and a wrong size together", () => {
  it("are told as a wrong pointer, by every function that takes both, in C too", () => {
    const heap = new Heap();
    const errno = heap.malloc(16);
    const c = heap.wasmImports({ errno: () => errno });
    const freed = heap.malloc(64);
    const freedRun = heap.malloc(2_000_000);
    heap.malloc(64);
    for (const pointer of [freed, freedRun]) heap.free(pointer);
    for (const size of [-1, -(2 ** 31), 0.5, Number.NaN, 2 ** 33]) {
      for (const [pointer, code] of [
        [freed + 16, "ERR_MORPH_INVALID_POINTER"],
        [12_345, "ERR_MORPH_INVALID_POINTER"],
        [freed, "ERR_MORPH_DOUBLE_FREE"],
        [freedRun, "ERR_MORPH_DOUBLE_FREE"],
      ] as const) {
        expect(codeOf(() => heap.realloc(pointer, size))).toBe(code);
        expect(codeOf(() => heap.tryRealloc(pointer, size))).toBe(code);
        expect(codeOf(() => c.realloc(pointer, size))).toBe(code);
        expect(codeOf(() => c.reallocarray(pointer, size, 2))).toBe(code);
        expect(codeOf(() => c.reallocarray(pointer, 2 ** 30, 2 ** 30))).toBe(code);
        expect(codeOf(() => c.free_sized(pointer, size))).toBe(code);
      }
      const live = heap.malloc(10);
      expect(codeOf(() => heap.realloc(live, size))).toBe("ERR_MORPH_INVALID_SIZE");
      heap.free(live);
    }
    heap.verify();
  });
});

describe("what another heap, or nobody, wrote as a saved state", () => {
  it("is refused, and changes nothing", () => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 100, shared: true });
    const heap = new Heap({ memory });
    const other = new Heap({ memory });
    const object = heap.malloc(100);
    const state = heap.malloc(heap.stateBytes);
    const theirs = heap.malloc(heap.stateBytes);
    heap.saveState(state);
    other.saveState(theirs);
    memory.u8.copyWithin(object, state, state + heap.stateBytes);
    for (const wrong of [theirs, object, state + 4, state + 1, 0, -4, 4, Number.NaN, memory.u8.length, 2 ** 33]) {
      expect(codeOf(() => heap.loadState(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    for (const wrong of [0, 4, 1000, state + 2, memory.u8.length - 40, 2 ** 33]) {
      expect(codeOf(() => heap.saveState(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    heap.loadState(state);
    heap.verify();
  });
});

describe("a heap whose memory was destroyed before it", () => {
  it("is destroyed without an error, and refuses every use", () => {
    const memory = new LinearMemory({ initialPages: 4 });
    const heap = new Heap({ memory });
    const object = heap.malloc(100);
    memory.destroy();
    for (const act of [() => heap.malloc(10), () => heap.free(object), () => heap.malloc(10_000), () => heap.trim()]) {
      expect(codeOf(act)).toBe("ERR_MORPH_DESTROYED");
    }
    heap.destroy();
    heap.destroy();
    memory.destroy();
    expect(codeOf(() => heap.malloc(10))).toBe("ERR_MORPH_DESTROYED");
    expect(heap.owns(object)).toBe(false);
    expect(heap.stats()).toMatchObject({ footprint: 0, currentLive: 0, slabs: 0, tableBytes: 0 });
  });
});

describe("what is no number, and no module", () => {
  it("is refused as such", () => {
    const heap = new Heap();
    for (const object of [heap.malloc(100), heap.malloc(5000), heap.malloc(1 << 20)]) {
      for (const wrong of [Symbol.iterator, 16n, "16", null, [16]]) {
        expect(codeOf(() => heap.realloc(object, wrong as never))).toBe("ERR_MORPH_INVALID_SIZE");
        expect(codeOf(() => heap.realloc(wrong as never, 16))).toBe("ERR_MORPH_INVALID_POINTER");
      }
      heap.free(object);
    }
    for (const wrong of [undefined, null, 7, {}]) {
      expect(codeOf(() => heap.requireModule(wrong as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    heap.verify();
  });
});

describe("a wrong option", () => {
  it("is refused, and says which was meant", () => {
    expect(codeOf(() => new Heap({ maxByte: 1 } as object))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(() => new Heap({ maxByte: 1 } as object)).toThrow("maxBytes");
    for (const memory of [null, {}, 5, new WebAssembly.Memory({ initial: 1 })]) {
      expect(codeOf(() => new Heap({ memory } as object))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });

  it("leaves nothing registered, nor does a memory without room", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 1 });
    const owners = (): number => (memory as unknown as { owners: Map<number, unknown> }).owners.size;
    const blocker = memory.register({ name: "test", contractVersion: memory.contractVersion, viewsChanged() {} });
    while (memory.tryAcquire(1, blocker) !== 0);
    while (memory.tryAcquireTable(64) !== 0);
    const before = [owners(), memory.footprint];
    for (let i = 0; i < 50; i++) {
      expect(codeOf(() => new Heap({ memory }))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(codeOf(() => new Heap({ memory, maxBytes: 100 }))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(codeOf(() => new Heap({ memory, maxBytes: -1 }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect([owners(), memory.footprint]).toEqual(before);
  });
});

describe("wild writes", () => {
  it("into a freed object, across the making of tables, break nothing", () => {
    const memory = new LinearMemory({ initialPages: 4 });
    const heap = new Heap({ memory });
    const pointer = heap.malloc(1 << 20);
    heap.free(pointer);
    const small = Array.from({ length: 1000 }, () => heap.malloc(64));
    const taken = new Set(small.map((p) => Math.floor(p / 64)));
    for (let p = pointer; p < pointer + (1 << 20); p += 64) {
      if (!taken.has(Math.floor(p / 64))) memory.u8.fill(0x55, p, p + 64);
    }
    for (const object of small) heap.free(object);
    heap.verify();
  });

  it.each([1, 2])("into every freed object and every neighbouring byte break nothing (seed %i)", (seed) => {
    const memory = new LinearMemory({ initialPages: 2 });
    const heap = new Heap({ memory });
    const next = random(seed * 31_337);
    const live = new Map<number, number>();
    const freed: [number, number][] = [];
    const size = (): number => 1 + next([64, 1000, 5000, 70_000, 1_200_000][next(30) === 0 ? 4 : next(4)]!);
    for (let i = 0; i < 3000; i++) {
      const kind = next(10);
      const any = [...live.keys()][next(Math.max(1, live.size))];
      if (kind < 5 || any === undefined) {
        const pointer = kind === 4 ? heap.alignedAlloc(1 << next(18), size()) : heap.malloc(size());
        live.set(pointer, heap.usableSize(pointer));
      } else if (kind < 9 || live.size > 300) {
        freed.push([any, live.get(any)!]);
        live.delete(any);
        heap.free(any);
      } else if (next(5) === 0) heap.trim();
      else {
        const to = heap.realloc(any, size());
        live.delete(any);
        live.set(to, heap.usableSize(to));
      }
      // Everything that was ever freed, and 64 bytes to both sides of all that is and was.
      if (i % 50 === 0) {
        const { u8 } = memory;
        for (const [pointer, bytes] of [...live, ...freed]) {
          u8.fill(next(256), pointer - 64, pointer);
          u8.fill(next(256), pointer + bytes, pointer + bytes + 64);
        }
        for (const [pointer, bytes] of freed) u8.fill(next(256), pointer, pointer + bytes);
      }
    }
    heap.verify();
    expect([...heap.liveObjects()]).toEqual([...live.keys()].sort((a, b) => a - b));
    for (const pointer of live.keys()) heap.free(pointer);
    expect(heap.stats().currentLive).toBe(0);
    heap.verify();
  });
});

/** Numbers of the pages that a stretch of the memory touches. */
const pagesOf = (pointer: number, bytes: number): number[] => {
  const first = Math.floor(pointer / PAGE_BYTES);
  return Array.from({ length: Math.ceil((pointer + bytes) / PAGE_BYTES) - first }, (_, i) => first + i);
};

/** Memories of each kind that are filled to their end. */
const filled: [name: string, make: () => LinearMemory][] = [
  ["a memory of its own of 300 pages", () => new LinearMemory({ initialPages: 1, maxPages: 300 })],
  ["a memory of its own of 512 MiB", () => new LinearMemory({ maxPages: 8192 })],
  [
    "a module's memory",
    () => new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 7, maximum: 70 }), firstPage: 3 }),
  ],
];

describe.each(filled)("in %s that was filled to its end and freed", (_, make) => {
  it.each([1 << 26, 1 << 20, 100_000])(
    "with objects of %i bytes and smaller ones, wild writes break nothing",
    (largest) => {
      const memory = make();
      const heap = new Heap({ memory });
      const sizes = [largest, 65_536, 3_000].filter((size) => size <= largest);
      const first = sizes.flatMap((size) =>
        fill(heap, size).map((pointer) => [pointer, heap.usableSize(pointer)] as const),
      );
      for (const [pointer] of first) heap.free(pointer);
      heap.trim();
      // A good half of the memory, so that tables for it are needed.
      const count = Math.floor((memory.maxPages * PAGE_BYTES * 0.6) / 40_000);
      const live = Array.from({ length: count }, (_each, i) => heap.malloc(100 + (i % 800) * 100));
      for (const pointer of live) memory.u8.fill(7, pointer, pointer + 100);
      // All pages that were had before, but for what is live now.
      const had = new Set(first.flatMap(([pointer, bytes]) => pagesOf(pointer, bytes)));
      let at = 0;
      for (const pointer of [...live.sort((a, b) => a - b), memory.u8.length]) {
        for (const page of pagesOf(at, pointer - at).filter((each) => had.has(each))) {
          memory.u8.fill(0xa5, Math.max(at, page * PAGE_BYTES), Math.min(pointer, (page + 1) * PAGE_BYTES));
        }
        at = heap.owns(pointer) ? pointer + heap.usableSize(pointer) : pointer;
      }
      heap.verify();
      expect(live.every((pointer) => memory.u8[pointer] === 7 && memory.u8[pointer + 99] === 7)).toBe(true);
      for (const pointer of live) heap.free(pointer);
      heap.verify();
      heap.trim();
      expect(heap.malloc(Math.min(largest, 1 << 21))).toBeGreaterThan(0);
    },
  );
});

describe("a growth listener", () => {
  it("may look, and changes nothing by what it may not do", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const heap = new Heap({ memory });
    const objects = [heap.malloc(64), heap.malloc(5000), heap.malloc(1_200_000)];
    const looked = objects.map((pointer) => [true, heap.usableSize(pointer)]);
    const codes = new Set<string>();
    let calls = 0;
    memory.onGrow(() => {
      calls++;
      expect(heap.stats().currentLive).toBeGreaterThan(0);
      expect(objects.map((pointer) => [heap.owns(pointer), heap.usableSize(pointer)])).toEqual(looked);
      expect(heap.owns(objects[0]! + 16)).toBe(false);
      expect([...heap.liveObjects()].filter((pointer) => objects.includes(pointer))).toEqual(objects);
      heap.verify();
      if (calls === 2) memory.wasm.grow(1);
      expect(memory.u8.length).toBe(memory.wasm.buffer.byteLength);
      const [a, b, c] = objects as [number, number, number];
      for (const action of [
        () => heap.malloc(10),
        () => heap.malloc(3000),
        () => heap.malloc(2_000_000),
        () => heap.tryMalloc(16),
        () => heap.calloc(1, 16),
        () => heap.alignedAlloc(64, 16),
        () => heap.free(a),
        () => heap.free(b),
        () => heap.free(c),
        () => heap.realloc(a, 2000),
        () => heap.realloc(c, 9_000_000),
        () => heap.trim(),
        () => heap.reset(),
        () => heap.destroy(),
        () => new Heap({ memory }),
      ]) {
        codes.add(codeOf(action));
      }
    });
    for (let i = 0; i < 2000; i++) heap.malloc(5000);
    expect(calls).toBeGreaterThan(0);
    expect([...codes]).toEqual(["ERR_MORPH_BUSY"]);
    heap.verify();
    for (const object of objects) heap.free(object);
  });
});
