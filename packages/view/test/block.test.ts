import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { SharedContext } from "@morph/mem-v2";
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { Pool, PoolManager } from "@morph/pool";
import { describe, expect, it, test } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import {
  type Allocator,
  array,
  type Block,
  blockAt,
  blockOf,
  type ElementArray,
  type ElementType,
  type LeakGuard,
  writeCString,
  writeUtf8,
} from "../src/index.ts";
import { contextIn } from "./context-in.ts";

const small = { initialPages: 4, maxPages: 4000 };

const ALLOCATORS: readonly [string, (memory: LinearMemory) => Allocator][] = [
  ["heap", (memory) => new Heap({ memory })],
  ["arena", (memory) => new Arena({ memory })],
  ["pool", (memory) => new Pool({ slotSize: 4096, memory })],
  ["pool manager", (memory) => new PoolManager({ memory, sizeClasses: [8, 24, 64, 4096] })],
  ["context", (memory) => contextIn({ mode: "RUNTIME", memory })],
  ["compiler's context", (memory) => contextIn({ mode: "COMPILER", memory })],
];

const TYPES: readonly ElementType<ElementArray & { [index: number]: number | bigint }>[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  ...("Float16Array" in globalThis
    ? [(globalThis as unknown as { Float16Array: typeof Float32Array }).Float16Array]
    : []),
];

/** Grows a memory as a module does: without a word. */
function growAsModule(memory: LinearMemory): void {
  memory.wasm.grow(1);
}

describe.each(ALLOCATORS)("a block of the %s", (name, make) => {
  it.each([false, true])("keeps its elements over growth by us and by a module, shared: %s", (shared) => {
    const memory = new LinearMemory({ ...small, shared });
    const allocator = make(memory);
    const block = array(allocator, Float64Array, 100);
    for (let i = 0; i < 100; i++) block.view[i] = i / 3;
    const { view } = block;
    growAsModule(memory);
    memory.refresh();
    memory.reserve(200);
    expect(view.length).toBe(shared ? 100 : 0);
    expect(blockOf(view)).toBe(block);
    expect([...block.view]).toEqual(Array.from({ length: 100 }, (_, i) => i / 3));
    expect(block.view).toBe(block.view);
    expect(block.view.byteOffset).toBe(block.pointer);
    expect(memory.f64[block.pointer / 8 + 5]).toBe(5 / 3);
    block.free();
  });

  it("has every element type, and 0 to as many elements as one likes", () => {
    const memory = new LinearMemory(small);
    const allocator = make(memory);
    for (const type of TYPES) {
      for (const length of [0, 1, 2, 3, 17, 256]) {
        const block = array(allocator, type, length, { zeroed: true });
        const zero = type.name.startsWith("Big") ? 0n : 0;
        const one = type.name.startsWith("Big") ? 1n : 1;
        expect(block.length).toBe(length);
        expect(block.view.length).toBe(length);
        expect(block.view.constructor).toBe(type);
        expect(block.pointer % type.BYTES_PER_ELEMENT).toBe(0);
        expect(block.pointer === 0).toBe(length === 0);
        for (let i = 0; i < length; i++) expect(block.view[i]).toBe(zero);
        for (let i = 0; i < length; i++) block.view[i] = one;
        expect(blockOf(block.view)).toBe(block);
        block.free();
      }
    }
  });

  it("is aligned as asked, also zeroed", () => {
    const memory = new LinearMemory(small);
    const allocator = make(memory);
    for (const align of [1, 8, 16, 64, 256, 1024]) {
      for (const zeroed of [false, true]) {
        const blocks = Array.from({ length: 3 }, () => array(allocator, Uint8Array, 100, { align, zeroed }));
        for (const block of blocks) {
          expect(block.pointer % align).toBe(0);
          if (zeroed) expect(block.view.every((byte) => byte === 0)).toBe(true);
          block.view.fill(7);
        }
        for (const block of blocks) {
          expect(block.view.every((byte) => byte === 7)).toBe(true);
          block.free();
        }
      }
    }
  });

  it("gets longer and shorter, and keeps what fits", () => {
    const memory = new LinearMemory(small);
    const allocator = make(memory);
    for (const options of [{}, { zeroed: true }, { align: 64 }, { align: 64, zeroed: true }]) {
      const block = array(allocator, Int32Array, 3, options);
      block.view.set([1, 2, 3]);
      const old = block.view;
      block.resize(200);
      expect(blockOf(old)).toBe(block);
      expect([...block.view.subarray(0, 3)]).toEqual([1, 2, 3]);
      if (options.zeroed) expect(block.view.subarray(3).every((n) => n === 0)).toBe(true);
      expect(block.pointer % (options.align ?? 4)).toBe(0);
      block.view.fill(9);
      block.resize(2);
      expect([...block.view]).toEqual([9, 9]);
      block.resize(5);
      if (options.zeroed) expect([...block.view]).toEqual([9, 9, 0, 0, 0]);
      else expect([...block.view.subarray(0, 2)]).toEqual([9, 9]);
      block.resize(0);
      expect([block.pointer, block.length, block.view.length]).toEqual([0, 0, 0]);
      block.resize(4);
      expect(block.view.length).toBe(4);
      if (options.zeroed) expect([...block.view]).toEqual([0, 0, 0, 0]);
      block.free();
    }
  });

  it("gives its bytes back, once", () => {
    const memory = new LinearMemory(small);
    const allocator = make(memory);
    const block = array(allocator, Float32Array, 100, { align: 32 });
    block.free();
    expect(codeOf(() => block.free())).toBe("ERR_MORPH_DOUBLE_FREE");
    for (const use of [() => block.view, () => block.resize(1), () => block.handle()]) {
      expect(codeOf(use)).toBe("ERR_MORPH_USE_AFTER_FREE");
    }
    block[Symbol.dispose]();
    const { footprint } = memory;
    // An arena, and a context that has one, keep what was freed until they are reset.
    if (name === "arena" || name === "compiler's context") return;
    for (let i = 0; i < 2000; i++) array(allocator, Float32Array, 1000).free();
    expect(memory.footprint).toBeLessThanOrEqual(footprint + 8 * PAGE_BYTES);
  });
});

describe("a block", () => {
  it("is refused with a code when it is asked for wrongly, and nothing changes", () => {
    const heap = new Heap();
    const { currentLive } = heap.stats();
    const wrong: [string, () => unknown][] = [
      ["ERR_MORPH_INVALID_SIZE", () => array(heap, Float32Array, -1)],
      ["ERR_MORPH_INVALID_SIZE", () => array(heap, Float32Array, 1.5)],
      ["ERR_MORPH_INVALID_SIZE", () => array(heap, Float32Array, Number.NaN)],
      ["ERR_MORPH_INVALID_SIZE", () => array(heap, Float64Array, 2 ** 29)],
      ["ERR_MORPH_INVALID_SIZE", () => array(heap, Float32Array, "3" as unknown as number)],
      ["ERR_MORPH_INVALID_ALIGNMENT", () => array(heap, Float32Array, 1, { align: 3 })],
      ["ERR_MORPH_INVALID_ALIGNMENT", () => array(heap, Float32Array, 1, { align: 0 })],
      ["ERR_MORPH_INVALID_ALIGNMENT", () => array(heap, Float32Array, 1, { align: 2 ** 17 })],
      ["ERR_MORPH_INVALID_CONFIG", () => array(heap, Float32Array, 1, { zero: true } as object)],
      ["ERR_MORPH_INVALID_CONFIG", () => array(heap, Float32Array, 1, { zeroed: "false" } as object)],
      ["ERR_MORPH_INVALID_CONFIG", () => array(heap, Array as unknown as ElementType<Float32Array>, 1)],
      ["ERR_MORPH_INVALID_CONFIG", () => array(heap, undefined as unknown as ElementType<Float32Array>, 1)],
      ["ERR_MORPH_INVALID_CONFIG", () => array({ memory: heap.memory } as unknown as Allocator, Float32Array, 1)],
      ["ERR_MORPH_INVALID_CONFIG", () => array(undefined as unknown as Allocator, Float32Array, 1)],
      ["ERR_MORPH_INVALID_CONFIG", () => array({ alloc: () => 8 } as unknown as Allocator, Float32Array, 0)],
      ["ERR_MORPH_INVALID_CONFIG", () => array(heap, Float32Array, 1, { guard: {} as LeakGuard })],
      ["ERR_MORPH_INVALID_SIZE", () => array(new Pool({ slotSize: 24 }), Float32Array, 7)],
    ];
    for (const [code, action] of wrong) expect([code, codeOf(action)]).toEqual([code, code]);
    expect(heap.stats().currentLive).toBe(currentLive);
    const block = array(heap, Float32Array, 4);
    block.view.fill(5);
    expect(codeOf(() => block.resize(-1))).toBe("ERR_MORPH_INVALID_SIZE");
    expect([...block.view]).toEqual([5, 5, 5, 5]);
  });

  it("takes nothing when a class or a guard of the program's own throws", () => {
    const heap = new Heap();
    const { currentLive } = heap.stats();
    const own = new Error("own");
    class Throwing extends Uint8Array {
      constructor() {
        super();
        throw own;
      }
    }
    const guard = {
      watch() {
        throw own;
      },
    };
    expect(() => array(heap, Throwing, 100)).toThrow(own);
    expect(() => array(heap, Uint8Array, 100, { guard: guard as unknown as LeakGuard })).toThrow(own);
    expect(() => array(heap, Uint8Array, 0, { guard: guard as unknown as LeakGuard })).toThrow(own);
    expect(heap.stats().currentLive).toBe(currentLive);
  });

  it("is as it was when there is no room for a longer one", () => {
    for (const align of [8, 64]) {
      for (const make of [
        (memory: LinearMemory) => new Heap({ memory }),
        (memory: LinearMemory) => new Arena({ memory }),
      ]) {
        const block = array(make(new LinearMemory({ initialPages: 1, maxPages: 20 })), Float64Array, 10, { align });
        block.view.fill(1.5);
        const { pointer } = block;
        expect(codeOf(() => block.resize(10_000_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
        expect([block.pointer, block.length]).toEqual([pointer, 10]);
        expect(block.view.every((n) => n === 1.5)).toBe(true);
      }
    }
  });

  it("is freed at the end of its scope", () => {
    const heap = new Heap();
    let outside: Block<Uint8Array>;
    {
      using block = array(heap, Uint8Array, 100);
      outside = block;
      expect(block.length).toBe(100);
    }
    expect(codeOf(() => outside.view)).toBe("ERR_MORPH_USE_AFTER_FREE");
  });

  it("is told from what is no block's view", () => {
    const block = array(new Heap(), Uint8Array, 100);
    expect(blockOf(block.view.subarray(1))).toBe(undefined);
    expect(blockOf(new Uint8Array(3))).toBe(undefined);
  });

  it("lies above 2 GiB, too", () => {
    const memory = new LinearMemory();
    const heap = new Heap({ memory });
    memory.acquire(2 ** 15 - 100, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const blocks = Array.from({ length: 200 }, (_, i) =>
      array(heap, Float64Array, 20_000 + i, { align: i % 2 ? 64 : 8 }),
    );
    expect(Math.max(...blocks.map(({ pointer }) => pointer))).toBeGreaterThan(2 ** 31);
    for (const [i, { view }] of blocks.entries()) view.fill(i);
    for (const block of blocks) block.resize(block.length + 10);
    for (const [i, { view }] of blocks.entries()) {
      expect([view[0], view[19_999]]).toEqual([i, i]);
      expect(blockOf(view)).toBe(blocks[i]);
    }
    for (const block of blocks) block.free();
    heap.verify();
  });
});

describe("an allocator of the program's own", () => {
  const memory = new LinearMemory({ initialPages: 4 });
  const heap = new Heap({ memory });
  /** What it is asked for, and gives `pointer` every time. */
  const all = (pointer: unknown): (() => unknown)[] => {
    const give = (): number => pointer as number;
    const own = (more: object): Allocator => ({ memory, ...more }) as Allocator;
    return [
      () => array(own({ malloc: give }), Float64Array, 4),
      () => array(own({ alloc: give }), Float64Array, 4, { align: 64 }),
      () => array(own({ malloc: give, calloc: give }), Float64Array, 4, { zeroed: true }),
      () => array(own({ malloc: give, alignedAlloc: give }), Float64Array, 4, { align: 64 }),
      () => writeUtf8(own({ malloc: give }), "text"),
      () => writeCString(own({ malloc: give }), "text"),
      () => {
        const free = (freed: number): void => heap.free(freed);
        const block = array(own({ malloc: (n: number) => heap.malloc(n), free, realloc: give }), Float64Array, 4);
        block.view.fill(1.5);
        try {
          block.resize(1000);
        } finally {
          expect([...block.view]).toEqual([1.5, 1.5, 1.5, 1.5]);
          block.free();
        }
      },
    ];
  };

  it("may give nothing where there is no room, as C's functions do; nothing is written then", () => {
    const before = memory.u8.slice(0, 64);
    for (const none of [0, undefined, null]) {
      const codes = all(none).map(codeOf);
      expect([none, codes]).toEqual([none, codes.map(() => "ERR_MORPH_OUT_OF_MEMORY")]);
    }
    expect(memory.u8.slice(0, 64)).toEqual(before);
  });

  it("may give negative pointers above 2 GiB, as modules do", () => {
    const large = new LinearMemory();
    large.acquire(2 ** 15, large.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const above = new Heap({ memory: large });
    const c = above.wasmImports();
    const block = array({ memory: large, ...c }, Float64Array, 10, { zeroed: true });
    expect(block.pointer).toBeGreaterThan(2 ** 31);
    block.view.fill(2.5);
    block.resize(100_000);
    expect(block.view[9]).toBe(2.5);
    block.free();
    expect(above.stats().currentLive).toBe(0);
  });

  it("is refused where it gives what is no pointer into its memory", () => {
    const { currentLive } = heap.stats();
    for (const wrong of [-16, 12_345, 8.5, Number.NaN, 2 ** 31, 2 ** 32, "65536", 65_536n, Symbol("8")]) {
      const codes = all(wrong).map(codeOf);
      expect([wrong, codes]).toEqual([wrong, codes.map(() => "ERR_MORPH_INVALID_POINTER")]);
    }
    expect(heap.stats().currentLive).toBe(currentLive);
    heap.verify();
  });
});

describe("a handle", () => {
  it("is plain data from which another thread's block shows the same bytes, also after growth", () => {
    const here = new SharedContext({ mode: "RUNTIME", memory: new LinearMemory({ ...small, shared: true }) });
    const there = SharedContext.attach(structuredClone(here.handle()));
    for (let i = 0; i < 20; i++) {
      const made = array(here, Float32Array, 50_000, { align: 64 });
      made.view.fill(i);
      const taken = blockAt(there, Float32Array, structuredClone(made.handle()));
      expect([taken.length, taken.pointer, taken.view[49_999]]).toEqual([50_000, made.pointer, i]);
      taken.view[3] = 99;
      expect(made.view[3]).toBe(99);
      if (i % 2) taken.free();
      else made.free();
    }
    const made = array(here, Float32Array, 3);
    const looked = blockAt({ memory: there.memory }, Float32Array, made.handle());
    expect(looked.view.length).toBe(3);
    for (const change of [() => looked.resize(5), () => looked.resize(0), () => looked.free()]) {
      expect(codeOf(change)).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(looked.view.length).toBe(3);
    looked[Symbol.dispose]();
    expect(codeOf(() => looked.view)).toBe("ERR_MORPH_USE_AFTER_FREE");
    expect(here.owns(made.pointer)).toBe(true);
    const empty = blockAt(there, Float32Array, array(here, Float32Array, 0).handle());
    empty.resize(3);
    expect(empty.view.length).toBe(3);
    here.verify();
  });

  it("is refused when it is of another type or memory", () => {
    const heap = new Heap();
    const handle = array(heap, Float32Array, 100).handle();
    const at = (change: object) => codeOf(() => blockAt(heap, Float32Array, { ...handle, ...change }));
    expect(codeOf(() => blockAt(heap, Int32Array, handle))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(at({ pointer: 2 ** 32 - 64 })).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(at({ pointer: 6 })).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(at({ length: -1 })).toBe("ERR_MORPH_INVALID_SIZE");
    for (const wrong of [0, -8, handle.base - 8, Number.NaN, undefined]) {
      expect([wrong, at({ pointer: wrong })]).toEqual([wrong, "ERR_MORPH_INVALID_CONFIG"]);
    }
    for (const wrong of [0, -8, handle.pointer + 8, undefined]) {
      expect([wrong, at({ base: wrong })]).toEqual([wrong, "ERR_MORPH_INVALID_CONFIG"]);
    }
    for (const wrong of [Symbol("8"), 8n, Object.create(null)]) {
      expect(at({ pointer: wrong })).toBe("ERR_MORPH_INVALID_CONFIG");
      expect(at({ base: wrong })).toBe("ERR_MORPH_INVALID_CONFIG");
      expect(at({ zeroed: wrong })).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(at({ align: 3 })).toBe("ERR_MORPH_INVALID_ALIGNMENT");
    expect(at({ length: 0 })).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => blockAt(undefined as unknown as Heap, Float32Array, handle))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => blockAt(heap, Float32Array, undefined as unknown as typeof handle))).toBe(
      "ERR_MORPH_INVALID_CONFIG",
    );
    expect(at({})).toBe("did not throw");
  });
});

test.each(ALLOCATORS)("with debugViews a block whose object was freed otherwise is refused: %s", (_, make) => {
  for (const shared of [false, true]) {
    const memory = new LinearMemory({ ...small, shared, debugViews: true });
    const allocator = make(memory);
    const block = array(allocator, Int32Array, 6);
    const other = array(allocator, Int32Array, 6, { align: 64 });
    const kept = block.view;
    other.view.fill(3);
    array(allocator, Int32Array, 6);
    expect(kept.length).toBe(shared ? 6 : 0);
    expect(block.view.length).toBe(6);
    if (allocator.free === undefined) (allocator as Arena).reset();
    else allocator.free(block.pointer);
    for (const use of [() => block.view, () => block.resize(9), () => block.free(), () => block.handle()]) {
      expect(codeOf(use)).toBe("ERR_MORPH_USE_AFTER_FREE");
    }
    if (allocator.free === undefined) continue;
    expect([...other.view]).toEqual([3, 3, 3, 3, 3, 3]);
    other.resize(90);
    expect([...other.view.subarray(0, 6)]).toEqual([3, 3, 3, 3, 3, 3]);
    // Another object comes to the same place: it is not the freed one.
    const next = array(allocator, Int32Array, 6);
    expect(next.view.length).toBe(6);
    expect(codeOf(() => block.view)).toBe("ERR_MORPH_USE_AFTER_FREE");
  }
});
