/** Values of wrong types, in every argument of every public function. */
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { LinearMemory } from "../src/index.ts";

it("are refused with a code, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const owner = (): Parameters<typeof memory.register>[0] => ({ name: "test", contractVersion: 1, viewsChanged() {} });
  const id = memory.register(owner());
  const run = memory.acquire(2, id);
  const table = memory.acquireTable(64);
  const calls = {
    register: (odd: never) => memory.register(odd),
    "register, owner": (odd: never) => memory.register(owner(), odd),
    unregister: (odd: never) => memory.unregister(odd),
    seal: (odd: never) => memory.seal(odd),
    acquire: (odd: never) => memory.acquire(odd, id),
    "acquire, owner": (odd: never) => memory.acquire(1, odd),
    tryAcquire: (odd: never) => memory.tryAcquire(odd, id),
    "tryAcquire, align": (odd: never) => memory.tryAcquire(1, id, odd),
    tryAcquireAt: (odd: never) => memory.tryAcquireAt(odd, 1, id),
    "tryAcquireAt, pages": (odd: never) => memory.tryAcquireAt(run, odd, id),
    refuses: (odd: never) => memory.refuses(odd),
    tryExtend: (odd: never) => memory.tryExtend(odd, 2, 1),
    "tryExtend, pages": (odd: never) => memory.tryExtend(run, odd, 1),
    "tryExtend, more": (odd: never) => memory.tryExtend(run, 2, odd),
    release: (odd: never) => memory.release(odd, 2),
    "release, pages": (odd: never) => memory.release(run, odd),
    reserve: (odd: never) => memory.reserve(odd),
    acquireTable: (odd: never) => memory.acquireTable(odd),
    tryAcquireTable: (odd: never) => memory.tryAcquireTable(odd),
    releaseTable: (odd: never) => memory.releaseTable(odd, 64),
    "releaseTable, bytes": (odd: never) => memory.releaseTable(table, odd),
    tableBytes: (odd: never) => memory.tableBytes(odd),
    ownerOf: (odd: never) => memory.ownerOf(odd),
    onGrow: (odd: never) => memory.onGrow(odd),
    "roots.set": (odd: never) => memory.roots.set(odd, run),
    "roots.set, pointer": (odd: never) => memory.roots.set("name", odd),
    "roots.get": (odd: never) => memory.roots.get(odd),
    "roots.delete": (odd: never) => memory.roots.delete(odd),
    constructor: (odd: never) => new LinearMemory(odd),
    initialPages: (odd: never) => new LinearMemory({ initialPages: odd, maxPages: 20 }),
    maxPages: (odd: never) => new LinearMemory({ maxPages: odd }),
    wasm: (odd: never) => new LinearMemory({ wasm: odd }),
    firstPage: (odd: never) => new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 1 }), firstPage: odd }),
  };
  expect(
    takeOrRefuse(calls, () => [memory.footprint, memory.pageCount, memory.ownerOf(run), [...memory.roots]]),
  ).toEqual([]);
  memory.release(run, 2);
  memory.releaseTable(table, 64);
});
