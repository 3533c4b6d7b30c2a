/* Who grows the memory, and that everybody's views go on: us, a module, another worker. */
import { Arena } from "@morph/arena";
import { Collector } from "@morph/gc";
import { Heap } from "@morph/heap";
import { MemoryContext, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { Pool, PoolManager } from "@morph/pool";
import { array, blockOf, i32, struct } from "@morph/view";
import { expect, expectSame, Helper } from "./kit.mjs";

const PAGE = 65_536;
const Pair = struct({ first: i32, second: i32 });

/**
 * A module that imports `m.m` and exports `grow(pages)`, which grows it, and `put(pointer, value)`.
 * @param limits of the import: flags, least pages and so on
 */
function growerCode(limits) {
  const section = (id, bytes) => [id, bytes.length, ...bytes];
  const body = (code) => [code.length + 1, 0, ...code];
  return new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0]),
    ...section(2, [1, 1, 109, 1, 109, 2, ...limits]),
    ...section(3, [2, 0, 1]),
    ...section(7, [2, 4, 103, 114, 111, 119, 0, 0, 3, 112, 117, 116, 0, 1]),
    // local.get 0, memory.grow; local.get 0, local.get 1, i32.store.
    ...section(10, [2, ...body([0x20, 0, 0x40, 0, 0x0b]), ...body([0x20, 0, 0x20, 1, 0x36, 2, 0, 0x0b])]),
  ]);
}

const moduleOver = async (wasm, limits) =>
  (await WebAssembly.instantiate(growerCode(limits), { m: { m: wasm } })).instance.exports;

/** All that shows bytes of a heap, each with a number in it. */
function holders(heap) {
  const { memory } = heap;
  const block = array(heap, Int32Array, 10, { zeroed: true });
  block.view[3] = 33;
  const at = heap.calloc(1, Pair.size);
  const cursor = Pair.cursor(memory, at);
  cursor.second = 44;
  const many = Pair.array(memory, heap.calloc(5, Pair.size), 5);
  many.at(2).first = 55;
  const { second } = Pair.in(memory);
  return {
    check: () => {
      const seen = [block.view[3], cursor.second, many.at(2).first, second.get(at), memory.i32[at / 4 + 1]];
      expectSame(seen, [33, 44, 55, 44, 44], "what the views show");
      expect(blockOf(block.view) === block, "a view without its block");
    },
    at,
  };
}

async function byUs() {
  for (const shared of [false, true]) {
    const memory = new LinearMemory({ initialPages: 2, maxPages: 4096, shared });
    const heap = new Heap({ memory });
    const held = holders(heap);
    let told = 0;
    memory.onGrow(() => told++);
    const before = memory.u8;
    for (let i = 0; i < 5; i++) {
      const pointer = heap.malloc(3_000_000);
      memory.u8[pointer + 2_999_999] = 9;
      expectSame(memory.u8[pointer + 2_999_999], 9, "the last byte");
      held.check();
    }
    expect(told >= 5, `${told} growths were told`);
    expectSame(before.length, shared ? 2 * PAGE : 0, "the length of a view that was kept");
  }
}

async function byModule() {
  for (const instruction of [true, false]) {
    const wasm = new WebAssembly.Memory({ initial: 1 });
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    const heap = new Heap({ memory });
    const held = holders(heap);
    const exports = await moduleOver(wasm, [0, 1]);
    const grow = instruction ? exports.grow : (pages) => wasm.grow(pages);
    for (let i = 0; i < 5; i++) {
      const first = grow(3);
      exports.put(held.at + 4, 44);
      held.check();
      memory.u8[(first + 3) * PAGE - 1] = 5;
      expectSame(memory.u8[(first + 3) * PAGE - 1], 5, "the last byte of the module's pages");
      expectSame(memory.ownerOf(first * PAGE), -1, "the owner of the module's pages");
      heap.free(heap.malloc(500_000));
      heap.verify();
    }
  }
}

/** All allocators in one memory that a module grows in between. */
async function amongAll() {
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 10_000 });
  const memory = new LinearMemory({ wasm, firstPage: 1 });
  expectSame(memory.maxPages, 10_000, "the maximum that modules of 20 bytes find");
  const heap = new Heap({ memory });
  const arena = new Arena({ memory });
  const pool = new Pool({ slotSize: 32, memory });
  const pools = new PoolManager({ memory });
  const context = new MemoryContext({ mode: "RUNTIME", memory });
  const gc = new Collector({ memory });
  const type = gc.type({ name: "number", size: 8 });
  const root = gc.handle(gc.alloc(type));
  memory.i32[root.pointer / 4] = 77;
  const { grow } = await moduleOver(wasm, [1, 1, 0x90, 0x4e]);
  for (let i = 0; i < 400; i++) {
    if (i % 20 === 0) expect(grow(2) > 0, "the engine refused to grow");
    for (let j = 0; j < 50; j++) {
      for (const pointer of [
        arena.alloc(100),
        pool.alloc(),
        pools.alloc(90),
        heap.malloc(3000),
        context.alloc(40, 1),
        gc.alloc(type),
      ]) {
        memory.i32[pointer / 4] = i;
        expectSame(memory.i32[pointer / 4], i, "what was written");
      }
    }
  }
  expectSame(memory.i32[root.pointer / 4], 77, "the rooted object");
  for (const one of [heap, arena, pool, pools, context, gc]) one.verify();
  return `${memory.pageCount} pages`;
}

async function byWorker() {
  const memory = new LinearMemory({ initialPages: 4, maxPages: 8192, shared: true });
  const context = new SharedContext({ mode: "RUNTIME", memory });
  const helper = new Helper();
  const at = context.alloc(16, 1);
  const cursor = Pair.cursor(memory, at);
  cursor.second = 44;
  const block = array(context, Int32Array, 10, { zeroed: true });
  block.view[3] = 33;
  for (let i = 1; i <= 6; i++) {
    const before = memory.wasm.buffer.byteLength;
    const pointer = await helper.run("allocate", { handle: context.handle(), size: i * 1_000_000, value: i });
    const seen = memory.wasm.buffer.byteLength;
    expect(pointer + i * 1_000_000 > before, "the worker did not grow the memory");
    expectSame(
      [memory.i32[pointer / 4], memory.u8[pointer + i * 1_000_000 - 1]],
      [i, i],
      `what the worker wrote, of ${seen} bytes`,
    );
    expectSame(
      [block.view[3], cursor.second, context.headerOf(pointer).size],
      [33, 44, i * 1_000_000],
      "what was there before",
    );
    context.verify();
    // And the other way round.
    const mine = context.alloc(i * 1_000_000, 1);
    memory.u8[mine + i * 1_000_000 - 1] = 9;
    expectSame(
      await helper.run("read", { handle: context.handle(), pointer: mine + i * 1_000_000 - 1 }),
      9,
      "what the worker reads",
    );
  }
  helper.end();
  return `${memory.pageCount} pages`;
}

/** By whom nobody asked: the pages are foreign, and ours go on. */
async function byForeignWorker() {
  const memory = new LinearMemory({ initialPages: 4, maxPages: 8192, shared: true });
  const heap = new Heap({ memory });
  const held = holders(heap);
  const helper = new Helper();
  let late = 0;
  for (let i = 0; i < 5; i++) {
    const first = await helper.run("growWasm", { wasm: memory.wasm, pages: 3 });
    if (memory.wasm.buffer.byteLength < (first + 3) * PAGE) late++;
    held.check();
    memory.refresh();
    const last = (first + 3) * PAGE - 4;
    memory.i32[last / 4] = 6;
    expectSame([memory.i32[last / 4], memory.ownerOf(last)], [6, -1], "the foreign pages");
    heap.free(heap.malloc(700_000));
    heap.verify();
    held.check();
  }
  helper.end();
  return `the engine showed ${late} of 5 late`;
}

/** A memory that came with `wasm` looks at each reading. */
async function byForeignWorkerOfForeignMemory() {
  const wasm = new WebAssembly.Memory({ initial: 4, maximum: 1000, shared: true });
  const memory = new LinearMemory({ wasm, firstPage: 0 });
  const helper = new Helper();
  for (let i = 0; i < 5; i++) {
    const first = await helper.run("growWasm", { wasm, pages: 3 });
    const last = (first + 3) * PAGE - 4;
    memory.refresh();
    memory.i32[last / 4] = 6;
    expectSame([memory.i32[last / 4], memory.ownerOf(last)], [6, -1], "the foreign pages");
  }
  helper.end();
}

export const checks = {
  "by us: blocks, cursors and views go on": byUs,
  "by a module: they go on": byModule,
  "by a module between all allocators": amongAll,
  "by another worker's allocation": byWorker,
  "by another worker's wasm.grow": byForeignWorker,
  "by another worker, of a memory that came with wasm": byForeignWorkerOfForeignMemory,
};
