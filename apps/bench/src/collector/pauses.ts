/* How long pauses are, and how fast survivors are copied. */
import { Collector } from "@morph/gc";
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { xorshift } from "../xorshift.js";
import { mainThreadMs, type Pauses, quantile, watchPauses } from "./clock.js";
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
/** Bytes for each object of the program whose objects become others: with its place in an array. */
const SHIFT_BYTES = 36;
/** The first part of the collections warms up. */
const WARM_UP = 0.25;

const now = mainThreadMs();

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
  const start = now();
  gc.collect("minor");
  const ms = now() - start;
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

const tailOf = ({ lengths }: Pauses): Figures => ({ p99: quantile(lengths, 0.99), max: quantile(lengths, 1) });

/** All pauses while one of so many new objects replaces an old one, after as many allocations that warm up. */
const anyPause = (oneOf: number, { many, churn: allocations }: Plan): Figures => {
  const pauses = watchPauses();
  const objects = oldObjects(many, NURSERY_BYTES, USUAL_TARGET);
  churn(objects, oneOf, allocations, pauses);
  pauses.lengths.length = 0;
  const before = objects.gc.stats();
  churn(objects, oneOf, oneOf < 50 ? allocations : allocations * 2, pauses);
  const after = objects.gc.stats();
  return {
    ...tailOf(pauses),
    majors: after.majorCollections - before.majorCollections,
    footprint: after.footprint / after.liveBytes,
  };
};
export const pausesOfHundred = (plan: Plan): Figures => anyPause(100, plan);
export const pausesOfTen = (plan: Plan): Figures => anyPause(10, plan);

/** The same when the program changes: garbage only, and then every new object replaces an old one. */
export const pausesOfChange = ({ many, churn: allocations }: Plan): Figures => {
  const pauses = watchPauses();
  const objects = oldObjects(many, NURSERY_BYTES, USUAL_TARGET);
  churn(objects, 1, allocations / 10, pauses);
  churn(objects, Number.POSITIVE_INFINITY, allocations, pauses);
  pauses.lengths.length = 0;
  churn(objects, 1, allocations / 10, pauses);
  return tailOf(pauses);
};

const GIB_PAGES = 24_576;
const PARTS = 16_384;
const OBJECTS = 1_000;
const ARRAY_HEADER = 8;

/** Arrays of 1,000 objects in a bounded memory. */
const bounded = (pages: number, parts: number, pauses: Pauses) => {
  const memory = new LinearMemory({ initialPages: 1, maxPages: pages });
  const gc = new Collector({ memory, nurseryBytes: NURSERY_BYTES });
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const root = gc.handle(gc.allocArray(list, parts));
  /** Lets an object, or nothing, stand in a place. */
  const set = (part: number, place: number, object: number): void => {
    gc.write(gc.memory.u32[(root.pointer + ARRAY_HEADER) / 4 + part]!, ARRAY_HEADER + 4 * place, object);
  };
  const make = (type: number): number => {
    const object = gc.alloc(type);
    pauses.look();
    return object;
  };
  /** Lets objects of a type stand in all places, and forgets the pauses until then. */
  const fill = (type: number): void => {
    for (let part = 0; part < parts; part++) {
      const array = gc.allocArray(list, OBJECTS);
      gc.write(root.pointer, ARRAY_HEADER + 4 * part, array);
      for (let place = 0; place < OBJECTS; place++) set(part, place, make(type));
    }
    pauses.lengths.length = 0;
  };
  return { gc, set, make, fill };
};

/** Objects of 32 bytes in one and a half times as much memory; each of 48 bytes that comes takes the places of two: as much is alive, but free slots are of no use to it. */
export const pausesOfShift = ({ many, churn: allocations }: Plan): Figures => {
  const parts = many / OBJECTS;
  const pauses = watchPauses();
  const bytes = many * SHIFT_BYTES * 1.5 + NURSERY_BYTES + MIB;
  const { gc, set, make, fill } = bounded(Math.ceil(bytes / PAGE_BYTES), parts, pauses);
  const small = gc.type({ name: "small", size: 32, pointers: [0] });
  const wide = gc.type({ name: "wide", size: 48, pointers: [0] });
  fill(small);
  const next = xorshift(1);
  for (let i = 0; i < allocations / 2; i++) {
    const object = make(i % 10 === 0 ? wide : small);
    if (i % 10 !== 0) continue;
    set(next() % parts, next() % OBJECTS, object);
    set(next() % parts, next() % OBJECTS, 0);
  }
  const { fullCollections, emptiedBlocks } = gc.stats();
  return { ...tailOf(pauses), full: fullCollections, emptiedBlocks };
};

/** 1 GiB alive in a memory of 1.5 GiB, and 64 bytes for each allocation of the churn: one of so many replaces an old object. */
const gibibyte = (oneOf: number, { longChurn, many }: Plan): Figures => {
  const parts = many < 1e6 ? PARTS / 16 : PARTS;
  const pauses = watchPauses();
  const { gc, set, make, fill } = bounded((GIB_PAGES * parts) / PARTS + 64, parts, pauses);
  const node = gc.type({ name: "node", size: 64, pointers: [0] });
  fill(node);
  const { fullCollections } = gc.stats();
  const next = xorshift(1);
  for (let i = 0; i < longChurn; i++) {
    const object = make(node);
    if (i % oneOf === 0) set(next() % parts, next() % OBJECTS, object);
  }
  const after = gc.stats();
  return {
    ...tailOf(pauses),
    footprint: after.peakFootprint / (parts * OBJECTS * 64 + parts * (OBJECTS * 4 + ARRAY_HEADER)),
    full: after.fullCollections - fullCollections,
  };
};
export const gibibyteOfTen = (plan: Plan): Figures => gibibyte(10, plan);
export const gibibyteOfOne = (plan: Plan): Figures => gibibyte(1, plan);
