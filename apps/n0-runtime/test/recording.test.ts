import { expect, test } from "vitest";
import { decodeRecording, Recorder, replay } from "../src/index.ts";
import { runRandomProgram } from "./random-program.ts";
import { Program, thrown } from "./support.ts";

const V1 = { threshold: 16384 };

test("a replay on V1 allocates, collects and frees exactly as the program did", () => {
  for (const seed of [1, 2, 3]) {
    const recorder = new Recorder();
    const program = runRandomProgram({ allocator: "v1", recorder, v1: V1 }, seed, 8000);
    const recorded = program.runtime.stats();
    const { stats } = replay(decodeRecording(recorder.bytes()), "v1", V1);
    expect(recorded.collections.count).toBeGreaterThan(5);
    expect(stats.collections.count).toBe(recorded.collections.count);
    expect(stats.collections.freedObjects).toBe(recorded.collections.freedObjects);
    expect(stats.byType).toEqual(recorded.byType);
    expect(stats.freeListSteps).toBe(recorded.freeListSteps);
  }
});

test("a program recorded on one allocator replays on the other", () => {
  const recorder = new Recorder();
  const recorded = runRandomProgram({ allocator: "v2", recorder }, 4, 8000).runtime.stats();
  const recording = decodeRecording(recorder.bytes());
  const direct = runRandomProgram({ allocator: "v1", v1: V1 }, 4, 8000).runtime.stats();
  const v1 = replay(recording, "v1", V1);
  expect(v1.stats.byType).toEqual(direct.byType);
  expect(v1.stats.collections.freedObjects).toBe(direct.collections.freedObjects);
  const v2 = replay(recording, "v2");
  expect(v2.stats.allocations).toBe(recorded.allocations);
  expect(v2.stats.byType).toEqual(recorded.byType);
  expect(v2.allocations).toBe(recording.allocations);
});

test("threads, boxes, closures and errors are part of a recording", () => {
  const recorder = new Recorder();
  const p = new Program({ allocator: "v1", recorder, v1: { threshold: 0 } });
  const { runtime } = p;
  const thread = runtime.mph_thread_new();
  p.root(runtime.mph_interface_box(runtime.newString("a"), 1, 2));
  runtime.mph_thread_switch(thread);
  p.root(runtime.mph_error_new(runtime.newString("b")));
  p.root(runtime.mph_closure_new(1, runtime.mph_alloc(8, 1), 8));
  runtime.mph_gc_collect();
  runtime.mph_thread_switch(0);
  runtime.mph_thread_end(thread);
  runtime.mph_gc_restore_roots(1);
  runtime.mph_gc_collect();
  const recorded = runtime.stats();
  const recording = decodeRecording(recorder.bytes());
  const { stats } = replay(recording, "v1", { threshold: 0 });
  expect(stats.byType).toEqual(recorded.byType);
  expect(stats.liveObjects).toBe(3);
  // A call within the runtime is none of the program's.
  expect(recording.calls).toMatchObject({ mph_gc_restore_roots: 1 });
  expect(recording.calls.mph_gc_pop_roots).toBe(undefined);
  expect(recording.calls).toMatchObject({ mph_thread_new: 1, mph_error_new: 1, mph_gc_collect: 2, mph_alloc: 1 });
});

test("regions are no part of a replay's footprint, as they are none of the program's", () => {
  for (const allocator of ["v1", "v2"] as const) {
    const recorder = new Recorder();
    const p = new Program({ allocator, recorder });
    p.runtime.acquireRegion(10_000_000);
    p.runtime.newString("text");
    const { footprint } = p.runtime.stats();
    expect(footprint).toBeLessThan(1_000_000);
    expect(replay(decodeRecording(recorder.bytes()), allocator).stats.footprint).toBe(footprint);
  }
});

test("what a module writes itself is recorded when it says so: words, and pointers into objects", () => {
  const recorder = new Recorder();
  const p = new Program({ allocator: "v1", recorder });
  const { runtime } = p;
  const array = p.root(runtime.mph_array_new(2, 8, 1));
  for (let i = 0; i < 2; i++) {
    const address = runtime.mph_array_at(array, i, 0);
    p.i32[address >>> 2] = runtime.newString("element");
    runtime.mph_record_store(address, p.word(address));
  }
  // One element less to trace.
  p.i32[(array + 8) >>> 2] = 1;
  runtime.mph_record_word(array + 8, 1);
  runtime.mph_gc_collect();
  expect(runtime.stats().collections.freedObjects).toBe(2);
  expect(replay(decodeRecording(recorder.bytes()), "v1").stats.collections.freedObjects).toBe(2);
});

test("stacks that are taken one after the other are one region of the recording", () => {
  const recorder = new Recorder();
  const p = new Program({ allocator: "v1", recorder });
  const { runtime } = p;
  const used = (bytes: number, zeroed: boolean): void => {
    const region = runtime.acquireRegion(bytes, zeroed);
    p.i32[region >>> 2] = runtime.newString("text");
    runtime.mph_record_store(region, p.word(region));
    runtime.mph_gc_push_root(region);
    runtime.mph_gc_collect();
    runtime.mph_gc_pop_roots(1);
    runtime.releaseRegion(region);
  };
  for (let i = 0; i < 6000; i++) used(1_000_000, false);
  used(100_000, false);
  // Its bytes are others: 0.
  used(1_000_000, true);
  used(1_100_000, false);
  const recording = decodeRecording(recorder.bytes());
  expect(recording.regions.slice(1)).toEqual([1_000_000, 1_000_000, 1_100_000]);
  expect(replay(recording, "v1").stats.byType).toEqual(runtime.stats().byType);
});

test("bytes that are no recording are refused", () => {
  const bytes = new Recorder().bytes();
  expect(decodeRecording(bytes).allocations).toBe(0);
  expect(thrown(() => decodeRecording(new Uint8Array(10))).code).toBe("ERR_MORPH_INVALID_CONFIG");
  expect(thrown(() => decodeRecording(bytes.slice(0, 5))).code).toBe("ERR_MORPH_INVALID_CONFIG");
  expect(thrown(() => decodeRecording(new Uint8Array([...bytes.slice(0, 4), 9, 0]))).code).toBe("ERR_MORPH_VERSION");
  expect(thrown(() => decodeRecording(new Uint8Array([...bytes.slice(0, 5), 99]))).code).toBe(
    "ERR_MORPH_INVALID_CONFIG",
  );
});

test("a recording that was cut off or changed anywhere is refused", () => {
  const recorder = new Recorder();
  runRandomProgram({ allocator: "v1", recorder, v1: V1 }, 5, 30);
  const bytes = recorder.bytes();
  for (let length = 0; length < bytes.length; length++) {
    expect(thrown(() => decodeRecording(bytes.subarray(0, length))).code).toBe("ERR_MORPH_INVALID_CONFIG");
  }
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at & 7);
    const { code } = thrown(() => decodeRecording(changed));
    expect(code).toMatch(/^ERR_MORPH_(INVALID_CONFIG|VERSION)$/);
  }
  expect(thrown(() => decodeRecording(new Uint8Array([...bytes, 0]))).code).toBe("ERR_MORPH_INVALID_CONFIG");
  expect(decodeRecording(new Uint8Array([1, ...bytes]).subarray(1)).allocations).toBeGreaterThan(0);
});

test("an address outside objects and regions is refused: nothing happens, and the recording stays whole", () => {
  const recorder = new Recorder();
  const p = new Program({ allocator: "v1", recorder });
  const { runtime } = p;
  const text = runtime.newString("text");
  const region = runtime.acquireRegion(65536) + 65536 - 16;
  const { notes } = decodeRecording(recorder.bytes());
  for (const refused of [
    () => runtime.mph_record_store(8, text),
    () => runtime.mph_record_word(8, 1),
    () => runtime.mph_gc_push_root(8),
    () => runtime.mph_gc_push_frame(region, 3),
  ]) {
    expect(thrown(refused).code).toBe("ERR_MORPH_INVALID_POINTER");
    expect(runtime.mph_gc_root_depth()).toBe(0);
  }
  expect(decodeRecording(recorder.bytes())).toMatchObject({ allocations: 2, notes });
});
