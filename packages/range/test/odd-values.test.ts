/** Values of wrong types, in every argument of every public function. */
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import { Ranges } from "../src/index.ts";

it("are refused with a code, and nothing changes", () => {
  const ranges = new Ranges({ length: 1000 });
  ranges.tryAlloc(10);
  const calls = {
    tryAlloc: (odd: never) => ranges.tryAlloc(odd),
    free: (odd: never) => ranges.free(odd),
    sizeOf: (odd: never) => ranges.sizeOf(odd),
    owns: (odd: never) => ranges.owns(odd),
    grow: (odd: never) => ranges.grow(odd),
    compact: (odd: never) => ranges.compact(odd),
    constructor: (odd: never) => new Ranges(odd),
    length: (odd: never) => new Ranges({ length: odd }),
    granule: (odd: never) => new Ranges({ length: 1000, granule: odd }),
  };
  const call = calls.compact;
  calls.compact = (odd: never) => typeof odd === "function" || call(odd);
  expect(takeOrRefuse(calls, () => [...ranges.liveObjects()])).toEqual([]);
  ranges.verify();
});
