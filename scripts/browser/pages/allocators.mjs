/* Random programs against a plain model, on each allocator. */
import { Arena } from "@morph/arena";
import { Collector } from "@morph/gc";
import { Heap } from "@morph/heap";
import { MemoryContext, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { Pool, PoolManager } from "@morph/pool";
import { Ids, Ranges } from "@morph/range";
import { array, f32, i32, pointer, readUtf8, struct, u64, vec, writeUtf8 } from "@morph/view";
import { GraphModel } from "../../../packages/gc/test/model.ts";
import { nearTheStackLimit } from "../../test-kit/stack-limit.ts";
import { codeOf, expect, expectSame, random } from "./kit.mjs";
import { Objects, someSize } from "./model.mjs";

const STEPS = 20_000;
const small = (options) => new LinearMemory({ initialPages: 2, maxPages: 8192, ...options });

/**
 * Allocates, frees, reallocates and misuses at random.
 * @param allocator with `memory`, `alloc`, `free` and `verify`
 * @param counted what it counts, and what the model says that is
 */
function freely(allocator, largest, counted) {
  const { memory } = allocator;
  const next = random(42);
  const objects = new Objects(memory);
  for (let i = 0; i < STEPS; i++) {
    const kind = next(100);
    const size = allocator.slotSize ?? someSize(next, largest);
    if (objects.count === 0 || kind < (i < STEPS / 2 ? 60 : 45)) {
      objects.add(allocator.alloc(size), size);
    } else if (kind < 90 || allocator.realloc === undefined) {
      const { pointer } = objects.take(next(objects.count));
      allocator.free(pointer);
      if (kind === 89)
        expectSame(
          codeOf(() => allocator.free(pointer)),
          "ERR_MORPH_DOUBLE_FREE",
          "a second free",
        );
    } else {
      const { pointer, size: before, pattern } = objects.take(next(objects.count));
      const moved = allocator.realloc(pointer, size);
      objects.look({ pointer: moved, size: Math.min(before, size), pattern });
      objects.add(moved, size);
    }
    if (i % 2000 === 0) {
      objects.check();
      allocator.verify();
      expectSame(...counted(allocator, objects), "what is live");
    }
  }
  objects.check();
  const { pageCount } = memory;
  while (objects.count > 0) allocator.free(objects.take(next(objects.count)).pointer);
  allocator.verify();
  expectSame(...counted(allocator, objects), "what is live at the end");
  allocator.destroy();
  return `${pageCount} pages`;
}

const used = (allocator, objects) => [allocator.stats().used, objects.count];
const liveBytes = (context, objects) => [context.stats().currentLive, objects.bytes];
const liveSlots = (heap, objects) => [[...heap.liveObjects()].length, objects.count];

function heapOver(memory) {
  const heap = new Heap({ memory });
  return {
    memory: heap.memory,
    alloc: (size) => heap.malloc(size),
    free: (at) => heap.free(at),
    realloc: (at, size) => heap.realloc(at, size),
    liveObjects: () => heap.liveObjects(),
    verify: () => heap.verify(),
    destroy: () => heap.destroy(),
  };
}

function arenaFrames() {
  const arena = new Arena({ memory: small() });
  const next = random(7);
  const objects = new Objects(arena.memory);
  const marks = [];
  for (let i = 0; i < STEPS; i++) {
    const kind = next(1000);
    if (kind < 970) {
      const align = 8 << next(5);
      const size = someSize(next, 100_000);
      objects.add(arena.alloc(size, align), size, align);
    } else if (kind < 985) marks.push([arena.mark(), objects.count]);
    else if (kind < 998 && marks.length > 0) {
      const [mark, count] = marks.splice(next(marks.length))[0];
      objects.check();
      arena.rewind(mark);
      objects.keep(count);
    } else if (kind === 999) {
      arena.reset();
      objects.keep(0);
      marks.length = 0;
    }
    if (i % 1000 === 0) {
      objects.check();
      arena.verify();
    }
  }
  return `${arena.memory.pageCount} pages`;
}

function rangesAndIds() {
  const next = random(3);
  const ranges = new Ranges({ length: 100_000 });
  const ids = new Ids(500);
  const owner = new Int32Array(100_000);
  const live = [];
  const taken = new Set();
  for (let i = 0; i < STEPS; i++) {
    const count = 1 + next(400);
    if (next(100) < 55) {
      const offset = ranges.tryAlloc(count);
      if (offset >= 0) {
        expect(
          owner.subarray(offset, offset + count).every((who) => who === 0),
          `the range at ${offset} overlaps`,
        );
        owner.fill(1, offset, offset + count);
        live.push([offset, count]);
      } else expect(ranges.largestFree < count, `${count} units were refused`);
    } else if (live.length > 0) {
      const [[offset, length]] = live.splice(next(live.length), 1);
      expectSame(ranges.sizeOf(offset), length, "a range's size");
      ranges.free(offset);
      owner.fill(0, offset, offset + length);
    }
    if (next(2) === 0) {
      const id = ids.take();
      const lowest = Array.from({ length: 501 }, (_, n) => n).find((n) => !taken.has(n));
      expectSame(id, lowest === 500 ? -1 : lowest, "the lowest free number");
      if (id >= 0) taken.add(id);
    } else if (taken.size > 0) {
      const id = [...taken][next(taken.size)];
      ids.give(id);
      taken.delete(id);
    }
  }
  ranges.verify();
  ranges.compact(() => {});
  expectSame(ranges.largestFree, 100_000 - ranges.used, "what is free after a compaction");
}

function views() {
  const heap = new Heap({ memory: small() });
  const { memory } = heap;
  const next = random(11);
  const Item = struct({ position: vec(f32, 3), count: i32, id: u64, next: pointer(() => Item) });
  const item = Item.cursor(memory);
  const types = [Uint8Array, Int16Array, Float32Array, Float64Array, BigInt64Array];
  if (typeof Float16Array === "function") types.push(Float16Array);
  const live = [];
  for (let i = 0; i < 8000; i++) {
    const kind = next(4);
    if (kind === 0) {
      const Type = types[next(types.length)];
      const plain = new Type(next(300));
      for (let j = 0; j < plain.length; j++) plain[j] = Type === BigInt64Array ? BigInt(next(1e9)) : next(1e9) / 1e6;
      const block = array(heap, Type, plain.length);
      block.view.set(plain);
      live.push({
        check: () => expectSame([...block.view].map(String), [...plain].map(String), "a block"),
        free: () => block.free(),
      });
    } else if (kind === 1) {
      const text = String.fromCharCode(...Array.from({ length: next(40) }, () => next(next(2) === 0 ? 128 : 65_536)));
      const at = writeUtf8(heap, text);
      live.push({
        check: () => expectSame(readUtf8(memory, at), text.toWellFormed(), "a text"),
        free: () => heap.free(at),
      });
    } else if (kind === 2) {
      const at = heap.malloc(Item.size);
      const values = { position: [next(100), 0.5, -1], count: next(1e9), id: BigInt(next(1e9)) << 31n, next: at };
      Item.from(values, item.at(at));
      live.push({
        check: () => expectSame(plainOf(Item.toObject(item.at(at))), plainOf(values), "a struct"),
        free: () => heap.free(at),
      });
    } else if (live.length > 100) {
      const [one] = live.splice(next(live.length), 1);
      one.check();
      one.free();
    }
  }
  for (const one of live) one.check();
  heap.verify();
  return `${memory.pageCount} pages`;
}

const plainOf = (object) => Object.entries(object).map(([name, value]) => `${name} ${value}`);

function graph(options, steps) {
  const gc = new Collector({ memory: small(), nurseryBytes: 262_144, ...options });
  const model = new GraphModel(gc, random(5), 60);
  for (let i = 0; i < steps; i++) {
    model.step();
    if (i % 5000 === 0) model.check();
  }
  gc.collect("compact");
  model.check();
  gc.verify();
  const { minorCollections, majorCollections } = gc.stats();
  expect(minorCollections > 2, "no collection ran");
  return `${minorCollections} minor, ${majorCollections} major collections`;
}

function overflows() {
  const heap = new Heap({ memory: small() });
  const ctx = new MemoryContext({ mode: "RUNTIME", memory: small() });
  const gc = new Collector({ memory: small(), nurseryBytes: 262_144 });
  const type = gc.type({ name: "pair", size: 12, pointers: [0, 4] });
  const uses = [
    () => heap.free(heap.malloc(700)),
    () => heap.free(heap.malloc(70_000)),
    () => ctx.free(ctx.alloc(24, 1)),
    () => ctx.free(ctx.alloc(5000, 2)),
    () => gc.alloc(type),
  ];
  let sum = 0;
  for (const use of uses) {
    const { overflows: count, done } = nearTheStackLimit(use);
    expect(count > 0 && done > 0, `${count} calls overflowed, ${done} did not`);
    sum += count;
  }
  for (const one of [heap, ctx, gc]) one.verify();
  return `${sum} overflows`;
}

export const checks = {
  Arena: arenaFrames,
  Pool: () => freely(new Pool({ slotSize: 24, memory: small() }), 24, used),
  PoolManager: () => freely(new PoolManager({ memory: small() }), 256, used),
  Heap: () => freely(heapOver(small()), 400_000, liveSlots),
  "Heap on shared memory": () => freely(heapOver(small({ shared: true })), 400_000, liveSlots),
  "MemoryContext, COMPILER": () => freely(new MemoryContext({ mode: "COMPILER", memory: small() }), 9000, liveBytes),
  "MemoryContext, RUNTIME": () => freely(new MemoryContext({ mode: "RUNTIME", memory: small() }), 400_000, liveBytes),
  "MemoryContext, SERVER": () => freely(new MemoryContext({ mode: "SERVER", memory: small() }), 400_000, liveBytes),
  SharedContext: () =>
    freely(new SharedContext({ mode: "RUNTIME", memory: small({ shared: true }) }), 400_000, liveBytes),
  "Ranges and Ids": rangesAndIds,
  "blocks, structs and text": views,
  Collector: () => graph({}, 60_000),
  "Collector, a collection at every allocation": () => graph({ collectEvery: 1, verifyAlways: true }, 1500),
  "stack overflows leave everything as it was": overflows,
};
