// The pool by itself, on the built package: ns for a pair of alloc and free. Beside others: apps/bench.
import { Pool, PoolManager } from "@morph/pool";
import { benchSuite } from "../../../scripts/lib/bench-suite.mjs";

const COUNT = 50_000;
const bench = benchSuite(COUNT);
const { since } = bench;

// One for each task: the order in which slots were freed is the order in which the next task would get them.
const lifo = new Pool({ slotSize: 64 });
const batch = new Pool({ slotSize: 64 });
const random = new Pool({ slotSize: 64 });
const lifoManager = new PoolManager();
const batchManager = new PoolManager();
const pointers = new Float64Array(COUNT);
const order = shuffled(COUNT);

bench.add("Pool: 64 B, last in first out", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) lifo.free(lifo.alloc());
  return since(start);
});
bench.add("Pool: 50,000 x 64 B, then freed in order", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) pointers[i] = batch.alloc();
  for (let i = 0; i < COUNT; i++) batch.free(pointers[i]);
  return since(start);
});
bench.add("Pool: 50,000 x 64 B, then freed in random order", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) pointers[i] = random.alloc();
  for (let i = 0; i < COUNT; i++) random.free(pointers[order[i]]);
  return since(start);
});
bench.add("PoolManager: 16 to 256 B, last in first out", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) lifoManager.free(lifoManager.alloc(16 + (order[i] % 241)));
  return since(start);
});
bench.add("PoolManager: 50,000 x 16 to 256 B, then freed in order", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) pointers[i] = batchManager.alloc(16 + (order[i] % 241));
  for (let i = 0; i < COUNT; i++) batchManager.free(pointers[i]);
  return since(start);
});

bench.run("@morph/pool: ns a pair of alloc and free");

/** 0 to count - 1 in an order that is random and always the same. */
function shuffled(count) {
  const numbers = Int32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}
