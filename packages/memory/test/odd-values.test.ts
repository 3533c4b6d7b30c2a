/** Values of wrong types, in every argument of every public function. */
import { expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import {
  BurstGuard,
  isDestroyed,
  joinMemory,
  LIVE,
  LinearMemory,
  requireStack,
  requireStatePlace,
  StackGuard,
  StateTable,
} from "../src/index.ts";

it("are refused with a code, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const owner = (): Parameters<typeof memory.register>[0] => ({ name: "test", contractVersion: 1, viewsChanged() {} });
  const id = memory.register(owner());
  const run = memory.acquire(2, id);
  const table = memory.acquireTable(64);
  const states = new StateTable(memory, 4);
  states.cover(run, run + 1024);
  states.set(run + 64, LIVE);
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
    StateTable: (odd: never) => new StateTable(odd, 4),
    "StateTable, shift": (odd: never) => new StateTable(memory, odd),
    covers: (odd: never) => states.covers(odd),
    get: (odd: never) => states.get(odd),
    set: (odd: never) => states.set(odd, LIVE),
    "set, state": (odd: never) => states.set(run, odd),
    cover: (odd: never) => states.cover(odd, run + 1024),
    "cover, end": (odd: never) => states.cover(run, odd),
    saveState: (odd: never) => states.saveState(odd),
    loadState: (odd: never) => states.loadState(odd),
    joinMemory: (odd: never) => joinMemory(odd, owner()),
    "joinMemory, allocator": (odd: never) => joinMemory(memory, odd),
    isDestroyed: (odd: never) => isDestroyed(odd),
    requireStatePlace: (odd: never) => requireStatePlace(odd, table, 16),
    "requireStatePlace, bytes": (odd: never) => requireStatePlace(memory, table, odd),
    requireStack: (odd: never) => requireStack(odd),
    StackGuard: (odd: never) => new StackGuard(odd),
    "StackGuard, coldRuns": (odd: never) => new StackGuard(0, odd),
    "StackGuard, rehearse": (odd: never) => new StackGuard(0, 1, odd),
    BurstGuard: (odd: never) => new BurstGuard(odd),
  };
  expect(
    takeOrRefuse(calls, () => [
      memory.footprint,
      memory.pageCount,
      memory.ownerOf(run),
      [...memory.roots],
      [...states.pointersIn(LIVE)],
    ]),
  ).toEqual([]);
  expect([Number.NaN, 0.5, run + 64.5, "", {}, undefined].filter((odd) => states.covers(odd as number))).toEqual([]);
  memory.release(run, 2);
  memory.releaseTable(table, 64);
});

it("of options are refused, also null", () => {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  const makes = [{ debugViews: null }, { shared: null }, { exactGrowth: null }, { wasm, firstPage: null }];
  const codes = makes.map((options) => codeOf(() => new LinearMemory(options as never)));
  expect(codes).toEqual(makes.map(() => "ERR_MORPH_INVALID_CONFIG"));
});
