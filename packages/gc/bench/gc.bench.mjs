// The collector by itself, from JavaScript, on the built package. Pauses are not medians of a task, so this has a table of its own.
import { Collector } from "@morph/gc";
import { LinearMemory } from "@morph/memory";

const quick = process.argv.includes("--quick");
const MIB = 1_048_576;
const NURSERY = 4 * MIB;
const NODE_BYTES = 32;

/** A memory that does not grow in the middle of a row. */
const newMemory = () => new LinearMemory({ initialPages: 6144 });

/** xorshift32, below `below`. */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const quantile = (values, part) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)];
const short = (value) => Number(value.toPrecision(3));

/** `count` old objects of 32 bytes, reachable through arrays of 1,000 from one array, each with a pointer to one before it. */
function fill(gc, count) {
  const node = gc.type({ name: "node", size: NODE_BYTES, pointers: [0, 4] });
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const root = gc.handle(gc.allocArray(list, count / 1000));
  const next = randomOf(42);
  for (let i = 0; i * 1000 < count; i++) {
    const part = gc.handle(gc.allocArray(list, 1000));
    gc.write(root.pointer, 8 + 4 * i, part.pointer);
    for (let j = 0; j < 1000; j++) {
      const object = gc.alloc(node);
      gc.write(object, 0, gc.memory.u32[(part.pointer + 8 + 4 * next(j + 1)) / 4]);
      gc.write(part.pointer, 8 + 4 * j, object);
    }
    part.release();
  }
  gc.collect();
  return { node, list, root, count };
}

/** One minor collection of a nursery of which a part is alive, in frames of the shadow stack: its length in milliseconds, and the bytes copied. */
function minor(gc, node, survival) {
  const count = Math.floor((NURSERY * 0.85) / NODE_BYTES);
  const alive = Math.round(count * survival);
  const frame = gc.pushFrame(alive + 1);
  const step = count / alive;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const object = gc.alloc(node);
    if (i >= at * step && at < alive) gc.memory.u32[frame / 4 + at++] = object;
  }
  const before = gc.stats();
  const start = performance.now();
  gc.collect("minor");
  const ms = performance.now() - start;
  const after = gc.stats();
  gc.popFrame(frame);
  const copied = after.survivedBytes + after.promotedBytes - before.survivedBytes - before.promotedBytes;
  return { ms, copied };
}

const rows = [];

{
  const gc = new Collector({ memory: newMemory() });
  const node = gc.type({ name: "node", size: NODE_BYTES, pointers: [0, 4] });
  const count = quick ? 2e6 : 2e7;
  const run = () => {
    for (let i = 0; i < count; i++) gc.alloc(node);
  };
  run();
  const times = [1, 2, 3, 4, 5].map(() => {
    const start = performance.now();
    run();
    return ((performance.now() - start) / count) * 1e6;
  });
  rows.push({ what: "alloc(), 32 bytes, all garbage, collections included: ns", median: short(quantile(times, 0.5)) });
  gc.destroy();
}

const stackBytes = MIB;
const small = new Collector({ memory: newMemory(), nurseryBytes: NURSERY, stackBytes });
const large = new Collector({ memory: newMemory(), nurseryBytes: NURSERY, stackBytes });
const inSmall = fill(small, 30_000);
const inLarge = fill(large, quick ? 300_000 : 3_000_000);
{
  const rounds = quick ? 40 : 400;
  const times = { small: [], large: [] };
  // In turn, so that both meet the same noise; the first quarter warms up.
  for (let i = 0; i < rounds; i++) {
    const a = minor(small, inSmall.node, 0.1).ms;
    const b = minor(large, inLarge.node, 0.1).ms;
    if (i < rounds / 4) continue;
    times.small.push(a);
    times.large.push(b);
  }
  for (const [values, { count }] of [
    [times.small, inSmall],
    [times.large, inLarge],
  ]) {
    rows.push({
      what: `minor pause, 4 MiB nursery, 10 % alive, ${count} old objects: ms`,
      median: short(quantile(values, 0.5)),
      p99: short(quantile(values, 0.99)),
      max: short(quantile(values, 1)),
    });
  }
  const ratio = quantile(times.large, 0.5) / quantile(times.small, 0.5);
  rows.push({ what: "minor pause, many old objects over few: ratio", median: short(ratio) });
}
{
  const speeds = [];
  for (let i = 0; i < (quick ? 10 : 60); i++) {
    const { ms, copied } = minor(small, inSmall.node, 1);
    speeds.push(copied / ms / 1e6);
  }
  rows.push({ what: "survivors of 32 bytes copied, all alive: GB/s", median: short(quantile(speeds, 0.5)) });
}

/** Replaces old objects at random by new ones, one of so many allocated; all pauses meanwhile. */
function churn(gc, { node, root, count }, oneOf, allocations) {
  const next = randomOf(7);
  const before = gc.stats();
  for (let i = 0; i < allocations; i++) {
    const object = gc.alloc(node);
    if (i % oneOf !== 0) continue;
    const { u32 } = gc.memory;
    const part = u32[(root.pointer + 8 + 4 * next(count / 1000)) / 4];
    gc.write(object, 0, u32[(part + 8 + 4 * next(1000)) / 4]);
    // Only one step: chains of replaced objects would live for ever.
    const old = u32[object / 4];
    if (old !== 0) gc.write(old, 0, 0);
    gc.write(part, 8 + 4 * next(1000), object);
  }
  const after = gc.stats();
  const counts = after.pauses.map((each, i) => each - before.pauses[i]);
  const sum = counts.reduce((a, b) => a + b, 0);
  let above = 0;
  let p99 = counts.length - 1;
  for (; p99 > 0 && above + counts[p99] <= sum * 0.01; p99--) above += counts[p99];
  const majors = after.majorCollections - before.majorCollections;
  const minors = after.minorCollections - before.minorCollections;
  return { after, majors, minors, p99: 2 ** p99 / 1000, max: 2 ** counts.findLastIndex((each) => each > 0) / 1000 };
}
for (const oneOf of [100, 10]) {
  const { after, majors, minors, p99, max } = churn(large, inLarge, oneOf, quick ? 5e6 : oneOf === 100 ? 6e7 : 3e7);
  rows.push({
    what: `any pause, ${inLarge.count} objects, one of ${oneOf} allocated replaces an old one (${minors} minor, ${majors} major collections): ms, below`,
    p99,
    max,
  });
  rows.push({
    what: "  footprint over bytes that the last major collection left: ratio",
    median: short(after.footprint / after.liveBytes),
  });
}

console.log("@morph/gc");
console.table(rows);
