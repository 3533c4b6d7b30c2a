import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, test } from "vitest";
import { decodeRecording, RAW, Recorder, replay } from "../src/index.ts";
import { runRandomProgram } from "./random-program.ts";
import { moduleOfAll, Program, SETUPS, thrown } from "./support.ts";

const TWO_GIB = 2 ** 31;

/** A memory of which someone else has the first pages. */
function takenMemory(pages: number): LinearMemory {
  const memory = new LinearMemory();
  memory.acquire(pages, memory.register({ name: "someone else", contractVersion: 1, viewsChanged: () => {} }));
  return memory;
}

describe.each(SETUPS)("above 2 GiB on %s", (_, setup) => {
  const operations = setup.v1 === undefined ? 6000 : 1000;

  test("random calls agree with a plain model, every pointer above", () => {
    const p = runRandomProgram({ ...setup, memory: takenMemory(33_000) }, 21, operations);
    expect(p.runtime.mph_alloc(8, RAW)).toBeGreaterThan(TWO_GIB);
  });

  test("random calls agree with a plain model, the heap below and above", () => {
    const memory = takenMemory(TWO_GIB / PAGE_BYTES - 8);
    runRandomProgram({ ...setup, memory }, 22, operations);
    const owned = (from: number): boolean => memory.ownerOf(from) > 2;
    expect(owned(TWO_GIB - PAGE_BYTES)).toBe(true);
    expect(owned(TWO_GIB)).toBe(true);
  });

  test("a module hands pointers over as negative numbers", () => {
    const p = new Program({ ...setup, memory: takenMemory(33_000) });
    const instance = new WebAssembly.Instance(moduleOfAll(), p.runtime.imports());
    const call = instance.exports as Record<string, (...args: number[]) => number>;
    const slots = p.runtime.acquireRegion(64);
    call.mph_gc_push_frame!(slots, 8);
    const set = (slot: number, pointer: number): number => {
      expect(pointer).toBeLessThan(0);
      p.i32[(slots + slot * 8) >>> 2] = pointer;
      return pointer;
    };
    const text = set(0, call.mph_conv_Itoa!(12345, 0));
    const twice = set(1, call.mph_string_concat!(text, text));
    expect(p.text(twice)).toBe("1234512345");
    expect(call.mph_string_index!(twice, text)).toBe(0);
    expect(p.text(set(2, call.mph_string_new!(p.word(text), 3)))).toBe("123");
    const parts = set(2, call.mph_string_split!(twice, set(3, call.mph_conv_Itoa!(3, 0))));
    expect(p.texts(parts)).toEqual(["12", "4512", "45"]);
    expect(p.text(p.word(call.mph_array_at!(parts, 1, 0)))).toBe("4512");
    expect(p.texts(set(2, call.mph_array_concat!(parts, parts))).length).toBe(6);
    const map = set(3, call.mph_map_new!(1, 1));
    call.mph_map_set!(map, text, 0, twice, 0);
    expect(call.mph_map_get!(map, set(4, call.mph_conv_Itoa!(12345, 0)), 0)).toBe(1);
    expect(p.word(p.runtime.resultCell)).toBe(twice);
    const structs = set(4, call.mph_map_new!(2, 0));
    call.mph_map_set!(structs, text, 0, 7, 0);
    expect([call.mph_map_get!(structs, text, 0), call.mph_map_get!(structs, twice, 0)]).toEqual([1, 0]);
    const error = set(5, call.mph_error_new!(twice));
    expect(p.word(error)).toBe(twice);
    expect(p.word(set(6, call.mph_closure_new!(1, error, 8)) + 8)).toBe(error);
    expect(call.mph_assert_type!(text, 0, 4, 4)).toBe(text);
    expect(p.word(set(7, call.mph_interface_box!(text, 3, 4)))).toBe(text);
    const channel = call.mph_channel_new!();
    call.mph_channel_send!(channel, text, 0);
    call.mph_channel_recv!(channel);
    expect(p.word(p.runtime.resultCell)).toBe(text);
    call.mph_channel_destroy!(channel);
    call.mph_native_print!(text);
    expect(p.out.text()).toBe("12345\n");
    call.mph_gc_collect!();
    p.runtime.verify();
    expect([p.text(p.word(error)), p.word(p.word(slots + 48) + 8)]).toEqual(["1234512345", error]);
  });
});

test("a recording made above 2 GiB replays below", () => {
  const recorder = new Recorder();
  const v1 = { threshold: 16384 };
  const recorded = runRandomProgram({ allocator: "v1", v1, recorder, memory: takenMemory(33_000) }, 23, 3000);
  const { stats } = replay(decodeRecording(recorder.bytes()), "v1", v1);
  expect(stats.collections.count).toBeGreaterThan(3);
  expect(stats.byType).toEqual(recorded.runtime.stats().byType);
});

test("an object that ends at 4 GiB is zeroed when V1 uses it again", () => {
  const memory = new LinearMemory();
  const owner = memory.register({ name: "someone else", contractVersion: 1, viewsChanged: () => {} });
  // All pages, so that none is kept for tables: what is released then lies at the end of 4 GiB.
  memory.acquire(65_480, owner);
  const tail: number[] = [];
  for (let page = memory.tryAcquire(1, owner); page !== 0; page = memory.tryAcquire(1, owner)) tail.push(page);
  for (const page of tail.slice(-40)) memory.release(page, 1);
  const p = new Program({ allocator: "v1", memory }, 10_000);
  p.string("something live");
  // While there is room for a mark block.
  p.runtime.mph_gc_collect();
  let highest = 0;
  const fill = (): void => {
    // Two of these fill a page; only the first is kept.
    for (;;) {
      const pointer = p.runtime.mph_alloc(1960, RAW);
      if (pointer % 4096 === 88) p.root(pointer);
      highest = Math.max(highest, pointer);
    }
  };
  expect(thrown(fill)).toMatchObject({ reason: "memory" });
  expect(highest + 1960).toBe(2 ** 32);
  memory.u8.fill(0xff, highest, 2 ** 32);
  p.runtime.mph_gc_collect();
  for (let pointer = 0; pointer !== highest; ) pointer = p.root(p.runtime.mph_alloc(1960, RAW));
  expect(memory.u8.subarray(highest).every((byte) => byte === 0)).toBe(true);
  p.runtime.verify();
});
