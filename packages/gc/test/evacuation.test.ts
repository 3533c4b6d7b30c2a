import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Collector, LAYOUT } from "../src/index.ts";

const NURSERY = 262_144;
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
  /** A program in a bounded memory whose small objects are replaced by larger ones, of another kind: free slots are of no use to it. */
  const shifting = (parts: number, shared: boolean) => {
    const memory = new LinearMemory({
      initialPages: 1,
      maxPages: Math.ceil((parts * 1000 * 36 * 1.4 + 1_300_000) / 65_536),
    });
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const small = gc.type({ name: "small", size: 32, pointers: [0, 4] });
    const wide = gc.type({ name: "wide", size: 48, pointers: [0, 4] });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const root = gc.handle(gc.allocArray(list, parts));
    const next = random(5);
    const ids = new Uint32Array(parts * 1000);
    let id = 0;
    const partOf = (place: number): number => memory.u32[at(root.pointer, 8 + 4 * Math.floor(place / 1000))]!;
    const objectAt = (place: number): number => memory.u32[at(partOf(place), 8 + 4 * (place % 1000))]!;
    const put = (place: number, type: number): void => {
      const object = gc.alloc(type);
      ids[place] = ++id;
      memory.u32[at(object, 8)] = id;
      // In the middle of all: what everybody leads to must not make it everybody's business.
      if (shared) gc.write(object, 4, objectAt(500));
      // Beside what it is itself, an object leads to another, which may be gone from the table.
      const other = objectAt(next(ids.length));
      if (other !== 0 && memory.u32[at(other, 0)] === 0) gc.write(object, 0, other);
      gc.write(partOf(place), 8 + 4 * (place % 1000), object);
    };
    for (let part = 0; part < parts; part++) gc.write(root.pointer, 8 + 4 * part, gc.allocArray(list, 1000));
    for (let place = 0; place < ids.length; place++) put(place, small);
    return { gc, memory, small, wide, ids, next, put, partOf, objectAt };
  };

  it.each([false, true])(
    "makes room of free slots of the wrong kinds, also beside an object that everybody leads to: %s",
    (shared) => {
      const { gc, memory, small, wide, ids, next, put, partOf, objectAt } = shifting(100, shared);
      const watched = gc.handle(objectAt(20));
      const seen = gc.weak(objectAt(40));
      const cell = gc.pushFrame(1);
      memory.u32[at(cell, 0)] = objectAt(60);
      let moves = 0;
      let before = memory.i32[gc.control / 4 + LAYOUT.OLD_MOVES]!;
      for (let i = 0; i < 700_000; i++) {
        if (i % 10 !== 0) {
          gc.alloc(small);
          continue;
        }
        const place = 100 + next(ids.length - 100);
        const gone = 100 + next(ids.length - 100);
        if (place % 1000 !== 500) put(place, wide);
        if (gone % 1000 !== 500) {
          gc.write(partOf(gone), 8 + 4 * (gone % 1000), 0);
          ids[gone] = 0;
        }
        const now = memory.i32[gc.control / 4 + LAYOUT.OLD_MOVES]!;
        if (now !== before) moves++;
        before = now;
        if (i % 100_000 === 0) gc.verify();
      }
      gc.verify();
      expect(gc.stats().emptiedBlocks).toBeGreaterThan(50);
      expect(moves).toBeGreaterThan(5);
      for (const [place, id] of ids.entries()) {
        const object = objectAt(place);
        if (id === 0 ? object !== 0 : memory.u32[at(object, 8)] !== id)
          throw new Error(`place ${place} has another object`);
      }
      expect([watched.pointer, seen.pointer, memory.u32[at(cell, 0)]]).toEqual([
        objectAt(20),
        objectAt(40),
        objectAt(60),
      ]);
    },
  );
});
