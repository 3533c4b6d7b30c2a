/* How long pauses are, and how fast survivors are copied. */
import type { CollectorStats } from "@morph/gc";
import { Collector } from "@morph/gc";
import { LinearMemory } from "@morph/memory";
import { xorshift } from "../xorshift.js";
import { cpuMs, quantile, useCpuClock } from "./clock.js";
import type { Figures } from "./figures.js";
import { churn, MIB, NODE_BYTES, type OldObjects, oldObjects } from "./old-objects.js";
import type { Plan } from "./plan.js";

const NURSERY_BYTES = 4 * MIB;
/** So that the whole nursery is used, however long its collections take; and as a program has it. */
const NO_TARGET = 1_000;
const USUAL_TARGET = 1;
/** Part of the nursery that is filled: no collection comes before it is asked for. */
const FILLED = 0.85;
const COPIED_FILLED = 0.4;
/** The first part of the collections warms up. */
const WARM_UP = 0.25;

/** One minor collection of a nursery of which a part is alive, in a frame of the shadow stack: how long it takes, and the bytes copied. */
const minor = ({ gc, node }: OldObjects, filled: number, survival: number): { ms: number; copied: number } => {
  const count = Math.floor((NURSERY_BYTES * filled) / NODE_BYTES);
  const alive = Math.round(count * survival);
  gc.collect("minor");
  const { minorCollections } = gc.stats();
  const frame = gc.pushFrame(alive + 1);
  const step = count / alive;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const object = gc.alloc(node);
    if (i >= at * step && at < alive) gc.memory.u32[frame / 4 + at++] = object;
  }
  const before = gc.stats();
  if (before.minorCollections > minorCollections) {
    gc.popFrame(frame);
    return { ms: Number.NaN, copied: 0 };
  }
  const start = cpuMs();
  gc.collect("minor");
  const ms = cpuMs() - start;
  const after = gc.stats();
  gc.popFrame(frame);
  return { ms, copied: after.survivedBytes + after.promotedBytes - before.survivedBytes - before.promotedBytes };
};

const measured = (values: readonly number[]): number[] => {
  const warm = values.slice(Math.floor(values.length * WARM_UP)).filter((value) => !Number.isNaN(value));
  if (warm.length < values.length / 4) throw new Error("the nursery was collected before it was full");
  return warm;
};

/** Minor pauses with few and with many old objects, in turn. */
export const minorPauses = ({ few, many, collections }: Plan): Figures => {
  const [small, large] = [few, many].map((count) => oldObjects(count, NURSERY_BYTES, NO_TARGET)) as [
    OldObjects,
    OldObjects,
  ];
  const ofSmall: number[] = [];
  const ofLarge: number[] = [];
  for (let i = 0; i < collections; i++) {
    ofSmall.push(minor(small, FILLED, 0.1).ms);
    ofLarge.push(minor(large, FILLED, 0.1).ms);
  }
  const pauses = measured(ofLarge);
  return {
    median: quantile(pauses, 0.5),
    p99: quantile(pauses, 0.99),
    max: quantile(pauses, 1),
    ratio: quantile(pauses, 0.5) / quantile(measured(ofSmall), 0.5),
  };
};

/** Objects of 32 bytes, all alive: bytes copied in a second. */
export const copying = ({ few, collections }: Plan): Figures => {
  const objects = oldObjects(few, NURSERY_BYTES, NO_TARGET);
  const speeds: number[] = [];
  for (let i = 0; i < collections / 2; i++) {
    const { ms, copied } = minor(objects, COPIED_FILLED, 1);
    speeds.push(copied / ms / 1e6);
  }
  return { speed: quantile(measured(speeds), 0.5) };
};

/** The pauses between two looks at the statistics: bounds of the classes that the 99th percentile and the longest are in. */
const pausesBetween = (before: CollectorStats, after: CollectorStats): Figures => {
  const counts = after.pauses.map((count, i) => count - before.pauses[i]!);
  const sum = counts.reduce((a, b) => a + b, 0);
  let above = 0;
  let p99 = counts.length - 1;
  for (; p99 > 0 && above + counts[p99]! <= sum / 100; p99--) above += counts[p99]!;
  return { p99: 2 ** p99 / 1_000, max: 2 ** counts.findLastIndex((count) => count > 0) / 1_000 };
};

/** All pauses while one of so many new objects replaces an old one. */
const anyPause = (oneOf: number, { many, churn: allocations }: Plan): Figures => {
  useCpuClock();
  const objects = oldObjects(many, NURSERY_BYTES, USUAL_TARGET);
  churn(objects, oneOf, allocations / 3);
  const before = objects.gc.stats();
  churn(objects, oneOf, oneOf < 50 ? allocations : allocations * 2);
  const after = objects.gc.stats();
  return {
    ...pausesBetween(before, after),
    majors: after.majorCollections - before.majorCollections,
    footprint: after.footprint / after.liveBytes,
  };
};
export const pausesOfHundred = (plan: Plan): Figures => anyPause(100, plan);
export const pausesOfTen = (plan: Plan): Figures => anyPause(10, plan);

const GIB_PAGES = 24_576;
const PARTS = 16_384;
const OBJECTS = 1_000;
const ARRAY_HEADER = 8;

/** 1 GiB alive in a memory of 1.5 GiB, and 64 bytes for each allocation of the churn: one of so many replaces an old object. */
const gibibyte = (oneOf: number, { longChurn, many }: Plan): Figures => {
  useCpuClock();
  const parts = many < 1e6 ? PARTS / 16 : PARTS;
  const memory = new LinearMemory({ initialPages: 1, maxPages: (GIB_PAGES * parts) / PARTS + 64 });
  const gc = new Collector({ memory, nurseryBytes: NURSERY_BYTES });
  const node = gc.type({ name: "node", size: 64, pointers: [0] });
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const root = gc.handle(gc.allocArray(list, parts));
  const put = (part: number, place: number): void => {
    const object = gc.alloc(node);
    gc.write(gc.memory.u32[(root.pointer + ARRAY_HEADER) / 4 + part]!, ARRAY_HEADER + 4 * place, object);
  };
  for (let part = 0; part < parts; part++) {
    gc.write(root.pointer, ARRAY_HEADER + 4 * part, gc.allocArray(list, OBJECTS));
    for (let place = 0; place < OBJECTS; place++) put(part, place);
  }
  const before = gc.stats();
  const next = xorshift(1);
  for (let i = 0; i < longChurn; i++) {
    if (i % oneOf === 0) put(next() % parts, next() % OBJECTS);
    else gc.alloc(node);
  }
  const after = gc.stats();
  return {
    ...pausesBetween(before, after),
    footprint: after.peakFootprint / (parts * OBJECTS * 64 + parts * (OBJECTS * 4 + ARRAY_HEADER)),
    full: after.fullCollections - before.fullCollections,
  };
};
export const gibibyteOfTen = (plan: Plan): Figures => gibibyte(10, plan);
export const gibibyteOfOne = (plan: Plan): Figures => gibibyte(1, plan);
