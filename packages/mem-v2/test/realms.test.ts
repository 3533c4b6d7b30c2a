import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, Mutex, RUNTIME, SharedContext } from "../src/index.ts";

const FOLDER = new URL("..", import.meta.url);
const script = readFileSync(await bundle(FOLDER, "iife"), "utf8");
const MODES = ["COMPILER", "RUNTIME", "SERVER"];

/** A realm of its own, with nothing that is not JavaScript's: no `performance`, no `TextEncoder`, no `queueMicrotask`. */
function realm(): (code: string) => unknown {
  const context = createContext({});
  runInContext(script, context);
  return (code) => runInContext(code, context);
}

describe("in a realm of its own, without what browsers add to JavaScript", () => {
  it.each(MODES)("a %s context grows, names types, and is not taken for a shared one", (mode) => {
    const run = realm();
    expect(run("typeof performance + typeof TextEncoder + typeof queueMicrotask")).toBe("undefined".repeat(3));
    const result = run(`
      const memory = new morph.LinearMemory({ initialPages: 1 });
      const ctx = new morph.MemoryContext({ mode: "${mode}", memory });
      ctx.registerType(3, "größe 🙂");
      const pointers = [];
      for (let i = 0; i < 3000; i++) pointers.push(ctx.alloc(i % 2000, 3));
      for (const pointer of pointers.slice(0, 1500)) ctx.free(pointer);
      ctx.verify();
      JSON.stringify([memory.shared, ctx.typeName(3), ctx.stats().liveObjects, ctx.formatStats().includes("größe 🙂")]);
    `);
    expect(JSON.parse(result as string)).toEqual([false, "größe 🙂", 1500, true]);
  });

  it.each(["delete globalThis.performance", "performance = null", "performance = {}"])(
    "a shared one waits for its lock, and gives up: %s",
    (clock) => {
      const run = realm();
      run(clock);
      const message = run(`
      const memory = new morph.LinearMemory({ shared: true, maxPages: 100 });
      const ctx = new morph.SharedContext({ mode: "COMPILER", memory, lockTimeoutMs: 20 });
      const other = new morph.Mutex(memory.i32, ctx.handle().place.anchor);
      ctx.free(ctx.alloc(100, 1));
      other.lock();
      let code;
      try { ctx.alloc(8, 1); } catch (error) { code = error.code; }
      other.unlock();
      ctx.alloc(8, 1);
      ctx.verify();
      code;
    `);
      expect(message).toBe("ERR_MORPH_TIMEOUT");
    },
  );

  it("takes a memory that another realm made", () => {
    const run = realm();
    for (const shared of [false, true]) {
      const wasm = new WebAssembly.Memory({ initial: 4, maximum: 100, shared });
      const use = run(
        `(wasm) => { const memory = new morph.LinearMemory({ wasm, firstPage: 0 }); const ctx = new morph[memory.shared ? "SharedContext" : "MemoryContext"]({ mode: "RUNTIME", memory });
          for (let i = 0; i < 3000; i++) ctx.alloc(500, 1); ctx.verify(); return [memory.shared, ctx.stats().liveObjects].join(); }`,
      ) as (wasm: WebAssembly.Memory) => string;
      expect(use(wasm)).toBe(`${shared},3000`);
    }
  });
});

describe("a worker that is terminated inside", () => {
  it.each([COMPILER, RUNTIME])("makes every call of others end in TIMEOUT, which names it: $mode", async (config) => {
    const memory = new LinearMemory({ shared: true, maxPages: 200 });
    const ctx = new SharedContext({ ...config, memory, lockTimeoutMs: 30 });
    const pointer = ctx.alloc(100, 1);
    const handle = ctx.handle();
    const worker = new Worker(
      `const { workerData: { file, handle }, parentPort } = require("node:worker_threads");
       import(file).then(({ SharedContext, Mutex }) => {
         const there = SharedContext.attach(handle);
         there.alloc(8, 1);
         const inside = new Mutex(there.memory.i32, handle.place.anchor);
         inside.lock();
         parentPort.postMessage([there.thread, inside.token]);
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       });`,
      { eval: true, workerData: { file: await bundle(FOLDER, "esm"), handle } },
    );
    const [thread, token] = await new Promise<number[]>((resolve) => worker.once("message", resolve));
    await worker.terminate();
    expect([ctx.thread, thread]).toEqual([1, 2]);
    const uses = [
      () => ctx.alloc(8, 1),
      () => ctx.free(pointer),
      () => ctx.alloc(100_000, 1),
      () => ctx.stats(),
      () => ctx.verify(),
      () => ctx.reset(),
      () => ctx.trim(),
      () => ctx.destroy(),
      () => ctx.owns(pointer),
      () => [...ctx.liveObjects()],
    ];
    for (const use of uses) {
      expect(codeOf(use)).toBe("ERR_MORPH_TIMEOUT");
      expect(use).toThrow(new RegExp(`thread ${token} holds it`));
    }
  });

  it("does not keep a thread busy that cannot wait", () => {
    const words = new Int32Array(new SharedArrayBuffer(64));
    const [dead, mutex] = [new Mutex(words, 0), new Mutex(words, 0)];
    dead.lock();
    const { wait } = Atomics;
    Atomics.wait = () => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    };
    try {
      expect(codeOf(() => mutex.lock(20))).toBe("ERR_MORPH_TIMEOUT");
      // The same turn of the same holder: it does not wait for an hour.
      expect(codeOf(() => mutex.lock(3_600_000))).toBe("ERR_MORPH_TIMEOUT");
      dead.unlock();
      mutex.lock(0);
      mutex.unlock();
      dead.lock();
      expect(codeOf(() => mutex.lock(20))).toBe("ERR_MORPH_TIMEOUT");
    } finally {
      Atomics.wait = wait;
    }
  });
});
