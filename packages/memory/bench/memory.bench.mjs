// The address space by itself, on the built package: ns for an operation. None of these is on an allocator's hot path.
// Each task has its own loop (a shared one goes polymorphic) and reports the time of one operation.
import { LinearMemory } from "@morph/memory";
import { Bench } from "tinybench";

const COUNT = 2000;
const quick = process.argv.includes("--quick");
const bench = new Bench({ time: quick ? 100 : 500, warmupTime: quick ? 50 : 200 });

const memory = new LinearMemory({ initialPages: 4096 });
const owner = memory.register({ name: "bench", contractVersion: 1, viewsChanged() {} });
const pointers = new Float64Array(COUNT);

/** Time of one of `COUNT` operations, and of the whole task for tinybench's own clock; both in milliseconds. */
const since = (start) => {
  const elapsed = performance.now() - start;
  return { overriddenDuration: elapsed / COUNT, overriddenIterationCost: elapsed };
};

bench.add("acquire and release 1 page, last in first out", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) memory.release(memory.acquire(1, owner), 1);
  return since(start);
});
bench.add("2,000 runs of 1 page acquired, then released", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) pointers[i] = memory.acquire(1, owner);
  for (let i = 0; i < COUNT; i++) memory.release(pointers[i], 1);
  return since(start);
});
bench.add("acquire and release 32 pages", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) memory.release(memory.acquire(32, owner), 32);
  return since(start);
});
bench.add("read a view and a word of it", () => {
  let sum = 0;
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) sum += memory.i32[i];
  const result = since(start);
  if (Number.isNaN(sum)) throw new Error("read past the memory");
  return result;
});

bench.runSync();
console.log("@morph/memory: ns an operation");
console.table(
  bench.table(({ name, result }) => ({
    task: name,
    "median ns": (result.latency.p50 * 1e6).toFixed(2),
    "best ns": (result.latency.min * 1e6).toFixed(2),
    "±": `${result.latency.rme.toFixed(1)} %`,
  })),
);
