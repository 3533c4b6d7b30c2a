// The arena by itself, on the built package: ns for an alloc. Beside others: apps/bench.
import { Arena } from "@morph/arena";
import { benchSuite } from "../../../scripts/lib/bench-suite.mjs";

const COUNT = 50_000;
const bench = benchSuite(COUNT);
const { since } = bench;

const arena = new Arena();

// The sums use the pointers, so that no allocation can be left out.
let used = 0;

bench.add("48 B, then reset", () => {
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) sum ^= arena.alloc(48);
  arena.reset();
  const result = since(start);
  used ^= sum;
  return result;
});
bench.add("1 to 256 B at 16, then reset", () => {
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) sum ^= arena.alloc(1 + (i & 255), 16);
  arena.reset();
  const result = since(start);
  used ^= sum;
  return result;
});
bench.add("a mark, 10 x 48 B, rewind", () => {
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < COUNT; i += 10) {
    const mark = arena.mark();
    for (let j = 0; j < 10; j++) sum ^= arena.alloc(48);
    arena.rewind(mark);
  }
  const result = since(start);
  arena.reset();
  used ^= sum;
  return result;
});

bench.run("@morph/arena: ns an alloc, on pages touched before");
if (Number.isNaN(used)) throw new Error("an alloc returned no pointer");
