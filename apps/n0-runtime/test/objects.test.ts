import { describe, expect, test } from "vitest";
import { BOX, CLOSURE, ERROR, RAW } from "../src/index.ts";
import { Program, SETUPS, thrown } from "./support.ts";

describe.each(SETUPS)("closures, errors, interfaces, types on %s", (_, setup) => {
  test("a closure keeps its function and its environment", () => {
    const p = new Program(setup);
    const type = p.runtime.registerType({ name: "environment", size: 16, pointerOffsets: [8] });
    const environment = p.runtime.mph_alloc(16, type);
    p.i32[environment >>> 2] = 42;
    const closure = p.root(p.runtime.mph_closure_new(7, environment, 16));
    for (let i = 0; i < 50; i++) p.runtime.newString("noise");
    expect([p.word(closure), p.word(closure + 8) >>> 0]).toEqual([7, environment]);
    expect(p.word(environment)).toBe(42);
    expect(p.runtime.headerOf(closure)).toEqual({ size: 16, type: CLOSURE });
    expect(p.word(p.runtime.mph_closure_new(1, 0, 0) + 8)).toBe(0);
  });

  test("an error keeps its message alive (V1-8)", () => {
    const p = new Program(setup);
    const error = p.root(p.runtime.mph_error_new(p.runtime.newString("went wrong")));
    for (let i = 0; i < 50; i++) p.runtime.newString("noise here");
    expect(p.text(p.word(error))).toBe("went wrong");
    expect(p.runtime.headerOf(error)).toEqual({ size: 8, type: ERROR });
  });

  test("assert gives the instance when the type fits, else null", () => {
    const p = new Program(setup);
    const s = p.string("instance");
    expect(p.runtime.mph_assert_type(s, 1, 5, 5)).toBe(s);
    expect(p.runtime.mph_assert_type(s, 1, 5, 6)).toBe(0);
  });

  test("a box holds an interface value", () => {
    const p = new Program(setup);
    const box = p.root(p.runtime.mph_interface_box(p.runtime.newString("boxed"), 3, 4));
    for (let i = 0; i < 50; i++) p.runtime.newString("noise");
    expect(p.text(p.word(box))).toBe("boxed");
    expect(p.runtime.headerOf(box)).toEqual({ size: 24, type: BOX });
  });

  test("objects of 0, 1, 16, 17, 256, 257, 4008, 4009, 65536 bytes are zeroed, aligned and apart", () => {
    const p = new Program(setup);
    const sizes = [0, 1, 16, 17, 240, 241, 256, 257, 4008, 4009, 65536];
    for (let round = 0; round < 3; round++) {
      const pointers = sizes.map((size) => {
        const pointer = p.root(p.runtime.mph_alloc(size, RAW));
        expect(pointer % 8).toBe(0);
        expect(p.runtime.headerOf(pointer)).toEqual({ size, type: RAW });
        const bytes = p.runtime.memory.u8.subarray(pointer, pointer + size);
        expect(bytes.every((byte) => byte === 0)).toBe(true);
        bytes.fill(0xff);
        return pointer;
      });
      for (const [i, pointer] of pointers.entries()) {
        const bytes = p.runtime.memory.u8.subarray(pointer, pointer + (sizes[i] as number));
        expect(bytes.every((byte) => byte === 0xff)).toBe(true);
      }
      p.runtime.mph_gc_pop_roots(sizes.length);
      p.runtime.mph_gc_collect();
      p.runtime.verify();
    }
  });

  test("objects are zeroed on memory that was used before, and nothing around them is", () => {
    const p = new Program(setup, 1300);
    const region = p.runtime.acquireRegion(6_000_000);
    p.runtime.memory.u8.fill(0xff, region, region + 6_000_000);
    p.runtime.releaseRegion(region);
    const pointers: number[] = [];
    for (let size = 0; size <= 600; size++) {
      const pointer = p.root(p.runtime.mph_alloc(size, RAW));
      const bytes = p.runtime.memory.u8.subarray(pointer, pointer + size);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
      bytes.fill(0xee);
      pointers.push(pointer);
    }
    for (const [size, pointer] of pointers.entries()) {
      expect(p.runtime.memory.u8.subarray(pointer, pointer + size).every((byte) => byte === 0xee)).toBe(true);
    }
    p.runtime.verify();
  });

  test("equal types have one handle; wrong ones are refused", () => {
    const p = new Program(setup);
    const info = { name: "T", size: 24, pointerOffsets: [0, 16] };
    const handle = p.runtime.registerType(info);
    expect(p.runtime.registerType({ ...info, pointerOffsets: [0, 16] })).toBe(handle);
    expect(p.runtime.registerType({ ...info, pointerOffsets: [0] })).toBe(handle + 1);
    for (const wrong of [
      { ...info, name: "" },
      { ...info, size: -1 },
      { ...info, size: 1.5 },
      { ...info, pointerOffsets: [4] },
      { ...info, pointerOffsets: [24] },
      { ...info, pointerOffsets: [-8] },
    ]) {
      expect(thrown(() => p.runtime.registerType(wrong)).code).toBe("ERR_MORPH_INVALID_TYPE");
    }
    for (const type of [handle + 2, -1, 1.5, 999]) {
      expect(thrown(() => p.runtime.mph_alloc(8, type)).code).toBe("ERR_MORPH_INVALID_TYPE");
    }
    expect(p.runtime.headerOf(p.runtime.mph_alloc(8, 0)).type).toBe(0);
    for (const size of [1.5, Number.NaN]) {
      expect(thrown(() => p.runtime.mph_alloc(size, RAW)).code).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(thrown(() => p.runtime.mph_alloc(-8, RAW))).toMatchObject({ reason: "memory" });
    p.runtime.verify();
  });
});

test("V2 tells 127 types apart and says so; V1 takes more", () => {
  const v2 = new Program({ allocator: "v2" });
  const types = Array.from({ length: 120 }, (_, i) => ({ name: `T${i}`, size: 8, pointerOffsets: [] }));
  expect(types.map((type) => v2.runtime.registerType(type)).at(-1)).toBe(127);
  const error = thrown(() => v2.runtime.registerType({ name: "T120", size: 8, pointerOffsets: [] }));
  expect(error.code).toBe("ERR_MORPH_INVALID_TYPE");
  expect(error.message).toContain("127");
  expect(v2.runtime.headerOf(v2.runtime.mph_alloc(8, 127)).type).toBe(127);
  v2.runtime.verify();
  const v1 = new Program({ allocator: "v1" });
  let last = 0;
  for (let i = 0; i < 500; i++) last = v1.runtime.registerType({ name: `T${i}`, size: 16, pointerOffsets: [8] });
  const object = v1.root(v1.runtime.mph_alloc(16, last));
  v1.i32[(object + 8) >>> 2] = v1.runtime.newString("reached");
  v1.runtime.mph_gc_collect();
  expect(v1.text(v1.word(object + 8))).toBe("reached");
  v1.runtime.verify();
});
