// The arena by itself, on the built package: ns for an alloc. Beside others: apps/bench.
// Each task has its own loop (a shared one goes polymorphic) and reports the time of one alloc.
import { Arena } from "@morph/arena";
import { Bench } from "tinybench";

const COUNT = 50_000;
const quick = process.argv.includes("--quick");
const bench = new Bench({ time: quick ? 100 : 500, warmupTime: quick ? 50 : 200 });

const arena = new Arena();

/** Time of one of `COUNT` allocs, and of the whole task for tinybench's own clock; both in milliseconds. */
const since = (start) => {
  const elapsed = performance.now() - start;
  return { overriddenDuration: elapsed / COUNT, overriddenIterationCost: elapsed };
};

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

bench.runSync();
console.log("@morph/arena: ns an alloc, on pages touched before");
console.table(
  bench.table(({ name, result }) => ({
    task: name,
    "median ns": (result.latency.p50 * 1e6).toFixed(2),
    "best ns": (result.latency.min * 1e6).toFixed(2),
    "±": `${result.latency.rme.toFixed(1)} %`,
  })),
);
if (Number.isNaN(used)) throw new Error("an alloc returned no pointer");
