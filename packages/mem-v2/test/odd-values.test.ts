/** Values of wrong types, in every argument of every public function. */
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { COMPILER, MemoryContext, Mutex, RUNTIME, SERVER, SharedContext } from "../src/index.ts";
import { detectConfig, dumpStats } from "../src/node.ts";

const kinds = [
  ["COMPILER", () => new MemoryContext(COMPILER)],
  ["RUNTIME", () => new MemoryContext(RUNTIME)],
  ["SERVER", () => new SharedContext({ ...SERVER, memory: new LinearMemory({ shared: true, maxPages: 1000 }) })],
] as const;

it.each(kinds)("are refused with a code by a %s context, and nothing changes", (_, make) => {
  const ctx = make();
  ctx.registerType(1, "one");
  const objects = [24, 5000].map((size) => ctx.alloc(size, 1));
  const calls: Record<string, (odd: never) => unknown> = {
    alloc: (odd: never) => ctx.alloc(odd),
    "alloc, type": (odd: never) => ctx.alloc(8, odd),
    allocZeroed: (odd: never) => ctx.allocZeroed(odd),
    "allocZeroed, type": (odd: never) => ctx.allocZeroed(8, odd),
    tryAlloc: (odd: never) => ctx.tryAlloc(odd),
    "tryAlloc, type": (odd: never) => ctx.tryAlloc(8, odd),
    free: (odd: never) => ctx.free(odd),
    realloc: (odd: never) => ctx.realloc(odd, 8),
    usableSize: (odd: never) => ctx.usableSize(odd),
    owns: (odd: never) => ctx.owns(odd),
    liveObjects: (odd: never) => [...ctx.liveObjects(odd)],
    headerOf: (odd: never) => ctx.headerOf(odd),
    registerType: (odd: never) => ctx.registerType(odd, "name"),
    "registerType, name": (odd: never) => ctx.registerType(2, odd),
    typeName: (odd: never) => ctx.typeName(odd),
    MemoryContext: (odd: never) => new MemoryContext(odd),
    mode: (odd: never) => new MemoryContext({ mode: odd }),
    memory: (odd: never) => new MemoryContext({ ...COMPILER, memory: odd }),
    SharedContext: (odd: never) => new SharedContext(odd),
    attach: (odd: never) => SharedContext.attach(odd),
    detectConfig: (odd: never) => detectConfig(odd),
    dumpStats: (odd: never) => dumpStats(odd, ""),
    "dumpStats, path": (odd: never) => typeof odd === "string" || dumpStats(ctx, odd),
    Mutex: (odd: never) => new Mutex(odd, 64),
    "Mutex, pointer": (odd: never) => new Mutex(new Int32Array(new SharedArrayBuffer(1024)), odd),
  };
  for (const object of objects) calls[`realloc of ${object}, size`] = (odd: never) => ctx.realloc(object, odd);
  expect(takeOrRefuse(calls, () => [ctx.stats(), ctx.memory.footprint])).toEqual([]);
  ctx.verify();
});

it("are refused with a code by a mutex, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 2, maxPages: 4, shared: true });
  const mutex = new Mutex(memory.i32, 60_000);
  mutex.lock();
  const calls = { lock: (odd: never) => mutex.lock(odd), tryLock: (odd: never) => mutex.lock(odd) };
  expect(
    takeOrRefuse({ lock: (odd: never) => typeof odd === "number" || calls.lock(odd) }, () => mutex.tryLock()),
  ).toEqual([]);
  mutex.unlock();
  expect(takeOrRefuse({ withLock: (odd: never) => mutex.withLock(odd) }, () => mutex.held)).toEqual([]);
});

it("are refused with a code as options of a shared context, and nothing is left of it", () => {
  const memory = new LinearMemory({ initialPages: 40, shared: true });
  const make = (more: object): void => new SharedContext({ ...SERVER, memory, ...more }).destroy();
  const calls = {
    maxBytes: (odd: never) => make({ maxBytes: odd }),
    lockTimeoutMs: (odd: never) => make({ lockTimeoutMs: odd }),
    onMemoryPressure: (odd: never) => make({ onMemoryPressure: odd }),
  };
  make({});
  expect(takeOrRefuse(calls, () => memory.footprint)).toEqual([]);
  make({});
});
