import { joinMemory, LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { Collector, LAYOUT } from "../src/index.ts";
import { Kinds } from "../src/kinds.ts";
import { LOGGED } from "../src/layout.ts";
import { Nursery } from "../src/nursery.ts";
import { runOfBits, Space } from "../src/space.ts";

const NURSERY = 262_144;
const HEADER = 8;

/** A collector with a type of bytes, and what tells whether an object lies in the nursery. */
const collector = (options: ConstructorParameters<typeof Collector>[0] = {}) => {
  const gc = new Collector({ nurseryBytes: NURSERY, ...options });
  const control = gc.control / 4;
  const isYoung = (pointer: number): boolean => {
    const { u32 } = gc.memory;
    return (pointer - u32[control + LAYOUT.NURSERY_BASE]!) >>> 0 < u32[control + LAYOUT.NURSERY_BYTES]!;
  };
  return { gc, isYoung, bytes: gc.arrayType({ name: "bytes", size: 1 }) };
};

describe("a large object without pointers", () => {
  it("is born in the nursery, moves once with its bytes, then stays where it is", () => {
    const { gc, isYoung, bytes } = collector({ verifyAlways: true });
    for (const length of [2041, 4088, 4089, 8184, 12_280]) {
      const first = gc.allocArray(bytes, length);
      expect(isYoung(first)).toBe(true);
      expect(first % 4096).toBe(0);
      expect([gc.typeOf(first), gc.lengthOf(first), gc.sizeOf(first)]).toEqual([bytes, length, HEADER + length]);
      expect([gc.owns(first + 4096), gc.owns(first + 8)]).toEqual([false, false]);
      const content = gc.memory.u8.subarray(first + HEADER, first + HEADER + length);
      expect(content.every((byte) => byte === 0)).toBe(true);
      content.fill(length);
      const handle = gc.handle(first);
      const weak = gc.weak(first);
      gc.collect("minor");
      const old = handle.pointer;
      expect([isYoung(old), weak.pointer, gc.lengthOf(old)]).toEqual([false, old, length]);
      expect([gc.owns(first), gc.liveObjects(bytes).length]).toEqual([false, 1]);
      expect(gc.memory.u8.subarray(old + HEADER, old + HEADER + length).every((byte) => byte === (length & 255))).toBe(
        true,
      );
      gc.collect("minor");
      gc.collect();
      expect(handle.pointer).toBe(old);
      handle.release();
      gc.collect();
      expect([weak.pointer, gc.liveObjects()]).toEqual([0, []]);
    }
  });

  it("costs no major collection when it dies young, also where an old object led to it", () => {
    const { gc, bytes } = collector();
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const table = gc.handle(gc.allocArray(list, 1000));
    gc.collect("minor");
    const block = gc.type({ name: "block", size: 5000 });
    for (let i = 0; i < 4000; i++) {
      const object = i % 2 === 0 ? gc.alloc(block) : gc.allocUncleared(bytes, 3000 + (i % 5000));
      gc.write(table.pointer, HEADER + 4 * 900, object);
    }
    const { majorCollections, minorCollections, promotedBytes } = gc.stats();
    expect(majorCollections).toBe(0);
    expect(minorCollections).toBeGreaterThan(100);
    // One is alive at each collection.
    expect(promotedBytes).toBeLessThanOrEqual(minorCollections * 8192);
    gc.verify();
  });

  it("is old from the start when it has pointers, would take much of the nursery, or most of its size live long", () => {
    const { gc, isYoung, bytes } = collector();
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    expect(isYoung(gc.allocArray(list, 1000))).toBe(false);
    expect(isYoung(gc.allocArray(bytes, NURSERY / 8))).toBe(false);
    const kept: { pointer: number }[] = [];
    const bornOld = (length: number, keeps: boolean): number => {
      let count = 0;
      for (let i = 0; i < 2000; i++) {
        const object = gc.allocArray(bytes, length);
        if (!isYoung(object)) count++;
        if (keeps) kept.push(gc.handle(object));
      }
      return count;
    };
    expect(bornOld(3000, true)).toBeGreaterThan(1500);
    // Other sizes are not concerned, and this one is tried again and again.
    expect(bornOld(7000, false)).toBe(0);
    expect(bornOld(3000, false)).toBeLessThan(1500);
    expect(bornOld(3000, false)).toBe(0);
    gc.verify();
  });

  it("stays where it is as long as the old space has no room, and keeps its bytes", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 16 });
    const { gc, isYoung, bytes } = collector({ memory, verifyAlways: true });
    const fill: { release(): void }[] = [];
    // Blocks of all sizes, until none of the old space is left.
    for (let length = 60_000; length > 2100; ) {
      const code = codeOf(() => {
        fill.push(gc.handle(gc.allocArray(bytes, length)));
        gc.collect("minor");
      });
      if (code !== "did not throw" || gc.stats().keptYoung > 0) length = (length / 2) | 0;
      if (gc.stats().keptYoung > 0) break;
    }
    const young = gc.liveObjects(bytes).filter(isYoung);
    expect(young.length).toBeGreaterThan(0);
    const handles = young.map((pointer) => gc.handle(pointer));
    young.forEach((pointer, i) => {
      memory.u8.fill(i + 1, pointer + HEADER, pointer + HEADER + gc.lengthOf(pointer));
    });
    const intact = (): boolean =>
      handles.every(({ pointer }, i) =>
        memory.u8.subarray(pointer + HEADER, pointer + HEADER + gc.lengthOf(pointer)).every((byte) => byte === i + 1),
      );
    for (const kind of ["minor", "major", "compact", "minor"] as const) {
      gc.collect(kind);
      expect(handles.map(({ pointer }) => pointer)).toEqual(young);
      expect(intact()).toBe(true);
    }
    expect(gc.stats().youngBytes).toBeGreaterThanOrEqual(4096 * young.length);
    for (const handle of fill) handle.release();
    gc.collect();
    expect(handles.some(({ pointer }) => isYoung(pointer))).toBe(false);
    expect(intact()).toBe(true);
    for (const handle of handles) handle.release();
    gc.collect();
    expect(gc.liveObjects()).toEqual([]);
  });
});

it("the nursery hands out blocks in a row, or none", () => {
  const memory = new LinearMemory();
  const owner = joinMemory(memory, { name: "test", contractVersion: 1, viewsChanged: () => {} });
  const space = new Space(memory, owner, Number.POSITIVE_INFINITY);
  const kinds = new Kinds(space);
  const kind = kinds.arrayKind(kinds.add({ name: "bytes", size: 1 }, true), 5000);
  const nursery = new Nursery(space, kinds, NURSERY);
  const taken: number[] = [];
  for (let pointer = 1; pointer !== 0; ) {
    pointer = nursery.openLarge(kind, 1, true);
    if (pointer !== 0) taken.push(pointer);
  }
  expect(taken.length).toBe(60);
  // Every fourth has to stay.
  nursery.condemn(true);
  taken.forEach((pointer, i) => {
    if (i % 4 === 0) space.i32[space.recordOf(pointer) + LOGGED] = 1;
  });
  nursery.release();
  expect(nursery.freeCount).toBe(64 - 15);
  expect(nursery.openLarge(kind, 8, true)).toBe(0);
  const three = nursery.openLarge(kind, 3, true);
  expect(three).toBe(taken[1]);
  expect(nursery.freeCount).toBe(64 - 15 - 3);
  expect(nursery.openLarge(kind, 2, true)).toBe(taken[5]);
  expect(nursery.openLarge(kind, 2, true)).toBe(taken[9]);
  expect(nursery.openLarge(kind, 1, true)).toBe(taken[7]);
});

it("free blocks in a row are found wherever they lie in a segment", () => {
  const next = random(7);
  const word = (): number => [0, -1, next(2 ** 32), next(2 ** 32) | next(2 ** 32) | next(2 ** 32)][next(4)]! | 0;
  const digits = (bits: number): string => [...(bits >>> 0).toString(2).padStart(32, "0")].reverse().join("");
  for (let i = 0; i < 3000; i++) {
    const low = word();
    const high = word();
    const count = 1 + next(64);
    const expected = (digits(low) + digits(high)).indexOf("1".repeat(count));
    expect([low, high, count, runOfBits(low, high, count)]).toEqual([low, high, count, expected]);
  }
});
