/** After some calls of slow paths V8 has made machine code of what these call in the middle: see `rehearsal.ts`. */
import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";

/** What runs seldom, and asks for stack enough to be compiled by itself, or is called before anything changes. */
const SELDOM = {
  chunks: [
    "hasRecords",
    "dropRecords",
    "isUnused",
    "covering",
    "isLive",
    "handOut",
    "search",
    "wasFreed",
    "stopWaiting",
    "removeSpans",
    "spansWithFree",
  ],
  slabs: ["takeLarger", "takeAligned", "takeAlignedSlot", "isEmpty", "claim"],
};

it("everything that slow paths call is machine code after some of their calls", async () => {
  const file = pathToFileURL(await bundle(new URL("..", import.meta.url), "esm"));
  const script = `
    import { Heap } from ${JSON.stringify(file.href)};
    const heap = new Heap();
    // Each fourth takes a slow path.
    for (let i = 0; i < 1100; i++) heap.malloc(1024);
    const found = {};
    for (const part of ["chunks", "slabs"]) {
      const prototype = Object.getPrototypeOf(heap[part]);
      const methods = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
      const isInterpreted = (method) => %ActiveTierIsIgnition(method) || (%GetOptimizationStatus(method) & (1 << 18)) !== 0;
      found[part] = methods.filter((name) => isInterpreted(prototype[name]));
    }
    console.log(JSON.stringify(found));`;
  const args = ["--allow-natives-syntax", "--input-type=module", "--eval", script];
  const interpreted = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as typeof SELDOM;
  expect(interpreted.chunks.filter((name) => !SELDOM.chunks.includes(name))).toEqual([]);
  expect(interpreted.slabs.filter((name) => !SELDOM.slabs.includes(name))).toEqual([]);
});
