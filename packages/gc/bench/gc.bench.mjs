// The collector by itself, on the built package, from JavaScript. Each row makes its own; times in milliseconds unless a row says otherwise.
import { Collector } from "@morph/gc";
import { LinearMemory } from "@morph/memory";

const quick = process.argv.includes("--quick");
const MIB = 1_048_576;

/** A memory that does not grow in the middle of a row. */
const newMemory = () => new LinearMemory({ initialPages: quick ? 2048 : 6144 });

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

const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/** Fills the old space with `count` objects of 32 bytes, each with two pointers to others, all reachable from an array of arrays. */
function fill(gc, count) {
  const node = gc.type({ name: "node", size: 32, pointers: [0, 4] });
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const root = gc.handle(gc.allocArray(list, Math.ceil(count / 1000)));
  const part = gc.handle(root.pointer);
  const next = randomOf(42);
  for (let i = 0; i * 1000 < count; i++) {
    const chunk = gc.allocArray(list, 1000);
    gc.write(root.pointer, 8 + 4 * i, chunk);
    const held = gc.handle(chunk);
    for (let j = 0; j < 1000; j++) {
      const object = gc.alloc(node);
      const other = gc.memory.u32[(held.pointer + 8 + 4 * next(j + 1)) / 4];
      gc.write(object, 0, other);
      gc.write(held.pointer, 8 + 4 * j, object);
    }
    held.release();
  }
  part.release();
  gc.collect();
  return { node, list, root };
}

/** Minor collections with part of the nursery alive; their lengths. */
function minors(gc, { node, list }, survival, rounds) {
  const { nurseryBytes } = gc.stats();
  const perRound = Math.floor((nurseryBytes * 0.85) / 32);
  const kept = gc.handle(gc.allocArray(list, 1 + Math.ceil(perRound * survival)));
  const every = survival === 0 ? Number.POSITIVE_INFINITY : Math.round(1 / survival);
  const times = [];
  let copied = gc.stats();
  copied = copied.survivedBytes + copied.promotedBytes;
  for (let round = 0; round < rounds; round++) {
    let at = 0;
    for (let i = 0; i < perRound; i++) {
      const object = gc.alloc(node);
      if (i % every === 0) gc.write(kept.pointer, 8 + 4 * at++, object);
    }
    const start = performance.now();
    gc.collect("minor");
    times.push(performance.now() - start);
  }
  kept.release();
  const { survivedBytes, promotedBytes } = gc.stats();
  times.sort((a, b) => a - b);
  return { times, copied: survivedBytes + promotedBytes - copied };
}

const rows = [];
const row = (what, values) => rows.push({ what, ...values });
const ms = (value) => Number(value.toPrecision(3));

{
  const gc = new Collector({ memory: newMemory() });
  const node = gc.type({ name: "node", size: 32, pointers: [0, 4] });
  const count = quick ? 2e6 : 2e7;
  const run = (n) => {
    for (let i = 0; i < n; i++) gc.alloc(node);
  };
  run(1e6);
  const start = performance.now();
  run(count);
  row("alloc(), 32 bytes, all garbage, collections included", { ns: ms(((performance.now() - start) / count) * 1e6) });
  gc.destroy();
}

const LARGE = quick ? 300_000 : 3_000_000;
{
  const small = new Collector({ memory: newMemory(), nurseryBytes: 4 * MIB });
  const large = new Collector({ memory: newMemory(), nurseryBytes: 4 * MIB });
  const inSmall = fill(small, 30_000);
  const inLarge = fill(large, LARGE);
  minors(small, inSmall, 0.1, 20);
  minors(large, inLarge, 0.1, 20);
  const rounds = quick ? 30 : 200;
  const a = minors(small, inSmall, 0.1, rounds);
  const b = minors(large, inLarge, 0.1, rounds);
  row(`minor, 4 MiB nursery, 10 % survive, ${LARGE} old objects`, {
    median: ms(quantile(b.times, 0.5)),
    p99: ms(quantile(b.times, 0.99)),
    max: ms(b.times.at(-1)),
  });
  row("the same with 30,000 old objects", {
    median: ms(quantile(a.times, 0.5)),
    p99: ms(quantile(a.times, 0.99)),
    max: ms(a.times.at(-1)),
  });
  row("ratio of the two medians", { ratio: ms(quantile(b.times, 0.5) / quantile(a.times, 0.5)) });
  const c = minors(small, inSmall, 1, quick ? 10 : 50);
  const total = c.times.reduce((sum, each) => sum + each, 0);
  row("survivors copied, 32 bytes, all survive", { "GB/s": ms(c.copied / total / 1e6) });

  // Churn: 1 of 8 objects replaces one that is old, at random, until several major collections have run.
  const { node, root } = inLarge;
  const next = randomOf(7);
  const before = large.stats();
  const pauses = [];
  const churn = quick ? 2e6 : 3e7;
  const u32 = () => large.memory.u32;
  let seen = before.minorCollections + before.majorCollections;
  for (let i = 0; i < churn; i++) {
    const object = large.alloc(node);
    if (i % 8 !== 0) continue;
    const chunk = u32()[(root.pointer + 8 + 4 * next(LARGE / 1000)) / 4];
    large.write(object, 0, u32()[(chunk + 8 + 4 * next(1000)) / 4]);
    large.write(object, 4, u32()[(chunk + 8 + 4 * next(1000)) / 4]);
    large.write(chunk, 8 + 4 * next(1000), object);
    // Chains through overwritten objects would grow for ever.
    u32()[object / 4 + 1] = 0;
  }
  const after = large.stats();
  seen = after.minorCollections + after.majorCollections - seen;
  const counts = after.pauses.map((count, i) => count - before.pauses[i]);
  const sum = counts.reduce((a2, b2) => a2 + b2, 0);
  let above = 0;
  let p99 = counts.length - 1;
  for (; p99 > 0 && above + counts[p99] < sum * 0.01; p99--) above += counts[p99];
  row(
    `any pause, ${LARGE} old objects under churn: ${sum} pauses, ${after.majorCollections - before.majorCollections} major collections`,
    {
      "p99 below": 2 ** p99 / 1000,
      "max below": 2 ** counts.findLastIndex((count) => count > 0) / 1000,
    },
  );
  row("footprint over live bytes, after churn", {
    ratio: ms(after.footprint / after.liveBytes),
    "MiB over": ms((after.footprint - after.liveBytes) / MIB),
  });
  pauses.length = 0;
  console.log(after);
}

console.log("@morph/gc: milliseconds");
console.table(rows);
