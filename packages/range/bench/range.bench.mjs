// Ranges and ids by themselves, on the built package: ns an operation.
import { Ids, Ranges } from "@morph/range";
import { benchSuite } from "../../../scripts/lib/bench-suite.mjs";

const COUNT = 50_000;
const bench = benchSuite(COUNT);
const { since } = bench;

const random = Int32Array.from({ length: COUNT }, () => Math.floor(Math.random() * 2 ** 31));

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

bench.run("@morph/range: ns an operation");
