import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, test } from "vitest";
import { createRuntime, formatStats, RAW, RUNTIME_IMPORTS } from "../src/index.ts";
import { moduleOfAll, Program, SETUPS, thrown, words } from "./support.ts";

describe.each(SETUPS)("the runtime on %s", (_, setup) => {
  test("a WebAssembly module calls every function with i32 numbers", () => {
    const p = new Program(setup);
    const instance = new WebAssembly.Instance(moduleOfAll(), p.runtime.imports());
    const call = instance.exports as Record<string, (...args: number[]) => number>;
    const a = p.root(call.mph_conv_Itoa!(...words(-(1n << 40n))));
    const m = p.root(call.mph_map_new!(1, 1));
    call.mph_map_set!(m, a, 0, a, 0);
    expect(call.mph_map_get!(m, a, 0)).toBe(1);
    expect(Number(p.result)).toBe(a);
    expect(p.text(call.mph_string_substring!(a, 0, 0, 3, 0))).toBe("-10");
    expect(call.mph_key_eq!(0, 1, 2, 1, 2)).toBe(1);
    expect(call.mph_string_index!(a, a)).toBe(0);
    expect(thrown(() => call.mph_array_at!(call.mph_array_new!(1, 8, 0), -1, -1))).toMatchObject({ reason: "index" });
    expect(thrown(() => call.mph_fail_divide!())).toMatchObject({ reason: "divide", exitCode: 136 });
    expect(thrown(() => call.mph_fail_null!())).toMatchObject({ reason: "null", exitCode: 139 });
    expect(thrown(() => call.mph_fail_deadlock!())).toMatchObject({ reason: "deadlock", exitCode: 1 });
    expect(thrown(() => call.mph_fail_index!())).toMatchObject({ reason: "index", exitCode: 1 });
    expect(thrown(() => call.mph_alloc!(-16, RAW))).toMatchObject({ reason: "memory", exitCode: 1 });
    p.runtime.verify();
  });

  test("the table of imports lists what is there, with the right number of parameters", () => {
    const p = new Program(setup);
    const { env } = p.runtime.imports();
    expect(env.memory).toBe(p.runtime.memory.wasm);
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(p.runtime)).filter((name) =>
      name.startsWith("mph_"),
    );
    expect(RUNTIME_IMPORTS.map(({ name }) => name).sort()).toEqual(methods.sort());
    expect(Object.keys(env).length).toBe(RUNTIME_IMPORTS.length + 1);
  });

  test("roots: pops beyond the last are silent, on every allocator the same", () => {
    const p = new Program(setup);
    p.string("a");
    p.string("b");
    expect(p.runtime.mph_gc_root_depth()).toBe(2);
    p.runtime.mph_gc_pop_roots(1);
    p.runtime.mph_gc_pop_roots(-5);
    expect(p.runtime.mph_gc_root_depth()).toBe(1);
    p.runtime.mph_gc_pop_roots(100);
    expect(p.runtime.mph_gc_root_depth()).toBe(0);
    for (let i = 0; i < 3000; i++) p.runtime.mph_gc_push_root(p.runtime.resultCell + 8);
    expect(p.runtime.mph_gc_root_depth()).toBe(3000);
    p.runtime.mph_gc_collect();
  });

  test("roots: a frame is pushed in one call, and a return from anywhere drops what was pushed since", () => {
    const p = new Program(setup);
    const frame = p.runtime.acquireRegion(5000 * 8);
    p.runtime.mph_gc_push_frame(frame, 3);
    const depth = p.runtime.mph_gc_root_depth();
    expect(depth).toBe(3);
    p.runtime.mph_gc_push_frame(frame, 0);
    p.runtime.mph_gc_push_frame(frame, -2);
    expect(p.runtime.mph_gc_root_depth()).toBe(3);
    p.runtime.mph_gc_push_frame(frame, 5000);
    expect(p.runtime.mph_gc_root_depth()).toBe(5003);
    p.i32[(frame + 4999 * 8) >>> 2] = p.runtime.newString("last");
    p.runtime.mph_gc_collect();
    expect(p.text(p.word(frame + 4999 * 8))).toBe("last");
    p.runtime.mph_gc_restore_roots(depth);
    expect(p.runtime.mph_gc_root_depth()).toBe(3);
  });

  test("roots: every Morph thread has its own stack", () => {
    const p = new Program(setup);
    const here = p.string("here");
    const thread = p.runtime.mph_thread_new();
    expect(p.runtime.mph_thread_switch(thread)).toBe(0);
    expect(p.runtime.mph_gc_root_depth()).toBe(0);
    const there = p.string("there");
    expect(p.runtime.mph_thread_switch(0)).toBe(thread);
    expect(p.runtime.mph_gc_root_depth()).toBe(1);
    p.runtime.mph_gc_collect();
    expect([p.text(here), p.text(there)]).toEqual(["here", "there"]);
    p.runtime.mph_thread_end(thread);
    for (const wrong of [thread, 0, 99]) {
      expect(thrown(() => p.runtime.mph_thread_end(wrong)).code).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(thrown(() => p.runtime.mph_thread_switch(99)).code).toBe("ERR_MORPH_INVALID_CONFIG");
  });

  test("regions are zeroed, outside the heap, and can be taken back", () => {
    const p = new Program(setup);
    const region = p.runtime.acquireRegion(100_000);
    p.runtime.memory.u8.fill(1, region, region + 100_000);
    p.runtime.releaseRegion(region);
    expect(thrown(() => p.runtime.releaseRegion(region)).code).toBe("ERR_MORPH_INVALID_POINTER");
    const again = p.runtime.acquireRegion(100_000);
    expect(p.runtime.memory.u8.subarray(again, again + 100_000).every((byte) => byte === 0)).toBe(true);
    expect(thrown(() => p.runtime.acquireRegion(0)).code).toBe("ERR_MORPH_INVALID_SIZE");
    p.runtime.releaseRegion(again);
    const { footprint, peakFootprint } = p.runtime.stats();
    p.runtime.releaseRegion(p.runtime.acquireRegion(10_000_000, false));
    expect(p.runtime.stats()).toMatchObject({ footprint, peakFootprint });
    p.runtime.verify();
  });

  test("statistics add up, by type too, as table and as JSON", () => {
    const p = new Program(setup);
    p.string("abc");
    p.runtime.mph_map_new(0, 0);
    const stats = p.runtime.stats();
    expect(stats.allocations).toBe(4);
    expect(stats.payload).toBe(16 + 4 + 40 + 384);
    expect(stats.byType.reduce((sum, type) => sum + type.allocations, 0)).toBe(4);
    expect(stats.byType.map((type) => type.name).sort()).toEqual(["map", "raw", "string"]);
    expect(stats.liveObjects + stats.collections.freedObjects).toBe(stats.allocations);
    expect(stats.peakFootprint).toBeGreaterThanOrEqual(stats.footprint);
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    expect(formatStats(stats)).toContain("444");
  });

  test("the memory grows under all of it", () => {
    const p = new Program({ ...setup, memory: new LinearMemory({ initialPages: 2 }) });
    const m = p.root(p.runtime.mph_map_new(1, 1));
    const count = setup.v1 === undefined ? 2000 : 200;
    const before = p.runtime.memory.wasm.buffer.byteLength;
    const frame = p.runtime.acquireRegion(8);
    p.runtime.mph_gc_push_root(frame);
    for (let i = 0; i < count; i++) {
      const key = p.runtime.newString(`key ${i}`);
      p.i32[frame >>> 2] = key;
      p.runtime.mph_map_set(m, key, 0, p.runtime.mph_string_concat(key, key), 0);
    }
    expect(p.runtime.memory.wasm.buffer.byteLength).toBeGreaterThan(before);
    for (let i = 0; i < count; i++) {
      expect(p.runtime.mph_map_get(m, p.runtime.newString(`key ${i}`), 0)).toBe(1);
      expect(p.text(Number(p.result))).toBe(`key ${i}key ${i}`);
    }
    p.runtime.verify();
  });

  test("the memory grows elsewhere, and a refresh is all it takes", () => {
    const p = new Program(setup);
    const kept = p.string("kept");
    p.runtime.memory.wasm.grow(1);
    p.runtime.memory.refresh();
    expect(p.runtime.mph_string_eq(kept, p.string("keen"))).toBe(0);
    expect(p.text(p.runtime.mph_string_concat(kept, kept))).toBe("keptkept");
    p.runtime.mph_gc_collect();
    expect(p.text(kept)).toBe("kept");
    p.runtime.verify();
  });

  test("destroy gives every page back", () => {
    const memory = new LinearMemory();
    const before = memory.footprint;
    const p = new Program({ ...setup, memory });
    p.string("text");
    p.runtime.mph_channel_new();
    p.runtime.mph_alloc(100_000, RAW);
    p.runtime.mph_gc_collect();
    p.runtime.destroy();
    expect(memory.footprint).toBe(before);
  });

  test("what was destroyed allocates no more, and leaves alone what others have now", () => {
    const memory = new LinearMemory();
    const p = new Program({ ...setup, memory });
    p.string("text");
    for (let i = 0; i < 20; i++) p.runtime.mph_alloc(3000, RAW);
    p.runtime.mph_gc_collect();
    const region = p.runtime.acquireRegion(8);
    p.runtime.destroy();
    const owner = memory.register({ name: "someone else", contractVersion: 1, viewsChanged: () => {} });
    const theirs = memory.acquire(8, owner);
    const bytes = memory.u8.subarray(theirs, theirs + 8 * PAGE_BYTES).fill(0xaa);
    for (const size of [16, 3000, 10_000]) {
      expect(thrown(() => p.runtime.mph_alloc(size, RAW)).code).toBe("ERR_MORPH_DESTROYED");
    }
    expect(thrown(() => p.runtime.releaseRegion(region)).code).toBe("ERR_MORPH_INVALID_POINTER");
    if (setup.allocator === "v1") expect(thrown(() => p.runtime.mph_gc_collect()).code).toBe("ERR_MORPH_DESTROYED");
    expect(bytes.every((byte) => byte === 0xaa)).toBe(true);
  });
});

test("a full memory is the failure memory on V2 too, and the rest stays", () => {
  const p = new Program({ allocator: "v2", memory: new LinearMemory({ initialPages: 40, maxPages: 40 }) });
  const kept = p.string("kept");
  expect(
    thrown(() => {
      for (;;) p.runtime.mph_alloc(1000, RAW);
    }),
  ).toMatchObject({ reason: "memory", exitCode: 1 });
  p.runtime.verify();
  expect(p.text(kept)).toBe("kept");
});

test("options that are none are refused, and the memory is as it was", () => {
  const memory = new LinearMemory();
  const nextTable = (): number => {
    const table = memory.acquireTable(64);
    memory.releaseTable(table, 64);
    return table;
  };
  // The memory's table of its allocators keeps the size that a first runtime needs.
  createRuntime({ allocator: "v2", memory }).destroy();
  const next = nextTable();
  for (const options of [{ allocator: "v3" }, {}, { allocator: "v1", v1: { threshold: -1 } }]) {
    expect(thrown(() => createRuntime({ ...options, memory } as never)).code).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(nextTable()).toBe(next);
  }
  expect(thrown(() => createRuntime(undefined as never)).code).toBe("ERR_MORPH_INVALID_CONFIG");
});

test.each(["v2", "gc"] as const)(
  "a runtime on %s that the memory has no room for leaves nothing there",
  (allocator) => {
    let refused = 0;
    const kept: number[] = [];
    for (let maxPages = 1; maxPages < 40; maxPages++) {
      const memory = new LinearMemory({ initialPages: 1, maxPages });
      // Of the pages that others leave, there is room for some parts.
      memory.register({ name: "someone else", contractVersion: 1, viewsChanged: () => {} });
      for (let i = 0; i < 900; i++) memory.tryAcquireTable(64);
      const probe = (): number[] => {
        const tables = Array.from({ length: 60 }, () => memory.tryAcquireTable(64));
        for (const table of tables) if (table !== 0) memory.releaseTable(table, 64);
        return [memory.footprint, ...tables];
      };
      probe();
      const before = probe();
      try {
        createRuntime({ allocator, memory }).destroy();
      } catch {
        refused++;
        if (probe().some((value, i) => value !== before[i])) kept.push(maxPages);
      }
    }
    expect(kept).toEqual([]);
    expect(refused).toBeGreaterThan(0);
  },
);

test.each(["v1", "v2", "gc"] as const)(
  "a runtime on %s that ended, or whose memory did, refuses every function",
  (allocator) => {
    for (const first of ["runtime", "memory"]) {
      const memory = new LinearMemory();
      const runtime = createRuntime({ allocator, memory });
      const string = runtime.newString("text");
      if (first === "memory") memory.destroy();
      runtime.destroy();
      runtime.destroy();
      const functions = runtime as unknown as Record<string, (...values: number[]) => unknown>;
      const codes = RUNTIME_IMPORTS.map(({ name }) => thrown(() => functions[name]!(string, 0, 0, 0, 0)).code);
      expect(new Set(codes)).toEqual(new Set(["ERR_MORPH_DESTROYED"]));
    }
  },
);
