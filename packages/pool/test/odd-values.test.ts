/** Values of wrong types, in every argument of every public function. */
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { Pool, PoolManager } from "../src/index.ts";

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
  };
  expect(takeOrRefuse(calls, () => [pool.stats(), manager.stats(), memory.footprint])).toEqual([]);
  pool.verify();
  manager.verify();
});
