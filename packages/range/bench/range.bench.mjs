// Ranges and ids by themselves, on the built package: ns an operation.
import { Ids, Ranges } from "@morph/range";
import { Bench } from "tinybench";

const COUNT = 50_000;
const quick = process.argv.includes("--quick");
const bench = new Bench({ time: quick ? 100 : 500, warmupTime: quick ? 50 : 200 });

const random = Int32Array.from({ length: COUNT }, () => Math.floor(Math.random() * 2 ** 31));

/** Time of one of `COUNT` operations, and of the whole task for tinybench's own clock; both in milliseconds. */
const since = (start) => {
  const elapsed = performance.now() - start;
  return { overriddenDuration: elapsed / COUNT, overriddenIterationCost: elapsed };
};

const ranges = new Ranges({ length: 20_000_000 });
const offsets = Float64Array.from({ length: COUNT }, (_, i) => ranges.tryAlloc(24 + (random[i] % 477)));
bench.add("Ranges: 50,000 live of 24 to 500, one at random goes and one comes", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT / 2; i++) {
    const at = random[i] % COUNT;
    ranges.free(offsets[at]);
    offsets[at] = ranges.tryAlloc(24 + (random[COUNT - 1 - i] % 477));
  }
  return since(start);
});

const ids = new Ids(COUNT);
for (let i = 0; i < COUNT - 100; i++) ids.take();
bench.add("Ids: 50,000, one at random goes and the lowest comes", () => {
  const start = performance.now();
  for (let i = 0; i < COUNT / 2; i++) {
    const id = random[i] % (COUNT - 100);
    if (ids.owns(id)) ids.give(id);
    ids.take();
  }
  return since(start);
});

bench.runSync();
console.log("@morph/range: ns an operation");
console.table(
  bench.table(({ name, result }) => ({
    task: name,
    "median ns": (result.latency.p50 * 1e6).toFixed(1),
    "best ns": (result.latency.min * 1e6).toFixed(1),
    "±": `${result.latency.rme.toFixed(1)} %`,
  })),
);
