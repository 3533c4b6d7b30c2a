import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { writeBinaryTrace } from "../src/binary-trace.js";
import { parseTrace } from "../src/rep-reader.js";
import { SAMPLES } from "../src/trace.js";
import { asAllocator, heapFor, heapSubject } from "../src/worker/heaps.js";
import { copyingReplayTask, givenTrace, replayTask } from "../src/worker/replay.js";
import { linear, pointers, type Reallocator, type Subject } from "../src/worker/subject.js";
import { scenarioById } from "./entries.js";

const folder = mkdtempSync(`${tmpdir()}/replay-`);
afterAll(() => rmSync(folder, { recursive: true }));

const text = ["1", "1", "1", "1", "a 0 40", "a 1 3000", "r 0 900", "r 0 20", "f 1", "a 2 7", "f 0"].join("\n");
writeBinaryTrace(`${folder}/trace`, parseTrace(Buffer.from(text)));
const scenario = { ...scenarioById("cc1"), trace: `${folder}/trace` };
const trace = givenTrace(scenario);

/** A bump pointer with whatever mistake is asked for. */
const bump = (wrong: Partial<Reallocator<number>> = {}): Subject<number> & { allocator: Reallocator<number> } => {
  const bytes = new Uint8Array(1 << 16);
  let next = 16;
  const alloc = (size: number): number => {
    next += size;
    return next - size;
  };
  const realloc = (pointer: number, size: number): number => {
    const to = alloc(size);
    bytes.copyWithin(to, pointer, pointer + size);
    return to;
  };
  const allocator = { alloc, realloc, free: () => undefined, ...wrong };
  return { allocator, store: pointers, objects: linear(() => bytes), footprint: () => ({ now: next, peak: next }) };
};

const tried = (wrong: Partial<Reallocator<number>>): (() => unknown) => {
  const subject = bump(wrong);
  return () => replayTask(subject, subject.allocator, trace).check?.();
};

test("a replay leaves nothing live behind, and takes what the heap says", () => {
  const heap = heapFor(scenario);
  const task = replayTask(heapSubject(heap), asAllocator(heap), trace);
  const checked = task.check?.();
  expect(task.operations).toBe(7);
  expect(checked).toMatchObject({ peakLive: 3_900, footprint: heap.memory.peakFootprint });
  expect(checked?.footprints).toHaveLength(SAMPLES);
  expect(heap.stats().currentLive).toBe(0);
  task.before?.();
  task.run();
  expect([...heap.liveObjects()]).toHaveLength(1);
  task.before?.();
  expect(heap.stats().currentLive).toBe(0);
});

test("without a realloc there are as many allocations as objects and moves", () => {
  let allocated = 0;
  const { allocator, ...subject } = bump();
  const task = copyingReplayTask(
    { ...subject, allocator: { alloc: (size) => allocator.alloc(size) + 0 * allocated++, free: allocator.free } },
    trace,
  );
  expect(allocated, "before a cold round").toBe(0);
  task.check?.();
  expect(allocated).toBe(5);
  task.before?.();
  task.run();
  expect(allocated).toBe(10);
});

describe("a contender that does wrong is found out", () => {
  test("when it hands out a place twice", () => {
    expect(tried({ alloc: () => 16 })).toThrow("operation 3: object 0 of 40 B has lost its bytes");
  });
  test("when it does not free", () => {
    expect(tried({ free: () => false })).toThrow("operation 5: object 1 is not freed");
  });
  test("when it has no memory left and says nothing", () => {
    expect(tried({ alloc: () => 0 })).toThrow("operation 1: object 0 of 40 B gets no memory");
    expect(tried({ alloc: () => 1 << 20 })).toThrow("gets no memory");
  });
  test("when realloc loses the bytes", () => {
    let next = 16_384;
    expect(tried({ realloc: () => (next += 1_024) })).toThrow("operation 3: object 0 is moved without its bytes");
  });
});
