import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { random } from "../../../scripts/test-kit/random.ts";
import { Collector, LAYOUT } from "../src/index.ts";
import { GraphModel } from "./model.ts";

describe("random programs", () => {
  it.each([1, 2])("agree with plain objects, with a collection at every allocation, seed %i", (seed) => {
    const memory = new LinearMemory({ initialPages: 1 });
    const gc = new Collector({ memory, nurseryBytes: 262_144, collectEvery: 1, verifyAlways: true });
    const model = new GraphModel(gc, random(seed * 7919), 12, 1200);
    for (let i = 0; i < 1500; i++) {
      model.step();
      if (i % 10 === 0) model.check();
    }
    expect(model.check()).toBeGreaterThan(0);
    expect(gc.stats().minorCollections).toBeGreaterThan(500);
    expect(gc.stats().compactions).toBeGreaterThan(5);
    expect(gc.stats().emptiedBlocks).toBeGreaterThan(100);
  });

  it.each([1, 2])("agree with plain objects, at the usual pace, seed %i", (seed) => {
    const memory = new LinearMemory({ initialPages: 1 });
    const gc = new Collector({ memory, nurseryBytes: 262_144, verifyAlways: true });
    const next = random(seed * 104_729);
    const model = new GraphModel(gc, next, 60);
    for (let i = 0; i < 40_000; i++) {
      model.step();
      if (i % 4000 === 0) model.check();
      if (i % 9000 === 0) gc.collect((["minor", "major", "compact"] as const)[next(3)]!);
      if (i % 25_000 === 24_999) model.clear();
    }
    model.check();
    gc.verify();
    expect(gc.stats().minorCollections).toBeGreaterThan(3);
    model.clear();
    gc.collect();
    expect(gc.liveObjects()).toEqual([]);
  });
});

describe("a large graph that changes while it is marked", () => {
  it.each([1])("agrees with plain objects, seed %i", (seed) => {
    const memory = new LinearMemory({ initialPages: 1 });
    const gc = new Collector({ memory, nurseryBytes: 262_144 });
    const next = random(seed * 31_337);
    const model = new GraphModel(gc, next, 20_000, 300);
    let whileMarking = 0;
    for (let i = 0; i < 250_000; i++) {
      model.step();
      if (i % 1000 === 0 && gc.stats().phase === "marking") whileMarking++;
      if (i % 50_000 === 49_999) {
        model.check();
        gc.verify();
      }
    }
    expect(whileMarking).toBeGreaterThan(10);
    expect(gc.stats().majorCollections).toBeGreaterThan(3);
    expect(gc.stats().fullCollections).toBe(0);
  });
});

describe("a mark stack and a remembered list that are nearly always full", () => {
  it.each([1, 2, 3, 4, 5, 6])("lose nothing, seed %i", (seed) => {
    const memory = new LinearMemory({ initialPages: 1 });
    const collectEvery = seed % 2 === 0 ? 5 : 0;
    const gc = new Collector({ memory, nurseryBytes: 262_144, verifyAlways: true, collectEvery });
    const control = gc.control / 4;
    const marks = [1, 2, 8, 50, 400][seed % 5]!;
    const remembered = [1, 4, 64, 1000][seed % 4]!;
    // Again and again, because collections take longer ones.
    const shorten = (base: number, cursor: number, limit: number, bytes: number): void => {
      const { i32 } = memory;
      const end = (i32[control + base]! + bytes) | 0;
      if (i32[control + cursor]! < end) i32[control + limit] = end;
    };
    const shortenBoth = (): void => {
      shorten(LAYOUT.MARK_BASE, LAYOUT.MARK_CURSOR, LAYOUT.MARK_LIMIT, marks * 8);
      shorten(LAYOUT.REMEMBERED_BASE, LAYOUT.REMEMBERED_CURSOR, LAYOUT.REMEMBERED_LIMIT, remembered * 4);
    };
    const next = random(seed * 7919);
    const model = new GraphModel(gc, next, collectEvery === 0 ? 2000 : 60);
    let overflowed = 0;
    for (let i = 1; i <= (collectEvery === 0 ? 50_000 : 5000); i++) {
      shortenBoth();
      model.step();
      overflowed += memory.i32[control + LAYOUT.MARK_OVERFLOWED]!;
      if (i % 2500 === 0) model.check();
      if (i % 9000 === 0) gc.collect((["minor", "major", "compact"] as const)[next(3)]!);
      if (i % 20_000 === 0) model.clear();
    }
    model.check();
    expect(overflowed > 0 || seed === 4).toBe(true);
  });
});
