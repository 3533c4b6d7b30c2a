/** Values of wrong types, in every argument of every public function. */
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { Arena } from "../src/index.ts";

it("are refused with a code, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const arena = new Arena({ memory });
  arena.alloc(100);
  const calls = {
    alloc: (odd: never) => arena.alloc(odd),
    "alloc, align": (odd: never) => arena.alloc(8, odd),
    tryAlloc: (odd: never) => arena.tryAlloc(odd),
    "tryAlloc, align": (odd: never) => arena.tryAlloc(8, odd),
    allocZeroed: (odd: never) => arena.allocZeroed(odd),
    "allocZeroed, align": (odd: never) => arena.allocZeroed(8, odd),
    rewind: (odd: never) => arena.rewind(odd),
    saveState: (odd: never) => arena.saveState(odd),
    loadState: (odd: never) => arena.loadState(odd),
    constructor: (odd: never) => new Arena(odd),
    memory: (odd: never) => new Arena({ memory: odd }),
    owner: (odd: never) => new Arena({ memory, owner: odd }).destroy(),
  };
  expect(takeOrRefuse(calls, () => [arena.stats(), memory.footprint])).toEqual([]);
  arena.verify();
});
