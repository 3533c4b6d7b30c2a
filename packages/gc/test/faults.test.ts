import { pathToFileURL } from "node:url";
import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { nearTheStackLimit } from "../../../scripts/test-kit/stack-limit.ts";
import { Collector } from "../src/index.ts";
import { GraphModel, refuseAt } from "./model.ts";

const NURSERY = 262_144;
const at = (pointer: number, offset: number): number => (pointer + offset) / 4;

describe("out of memory", () => {
  it.each([1])("comes after the collection is done, and nothing is lost, seed %i", (seed) => {
    const next = random(seed * 31);
    for (let round = 0; round < 6; round++) {
      const memory = new LinearMemory({ initialPages: 1, maxPages: 20 + next(40) });
      const maxBytes = next(2) === 0 ? 1_300_000 + next(2_000_000) : Number.POSITIVE_INFINITY;
      let gc: Collector;
      try {
        gc = new Collector({ memory, nurseryBytes: NURSERY, maxBytes });
      } catch {
        continue;
      }
      const model = new GraphModel(gc, next, 400, 200_000);
      let refusals = 0;
      for (let i = 0; i < 6000; i++) {
        const code = codeOf(() => model.step());
        if (code === "ERR_MORPH_OUT_OF_MEMORY") {
          refusals++;
          gc.verify();
          model.check();
          if (refusals % 5 === 0) model.clear();
        } else if (code !== "did not throw") throw new Error(code);
      }
      model.check();
      model.clear();
      gc.collect("compact");
      gc.verify();
      expect(gc.liveObjects()).toEqual([]);
    }
  });

  it("leaves young objects where they are when nothing can move, again and again", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 30 });
    const gc = new Collector({ memory, nurseryBytes: NURSERY, verifyAlways: true });
    const node = gc.type({ name: "node", size: 64, pointers: [0] });
    const frame = gc.pushFrame(1);
    const weak: { pointer: number }[] = [];
    const finalized: number[] = [];
    const fill = (): number => {
      let count = 0;
      for (;;) {
        let object = 0;
        if (codeOf(() => (object = gc.alloc(node))) !== "did not throw") return count;
        if (count % 500 === 0) {
          weak.push(gc.weak(object));
          const id = count;
          gc.finalizer(object, () => finalized.push(id));
        }
        gc.memory.u32[at(object, 8)] = count++;
        gc.write(object, 0, gc.memory.u32[frame / 4]!);
        gc.memory.u32[frame / 4] = object;
      }
    };
    const counts = [fill(), fill(), fill()];
    gc.collect("minor");
    counts.push(fill());
    const [count] = counts as [number];
    expect(count).toBeGreaterThan(5000);
    expect(gc.stats().keptYoung).toBeGreaterThan(0);
    let pointer = gc.memory.u32[frame / 4]!;
    for (const part of counts.toReversed()) {
      for (let i = part - 1; i >= 0; i--) {
        expect(gc.memory.u32[at(pointer, 8)]).toBe(i);
        pointer = gc.memory.u32[at(pointer, 0)]!;
      }
    }
    expect(pointer).toBe(0);
    expect(finalized).toEqual([]);
    expect(weak.every((each) => each.pointer !== 0)).toBe(true);
    gc.memory.u32[frame / 4] = 0;
    gc.collect();
    expect(weak.every((each) => each.pointer === 0)).toBe(true);
    expect(finalized.length).toBe(weak.length);
    expect(fill()).toBeGreaterThan(count * 0.9);
  });

  it("asks onMemoryPressure first, which may let go; what allocates in it is ERR_MORPH_BUSY", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 60 });
    const codes: string[] = [];
    const asked: number[] = [];
    const gc: Collector = new Collector({
      memory,
      nurseryBytes: NURSERY,
      onMemoryPressure(footprint, missing) {
        asked.push(missing);
        expect(footprint).toBe(gc.stats().footprint);
        codes.push(
          codeOf(() => gc.alloc(node)),
          codeOf(() => gc.collect()),
        );
        ballast.release();
      },
    });
    const node = gc.type({ name: "node", size: 64, pointers: [0] });
    const bytes = gc.arrayType({ name: "bytes", size: 1 });
    const ballast = gc.handle(gc.allocArray(bytes, 1_000_000));
    const rest = [];
    while (asked.length === 0) rest.push(gc.handle(gc.allocArray(bytes, 300_000)));
    expect(asked).toEqual([300_008]);
    expect(codes).toEqual(["ERR_MORPH_BUSY", "ERR_MORPH_BUSY"]);
    gc.verify();
  });
});

describe("out of memory at a chosen place", () => {
  // Of each program another request for pages or tables is refused; of every fourth all others, too, until it has let go of something.
  it.each([0, 1, 2, 3])("loses nothing, and allocation goes on, part %i", (part) => {
    const results = Array.from({ length: 12 }, (_, i) => refuseAt(part * 12 + i + 1, 1 + 2 * i, 3000));
    expect(results.filter(({ refused }) => refused > 0).length).toBeGreaterThan(9);
    expect(results.some(({ failed }) => failed > 0)).toBe(true);
  });
});

describe("growth", () => {
  it("by others is noticed by the next call, whichever it is", () => {
    const memory = new LinearMemory({ initialPages: 40 });
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const node = gc.type({ name: "node", size: 16, pointers: [0] });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const frame = gc.pushFrame(1);
    memory.u32[frame / 4] = gc.alloc(node);
    const calls: (() => unknown)[] = [
      () => gc.alloc(node),
      () => gc.allocArray(list, 5),
      () => gc.write(memory.u32[frame / 4]!, 0, memory.u32[frame / 4]!),
      () => gc.collect("minor"),
      () => gc.typeOf(memory.u32[frame / 4]!),
      () => gc.sizeOf(memory.u32[frame / 4]!),
      () => expect(gc.owns(memory.u32[frame / 4]!)).toBe(true),
      () => gc.popFrame(gc.pushFrame(1)),
      () => gc.handle(memory.u32[frame / 4]!),
      () => gc.verify(),
      () => expect(gc.liveObjects(node).length).toBeGreaterThan(0),
      () => gc.stats(),
      () => gc.step(0),
      () => gc.type({ name: "more", size: 8 }),
    ];
    for (const call of calls) {
      memory.wasm.grow(1);
      call();
      gc.verify();
    }
  });

  it("by others is noticed by the barrier of generated code", () => {
    const memory = new LinearMemory({ initialPages: 40 });
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const node = gc.type({ name: "node", size: 16, pointers: [0] });
    const old = gc.handle(gc.alloc(node));
    gc.collect();
    const young = gc.alloc(node);
    memory.wasm.grow(1);
    gc.barrier(old.pointer, 0, young);
    memory.u32[old.pointer / 4] = young;
    gc.collect("minor");
    gc.verify();
    expect(gc.liveObjects(node).length).toBe(2);
  });

  it("by others is noticed by weak handles, while a major collection marks", () => {
    const memory = new LinearMemory({ initialPages: 40 });
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const node = gc.type({ name: "node", size: 64, pointers: [0] });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const count = 60_000;
    const root = gc.handle(gc.allocArray(list, count));
    for (let i = 0; i < count; i++) gc.write(root.pointer, 8 + 4 * i, gc.alloc(node));
    gc.collect();
    const weak = gc.weak(memory.u32[at(root.pointer, 8)]!);
    gc.write(root.pointer, 8, 0);
    while (gc.stats().phase !== "marking") for (let i = 0; i < 500; i++) gc.handle(gc.alloc(node));
    memory.wasm.grow(1);
    const object = weak.pointer;
    memory.u32[gc.pushFrame(1) / 4] = object;
    while (gc.step(1)) {}
    gc.verify();
    expect(weak.pointer).toBe(object);
    expect(gc.owns(object)).toBe(true);
  });

  it("in a listener what changes something is ERR_MORPH_BUSY, also in the middle of a collection", () => {
    const memory = new LinearMemory({ initialPages: 1, exactGrowth: true });
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const node = gc.type({ name: "node", size: 64, pointers: [0] });
    const frame = gc.pushFrame(1);
    const codes = new Set<string>();
    let heard = 0;
    memory.onGrow(() => {
      heard++;
      codes.add(codeOf(() => gc.alloc(node)));
      codes.add(codeOf(() => gc.collect()));
      codes.add(codeOf(() => gc.write(memory.u32[frame / 4]!, 0, 0)));
      codes.add(codeOf(() => gc.typeOf(memory.u32[frame / 4]!)));
      codes.add(codeOf(() => gc.destroy()));
    });
    for (let i = 0; i < 60_000; i++) {
      const object = gc.alloc(node);
      gc.memory.u32[at(object, 8)] = i;
      gc.write(object, 0, gc.memory.u32[frame / 4]!);
      gc.memory.u32[frame / 4] = object;
    }
    expect(heard).toBeGreaterThan(5);
    expect([...codes]).toEqual(["ERR_MORPH_BUSY"]);
    gc.verify();
  });
});

describe("above 2 GiB", () => {
  it.each([1])("random programs agree with plain objects, seed %i", (seed) => {
    const memory = new LinearMemory({ initialPages: 1 });
    memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const next = random(seed * 15_485_863);
    const model = new GraphModel(gc, next, 3000);
    for (let i = 0; i < 60_000; i++) {
      model.step();
      if (i % 20_000 === 19_999) {
        gc.collect((["minor", "major", "compact"] as const)[next(3)]!);
        gc.verify();
        model.check();
      }
    }
    expect(gc.liveObjects().every((pointer) => pointer > 2 ** 31)).toBe(true);
  });
});

describe("other allocators' pages and tables in the same memory", () => {
  it("are left alone", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const owner = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const gc = new Collector({ memory, nurseryBytes: NURSERY });
    const next = random(99);
    const model = new GraphModel(gc, next, 500);
    const theirs: number[] = [];
    for (let i = 0; i < 40_000; i++) {
      model.step();
      if (i % 400 === 0) {
        const pointer = memory.acquire(1, owner);
        memory.u8.fill(theirs.length, pointer, pointer + 65_536);
        theirs.push(pointer);
      }
    }
    gc.collect("compact");
    model.check();
    theirs.forEach((pointer, i) => {
      expect(memory.u8.subarray(pointer, pointer + 65_536).every((byte) => byte === (i & 255))).toBe(true);
    });
  });
});

describe("a stack overflow inside a call", () => {
  it("changes nothing", { timeout: 120_000 }, async () => {
    const file = pathToFileURL(await bundle(new URL("..", import.meta.url), "esm"));
    const bundled = (await import(/* @vite-ignore */ file.href)) as typeof import("../src/index.ts") &
      typeof import("@morph/memory");
    const memory = new bundled.LinearMemory({ initialPages: 1 });
    const gc = new bundled.Collector({ memory, nurseryBytes: NURSERY });
    const model = new GraphModel(gc as Collector, random(5), 1500);
    const node = gc.type({ name: "node", size: 900, pointers: [0] });
    const frame = gc.pushFrame(1);
    let length = 0;
    let overflowed = 0;
    const operations = [
      () => {
        const object = gc.alloc(node);
        memory.u32[at(object, 0)] = memory.u32[frame / 4]!;
        memory.u32[frame / 4] = object;
        length++;
      },
      () => gc.collect("minor"),
      () => void gc.step(0.1),
      () => gc.collect("compact"),
    ];
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 2000; i++) model.step();
      for (const [i, operation] of operations.entries()) {
        const { overflows } = nearTheStackLimit(operation, i === 3 ? 40 : 700);
        overflowed += overflows;
        gc.verify();
        model.check();
        let count = 0;
        for (let object = memory.u32[frame / 4]!; object !== 0; object = memory.u32[at(object, 0)]!) count++;
        expect(count).toBe(length);
      }
    }
    expect(overflowed).toBeGreaterThan(500);
  });
});
