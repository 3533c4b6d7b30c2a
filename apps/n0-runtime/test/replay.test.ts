import { describe, expect, test } from "vitest";
import { type AllocatorStats, decodeRecording, Recorder, type Recording, replay } from "../src/index.ts";
import { runRandomProgram } from "./random-program.ts";
import { GC_SETUPS, SETUPS } from "./support.ts";

const EVERY = { nurseryBytes: 262_144, collectEvery: 1, verifyAlways: true };

/** How many objects of each type were made, and live. */
const counts = ({ byType }: AllocatorStats): string[] =>
  byType.map(({ name, allocations, liveObjects }) => `${name} ${allocations} ${liveObjects}`).sort();

describe.each([...SETUPS, ...GC_SETUPS])("a program recorded on %s", (_, setup) => {
  const record = (seed: number, operations: number): Recording => {
    const recorder = new Recorder();
    const { runtime } = runRandomProgram({ ...setup, recorder }, seed, operations);
    // What is dead is freed, so that the same is left everywhere.
    runtime.mph_gc_collect();
    return decodeRecording(recorder.bytes());
  };

  test("leaves the same objects alive on V1 and on gc, and V2 makes them all", () => {
    const recording = record(1, setup.gc?.collectEvery === 1 ? 500 : 3000);
    const v1 = replay(recording, "v1", { threshold: 4096 }).stats;
    const v2 = replay(recording, "v2").stats;
    const gc = replay(recording, "gc", {}, { nurseryBytes: 262_144 }).stats;
    expect(v1.collections.count).toBeGreaterThan(1);
    expect([v2.allocations, gc.allocations]).toEqual([v1.allocations, v1.allocations]);
    expect(counts(gc)).toEqual(counts(v1));
    // Data blocks made on gc have a length, which is no payload there.
    if (setup.allocator === "gc") expect(gc.payload).toBeLessThan(v1.payload);
    else expect(gc.payload).toBe(v1.payload);
  });

  test("is followed through a collection at every allocation", () => {
    const recording = record(2, 300);
    const v1 = replay(recording, "v1", { threshold: 0 }).stats;
    const gc = replay(recording, "gc", {}, EVERY).stats;
    expect(gc.collections.generations!.minor.count).toBeGreaterThan(recording.allocations);
    expect(counts(gc)).toEqual(counts(v1));
  });
});
