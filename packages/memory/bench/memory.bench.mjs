// The address space by itself, on the built package: ns for an operation. None of these is on an allocator's hot path.
import { LinearMemory } from "@morph/memory";
import { benchSuite } from "../../../scripts/lib/bench-suite.mjs";

const COUNT = 2000;
const bench = benchSuite(COUNT);
const { since } = bench;

const memory = new LinearMemory({ initialPages: 4096 });
const owner = memory.register({ name: "bench", contractVersion: 1, viewsChanged() {} });
const pointers = new Float64Array(COUNT);

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

bench.run("@morph/memory: ns an operation");
