// The context by itself, on the built package: ns for a pair of alloc and free. Beside others: apps/bench.
// Each task has its own loop (a shared one goes polymorphic) and reports the time of one pair.
import { COMPILER, MemoryContext } from "@morph/mem-v2";
import { Bench } from "tinybench";

const COUNT = 50_000;
const quick = process.argv.includes("--quick");
const bench = new Bench({ time: quick ? 100 : 500, warmupTime: quick ? 50 : 200 });

// One for each task: the order in which slots were freed is the order in which the next task would get them.
const lifo = new MemoryContext(COMPILER);
const batch = new MemoryContext(COMPILER);
const pointers = new Float64Array(COUNT);

/** Time of one of `COUNT` pairs, and of the whole task for tinybench's own clock; both in milliseconds. */
const since = (start) => {
  const elapsed = performance.now() - start;
  return { overriddenDuration: elapsed / COUNT, overriddenIterationCost: elapsed };
};

bench.add("48 B, last in first out", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) lifo.free(lifo.alloc(48, 1));
  return since(start);
});
bench.add("50,000 x 48 B, then freed in order", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) pointers[i] = batch.alloc(48, 1);
  for (let i = 0; i < COUNT; i++) batch.free(pointers[i]);
  return since(start);
});

bench.runSync();
console.log("@morph/mem-v2: ns a pair of alloc and free");
console.table(
  bench.table(({ name, result }) => ({
    task: name,
    "median ns": (result.latency.p50 * 1e6).toFixed(2),
    "best ns": (result.latency.min * 1e6).toFixed(2),
    "±": `${result.latency.rme.toFixed(1)} %`,
  })),
);
