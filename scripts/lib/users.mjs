/* Programs of the packages' users, which check-packages.mjs runs, or compiles, outside the workspace. */

export const JAVASCRIPT_USER = `
import assert from "node:assert/strict";
import { Pool, PoolManager } from "@morph/pool";

const pool = new Pool({ slotSize: 64 });
const pointer = pool.alloc();
pool.memory.u8[pointer] = 7;
assert.equal(pool.stats().used, 1);
pool.free(pointer);
assert.throws(() => pool.free(pointer), { code: "ERR_MORPH_DOUBLE_FREE" });
const pools = new PoolManager({ memory: pool.memory });
assert.equal(pools.usableSize(pools.alloc(100)), 128);
`;

/** Lines after @ts-expect-error fail the check when they compile: when the types are missing, everything would. */
export const TYPESCRIPT_USER = `
import { Pool, PoolManager, type PoolOptions, type PoolStats } from "@morph/pool";

const options: PoolOptions = { slotSize: 64 };
const pool: Pool = new Pool(options);
const pointer: number = pool.alloc();
const bytes: Uint8Array = pool.memory.u8;
bytes[pointer] = 1;
const stats: PoolStats = pool.stats();
const slots: number = stats.slots + new PoolManager({ memory: pool.memory, sizeClasses: [16, 48] }).stats().slots;
pool.free(pointer);
// @ts-expect-error a pointer is a number
pool.free(String(slots));
// @ts-expect-error a slot size is needed
new Pool({});
// @ts-expect-error a memory is no number
new Pool({ slotSize: 8, memory: 1 });
`;

/** What a program without the DOM library uses of a memory, its views and its WebAssembly parts. */
export const MEMORY_USER = `
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { MemoryContext } from "@morph/mem-v2";

const memory: LinearMemory<ArrayBuffer> = new LinearMemory({ initialPages: 1 });
const bytes: Uint8Array<ArrayBuffer> = memory.u8;
const shared: Uint8Array<SharedArrayBuffer> = new LinearMemory({ shared: true, maxPages: 256 }).u8;
const pages = (any: LinearMemory): number => any.pageCount + any.maxPages;
const context = new MemoryContext({ mode: "COMPILER" });
pages(memory) + pages(new Heap({ memory }).memory) + pages(context.memory);
const size: number = memory.wasm.buffer.byteLength + memory.wasm.grow(1) + bytes.length + shared.length;
{
  using heap = new Heap();
  heap.free(heap.malloc(size));
}
// @ts-expect-error which of the two is known
memory.u8 = shared;
`;

/** What browsers do with bytes. */
export const WEB_USER = `
import { LinearMemory } from "@morph/memory";

const memory = new LinearMemory();
crypto.subtle.digest("SHA-256", memory.u8.subarray(0, 4));
new Response(memory.u8);
new Blob([memory.u8]);
new WebAssembly.Instance({} as WebAssembly.Module, { env: { memory: memory.wasm } });
const module = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 1 }), firstPage: 0 });
// @ts-expect-error browsers refuse it
new Response(new LinearMemory({ shared: true }).u8);
// @ts-expect-error whether a module's memory is shared is not known
new Response(module.u8);
`;

/** CommonJS beside ES modules: two copies of a package in one memory. */
export const REQUIRE_USER = `
const assert = require("node:assert/strict");
(async () => {
  for (const name of process.argv.slice(2)) {
    const required = Object.keys(require(name)).sort();
    const imported = Object.keys(await import(name)).sort();
    assert.ok(imported.length > 0);
    assert.deepEqual(required, imported);
  }
  const { LinearMemory } = await import("@morph/memory");
  const { Pool } = require("@morph/pool");
  const memory = new LinearMemory();
  const pool = new Pool({ slotSize: 64, memory });
  const other = new (await import("@morph/pool")).Pool({ slotSize: 64, memory });
  const pointer = pool.alloc();
  assert.throws(() => other.free(pointer), { code: "ERR_MORPH_INVALID_POINTER" });
  pool.free(pointer);
})();
`;

/** In Jest's sandbox, which has classes of its own, as it is without any configuration. */
export const JEST_USER = `
const { Arena } = require("@morph/arena");
const { Heap } = require("@morph/heap");
const { MemoryContext } = require("@morph/mem-v2");
const { LinearMemory } = require("@morph/memory");
const { Pool, PoolManager } = require("@morph/pool");
const { Ranges } = require("@morph/range");

test.each([false, true])("allocators share a memory that grows, shared: %s", (shared) => {
  const memory = new LinearMemory({ initialPages: 4, maxPages: 400, shared });
  expect(memory.shared).toBe(shared);
  const pool = new Pool({ slotSize: 64, memory });
  const heap = new Heap({ memory });
  const arena = new Arena({ memory });
  const slot = pool.alloc();
  memory.u32[slot / 4] = 7;
  heap.free(heap.malloc(9_000_000));
  arena.alloc(100_000);
  expect(memory.pageCount).toBeGreaterThan(100);
  expect(memory.u32[slot / 4]).toBe(7);
  pool.free(slot);
  expect(() => pool.free(slot)).toThrow(expect.objectContaining({ code: "ERR_MORPH_DOUBLE_FREE" }));
  for (const each of [pool, heap, arena, new PoolManager({ memory })]) each.verify();
});

test("a module's memory, a context, ranges", () => {
  const wasm = new WebAssembly.Memory({ initial: 4 });
  expect(new LinearMemory({ wasm, firstPage: 1 }).shared).toBe(false);
  const context = new MemoryContext({ mode: "COMPILER" });
  context.free(context.alloc(48, 1));
  expect(new Ranges({ length: 9 }).tryAlloc(9)).toBe(0);
});
`;
