import { LAYOUT } from "@morph/gc";
import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ARRAY,
  BOX,
  CLOSURE,
  createRuntime,
  ERROR,
  formatStats,
  KEY_IDENTITY,
  KEY_RAW,
  KEY_STRING,
  RAW,
  RUNTIME_IMPORTS,
  STRING,
} from "../src/index.ts";
import { GC_SETUPS, moduleOfAll, Program, thrown, words } from "./support.ts";

const EVERY = { allocator: "gc", gc: { nurseryBytes: 262_144, collectEvery: 1, verifyAlways: true } } as const;

describe.each(GC_SETUPS)("values on %s", (_, setup) => {
  test("a string is one object: its length, its bytes, a 0", () => {
    const p = new Program(setup);
    const before = p.runtime.stats().allocations;
    for (const length of [0, 1, 7, 8, 9, 16, 17, 255, 256, 257, 2039, 2040, 4096, 65_536]) {
      const string = p.variable(p.runtime.newString("x".repeat(length)));
      expect(p.word(string())).toBe(length + 1);
      const bytes = p.runtime.memory.u8.subarray(string() + 8, string() + 8 + length + 1);
      expect(Buffer.from(bytes).toString()).toBe(`${"x".repeat(length)}\0`);
      expect(p.runtime.mph_string_len(string())).toBe(length);
      expect(p.runtime.headerOf(string())).toEqual({ size: length + 1, type: STRING });
    }
    expect(p.runtime.stats().allocations - before).toBe(14);
    p.runtime.verify();
  });

  test("functions of strings agree with JavaScript's", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 24 });
    const check = (a: string, b: string, start: number, end: number): void => {
      const p = new Program(setup);
      const { runtime } = p;
      const [left, right] = [p.variable(runtime.newString(a)), p.variable(runtime.newString(b))];
      const textOf = (pointer: number): string => p.text(pointer);
      expect(textOf(runtime.mph_string_concat(left(), right()))).toBe(a + b);
      expect(textOf(runtime.mph_string_concat(left(), left()))).toBe(a + a);
      expect(runtime.mph_string_eq(left(), right())).toBe(a === b ? 1 : 0);
      expect(Math.sign(runtime.mph_string_Compare(left(), right()))).toBe(a < b ? -1 : a > b ? 1 : 0);
      expect(runtime.mph_string_index(left(), right())).toBe(a.indexOf(b));
      expect(textOf(runtime.mph_string_substring(left(), start, 0, end, 0))).toBe(a.slice(start, Math.max(start, end)));
      expect(textOf(runtime.mph_string_trim(left(), right()))).toBe(trimmed(a, b));
      const parts = p.variable(runtime.mph_string_split(left(), right()));
      expect(p.texts(parts())).toEqual(a === "" && b === "" ? [] : a.split(b));
      const ints = p.variable(runtime.mph_string_Bytes(left()));
      expect(textOf(runtime.mph_string_FromBytes(ints()))).toBe(a);
      // What was just made moves at the next allocation, and an argument may be all that holds it.
      const fresh = (): number => runtime.newString(a);
      expect(textOf(runtime.mph_string_FromBytes(runtime.mph_string_Bytes(fresh())))).toBe(a);
      expect(textOf(runtime.mph_string_trim(fresh(), right()))).toBe(trimmed(a, b));
      expect(textOf(runtime.mph_string_concat(fresh(), right()))).toBe(a + b);
      const made = fresh();
      expect(textOf(runtime.mph_string_concat(right(), made))).toBe(b + a);
      expect(p.texts(runtime.mph_string_split(fresh(), right()))).toEqual(a === "" && b === "" ? [] : a.split(b));
      expect(textOf(left())).toBe(a);
      runtime.verify();
      runtime.destroy();
    };
    fc.assert(fc.property(texts, texts, fc.nat(26), fc.nat(26), check), { numRuns: 40 });
  });

  test("the elements of a new array are young, whatever was collected for it: a module stores them without a barrier", () => {
    const p = new Program(setup);
    const { env } = p.runtime.imports();
    const { gc_nursery_base: base, gc_nursery_bytes: bytes } = env as unknown as Record<string, number>;
    for (let i = 0; i < 200; i++) {
      const data = p.word(p.runtime.mph_array_new(3, 4, 1));
      expect((data - base!) >>> 0).toBeLessThan(bytes!);
    }
  });

  test("arrays: elements of 4, 8 and 24 bytes, with and without references, through growth and joining", () => {
    const operations = fc.array(fc.tuple(fc.nat(4), fc.nat(40), fc.string({ maxLength: 5 })), { maxLength: 60 });
    const check = (size: number, steps: [number, number, string][]): void => {
      const p = new Program(setup, 128);
      const { runtime } = p;
      const array = p.variable(runtime.mph_array_new(3, size, 1));
      let slot = array;
      let model: (string | null)[] = [null, null, null];
      for (const [kind, at, text] of steps) {
        if (kind === 0) {
          if (p.capacity(slot()) === model.length) runtime.mph_array_grow(slot());
          const string = runtime.newString(text);
          p.i32[(slot() + 8) >>> 2] = model.length + 1;
          p.storeElement(slot(), model.length, string);
          model.push(text);
        } else if (kind === 1 && model.length < 300) {
          slot = p.variable(runtime.mph_array_concat(slot(), slot()));
          model = [...model, ...model];
        } else if (at < model.length) {
          const string = runtime.newString(text);
          p.storeElement(slot(), at, string);
          model[at] = text;
        }
      }
      expect(p.word(slot() + 8)).toBe(model.length);
      model.forEach((text, i) => {
        const element = p.element(slot(), i);
        expect(element === 0 ? null : p.text(element)).toBe(text);
      });
      expect(runtime.headerOf(slot()).type).toBe(ARRAY);
      runtime.verify();
      runtime.destroy();
    };
    fc.assert(fc.property(fc.constantFrom(4, 8, 24), operations, check), { numRuns: 30 });
  });

  test("an array of ints keeps them; one of interfaces keeps what is no reference too", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const ints = p.variable(runtime.mph_array_new(600, 8, 0));
    for (let i = 0; i < 600; i++) p.i32[(runtime.mph_array_at(ints(), i, 0) >>> 2) + 1] = -i;
    const boxes = p.variable(runtime.mph_array_new(300, 8, 1));
    for (let i = 0; i < 300; i++) {
      const text = runtime.mph_conv_Itoa(i, 0);
      p.storeElement(boxes(), i, text);
      p.i32[(runtime.mph_array_at(boxes(), i, 0) + 4) >>> 2] = i * 8;
    }
    const joined = p.variable(runtime.mph_array_concat(boxes(), boxes()));
    runtime.mph_gc_collect();
    for (let i = 0; i < 600; i++) {
      expect(p.i32[(runtime.mph_array_at(ints(), i, 0) >>> 2) + 1]).toBe(-i | 0);
      expect(p.text(p.element(joined(), i))).toBe(String(i % 300));
      expect(p.i32[(runtime.mph_array_at(joined(), i, 0) + 4) >>> 2]).toBe((i % 300) * 8);
    }
    runtime.verify();
  });

  test("arrays of two kinds cannot be joined; an empty one has any kind", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const ints = p.variable(runtime.mph_array_new(2, 8, 0));
    const [text, comma] = [p.variable(runtime.newString("a,b")), p.variable(runtime.newString(","))];
    const strings = p.variable(runtime.mph_string_split(text(), comma()));
    expect(thrown(() => runtime.mph_array_concat(ints(), strings())).code).toBe("ERR_MORPH_INVALID_TYPE");
    const empty = p.variable(runtime.mph_array_new(0, 8, 0));
    expect(p.texts(runtime.mph_array_concat(empty(), strings()))).toEqual(["a", "b"]);
    expect(p.texts(runtime.mph_array_concat(strings(), empty()))).toEqual(["a", "b"]);
    for (const [length, size, pointers] of [
      [-1, 8, 0],
      [1, 0, 0],
      [1, 6, 1],
    ] as const) {
      expect(thrown(() => runtime.mph_array_new(length, size, pointers)).code).toBe("ERR_MORPH_INVALID_SIZE");
    }
    runtime.verify();
  });

  test("maps by raw keys, strings and structs agree with JavaScript's", () => {
    const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(30), fc.string({ maxLength: 3 })), { maxLength: 120 });
    const check = (kind: number, list: [number, number, string][]): void => {
      const p = new Program(setup, 128);
      const { runtime } = p;
      const struct = runtime.registerType({ name: "key", size: 8, pointerOffsets: [] });
      const keys = Array.from({ length: 31 }, (_unused, i) => {
        if (kind === KEY_RAW) return () => i - 15;
        return p.variable(kind === KEY_STRING ? runtime.newString(`key ${i}`) : runtime.mph_alloc(8, struct));
      });
      const map = p.variable(runtime.mph_map_new(kind, 1));
      const model = new Map<number, string>();
      for (const [action, at, text] of list) {
        const key = keys[at]!;
        if (action < 2) {
          const value = runtime.newString(text);
          runtime.mph_map_set(map(), key(), 0, value, 0);
          model.set(at, text);
        } else if (action === 2) {
          runtime.mph_map_delete(map(), key(), 0);
          model.delete(at);
        } else {
          expect(runtime.mph_map_get(map(), key(), 0)).toBe(model.has(at) ? 1 : 0);
          const value = p.word(runtime.resultCell);
          if (model.has(at)) expect(p.text(value)).toBe(model.get(at));
        }
        expect(runtime.mph_map_len(map())).toBe(model.size);
      }
      runtime.mph_gc_collect();
      keys.forEach((key, at) => {
        expect(runtime.mph_map_get(map(), key(), 0)).toBe(model.has(at) ? 1 : 0);
        if (model.has(at)) expect(p.text(p.word(runtime.resultCell))).toBe(model.get(at));
      });
      if (kind === KEY_STRING) {
        const names = [...model.keys()].map((at) => `key ${at}`).sort();
        expect(p.texts(runtime.mph_map_keys(map(), 0))).toEqual(names);
      }
      runtime.verify();
      runtime.destroy();
    };
    fc.assert(fc.property(fc.constantFrom(KEY_RAW, KEY_STRING, KEY_IDENTITY), steps, check), { numRuns: 40 });
  });

  test("a map that grows keeps a key, and a value, that only the call holds", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const struct = runtime.registerType({ name: "key", size: 8, pointerOffsets: [] });
    const texts = p.variable(runtime.mph_map_new(KEY_STRING, 1));
    const structs = p.variable(runtime.mph_map_new(KEY_IDENTITY, 1));
    const other = p.variable(0);
    const hold = (pointer: number): void => {
      p.i32[other.address >>> 2] = pointer;
    };
    for (let i = 0; i < 100; i++) {
      hold(runtime.newString(`text ${i}`));
      const key = runtime.newString(`text ${i}`);
      if (i % 2 === 0) runtime.mph_map_set(texts(), key, 0, other(), 0);
      else runtime.mph_map_set(texts(), other(), 0, key, 0);
      hold(runtime.newString(`text ${i}`));
      const made = runtime.mph_alloc(8, struct);
      p.i32[made >>> 2] = i;
      runtime.mph_map_set(structs(), made, 0, other(), 0);
    }
    for (let i = 0; i < 100; i++) {
      const key = runtime.newString(`text ${i}`);
      expect(runtime.mph_map_get(texts(), key, 0)).toBe(1);
      expect(p.text(p.word(runtime.resultCell))).toBe(`text ${i}`);
    }
    const block = (p.word(structs()) >>> 0) + 8;
    const found: string[] = [];
    for (let at = block; at < block + p.word(structs() + 8) * 24; at += 24) {
      if (p.word(at + 16) !== 0) found.push(`text ${p.word(p.word(at))} is ${p.text(p.word(at + 8))}`);
    }
    expect(found.sort()).toEqual(Array.from({ length: 100 }, (_unused, i) => `text ${i} is text ${i}`).sort());
    runtime.verify();
  });

  test("a new struct among old keys is found after it has moved", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const struct = runtime.registerType({ name: "key", size: 8, pointerOffsets: [] });
    const map = p.variable(runtime.mph_map_new(KEY_IDENTITY, 0));
    for (let i = 0; i < 25; i++) {
      const key = p.variable(runtime.mph_alloc(8, struct));
      runtime.mph_map_set(map(), key(), 0, i, 0);
      for (let round = 0; round < 3; round++) {
        expect(runtime.mph_map_get(map(), key(), 0)).toBe(1);
        expect(p.result).toBe(BigInt(i));
        runtime.newString("passes");
        if (i % 8 === 7) runtime.mph_gc_collect();
      }
      expect(runtime.mph_map_get(map(), key(), 0)).toBe(1);
    }
  });

  test("what was just made, and only the call holds, is found again by each function that allocates", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const text = "a string of some length, longer than a new builder has room for: 64 bytes";
    const fresh = (): number => runtime.newString(text);
    expect(p.text(p.word(runtime.mph_interface_box(fresh(), 1, 2)))).toBe(text);
    expect(p.text(p.word(runtime.mph_error_new(fresh())))).toBe(text);
    expect(p.text(p.word(runtime.mph_closure_new(1, fresh(), 0) + 8))).toBe(text);
    const old = p.variable(runtime.mph_bytes_New());
    const first = fresh();
    runtime.mph_bytes_Add(old(), first);
    expect(p.text(runtime.mph_bytes_String(old()))).toBe(text);
    const added = fresh();
    const held = p.variable(added);
    const builder = p.variable(runtime.mph_bytes_New());
    runtime.mph_bytes_Add(builder(), held());
    const other = p.variable(runtime.mph_bytes_New());
    runtime.mph_bytes_AddByte(other(), 65, 0);
    runtime.mph_bytes_AddAll(old(), other());
    runtime.mph_bytes_AddAll(p.variable(runtime.mph_bytes_New())(), builder());
    expect(p.text(runtime.mph_bytes_String(builder()))).toBe(text);
    expect(p.text(runtime.mph_bytes_String(old()))).toBe(`${text}A`);
    const map = p.variable(runtime.mph_map_new(KEY_STRING, 0));
    const key = runtime.newString("key");
    runtime.mph_map_set(map(), key, 0, 1, 0);
    expect(p.texts(runtime.mph_map_keys(map(), 0))).toEqual(["key"]);
    runtime.verify();
  });

  test("a map's value keeps its high word, and a key's", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const map = p.variable(runtime.mph_map_new(KEY_RAW, 1));
    for (let i = 0; i < 40; i++) {
      const value = runtime.mph_conv_Itoa(i, 0);
      runtime.mph_map_set(map(), i, -i, value, i * 16);
    }
    for (let i = 0; i < 40; i++) {
      expect(runtime.mph_map_get(map(), i, -i)).toBe(1);
      const [low, high] = [p.word(runtime.resultCell), p.word(runtime.resultCell + 4)];
      expect([p.text(low), high]).toEqual([String(i), i * 16]);
    }
  });

  test("values that move from map to variable while a collection marks are not lost", () => {
    const p = new Program(setup, 64);
    const { runtime } = p;
    const map = p.variable(runtime.mph_map_new(KEY_RAW, 1));
    const array = p.variable(runtime.mph_array_new(20, 4, 1));
    for (let i = 0; i < 40; i++) {
      const text = runtime.newString(`value ${i}`);
      if (i < 20) runtime.mph_map_set(map(), i, 0, text, 0);
      else p.storeElement(array(), i - 20, text);
    }
    runtime.mph_gc_collect();
    const held = p.variable(0);
    const hold = (pointer: number): void => {
      p.i32[held.address >>> 2] = pointer;
    };
    for (let i = 0; i < 400; i++) {
      const key = (i * 7) % 20;
      expect(runtime.mph_map_get(map(), key, 0)).toBe(1);
      hold(p.word(runtime.resultCell));
      runtime.mph_map_set(map(), key, 0, 0, 0);
      for (let j = 0; j < i % 9; j++) runtime.newString("time passes");
      const other = p.element(array(), key);
      p.storeElement(array(), key, held());
      hold(other);
      for (let j = 0; j < i % 5; j++) runtime.newString("time passes");
      runtime.mph_map_set(map(), key, 0, held(), 0);
      hold(0);
    }
    runtime.verify();
    const found = new Set<string>();
    for (let i = 0; i < 20; i++) {
      runtime.mph_map_get(map(), i, 0);
      found.add(p.text(p.word(runtime.resultCell)));
      found.add(p.text(p.element(array(), i)));
    }
    expect(found.size).toBe(40);
  });

  test("closures, errors and boxes hold what they were given", () => {
    const p = new Program(setup);
    const { runtime } = p;
    const message = p.variable(runtime.newString("message"));
    const closure = p.variable(runtime.mph_closure_new(7, message(), 0));
    const error = p.variable(runtime.mph_error_new(message()));
    const box = p.variable(runtime.mph_interface_box(message(), 5, 6));
    for (let i = 0; i < 200; i++) runtime.mph_conv_Itoa(i, 0);
    expect([p.word(closure()), p.word(box() + 8), p.word(box() + 16)]).toEqual([7, 5, 6]);
    for (const at of [closure() + 8, error(), box()]) expect(p.word(at) >>> 0).toBe(message());
    const types = [closure(), error(), box()].map((pointer) => runtime.headerOf(pointer).type);
    expect(types).toEqual([CLOSURE, ERROR, BOX]);
    runtime.mph_native_print_error(error());
    expect(p.out.text()).toBe("Error: message\n");
  });

  test("natives: numbers and text, arguments, channels", () => {
    const p = new Program({ ...setup, args: ["first", "second", "", "fourth"] });
    const { runtime } = p;
    const args = p.variable(runtime.mph_os_args());
    expect(p.texts(args())).toEqual(["first", "second", "", "fourth"]);
    expect(p.text(runtime.mph_conv_Itoa(...words(-(1n << 63n))))).toBe("-9223372036854775808");
    expect(runtime.mph_conv_Atoi(runtime.mph_conv_Itoa(123, 0))).toBe(0);
    expect(p.result).toBe(123n);
    const bad = runtime.mph_conv_Atoi(runtime.newString("x"));
    expect(p.text(p.word(bad))).toBe("Invalid integer");
    expect(p.text(p.word(runtime.mph_conv_Atof(runtime.newString(""))))).toBe("Invalid float");
    const channel = runtime.mph_channel_new();
    for (let i = 0; i < 5; i++) runtime.mph_channel_send(channel, i, -i);
    runtime.mph_gc_collect();
    for (let i = 0; i < 5; i++) {
      runtime.mph_channel_recv(channel);
      expect(p.result).toBe((BigInt(-i) << 32n) | BigInt(i));
    }
  });

  test("objects of a type are zeroed, aligned, of any size", () => {
    const p = new Program(setup, 512);
    const { runtime } = p;
    for (const size of [0, 1, 4, 8, 16, 17, 256, 257, 2048, 2049, 65_536]) {
      const type = runtime.registerType({ name: `T${size}`, size, pointerOffsets: [] });
      for (let i = 0; i < 3; i++) {
        const object = p.variable(runtime.mph_alloc(size, type));
        expect(object() % 8).toBe(0);
        const bytes = runtime.memory.u8.subarray(object(), object() + size);
        expect(bytes.every((byte) => byte === 0)).toBe(true);
        bytes.fill(0xff);
        expect(runtime.headerOf(object()).type).toBe(type);
      }
      const raw = runtime.mph_alloc(size, RAW);
      expect(runtime.headerOf(raw).size).toBeGreaterThanOrEqual(size);
      expect(runtime.memory.u8.subarray(raw, raw + size).every((byte) => byte === 0)).toBe(true);
    }
    for (const size of [1.5, Number.NaN]) {
      expect(thrown(() => runtime.mph_alloc(size, RAW)).code).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(thrown(() => runtime.mph_alloc(8, 999)).code).toBe("ERR_MORPH_INVALID_TYPE");
    expect(thrown(() => runtime.mph_alloc(-8, RAW))).toMatchObject({ reason: "memory" });
    expect(thrown(() => runtime.mph_array_new(2 ** 31 - 1, 24, 0))).toMatchObject({ reason: "memory" });
    runtime.verify();
  });
});

/** Without the characters of `cut` at both ends. */
function trimmed(text: string, cut: string): string {
  let [start, end] = [0, text.length];
  while (start < end && cut.includes(text[start]!)) start++;
  while (end > start && cut.includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}

describe("the roots on gc", () => {
  test("variables may be pushed twice, in frames that overlap, and popped in any number", () => {
    const p = new Program(EVERY);
    const { runtime } = p;
    const frame = runtime.acquireRegion(64);
    runtime.mph_gc_push_frame(frame, 4);
    runtime.mph_gc_push_frame(frame, 8);
    runtime.mph_gc_push_root(frame);
    for (let i = 0; i < 8; i++) p.i32[(frame + i * 8) >>> 2] = runtime.newString(`text ${i}`);
    runtime.mph_gc_pop_roots(9);
    runtime.mph_gc_collect();
    for (let i = 0; i < 4; i++) expect(p.text(p.word(frame + i * 8))).toBe(`text ${i}`);
    expect(runtime.stats().liveObjects).toBe(4);
    runtime.mph_gc_pop_roots(100);
    expect(runtime.mph_gc_root_depth()).toBe(0);
    runtime.mph_gc_collect();
    expect(runtime.stats().liveObjects).toBe(0);
  });

  test("each thread has variables and a shadow stack of its own; all are followed", () => {
    const p = new Program(EVERY);
    const { runtime } = p;
    const live = new Map<string, number>();
    const put = (text: string): void => void live.set(text, runtime.pushReference(runtime.newString(text)));
    put("first");
    const threads = [runtime.mph_thread_new(), runtime.mph_thread_new()];
    for (const thread of threads) {
      runtime.mph_thread_switch(thread);
      expect(runtime.mph_gc_root_depth()).toBe(0);
      for (let i = 0; i < 3; i++) put(`thread ${thread}, ${i}`);
    }
    for (const thread of [0, ...threads, 0]) {
      runtime.mph_thread_switch(thread);
      runtime.newString("garbage");
      for (const [text, address] of live) expect(p.text(p.word(address))).toBe(text);
    }
    runtime.mph_thread_end(threads[0]!);
    runtime.mph_gc_collect();
    expect(runtime.stats().liveObjects).toBe(4);
    expect(thrown(() => runtime.mph_thread_end(threads[0]!)).code).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(thrown(() => runtime.mph_thread_switch(99)).code).toBe("ERR_MORPH_INVALID_CONFIG");
    runtime.verify();
  });

  test("what a thread left above its top is not followed when it comes back", () => {
    const p = new Program(EVERY);
    const { runtime } = p;
    const c = runtime.imports().env.gc_control as number;
    const top = (): number => p.word(c + LAYOUT.STACK_TOP * 4) >>> 0;
    const base = top();
    const address = runtime.pushReference(runtime.newString("gone"));
    p.i32[(c + LAYOUT.STACK_TOP * 4) >>> 2] = base;
    const thread = runtime.mph_thread_new();
    runtime.mph_thread_switch(thread);
    for (let i = 0; i < 5; i++) runtime.newString("other");
    runtime.mph_thread_switch(0);
    expect(p.word(address)).toBe(0);
    p.i32[(c + LAYOUT.STACK_TOP * 4) >>> 2] = base + 400;
    runtime.mph_gc_collect();
    expect(runtime.stats().liveObjects).toBe(0);
  });

  test("the shadow stack grows to its end, then fails; 100,000 frames of 80 references fit in 64 MiB", () => {
    const p = new Program({ allocator: "gc", gc: { stackBytes: 64 * 1024 * 1024 } });
    const { runtime } = p;
    const c = (runtime.imports().env.gc_control as number) / 4;
    const frame = 80 * 4;
    const start = p.i32[c + LAYOUT.STACK_TOP]!;
    const enter = (): void => {
      const { i32 } = p;
      const top = i32[c + LAYOUT.STACK_TOP]! >>> 0;
      if (top + frame > i32[c + LAYOUT.STACK_LIMIT]! >>> 0) runtime.mph_gc_grow_stack(top + frame);
      if ((i32[top >>> 2]! | i32[(top + frame - 4) >>> 2]!) !== 0) throw new Error("a word of a new frame is not 0");
      i32[top >>> 2] = i32[text.address >>> 2]!;
      i32[c + LAYOUT.STACK_TOP] = top + frame;
    };
    const text = p.variable(runtime.newString("text"));
    for (let depth = 0; depth < 100_000; depth++) enter();
    runtime.mph_gc_collect();
    expect(p.text(p.word(start + 50_000 * frame))).toBe("text");
    const overflow = thrown(() => {
      for (;;) enter();
    });
    expect(overflow).toMatchObject({ reason: "stack", exitCode: 1, message: "stack overflow" });
    // Once it is left, a collection does not clear all of it every time.
    p.i32[c + LAYOUT.STACK_TOP] = start;
    runtime.mph_gc_collect();
    expect(p.i32[c + LAYOUT.STACK_LIMIT]! - start).toBeLessThan(10_000);
    expect(runtime.stats().peakFootprint).toBeGreaterThan(60_000_000);
    enter();
    runtime.verify();
  });
});

describe("the boundary to generated code on gc", () => {
  test("imports have the control table and the nursery; a module calls every function", () => {
    const p = new Program(EVERY);
    const { env } = p.runtime.imports();
    expect(Object.keys(env).length).toBe(RUNTIME_IMPORTS.length + 6);
    const { collections } = p.runtime.stats();
    expect(collections.generations?.minor.count).toBe(0);
    const at = (word: number): number => p.i32[(env.gc_control as number) / 4 + word]!;
    expect(at(LAYOUT.NURSERY_BASE)).toBe(env.gc_nursery_base);
    expect(at(LAYOUT.NURSERY_BYTES)).toBe(env.gc_nursery_bytes);
    const instance = new WebAssembly.Instance(moduleOfAll(), p.runtime.imports());
    const call = instance.exports as Record<string, (...args: number[]) => number>;
    const text = p.variable(call.mph_conv_Itoa!(12_345, 0));
    const twice = p.variable(call.mph_string_concat!(text(), text()));
    expect(p.text(twice())).toBe("1234512345");
    const map = p.variable(call.mph_map_new!(1, 1));
    call.mph_map_set!(map(), text(), 0, twice(), 0);
    expect(call.mph_map_get!(map(), text(), 0)).toBe(1);
    expect(p.word(p.runtime.resultCell) >>> 0).toBe(twice());
    expect(thrown(() => call.mph_array_at!(call.mph_array_new!(1, 8, 0), -1, -1))).toMatchObject({ reason: "index" });
    p.runtime.verify();
  });

  test("inline allocation by a type's cursor: zeroed, counted, and collected as any other", () => {
    const p = new Program({ allocator: "gc", gc: { nurseryBytes: 262_144, verifyAlways: true } });
    const { runtime } = p;
    const node = runtime.registerType({ name: "node", size: 12, pointerOffsets: [0, 4] });
    const large = runtime.registerType({ name: "large", size: 3000, pointerOffsets: [] });
    expect([runtime.cursorOf(large), runtime.cursorOf(RAW), runtime.cursorOf(STRING)]).toEqual([0, 0, 0]);
    for (const own of [ARRAY, CLOSURE, ERROR, BOX]) expect(runtime.cursorOf(own)).toBeGreaterThan(0);
    expect(thrown(() => runtime.cursorOf(99)).code).toBe("ERR_MORPH_INVALID_TYPE");
    const cursor = runtime.cursorOf(node) / 4;
    const list = p.variable(0);
    const count = 50_000;
    let slow = 0;
    for (let i = 0; i < count; i++) {
      let object = p.i32[cursor]!;
      if (object === p.i32[cursor + 1]) {
        object = runtime.mph_alloc(12, node);
        slow++;
      } else p.i32[cursor] = object + 16;
      if (p.word(object) !== 0 || p.word(object + 4) !== 0 || p.word(object + 8) !== 0) throw new Error("not zeroed");
      p.i32[(object + 8) >>> 2] = i;
      // Just made: no barrier.
      p.i32[object >>> 2] = i % 1000 === 0 ? 0 : list();
      p.i32[list.address >>> 2] = object;
    }
    expect(slow).toBeLessThan(count / 200);
    const { allocations, byType, collections } = runtime.stats();
    expect(allocations).toBe(count);
    expect(byType).toMatchObject([{ name: "node", allocations: count, payload: count * 12 }]);
    expect(collections.generations!.minor.count).toBeGreaterThan(2);
    runtime.mph_gc_collect();
    expect(runtime.stats().liveObjects).toBe(1000);
    runtime.verify();
  });

  test("a barrier that is left out is named when everything is verified", () => {
    const p = new Program({ allocator: "gc", gc: { nurseryBytes: 262_144, verifyAlways: true } });
    const { runtime } = p;
    const array = p.variable(runtime.mph_array_new(4, 4, 1));
    runtime.mph_gc_collect();
    const text = runtime.newString("young");
    p.i32[runtime.mph_array_at(array(), 1, 0) >>> 2] = text;
    expect(thrown(() => runtime.mph_gc_collect()).message).toContain("no barrier recorded it");
  });
});

describe("statistics and failures on gc", () => {
  test("statistics add up, by type too, as table and as JSON", () => {
    const p = new Program({ allocator: "gc" });
    const { runtime } = p;
    p.string("abc");
    runtime.mph_map_new(0, 0);
    p.root(runtime.mph_array_new(5, 4, 1));
    const before = runtime.stats();
    expect(before.allocations).toBe(5);
    expect(before.livePayload).toBe(4 + 40 + 384 + 16 + 20);
    // In slots of 16, 40, 448, 16 and 32 bytes.
    expect(before.payload).toBe(8 + 40 + 440 + 16 + 24);
    runtime.mph_gc_collect();
    const stats = runtime.stats();
    expect(stats.byType.map(({ name, liveObjects }) => [name, liveObjects]).sort()).toEqual([
      ["array", 1],
      ["map", 0],
      ["raw", 1],
      ["string", 1],
    ]);
    expect(stats.byType.reduce((sum, { livePayload }) => sum + livePayload, 0)).toBe(4 + 16 + 20);
    expect([stats.liveObjects, stats.collections.freedObjects]).toEqual([3, 2]);
    const { generations, pauses, count, totalMs, maxMs } = stats.collections;
    expect(generations).toMatchObject({ minor: { count: 1 }, major: { count: 1 }, evacuation: { count: 0 } });
    expect(count).toBe(2);
    expect(pauses?.reduce((sum, each) => sum + each, 0)).toBe(1);
    expect(totalMs).toBeLessThanOrEqual(maxMs);
    expect(stats.peakFootprint).toBeGreaterThanOrEqual(stats.footprint);
    expect(stats.footprint).toBeGreaterThan(262_144);
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    expect(formatStats(stats)).toContain("evacuations");
    expect(formatStats(stats)).toContain("pauses (gc)");
  });

  test("a full memory is the failure memory, and what lives stays", () => {
    for (const grow of [false, true]) {
      const memory = new LinearMemory({ initialPages: 60, maxPages: 60 });
      const p = new Program({ allocator: "gc", memory, gc: { nurseryBytes: 262_144 } }, 4);
      const { runtime } = p;
      const kept = p.variable(runtime.newString("kept"));
      const list = p.variable(runtime.mph_array_new(0, 4, 1));
      const failure = thrown(() => {
        for (let i = 0; ; i++) {
          if (p.capacity(list()) === i) runtime.mph_array_grow(list());
          p.i32[(list() + 8) >>> 2] = i + 1;
          const text = grow ? 0 : runtime.newString(`text number ${i}`);
          p.storeElement(list(), i, text);
        }
      });
      expect(failure).toMatchObject({ reason: "memory", exitCode: 1 });
      expect(failure.message).toMatch(/bytes/);
      runtime.verify();
      expect(p.text(kept())).toBe("kept");
      const length = p.word(list() + 8);
      for (let i = 0; i < length - 1 && !grow; i += 97) expect(p.text(p.element(list(), i))).toBe(`text number ${i}`);
      p.i32[(list() + 8) >>> 2] = 0;
      p.storeField(list(), 0, 0);
      expect(p.text(runtime.mph_string_concat(kept(), kept()))).toBe("keptkept");
      runtime.verify();
    }
  });

  test("its own limit, and options that are none", () => {
    const memory = new LinearMemory();
    const before = memory.footprint;
    for (const gc of [{ nurseryBytes: 1 }, { maxBytes: 1000 }, { pauseTargetMs: 0 }, { stackBytes: 0 }]) {
      const error = thrown(() => createRuntime({ allocator: "gc", memory, gc }));
      expect(error.code).toMatch(/^ERR_MORPH_(INVALID_CONFIG|INVALID_SIZE|OUT_OF_MEMORY)$/);
      expect(memory.footprint).toBe(before);
    }
    const p = new Program({ allocator: "gc", memory, gc: { maxBytes: 4_000_000 } });
    expect(thrown(() => p.root(p.runtime.mph_array_new(1_000_000, 8, 0)))).toMatchObject({ reason: "memory" });
    for (let i = 0; i < 100; i++) p.runtime.mph_array_new(100_000, 8, 0);
    p.runtime.verify();
    p.runtime.destroy();
    expect(memory.footprint).toBe(before);
    expect(thrown(() => p.runtime.mph_alloc(16, RAW)).code).toBe("ERR_MORPH_DESTROYED");
    const v2 = createRuntime({ allocator: "v2" });
    expect(v2.cursorOf(RAW)).toBe(0);
    expect(thrown(() => v2.pushReference(8)).code).toBe("ERR_MORPH_INVALID_CONFIG");
  });

  test("the memory grows under all of it", () => {
    const p = new Program({ ...EVERY, memory: new LinearMemory({ initialPages: 2 }) });
    const { runtime } = p;
    const map = p.variable(runtime.mph_map_new(KEY_STRING, 1));
    const before = runtime.memory.wasm.buffer.byteLength;
    for (let i = 0; i < 150; i++) {
      const key = runtime.pushReference(runtime.newString(`key ${i}`));
      const value = runtime.mph_string_concat(p.word(key), p.word(key));
      runtime.mph_map_set(map(), p.word(key), 0, value, 0);
      runtime.mph_array_new(20_000, 8, 0);
    }
    for (let i = 0; i < 150; i++) {
      const key = runtime.newString(`key ${i}`);
      expect(runtime.mph_map_get(map(), key, 0)).toBe(1);
      expect(p.text(p.word(runtime.resultCell))).toBe(`key ${i}key ${i}`);
    }
    expect(runtime.memory.wasm.buffer.byteLength).toBeGreaterThan(before);
  });
});
