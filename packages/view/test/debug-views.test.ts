import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { MemoryContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { Pool, PoolManager } from "@morph/pool";
import { expect, test } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { array } from "../src/index.ts";
import { momentNow, requireLive } from "../src/liveness.ts";
import { contextIn } from "./context-in.ts";

type Case = [name: string, alloc: () => number, memory: LinearMemory];

/** Every allocator, each in a memory of its own. */
function allocators(): Case[] {
  const memories = Array.from({ length: 7 }, () => new LinearMemory({ initialPages: 16, debugViews: true }));
  const [a, b, c, d, e, f, g] = memories as [LinearMemory, ...LinearMemory[]] & Record<number, LinearMemory>;
  const arena = new Arena({ memory: a });
  const pool = new Pool({ slotSize: 24, memory: b! });
  const pools = new PoolManager({ memory: c! });
  const heap = new Heap({ memory: d! });
  const context = new MemoryContext({ mode: "RUNTIME", memory: e! });
  const compiler = new MemoryContext({ mode: "COMPILER", memory: f! });
  const large = new Heap({ memory: g! });
  return [
    ["arena", () => arena.alloc(24), a],
    ["pool", () => pool.alloc(), b!],
    ["pool manager", () => pools.alloc(24), c!],
    ["heap", () => heap.malloc(24), d!],
    ["context", () => context.alloc(24), e!],
    ["compiler's context", () => compiler.alloc(24), f!],
    ["heap, large", () => large.calloc(1, 100_000), g!],
  ];
}

test.each(allocators())("a view kept over an allocation fails in the first test: %s", (_, alloc, memory) => {
  const pointers: number[] = [];
  for (let i = 0; i < 500; i++) {
    const kept = memory.f64;
    const pointer = alloc();
    expect(kept.length).toBe(0);
    memory.f64[pointer / 8] = i;
    pointers.push(pointer);
  }
  expect(pointers.map((pointer) => memory.f64[pointer / 8])).toEqual(pointers.map((_, i) => i));
});

/** Whether the object at `pointer` has ended since `moment`, as a block or cursor sees it. */
function ended(memory: LinearMemory, pointer: number, moment: number): boolean {
  const code = codeOf(() => requireLive(memory, pointer, moment, "test"));
  return code === "ERR_MORPH_USE_AFTER_FREE";
}

const options = { initialPages: 16, maxPages: 400, debugViews: true };

test.each([
  ["pool", (memory: LinearMemory) => new Pool({ slotSize: 24, memory })],
  ["pool manager", (memory: LinearMemory) => new PoolManager({ memory })],
  ["heap", (memory: LinearMemory) => new Heap({ memory })],
  ["context", (memory: LinearMemory) => contextIn({ mode: "RUNTIME", memory })],
  ["server context", (memory: LinearMemory) => contextIn({ mode: "SERVER", memory })],
] as const)("an object's end is known: freed, then all reset: %s", (_, make) => {
  for (const shared of [false, true]) {
    const memory = new LinearMemory({ ...options, shared });
    const allocator = make(memory);
    const alloc = (): number => ("malloc" in allocator ? allocator.malloc(24) : allocator.alloc(24));
    const [first, second] = [alloc(), alloc()];
    const moment = momentNow(memory);
    expect([ended(memory, first, moment), ended(memory, second, moment)]).toEqual([false, false]);
    allocator.free(first);
    expect([ended(memory, first, moment), ended(memory, second, moment)]).toEqual([true, false]);
    expect(ended(memory, first + 23, moment)).toBe(true);
    expect(codeOf(() => allocator.free(first))).toBe("ERR_MORPH_DOUBLE_FREE");
    const third = alloc();
    expect(ended(memory, third, momentNow(memory))).toBe(false);
    allocator.reset();
    expect([second, third].map((pointer) => ended(memory, pointer, moment))).toEqual([true, true]);
  }
});

test("an object's end is known: an arena that rewinds and is reset", () => {
  const memory = new LinearMemory(options);
  const arena = new Arena({ memory });
  const first = arena.alloc(24);
  const mark = arena.mark();
  const later = [arena.alloc(24), arena.allocZeroed(100_000), arena.alloc(1)];
  const moment = momentNow(memory);
  arena.rewind(mark);
  expect(later.map((pointer) => ended(memory, pointer, moment))).toEqual([true, true, true]);
  expect(ended(memory, first, moment)).toBe(false);
  arena.reset();
  expect(ended(memory, first, moment)).toBe(true);
});

test("an object's end is known: moved by realloc", () => {
  const memory = new LinearMemory(options);
  const heap = new Heap({ memory });
  const small = heap.malloc(16);
  const moment = momentNow(memory);
  const moved = heap.realloc(small, 5000);
  expect(moved).not.toBe(small);
  expect(ended(memory, small, moment)).toBe(true);
  expect(ended(memory, moved, momentNow(memory))).toBe(false);
});

test("nothing is known, and nothing refused, without the option", () => {
  const heap = new Heap();
  const pointer = heap.malloc(16);
  heap.free(pointer);
  expect(momentNow(heap.memory)).toBe(0);
  expect(ended(heap.memory as LinearMemory, pointer, 0)).toBe(false);
});

test.each([false, true])("a block of a memory that was destroyed is refused, shared: %s", (shared) => {
  const options = { initialPages: 16, debugViews: true };
  const memory: LinearMemory = shared ? new LinearMemory({ ...options, shared }) : new LinearMemory(options);
  const block = array(new Heap({ memory }), Float64Array, 4);
  memory.destroy();
  expect(codeOf(() => block.view)).toBe("ERR_MORPH_DESTROYED");
  expect(codeOf(() => block.handle())).toBe("ERR_MORPH_DESTROYED");
});
