// The context by itself, on the built package: ns for a pair of alloc and free. Beside others: apps/bench.
import { COMPILER, MemoryContext } from "@morph/mem-v2";
import { benchSuite } from "../../../scripts/lib/bench-suite.mjs";

const COUNT = 50_000;
const bench = benchSuite(COUNT);
const { since } = bench;

// One for each task: the order in which slots were freed is the order in which the next task would get them.
const lifo = new MemoryContext(COMPILER);
const batch = new MemoryContext(COMPILER);
const pointers = new Float64Array(COUNT);

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

bench.run("@morph/mem-v2: ns a pair of alloc and free");
