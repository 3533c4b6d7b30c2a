import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { build } from "esbuild";
import { expect, test, vi } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { array, type Leak, LeakGuard } from "../src/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects until a condition holds: the engine tells of what it collected in tasks of their own. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("what is collected and was not freed is told, with the line that made it, and nothing else", async () => {
  const heap = new Heap();
  const leaks: Leak[] = [];
  const guard = new LeakGuard({ onLeak: (leak) => leaks.push(leak) });
  const kept = array(heap, Uint8Array, 9, { guard });
  (function forgetful() {
    array(heap, Float32Array, 1000, { guard });
    array(heap, Int32Array, 7, { guard }).free();
    guard.watch({}, "a handle of my own");
    const given = {};
    guard.watch(given, "given away");
    guard.forget(given);
  })();
  await until(() => leaks.length >= 2);
  await until(() => false);
  expect(leaks.map(({ what }) => what).sort()).toEqual(["Float32Array of 1000", "a handle of my own"]);
  for (const { madeAt } of leaks) expect(madeAt).toMatch(/forgetful.*leak-guard\.test\.ts:\d+:\d+/);
  expect(kept.view.length).toBe(9);
}, 20_000);

test("it is freed where the guard is asked to, wherever it has moved", async () => {
  const heap = new Heap();
  let leaks = 0;
  const guard = new LeakGuard({ free: true, onLeak: () => leaks++ });
  const { currentLive } = heap.stats();
  (function forgetful() {
    array(heap, Float32Array, 1000, { guard }).resize(50_000);
    array(heap, Float32Array, 1000, { guard, align: 256 }).resize(5000);
    array(heap, Float32Array, 0, { guard });
  })();
  expect(heap.stats().currentLive).toBeGreaterThan(currentLive);
  await until(() => leaks === 3);
  expect(leaks).toBe(3);
  expect(heap.stats().currentLive).toBe(currentLive);
  heap.verify();
}, 20_000);

test("it is freed also when whoever listens throws; and what has ended with its allocator is left alone", async () => {
  const heap = new Heap();
  const { currentLive } = heap.stats();
  const uncaught: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  try {
    const own = new Error("own");
    const throwing = new LeakGuard({
      free: true,
      onLeak: () => {
        throw own;
      },
    });
    (() => array(heap, Uint8Array, 1000, { guard: throwing }))();
    await until(() => heap.stats().currentLive === currentLive);
    expect(heap.stats().currentLive).toBe(currentLive);
    expect(uncaught).toEqual([own]);

    let leaks = 0;
    const guard = new LeakGuard({ free: true, onLeak: () => leaks++ });
    const memory = new LinearMemory();
    (() => {
      array(heap, Uint8Array, 1000, { guard });
      array(new Heap({ memory }), Uint8Array, 1000, { guard });
    })();
    heap.destroy();
    memory.destroy();
    await until(() => leaks === 2);
    await until(() => false);
    expect([leaks, uncaught]).toEqual([2, [own]]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const other of others) process.on("uncaughtException", other);
  }
}, 20_000);

test("a program whose stack traces are something else than text can guard, too", () => {
  const heap = new Heap();
  const guard = new LeakGuard();
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_, sites) => sites;
    array(heap, Uint8Array, 3, { guard }).free();
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  heap.verify();
});

test("where the engine tells nobody, a guard does nothing", () => {
  vi.stubGlobal("FinalizationRegistry", undefined);
  try {
    const heap = new Heap();
    array(heap, Uint8Array, 3, { guard: new LeakGuard() }).free();
    heap.verify();
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a block lives as long as its view", async () => {
  const heap = new Heap();
  let leaks = 0;
  const guard = new LeakGuard({ onLeak: () => leaks++ });
  const view = (() => array(heap, Float32Array, 10, { guard }).view)();
  for (let i = 0; i < 20; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(leaks).toBe(0);
  view[0] = 1;
}, 20_000);

test("where nobody listens, it goes to the console", async () => {
  const source = `
    import { LeakGuard } from "./src/leak-guard.ts";
    const guard = new LeakGuard();
    guard.watch({}, "a test's thing");
    for (let i = 0; i < 20; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
  `;
  const resolveDir = fileURLToPath(new URL("..", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir },
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["@morph/source"],
  });
  const code = `console.warn = console.log;${outputFiles[0]!.text}`;
  const printed = execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", code]);
  expect(`${printed}`).toMatch(/a test's thing was collected and never freed/);
});

test("a guard refuses options that it does not know", () => {
  expect(() => new LeakGuard({ frees: true } as object)).toThrow(
    expect.objectContaining({ code: "ERR_MORPH_INVALID_CONFIG", message: expect.stringContaining("free") }),
  );
  expect(() => new LeakGuard({ onLeak: "log" } as object)).toThrow(
    expect.objectContaining({ code: "ERR_MORPH_INVALID_CONFIG", message: expect.stringContaining("onLeak") }),
  );
  expect(codeOf(() => new LeakGuard({ free: "no" } as object))).toBe("ERR_MORPH_INVALID_CONFIG");
});

test("a guard refuses what cannot be guarded", () => {
  const guard = new LeakGuard();
  for (const none of [undefined, null, 8, "thing", true, 8n]) {
    expect(codeOf(() => guard.watch(none as unknown as object, "thing"))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => guard.forget(none as unknown as object))).toBe("ERR_MORPH_INVALID_CONFIG");
  }
  expect(codeOf(() => guard.watch({}, "thing", 8 as unknown as () => void))).toBe("ERR_MORPH_INVALID_CONFIG");
});
