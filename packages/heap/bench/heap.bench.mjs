// The heap by itself, on the built package: ns for a pair of malloc and free. Beside others: apps/bench.
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { benchSuite } from "../../../scripts/lib/bench-suite.mjs";

const COUNT = 50_000;
const LIVE = 10_000;
const bench = benchSuite(COUNT);
const { since } = bench;

// One for each task, on a memory that never grows: see the README on growth.
const heapOf = () => new Heap({ memory: new LinearMemory({ initialPages: 1024 }) });
const lifo = heapOf();
const batch = heapOf();
const small = heapOf();
const mixed = heapOf();
const growing = heapOf();
const pointers = new Uint32Array(COUNT);
const next = xorshift(1);
const order = Uint32Array.from({ length: COUNT }, () => next() % LIVE);
const sizes = Uint32Array.from({ length: COUNT }, () => 16 + (next() % 4081));
const smallLive = Uint32Array.from({ length: LIVE }, (_, i) => small.malloc(16 + (sizes[i] % 241)));
const mixedLive = Uint32Array.from({ length: LIVE }, (_, i) => mixed.malloc(sizes[i]));

bench.add("64 B, last in first out", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) lifo.free(lifo.malloc(64));
  return since(start);
});
bench.add("50,000 x 64 B, then freed in order", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) pointers[i] = batch.malloc(64);
  for (let i = 0; i < COUNT; i++) batch.free(pointers[i]);
  return since(start);
});
bench.add("random replacement, 16 to 256 B, 10,000 live", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) {
    small.free(smallLive[order[i]]);
    smallLive[order[i]] = small.malloc(16 + (sizes[i] % 241));
  }
  return since(start);
});
bench.add("random replacement, 16 B to 4 KiB, 10,000 live", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT; i++) {
    mixed.free(mixedLive[order[i]]);
    mixedLive[order[i]] = mixed.malloc(sizes[i]);
  }
  return since(start);
});
bench.add("realloc from 16 B to 16 MiB by doubling, a step", () => {
  const start = performance.now();
  let pointer = growing.malloc(16);
  for (let size = 32; size <= 16_777_216; size *= 2) pointer = growing.realloc(pointer, size);
  growing.free(pointer);
  return since(start, 20);
});

bench.run("@morph/heap: ns a pair of malloc and free");

/** Marsaglia's xorshift32. */
function xorshift(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
