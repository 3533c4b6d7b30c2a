import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Collector, type CollectorOptions, LAYOUT } from "../src/index.ts";

const NURSERY = 262_144;
const PART = 1000;
const at = (pointer: number, offset: number): number => (pointer + offset) / 4;

describe("evacuation", () => {
  it("empties sparse pages, and gives them back", () => {
    const gc = new Collector({ memory: new LinearMemory({ initialPages: 1 }), nurseryBytes: NURSERY });
    const node = gc.type({ name: "node", size: 32, pointers: [0] });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const count = 60_000;
    const array = gc.handle(gc.allocArray(list, count));
    for (let i = 0; i < count; i++) {
      const object = gc.alloc(node);
      gc.memory.u32[at(object, 8)] = i;
      gc.write(array.pointer, 8 + 4 * i, object);
    }
    gc.collect();
    const full = gc.stats().footprint;
    for (let i = 0; i < count; i++) if (i % 16 !== 0) gc.write(array.pointer, 8 + 4 * i, 0);
    for (let i = 16; i < count; i += 16) {
      const { u32 } = gc.memory;
      gc.write(u32[at(array.pointer, 8 + 4 * i)]!, 0, u32[at(array.pointer, 8 + 4 * (i - 16))]!);
    }
    gc.collect("major");
    const swept = gc.stats().footprint;
    gc.collect("compact");
    gc.verify();
    const { footprint, oldBytes } = gc.stats();
    expect(swept - footprint).toBeGreaterThan((full - footprint) / 2);
    expect(oldBytes).toBeLessThan((count / 16) * 32 + count * 4 + 16_384);
    for (let i = 0; i < count; i += 16) {
      const object = gc.memory.u32[at(array.pointer, 8 + 4 * i)]!;
      expect(gc.memory.u32[at(object, 8)]).toBe(i);
      if (i > 0) expect(gc.memory.u32[at(object, 0)]).toBe(gc.memory.u32[at(array.pointer, 8 + 4 * (i - 16))]);
    }
  });

  it("lets a program go on within maxBytes that fragmentation alone would exceed", () => {
    const gc = new Collector({
      memory: new LinearMemory({ initialPages: 1 }),
      nurseryBytes: NURSERY,
      maxBytes: 2_400_000,
    });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const sizes = [24, 40, 56, 96, 136, 264, 48, 72, 112, 200];
    const keep = gc.handle(gc.allocArray(list, 60_000));
    let kept = 0;
    // Phase by phase, objects of another size, of which every 16th stays.
    for (const size of sizes) {
      const type = gc.type({ name: `of ${size}`, size, pointers: [0] });
      for (let i = 0; i < 400_000 / size; i++) {
        const object = gc.alloc(type);
        gc.write(keep.pointer, 8 + 4 * (kept + i), object);
      }
      gc.collect();
      let place = kept;
      for (let i = 0; i < 400_000 / size; i++) {
        const object = gc.memory.u32[at(keep.pointer, 8 + 4 * (kept + i))]!;
        gc.write(keep.pointer, 8 + 4 * (kept + i), 0);
        if (i % 16 === 0) gc.write(keep.pointer, 8 + 4 * place++, object);
      }
      kept = place;
    }
    gc.verify();
    expect(gc.stats().compactions).toBeGreaterThan(0);
    expect(gc.stats().peakFootprint).toBeLessThanOrEqual(2_400_000);
  });
});

describe("evacuation while the program runs", () => {
  /** Objects in a table of arrays, each with its number, with what it leads to, and with one that everybody leads to. */
  const table = (options: CollectorOptions, parts: number) => {
    const memory = new LinearMemory({ initialPages: 1 });
    const gc = new Collector({ memory, nurseryBytes: NURSERY, ...options });
    const node = gc.type({ name: "node", size: 32, pointers: [0, 4] });
    const wide = gc.type({ name: "wide", size: 48, pointers: [0, 4] });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const root = gc.handle(gc.allocArray(list, parts));
    const next = random(5);
    const ids = new Uint32Array(parts * PART);
    let id = 0;
    const partOf = (place: number): number => memory.u32[at(root.pointer, 8 + 4 * Math.floor(place / PART))]!;
    const objectAt = (place: number): number => memory.u32[at(partOf(place), 8 + 4 * (place % PART))]!;
    const put = (place: number, isWide = false): void => {
      const object = gc.alloc(isWide ? wide : node);
      ids[place] = ++id;
      memory.u32[at(object, 8)] = id;
      gc.write(object, 4, objectAt(0));
      const other = objectAt(next(ids.length));
      // No chains, which would live for ever.
      if (other !== 0 && memory.u32[at(other, 0)] === 0) gc.write(object, 0, other);
      gc.write(partOf(place), 8 + 4 * (place % PART), object);
    };
    const drop = (place: number): void => {
      gc.write(partOf(place), 8 + 4 * (place % PART), 0);
      ids[place] = 0;
    };
    const check = (): void => {
      gc.verify();
      for (const [place, id] of ids.entries()) {
        const object = objectAt(place);
        if (id === 0 ? object !== 0 : memory.u32[at(object, 8)] !== id)
          throw new Error(`place ${place} has another object`);
        if (id > 1 && memory.u32[at(object, 4)] !== objectAt(0)) throw new Error(`place ${place} leads elsewhere`);
      }
    };
    for (let part = 0; part < parts; part++) {
      const array = gc.allocArray(list, PART);
      gc.write(root.pointer, 8 + 4 * part, array);
    }
    for (let place = 0; place < ids.length; place++) put(place);
    return { gc, memory, ids, next, put, drop, objectAt, check };
  };

  it("gives memory back that is mostly free slots, and no collection is asked for", () => {
    const { gc, memory, ids, put, drop, objectAt, check } = table({}, 200);
    gc.collect();
    const before = gc.stats();
    for (let place = 1; place < ids.length; place++) if (place % 8 !== 0) drop(place);
    const kept = [gc.handle(objectAt(8)), gc.weak(objectAt(16))];
    const frame = gc.pushFrame(1);
    memory.u32[at(frame, 0)] = objectAt(24);
    const moves = memory.i32[gc.control / 4 + LAYOUT.OLD_MOVES]!;
    // Of what is free, 2 MiB are kept.
    for (let i = 0; gc.stats().footprint > before.footprint * 0.7; i++) {
      for (let place = 80_000; place < 88_000; place++) if (place % 8 !== 0) put(place, true);
      while (gc.step(100)) {}
      if (i > 100) throw new Error(`still ${gc.stats().footprint} bytes`);
    }
    check();
    const after = gc.stats();
    expect(after.emptiedBlocks).toBeGreaterThan(300);
    expect(after).toMatchObject({ fullCollections: before.fullCollections, compactions: 0 });
    expect(memory.i32[gc.control / 4 + LAYOUT.OLD_MOVES]!).toBeGreaterThan(moves);
    expect([...kept.map(({ pointer }) => pointer), memory.u32[at(frame, 0)]]).toEqual([8, 16, 24].map(objectAt));
  });
});
