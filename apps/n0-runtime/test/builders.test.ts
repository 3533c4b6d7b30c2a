import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRecording, Recorder, replay } from "../src/index.ts";
import { Program, SETUPS, thrown, words } from "./support.ts";

/** One step on one of two builders. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("byte" as const), which: fc.nat(1), value: fc.integer({ min: -300, max: 300 }) }),
  fc.record({ kind: fc.constant("text" as const), which: fc.nat(1), value: fc.uint8Array({ maxLength: 90 }) }),
  fc.record({ kind: fc.constant("all" as const), which: fc.nat(1), other: fc.nat(1) }),
  fc.record({ kind: fc.constant("set" as const), which: fc.nat(1), at: fc.nat(300), value: fc.nat(255) }),
  fc.record({ kind: fc.constant("clear" as const), which: fc.nat(1) }),
);

describe.each(SETUPS)("builders on %s", (_, setup) => {
  test("random steps agree with plain arrays of bytes", () => {
    const check = (steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void => {
      const p = new Program(setup, 256);
      const { runtime } = p;
      const builders = [p.root(runtime.mph_bytes_New()), p.root(runtime.mph_bytes_New())];
      const models: number[][] = [[], []];
      for (const one of steps) {
        const builder = builders[one.which]!;
        const model = models[one.which]!;
        if (one.kind === "byte") {
          runtime.mph_bytes_AddByte(builder, ...words(BigInt(one.value)));
          model.push(one.value & 255);
        } else if (one.kind === "text") {
          runtime.mph_bytes_Add(builder, p.string(one.value));
          model.push(...one.value);
        } else if (one.kind === "all") {
          // Doubling must stay small.
          if (model.length + models[one.other]!.length > 20_000) continue;
          runtime.mph_bytes_AddAll(builder, builders[one.other]!);
          model.push(...models[one.other]!.slice());
        } else if (one.kind === "set") {
          if (one.at >= model.length) continue;
          runtime.mph_bytes_Set(builder, one.at, 0, one.value, 0);
          model[one.at] = one.value;
        } else {
          runtime.mph_bytes_Clear(builder);
          model.length = 0;
        }
      }
      builders.forEach((builder, i) => {
        const model = models[i]!;
        expect(runtime.mph_bytes_Length(builder)).toBe(model.length);
        const string = p.root(runtime.mph_bytes_String(builder));
        const data = p.word(string) >>> 0;
        expect([...runtime.memory.u8.subarray(data, data + model.length + 1)]).toEqual([...model, 0]);
        if (model.length > 0) expect(runtime.mph_bytes_Get(builder, model.length - 1, 0)).toBe(model.at(-1));
      });
      runtime.verify();
      runtime.destroy();
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), check), { numRuns: 60 });
  });

  test("what is no builder, and what lies outside one", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const other = p.root(runtime.mph_error_new(p.string("x")));
    expect(thrown(() => runtime.mph_bytes_Length(other))).toMatchObject({ reason: "builder", exitCode: 1 });
    const builder = p.root(runtime.mph_bytes_New());
    expect(thrown(() => runtime.mph_bytes_Add(other, 0))).toMatchObject({ reason: "builder" });
    expect(thrown(() => runtime.mph_bytes_Add(0, other))).toMatchObject({ reason: "null" });
    expect(thrown(() => runtime.mph_bytes_Add(builder, 0))).toMatchObject({ reason: "null" });
    for (const [low, high] of [words(0n), words(-1n), words(1n << 32n)] as const) {
      expect(thrown(() => runtime.mph_bytes_Get(builder, low, high))).toMatchObject({ reason: "index" });
      expect(thrown(() => runtime.mph_bytes_Set(builder, low, high, 1, 0))).toMatchObject({ reason: "index" });
    }
    runtime.mph_bytes_AddByte(builder, 7, 0);
    expect(runtime.mph_bytes_Get(builder, 0, 0)).toBe(7);
    runtime.verify();
  });

  test("appending costs O(1) allocations in the mean", () => {
    const p = new Program(setup);
    const builder = p.root(p.runtime.mph_bytes_New());
    const before = p.runtime.stats().allocations;
    for (let i = 0; i < 100_000; i++) p.runtime.mph_bytes_AddByte(builder, i, 0);
    expect(p.runtime.stats().allocations - before).toBeLessThan(12);
  });

  test("an array that grows keeps its elements and traces them", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const array = p.root(runtime.mph_array_new(0, 8, 1));
    for (let i = 0; i < 100; i++) {
      // Each string is reachable through the array alone.
      const length = p.word(array + 8);
      if (length === p.word(array + 16)) runtime.mph_array_grow(array);
      const text = runtime.mph_conv_Itoa(i, 0);
      p.i32[(array + 8) >>> 2] = length + 1;
      p.i32[((p.word(array) >>> 0) + length * 8) >>> 2] = text;
    }
    runtime.mph_gc_collect();
    expect(p.texts(array)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    expect(p.word(array + 16)).toBe(128);
    expect(thrown(() => runtime.mph_array_grow(0))).toMatchObject({ reason: "null" });
  });

  test("keys come in ascending order, whatever was inserted and deleted", () => {
    const ints = fc.uniqueArray(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), { maxLength: 60 });
    const texts = fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 40 });
    const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
    const check = (numbers: bigint[], strings: string[]): void => {
      const p = new Program(setup, 256);
      const { runtime } = p;
      const map = p.root(runtime.mph_map_new(0, 0));
      for (const value of numbers) runtime.mph_map_set(map, ...words(value), 1, 0);
      const gone = numbers.slice(0, 5);
      for (const value of gone) runtime.mph_map_delete(map, ...words(value));
      const keys = p.root(runtime.mph_map_keys(map, 0));
      const data = (p.word(keys) >>> 0) / 8;
      const expected = numbers.slice(5).sort((a, b) => (a < b ? -1 : 1));
      expect([...runtime.memory.i64.subarray(data, data + p.word(keys + 8))]).toEqual(expected);
      const named = p.root(runtime.mph_map_new(1, 0));
      for (const text of strings) runtime.mph_map_set(named, p.string(text), 0, 1, 0);
      const names = p.root(runtime.mph_map_keys(named, 0));
      runtime.mph_gc_collect();
      expect(p.texts(names)).toEqual([...strings].sort(bytewise));
      runtime.verify();
      runtime.destroy();
    };
    fc.assert(fc.property(ints, texts, check), { numRuns: 40 });
  });

  test("identity keys have no order", () => {
    const p = new Program(setup);
    const map = p.root(p.runtime.mph_map_new(2, 0));
    expect(thrown(() => p.runtime.mph_map_keys(map, 0))).toMatchObject({ code: "ERR_MORPH_INVALID_CONFIG" });
    expect(thrown(() => p.runtime.mph_map_keys(0, 0))).toMatchObject({ reason: "null" });
  });
});

test("a recording of builders and arrays that grow replays with the same collections", () => {
  const recorder = new Recorder();
  const v1 = { threshold: 4096 };
  const p = new Program({ allocator: "v1", v1, recorder });
  const { runtime } = p;
  const builder = p.root(runtime.mph_bytes_New());
  const array = p.root(runtime.mph_array_new(0, 8, 1));
  for (let i = 0; i < 500; i++) {
    runtime.mph_bytes_AddByte(builder, i, 0);
    const length = p.word(array + 8);
    if (length === p.word(array + 16)) runtime.mph_array_grow(array);
    const text = runtime.mph_conv_Itoa(i, 0);
    p.i32[(array + 8) >>> 2] = length + 1;
    runtime.mph_record_word(array + 8, length + 1);
    const slot = (p.word(array) >>> 0) + length * 8;
    p.i32[slot >>> 2] = text;
    runtime.mph_record_store(slot, text);
  }
  const { stats } = replay(decodeRecording(recorder.bytes()), "v1", v1);
  expect(stats.collections.count).toBeGreaterThan(3);
  expect(stats.byType).toEqual(runtime.stats().byType);
  expect(replay(decodeRecording(recorder.bytes()), "v2").stats.allocations).toBe(stats.allocations);
});
