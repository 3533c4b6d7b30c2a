import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Collector } from "../src/index.ts";
import { GraphModel, refuseAt } from "./model.ts";

const OPERATIONS = 10_000_000;

describe.each([1, 2, 3, 4, 5])("10 million random operations, seed %i", (seed) => {
  // Odd seeds start above 2 GiB; all of them grow the memory many times.
  it("agree with plain objects", { timeout: 900_000 }, () => {
    const memory = new LinearMemory({ initialPages: 1 });
    if (seed % 2 === 1) {
      memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    }
    const gc = new Collector({ memory, nurseryBytes: 262_144 * seed });
    const next = random(seed * 7919);
    const model = new GraphModel(gc, next, 10_000, 2000);
    for (let i = 1; i <= OPERATIONS; i++) {
      model.step();
      if (i % 300_000 === 0) gc.collect((["minor", "major", "compact"] as const)[next(3)]!);
      if (i % 1_000_000 === 0) model.check();
      if (i % 2_000_000 === 0) gc.verify();
      if (i % 1_700_000 === 0) model.clear();
      if (i % 3_000_000 === 0) memory.wasm.grow(1);
    }
    expect(gc.stats().majorCollections).toBeGreaterThan(20);
    model.clear();
    gc.collect("compact");
    expect(gc.liveObjects()).toEqual([]);
  });
});

describe("out of memory at 1,000 places", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    "loses nothing, and allocation goes on, part %i",
    { timeout: 600_000 },
    (part) => {
      // Each seed is another program, of which one of the first fifty requests is refused.
      const results = Array.from({ length: 105 }, (_, i) => refuseAt(part * 105 + i + 1, 1 + (i % 50), 10_000));
      expect(results.filter(({ refused }) => refused > 0).length).toBeGreaterThanOrEqual(100);
      expect(results.filter(({ failed }) => failed > 0).length).toBeGreaterThan(20);
    },
  );
});

describe("1 GiB live in a memory of 1.5 GiB", () => {
  it("is churned 10^9 bytes long, and stays within", { timeout: 900_000 }, () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 24_576 });
    const gc = new Collector({ memory, nurseryBytes: 4_194_304 });
    const node = gc.type({ name: "node", size: 64, pointers: [0] });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const parts = 16_384;
    const root = gc.handle(gc.allocArray(list, parts));
    const u32 = () => memory.u32;
    const put = (part: number, place: number, id: number): void => {
      const object = gc.alloc(node);
      u32()[object / 4 + 1] = id;
      gc.write(u32()[(root.pointer + 8) / 4 + part]!, 8 + 4 * place, object);
    };
    for (let part = 0; part < parts; part++) {
      gc.write(root.pointer, 8 + 4 * part, gc.allocArray(list, 1000));
      for (let place = 0; place < 1000; place++) put(part, place, part * 1000 + place);
    }
    const next = random(1);
    const peaks: number[] = [];
    for (let i = 0; i < 16_000_000; i++) {
      // A tenth replaces an old object, the rest is garbage.
      if (i % 10 === 0) {
        const part = next(parts);
        const place = next(1000);
        put(part, place, part * 1000 + place);
      } else gc.alloc(node);
      if (i % 4_000_000 === 3_999_999) peaks.push(gc.stats().footprint);
    }
    gc.verify();
    expect(Math.max(...peaks)).toBeLessThan(1.5 * 2 ** 30);
    for (let part = 0; part < parts; part++) {
      const array = u32()[(root.pointer + 8) / 4 + part]!;
      for (let place = 0; place < 1000; place++) {
        const object = u32()[(array + 8) / 4 + place]!;
        if (u32()[object / 4 + 1] !== part * 1000 + place) throw new Error(`object ${part}:${place} has other bytes`);
      }
    }
  });
});
