/** Values of wrong types, in every argument of every public function. */
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { Pool, PoolManager, SizeClasses } from "../src/index.ts";

it("are refused with a code, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const pool = new Pool({ slotSize: 24, memory });
  const manager = new PoolManager({ memory });
  pool.alloc();
  manager.alloc(100);
  const calls = {
    "Pool free": (odd: never) => pool.free(odd),
    "Pool owns": (odd: never) => pool.owns(odd),
    "Pool slotSize": (odd: never) => new Pool({ slotSize: odd, memory }).destroy(),
    "Pool memory": (odd: never) => new Pool({ slotSize: 24, memory: odd }),
    "Pool slabBytes": (odd: never) => new Pool({ slotSize: 24, memory, slabBytes: odd }).destroy(),
    Pool: (odd: never) => new Pool(odd),
    alloc: (odd: never) => manager.alloc(odd),
    tryAlloc: (odd: never) => manager.tryAlloc(odd),
    free: (odd: never) => manager.free(odd),
    owns: (odd: never) => manager.owns(odd),
    usableSize: (odd: never) => manager.usableSize(odd),
    sizeClassIndex: (odd: never) => manager.sizeClassIndex(odd),
    saveState: (odd: never) => manager.saveState(odd),
    loadState: (odd: never) => manager.loadState(odd),
    PoolManager: (odd: never) => new PoolManager(odd),
    memory: (odd: never) => new PoolManager({ memory: odd }),
    owner: (odd: never) => new PoolManager({ memory, owner: odd }).destroy(),
    slabBytes: (odd: never) => new PoolManager({ memory, slabBytes: odd }).destroy(),
    sizeClasses: (odd: never) => new PoolManager({ memory, sizeClasses: odd }).destroy(),
    "sizeClasses, a class": (odd: never) => new PoolManager({ memory, sizeClasses: [16, odd] }).destroy(),
  };
  expect(takeOrRefuse(calls, () => [pool.stats(), manager.stats(), memory.footprint])).toEqual([]);
  pool.verify();
  manager.verify();
});

it("and words that are no record's, are refused with a code by SizeClasses, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const owner = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
  const liveness = { isLive: () => false, cover: () => undefined, drop: () => undefined };
  const options = { memory, owner, sizes: [16, 48], slabBytes: 4096, liveness };
  const classes = new SizeClasses(options);
  const record = classes.recordOf(16);
  classes.prepare(record);
  const calls = {
    recordOf: (odd: never) => classes.recordOf(odd),
    recordAt: (odd: never) => classes.recordAt(odd),
    slotSize: (odd: never) => classes.slotSize(odd),
    isReady: (odd: never) => classes.isReady(odd),
    extend: (odd: never) => classes.extend(odd),
    prepare: (odd: never) => classes.prepare(odd),
    isFull: (odd: never) => classes.isFull(odd),
    isSlot: (odd: never) => classes.isSlot(odd),
    wasFreed: (odd: never) => classes.wasFreed(odd),
    isSigned: (odd: never) => classes.isSigned(odd),
    saveState: (odd: never) => classes.saveState(odd),
    loadState: (odd: never) => classes.loadState(odd),
    slabBytes: (odd: never) => new SizeClasses({ ...options, slabBytes: odd }).destroy(),
    sizes: (odd: never) => new SizeClasses({ ...options, sizes: odd }).destroy(),
  };
  expect(takeOrRefuse(calls, () => [classes.stats(), classes.damage()])).toEqual([]);
  // Of no class, the second word of one, and the first behind all.
  const wrong = [record - 8, record + 1, record + 16, 2 ** 31];
  expect(wrong.map((word) => codeOf(() => classes.prepare(word)))).toEqual(
    wrong.map(() => "ERR_MORPH_INVALID_POINTER"),
  );
  expect(wrong.some((word) => classes.extend(word))).toBe(false);
  expect([0, 49, 2 ** 32].map((size) => codeOf(() => classes.recordOf(size)))).toEqual(
    [0, 49, 2 ** 32].map(() => "ERR_MORPH_INVALID_SIZE"),
  );
  expect(classes.damage()).toBeUndefined();
});
