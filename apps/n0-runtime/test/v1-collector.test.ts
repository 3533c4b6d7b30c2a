import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinearMemory } from "@morph/memory";
import { expect, test } from "vitest";
import { decodeRecording, RAW, Recorder, replay } from "../src/index.ts";
import { Program, thrown } from "./support.ts";

const V1 = { allocator: "v1" } as const;

test("a header is 88 bytes, its fields where C has them", () => {
  const p = new Program(V1);
  const first = p.runtime.mph_alloc(16, RAW);
  const second = p.runtime.mph_alloc(24, RAW);
  expect(second - first).toBe(104);
  const header = second - 88;
  expect(p.word(header)).toBe(first - 88);
  expect(p.word(header + 8)).toBe(RAW);
  expect(p.word(header + 16)).toBe(0);
  expect(p.word(header + 40)).toBe(24);
  const page = p.word(header + 48);
  expect(p.word(page)).toBe(first - 88);
  expect(p.word(page + 56)).toBe(4096);
});

test("39 objects of 16 bytes fill a page, and a page costs 4096 + 72 bytes", () => {
  const p = new Program(V1);
  const before = p.runtime.stats().footprint;
  for (let i = 0; i < 39; i++) p.runtime.mph_alloc(16, RAW);
  expect(p.runtime.stats().footprint - before).toBe(4168);
  p.runtime.mph_alloc(16, RAW);
  expect(p.runtime.stats().footprint - before).toBe(2 * 4168);
  p.runtime.mph_alloc(4009, RAW);
  expect(p.runtime.stats().footprint - before).toBe(2 * 4168 + 8192 + 72);
});

test("each root counts 32 bytes, and the peak is exact", () => {
  const p = new Program(V1);
  const before = p.runtime.stats().footprint;
  for (let i = 0; i < 100; i++) p.root(0);
  p.runtime.mph_gc_pop_roots(1000);
  expect(p.runtime.stats().footprint).toBe(before);
  expect(p.runtime.stats().peakFootprint).toBe(before + 3200);
}, 10_000);

test("the first collection comes after 8 MiB of payload, the next 8 MiB above what lives", () => {
  const p = new Program(V1);
  const count = (): number => p.runtime.stats().collections.count;
  for (let i = 0; i < 8192; i++) p.runtime.mph_alloc(1024, RAW);
  p.runtime.mph_alloc(1024, RAW);
  expect(count()).toBe(0);
  p.runtime.mph_alloc(1024, RAW);
  expect(count()).toBe(1);
  expect(p.runtime.stats().collections.freedObjects).toBe(8193);
  for (let i = 0; i < 8191; i++) p.runtime.mph_alloc(1024, RAW);
  expect(count()).toBe(1);
  p.runtime.mph_alloc(1024, RAW);
  p.runtime.mph_alloc(1024, RAW);
  expect(count()).toBe(2);
});

test("while 64 MiB or more live, the next collection comes 64 MiB above them", () => {
  for (const [mib, step] of [
    [63, 8],
    [64, 64],
  ] as const) {
    const p = new Program(V1);
    const count = (): number => p.runtime.stats().collections.count;
    p.root(p.runtime.mph_alloc(mib * 2 ** 20, RAW));
    for (let i = 0; i <= step; i++) p.runtime.mph_alloc(2 ** 20, RAW);
    expect(count()).toBe(1);
    p.runtime.mph_alloc(2 ** 20, RAW);
    expect(count()).toBe(2);
  }
});

test("dead objects of exactly the size are used again, last found first, and zeroed (V1-6)", () => {
  const p = new Program(V1);
  const kept = p.root(p.runtime.mph_alloc(32, RAW));
  const dead = p.runtime.mph_alloc(24, RAW);
  p.runtime.memory.u8.fill(0xff, dead, dead + 24);
  p.runtime.mph_gc_collect();
  expect(p.runtime.mph_alloc(16, RAW)).not.toBe(dead);
  expect(p.runtime.mph_alloc(24, RAW)).toBe(dead);
  expect(p.runtime.memory.u8.subarray(dead, dead + 24).every((byte) => byte === 0)).toBe(true);
  expect(p.runtime.headerOf(kept).size).toBe(32);
  p.runtime.verify();
});

test("a recycled payload of any size is zeroed whole, and nothing beside it", () => {
  const p = new Program(V1);
  const { u8 } = p.runtime.memory;
  const before = p.root(p.runtime.mph_alloc(8, RAW));
  // And an object with pages of its own, which are used again.
  const large = p.runtime.mph_alloc(5001, RAW);
  u8.fill(0xff, large, large + 5001);
  p.runtime.mph_gc_collect();
  expect(p.runtime.mph_alloc(5001, RAW)).toBe(large);
  expect(u8.subarray(large, large + 5001).every((byte) => byte === 0)).toBe(true);
  for (const size of [1, 7, 8, 13, 200, 201, 207, 1000]) {
    const dead = p.runtime.mph_alloc(size, RAW);
    const after = p.root(p.runtime.mph_alloc(8, RAW));
    u8.fill(0xff, dead, dead + size);
    u8.fill(0xff, after, after + 8);
    u8.fill(0xff, before, before + 8);
    p.runtime.mph_gc_collect();
    expect(p.runtime.mph_alloc(size, RAW)).toBe(dead);
    expect(u8.subarray(dead, dead + size).every((byte) => byte === 0)).toBe(true);
    for (const kept of [before, after]) expect(u8.subarray(kept, kept + 8).every((byte) => byte === 0xff)).toBe(true);
    p.runtime.verify();
  }
});

test("pages in which nothing lives are recycled and used again", () => {
  const p = new Program(V1);
  const before = p.runtime.stats().footprint;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 100; i++) p.runtime.mph_alloc(2000, RAW);
    p.runtime.mph_alloc(100_000, RAW);
    p.runtime.mph_gc_collect();
    p.runtime.verify();
  }
  const stats = p.runtime.stats();
  expect(stats.footprint - before).toBeLessThanOrEqual(2 * 4168);
  expect(stats.peakFootprint).toBeLessThan(102 * 4168 + 110_000);
  expect(p.runtime.memory.footprint).toBeLessThan(30 * 65536);
});

test("a list of 200,000 nodes is marked without recursion, and freed when it is dropped", () => {
  const p = new Program(V1);
  const node = p.runtime.registerType({ name: "node", size: 16, pointerOffsets: [8] });
  const variable = p.runtime.acquireRegion(8);
  p.runtime.mph_gc_push_root(variable);
  for (let i = 0; i < 200_000; i++) {
    const next = p.runtime.mph_alloc(16, node);
    p.i32[(next + 8) >>> 2] = p.word(variable);
    p.i32[variable >>> 2] = next;
  }
  p.runtime.mph_gc_collect();
  expect(p.runtime.stats().liveObjects).toBe(200_000);
  p.runtime.verify();
  p.i32[variable >>> 2] = 0;
  p.runtime.mph_gc_collect();
  expect(p.runtime.stats().liveObjects).toBe(0);
  p.runtime.verify();
});

test("wide arrays need several mark blocks, which count", () => {
  const p = new Program(V1);
  const array = p.root(p.runtime.mph_array_new(5000, 8, 1));
  for (let i = 0; i < 5000; i++) p.i32[p.runtime.mph_array_at(array, i, 0) >>> 2] = p.runtime.mph_alloc(8, RAW);
  const before = p.runtime.stats().footprint;
  p.runtime.mph_gc_collect();
  expect(p.runtime.stats().footprint - before).toBe(5 * 8216);
  expect(p.runtime.stats().liveObjects).toBe(5002);
});

test("roots of every Morph thread are starting points; an ended thread's are not", () => {
  const p = new Program(V1);
  const { runtime } = p;
  const here = p.string("first");
  const thread = runtime.mph_thread_new();
  expect(runtime.mph_thread_switch(thread)).toBe(0);
  expect(runtime.mph_gc_root_depth()).toBe(0);
  const there = p.string("second");
  runtime.mph_gc_collect();
  expect([p.text(here), p.text(there)]).toEqual(["first", "second"]);
  expect(runtime.mph_thread_switch(0)).toBe(thread);
  runtime.mph_gc_collect();
  expect(runtime.stats().liveObjects).toBe(4);
  runtime.mph_thread_end(thread);
  runtime.mph_gc_collect();
  expect(runtime.stats().liveObjects).toBe(2);
  for (const wrong of [thread, 0, 99]) {
    expect(thrown(() => runtime.mph_thread_end(wrong)).code).toBe("ERR_MORPH_INVALID_CONFIG");
  }
  expect(thrown(() => runtime.mph_thread_switch(99)).code).toBe("ERR_MORPH_INVALID_CONFIG");
});

test("a return from anywhere drops what was pushed since (V1-5)", () => {
  const p = new Program(V1);
  p.string("caller's");
  const depth = p.runtime.mph_gc_root_depth();
  p.string("callee's");
  p.string("callee's too");
  p.runtime.mph_gc_restore_roots(depth);
  expect(p.runtime.mph_gc_root_depth()).toBe(depth);
  p.runtime.mph_gc_collect();
  expect(p.runtime.stats().liveObjects).toBe(2);
});

test("a full memory is the failure memory; everything that lives stays, and goes on after a collection", () => {
  const p = new Program({ ...V1, memory: new LinearMemory({ initialPages: 20, maxPages: 20 }) });
  const kept = p.string("kept");
  const error = thrown(() => {
    for (;;) p.runtime.mph_alloc(1000, RAW);
  });
  expect(error).toMatchObject({ reason: "memory", exitCode: 1 });
  expect(error.message).toContain("mmap failed");
  p.runtime.verify();
  expect(p.text(kept)).toBe("kept");
  p.runtime.mph_gc_collect();
  p.runtime.verify();
  for (let i = 0; i < 100; i++) p.runtime.mph_alloc(1000, RAW);
  expect(p.text(kept)).toBe("kept");
});

test("a mark stack that cannot grow leaves everything as it was", () => {
  const memory = new LinearMemory({ initialPages: 40, maxPages: 40 });
  const p = new Program({ ...V1, memory });
  const array = p.root(p.runtime.mph_array_new(3000, 8, 1));
  for (let i = 0; i < 3000; i++) p.i32[p.runtime.mph_array_at(array, i, 0) >>> 2] = p.runtime.mph_alloc(8, RAW);
  const owner = memory.register({ name: "hoarder", contractVersion: 1, viewsChanged: () => {} });
  const tables: number[] = [];
  for (const take of [() => memory.acquire(1, owner), () => tables.push(memory.acquireTable(16384))]) {
    try {
      for (;;) take();
    } catch {}
  }
  expect(thrown(() => p.runtime.mph_gc_collect())).toMatchObject({ reason: "memory" });
  p.runtime.verify();
  memory.unregister(owner);
  for (const table of tables) memory.releaseTable(table, 16384);
  p.runtime.mph_gc_collect();
  expect(p.runtime.stats().liveObjects).toBe(3002);
  p.runtime.verify();
});

test("the zombie log is written only when asked for", () => {
  const folder = mkdtempSync(join(tmpdir(), "n0-zombie-"));
  try {
    const p = new Program({ ...V1, v1: { zombieLog: join(folder, "z") } });
    const type = p.runtime.registerType({ name: "Ghost", size: 16, pointerOffsets: [] });
    const dead = p.runtime.mph_alloc(16, type);
    p.runtime.mph_gc_collect();
    const log = readFileSync(join(folder, "z"), "utf8");
    expect(log).toMatch(/^\[\d+\] DEAD: 0x[0-9a-f]+ Type=Ghost Size=16\n$/);
    expect(log).toContain(`0x${dead.toString(16)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a zombie log that cannot be written is refused at once; later, its lines are lost and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "n0-zombie-"));
  const path = join(folder, "z");
  expect(thrown(() => new Program({ ...V1, v1: { zombieLog: join(path, "no") } })).code).toBe("ENOENT");
  const p = new Program({ ...V1, v1: { zombieLog: path } });
  const kept = p.string("kept");
  p.runtime.mph_alloc(16, RAW);
  rmSync(folder, { recursive: true });
  p.runtime.mph_gc_collect();
  p.runtime.verify();
  expect(p.text(kept)).toBe("kept");
  expect(p.runtime.stats().liveObjects).toBe(2);
});

test("the daemon deletes the files of pages that were freed, also when their descriptors serve others", () => {
  const folder = mkdtempSync(join(tmpdir(), "n0-swap-"));
  try {
    const p = new Program({ ...V1, v1: { swapFolder: folder } });
    for (let i = 0; i < 3; i++) {
      p.runtime.mph_alloc(100_000, RAW);
      p.runtime.runDaemon(performance.now() + 1e6);
      expect(readdirSync(folder).length).toBe(1);
      p.runtime.mph_gc_collect();
    }
    p.runtime.destroy();
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the daemon's pass, asked for, writes idle pages out and collects an idle program; the bytes stay", () => {
  const folder = mkdtempSync(join(tmpdir(), "n0-swap-"));
  try {
    const recorder = new Recorder();
    const p = new Program({ ...V1, recorder, v1: { swapFolder: folder } });
    const kept = p.string("kept");
    p.runtime.mph_alloc(2 * 1024 * 1024, RAW);
    p.runtime.runDaemon(performance.now() + 1000);
    expect(readdirSync(folder)).toEqual([]);
    p.runtime.runDaemon(performance.now() + 11_000);
    expect(readdirSync(folder).length).toBe(2);
    expect(p.runtime.stats().collections.count).toBe(1);
    expect(p.text(kept)).toBe("kept");
    p.runtime.runDaemon(performance.now() + 12_000);
    expect(readdirSync(folder).length).toBe(1);
    const { collections } = replay(decodeRecording(recorder.bytes()), "v1").stats;
    expect([collections.count, collections.freedObjects]).toEqual([1, 1]);
    p.runtime.destroy();
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("verify finds a broken free list, a broken page and a lost object", () => {
  const broken = (which: "dead" | "kept", offset: number, value: number): string | undefined => {
    const p = new Program(V1);
    const kept = p.root(p.runtime.mph_alloc(16, RAW));
    p.runtime.mph_alloc(48, RAW);
    const dead = p.runtime.mph_alloc(48, RAW);
    p.runtime.mph_gc_collect();
    p.runtime.verify();
    p.i32[((which === "dead" ? dead : kept) - 88 + offset) >>> 2] = value;
    return thrown(() => p.runtime.verify()).code;
  };
  expect(broken("dead", 56, 12345)).toBe("ERR_MORPH_INVALID_POINTER");
  expect(broken("kept", 40, 5000)).toBe("ERR_MORPH_INVALID_POINTER");
  expect(broken("kept", 48, 0)).toBe("ERR_MORPH_INVALID_POINTER");
  expect(broken("kept", 16, 1)).toBe("ERR_MORPH_INVALID_POINTER");
  expect(broken("dead", 80, 8)).toBe("ERR_MORPH_INVALID_POINTER");
});
