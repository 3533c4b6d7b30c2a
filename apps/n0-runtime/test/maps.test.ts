import { describe, expect, test } from "vitest";
import { KEY_IDENTITY, KEY_RAW, KEY_STRING } from "../src/index.ts";
import { Program, SETUPS, thrown, words } from "./support.ts";

describe.each(SETUPS)("maps on %s", (_, setup) => {
  test("a new map has the C layout and 16 entries, in two allocations", () => {
    const p = new Program(setup);
    const before = p.runtime.stats().allocations;
    const m = p.root(p.runtime.mph_map_new(KEY_STRING, 1));
    expect(p.runtime.stats().allocations - before).toBe(2);
    expect([8, 16, 24, 32, 36].map((offset) => p.word(m + offset))).toEqual([16, 0, 0, 1, 1]);
    expect(p.runtime.headerOf(p.word(m)).size).toBe(16 * 24);
  });

  test("ints of 64 bits are keys by value", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    const keys = [0n, 1n, -1n, 16n, 1n << 32n, -(1n << 63n), (1n << 63n) - 1n];
    keys.forEach((key, i) => {
      p.runtime.mph_map_set(m, ...words(key), ...words(BigInt(i) << 33n));
    });
    expect(p.runtime.mph_map_len(m)).toBe(keys.length);
    keys.forEach((key, i) => {
      expect(p.runtime.mph_map_get(m, ...words(key))).toBe(1);
      expect(p.result).toBe(BigInt(i) << 33n);
    });
    expect(p.runtime.mph_map_get(m, 2, 0)).toBe(0);
    expect(p.result).toBe(0n);
  });

  test("an entry lies at its hash modulo the capacity, negative keys as unsigned ones", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    p.runtime.mph_map_set(m, -1, -1, 7, 0);
    const last = p.word(m) + 15 * 24;
    expect([p.word(last), p.word(last + 4), p.word(last + 8), p.word(last + 16)]).toEqual([-1, -1, 7, 1]);
    p.runtime.mph_map_set(m, 31, 0, 8, 0);
    expect(p.word(p.word(m) + 8)).toBe(8);
  });

  test("strings are keys by content", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_STRING, 1));
    p.runtime.mph_map_set(m, p.string("key"), 0, p.string("value"), 0);
    expect(p.runtime.mph_map_get(m, p.string("key"), 0)).toBe(1);
    expect(p.text(Number(p.result))).toBe("value");
    expect(p.runtime.mph_map_get(m, p.string("kez"), 0)).toBe(0);
  });

  test("floats and bools are keys by their bits", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    const bits = new Int32Array(new Float64Array([1.5, -0]).buffer);
    p.runtime.mph_map_set(m, bits[0]!, bits[1]!, 1, 0);
    p.runtime.mph_map_set(m, bits[2]!, bits[3]!, 2, 0);
    p.runtime.mph_map_set(m, 1, 0, 3, 0);
    expect(p.runtime.mph_map_get(m, 0, 0)).toBe(0);
    expect(p.runtime.mph_map_get(m, bits[2]!, bits[3]!)).toBe(1);
    expect(p.result).toBe(2n);
  });

  test("structs are keys by identity, and live as long as the map", () => {
    const p = new Program(setup);
    const type = p.runtime.registerType({ name: "Point", size: 16, pointerOffsets: [] });
    const m = p.root(p.runtime.mph_map_new(KEY_IDENTITY, 0));
    const keys: number[] = [];
    for (let i = 0; i < 40; i++) {
      const key = p.runtime.mph_alloc(16, type);
      p.i32[key >>> 2] = i;
      p.runtime.mph_map_set(m, key, 0, i, 0);
      keys.push(key);
    }
    keys.forEach((key, i) => {
      expect(p.word(key)).toBe(i);
      expect(p.runtime.mph_map_get(m, key, 0)).toBe(1);
      expect(p.result).toBe(BigInt(i));
    });
    expect(p.runtime.mph_map_get(m, p.runtime.mph_alloc(16, type), 0)).toBe(0);
  });

  test("interface values go in as boxes", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 1));
    for (let i = 0; i < 30; i++) {
      const box = p.runtime.mph_interface_box(p.runtime.newString(`instance ${i}`), i + 100, 9);
      p.runtime.mph_map_set(m, i, 0, box, 0);
    }
    for (let i = 0; i < 30; i++) {
      p.runtime.mph_map_get(m, i, 0);
      const box = Number(p.result);
      expect([p.word(box + 8), p.word(box + 16)]).toEqual([i + 100, 9]);
      expect(p.text(p.word(box))).toBe(`instance ${i}`);
    }
  });

  test("it grows twofold when three quarters are taken, with one allocation", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    for (let i = 0; i < 12; i++) p.runtime.mph_map_set(m, i, 0, i, 0);
    expect(p.word(m + 8)).toBe(16);
    const before = p.runtime.stats().allocations;
    p.runtime.mph_map_set(m, 12, 0, 12, 0);
    expect(p.word(m + 8)).toBe(32);
    expect(p.runtime.stats().allocations - before).toBe(1);
    for (let i = 0; i < 13; i++) expect(p.runtime.mph_map_get(m, i, 0)).toBe(1);
  });

  test("deleting leaves a tombstone that is used again; a quarter of them cause a rehash", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    for (const key of [0, 16, 32]) p.runtime.mph_map_set(m, key, 0, key, 0);
    p.runtime.mph_map_delete(m, 0, 0);
    p.runtime.mph_map_delete(m, 99, 0);
    expect([p.runtime.mph_map_len(m), p.word(m + 24)]).toEqual([2, 1]);
    expect(p.runtime.mph_map_get(m, 32, 0)).toBe(1);
    p.runtime.mph_map_set(m, 48, 0, 5, 0);
    expect([p.word(p.word(m)), p.word(m + 24)]).toEqual([48, 0]);
    for (const key of [16, 32, 48]) p.runtime.mph_map_delete(m, key, 0);
    expect(p.word(m + 24)).toBe(3);
    p.runtime.mph_map_set(m, 5, 0, 1, 0);
    p.runtime.mph_map_delete(m, 5, 0);
    expect([p.word(m + 24), p.runtime.mph_map_len(m), p.word(m + 8)]).toEqual([0, 0, 16]);
  });

  test("an equal key overwrites; len of null is 0; other uses of null fail", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    p.runtime.mph_map_set(m, 1, 0, 5, 0);
    p.runtime.mph_map_set(m, 1, 0, 6, 0);
    expect(p.runtime.mph_map_len(m)).toBe(1);
    p.runtime.mph_map_get(m, 1, 0);
    expect(p.result).toBe(6n);
    expect(p.runtime.mph_map_len(0)).toBe(0);
    for (const action of [
      () => p.runtime.mph_map_get(0, 1, 0),
      () => p.runtime.mph_map_set(0, 1, 0, 1, 0),
      () => p.runtime.mph_map_delete(0, 1, 0),
      () => p.runtime.mph_map_set(p.root(p.runtime.mph_map_new(KEY_STRING, 0)), 0, 0, 1, 0),
    ]) {
      expect(thrown(action)).toMatchObject({ reason: "null", exitCode: 139 });
    }
  });

  test("resize by hand keeps everything and refuses what cannot be", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_STRING, 0));
    for (let i = 0; i < 10; i++) p.runtime.mph_map_set(m, p.string(`k${i}`), 0, i, 0);
    p.runtime.mph_map_resize(m, 256);
    for (let i = 0; i < 10; i++) {
      expect(p.runtime.mph_map_get(m, p.runtime.newString(`k${i}`), 0)).toBe(1);
      expect(p.result).toBe(BigInt(i));
    }
    for (const capacity of [8, 10, 24, 0, -16, 1.5, Number.NaN]) {
      expect(thrown(() => p.runtime.mph_map_resize(m, capacity)).code).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(thrown(() => p.runtime.mph_map_new(3, 0)).code).toBe("ERR_MORPH_INVALID_CONFIG");
  });

  test("the smallest map keeps an entry free, so that a search for a missing key ends", () => {
    const p = new Program(setup);
    const m = p.root(p.runtime.mph_map_new(KEY_RAW, 0));
    for (const capacity of [1, 2]) {
      expect(thrown(() => p.runtime.mph_map_resize(m, capacity)).code).toBe("ERR_MORPH_INVALID_SIZE");
    }
    p.runtime.mph_map_resize(m, 4);
    for (let key = 0; key < 20; key++) {
      p.runtime.mph_map_set(m, key, 0, key, 0);
      expect(p.runtime.mph_map_get(m, 99, 0)).toBe(0);
    }
    expect([p.runtime.mph_map_len(m), p.word(m + 8)]).toEqual([20, 32]);
  });

  test("hashes and key comparison by kind", () => {
    const p = new Program(setup);
    const [a, b] = [p.string("foobar"), p.string("foobar")];
    p.runtime.mph_hash_key(KEY_STRING, a, 0);
    expect(BigInt.asUintN(64, p.result)).toBe(0x85944171f73967e8n);
    p.runtime.mph_hash_bytes(p.word(a), 0);
    expect(BigInt.asUintN(64, p.result)).toBe(0xcbf29ce484222325n);
    p.runtime.mph_hash_key(KEY_RAW, -2, -1);
    expect(p.result).toBe(-2n);
    expect(p.runtime.mph_key_eq(KEY_STRING, a, 0, b, 0)).toBe(1);
    expect(p.runtime.mph_key_eq(KEY_IDENTITY, a, 0, b, 0)).toBe(0);
    expect(p.runtime.mph_key_eq(KEY_RAW, 1, 2, 1, 3)).toBe(0);
  });
});
