import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { nearTheStackLimit } from "../../../scripts/test-kit/stack-limit.ts";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };
const FOLDER = new URL("..", import.meta.url);

describe("roots", () => {
  it.each([false, true])("name pointers, one each, until the name is taken away (shared: %s)", (shared) => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 100, shared });
    const { roots } = memory;
    expect([roots.get("table"), [...roots]]).toEqual([0, []]);
    roots.set("table", 4096);
    roots.set("größe 🙂", 1);
    roots.set("table", 8192);
    expect([roots.get("table"), roots.get("größe 🙂"), roots.get("tabl"), roots.get("tables")]).toEqual([
      8192, 1, 0, 0,
    ]);
    expect(new Map(roots)).toEqual(
      new Map([
        ["table", 8192],
        ["größe 🙂", 1],
      ]),
    );
    expect([roots.delete("table"), roots.delete("table"), roots.get("table"), [...roots].length]).toEqual([
      true,
      false,
      0,
      1,
    ]);
  });

  it("follow a plain map through random programs, while the memory grows", () => {
    const step = fc.record({
      kind: fc.constantFrom("set", "set", "delete", "grow"),
      name: fc.oneof(fc.constantFrom("a", "b", "ab", "\0", "a\0"), fc.string({ minLength: 1, maxLength: 60 })),
      pointer: fc.integer({ min: 1, max: PAGE_BYTES }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, shared) => {
        const memory = new LinearMemory({ initialPages: 2, maxPages: 3000, shared });
        const owner = memory.register(quiet);
        const model = new Map<string, number>();
        for (const { kind, name, pointer } of steps) {
          if (kind === "grow") memory.acquire(7, owner);
          else if (kind === "delete") expect(memory.roots.delete(name)).toBe(model.delete(name));
          else if (model.size === 64 && !model.has(name)) {
            expect(codeOf(() => memory.roots.set(name, pointer))).toBe("ERR_MORPH_OUT_OF_MEMORY");
          } else {
            memory.roots.set(name, pointer);
            model.set(name, pointer);
          }
        }
        expect(new Map(memory.roots)).toEqual(model);
        for (const [name, pointer] of model) expect(memory.roots.get(name)).toBe(pointer);
      }),
      { numRuns: 40 },
    );
  });

  it("are 64 at most, and a name is free again when it is taken away", () => {
    const { roots } = new LinearMemory({ initialPages: 1, maxPages: 1 });
    const names = Array.from({ length: 64 }, (_, i) => `${i}`.padEnd(60, "-"));
    names.forEach((name, i) => {
      roots.set(name, i + 1);
    });
    expect(codeOf(() => roots.set("more", 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    roots.set(names[63]!, 99);
    roots.delete(names[7]!);
    roots.set("more", 1);
    expect([roots.get("more"), roots.get(names[63]!), roots.get(names[7]!), [...roots].length]).toEqual([1, 99, 0, 64]);
  });

  it("have pointers unsigned, above 2 GiB too", () => {
    const memory = new LinearMemory({ initialPages: 40_000 });
    memory.roots.set("far", 2 ** 31 + 8);
    expect(memory.roots.get("far")).toBe(2 ** 31 + 8);
    expect([...memory.roots]).toEqual([["far", 2 ** 31 + 8]]);
  });

  it("that are wrong are refused, and nothing changes", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 9 });
    memory.roots.set("here", 64);
    for (const name of ["", "x".repeat(61), 7, null, undefined]) {
      for (const use of ["get", "delete", "set"] as const) {
        expect(codeOf(() => memory.roots[use](name as string, 8))).toBe("ERR_MORPH_INVALID_CONFIG");
      }
    }
    for (const pointer of [0, -1, 1.5, Number.NaN, PAGE_BYTES, "8", 2 ** 32]) {
      expect(codeOf(() => memory.roots.set("here", pointer as number))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    expect([...memory.roots]).toEqual([["here", 64]]);
    memory.destroy();
    expect(codeOf(() => memory.roots.get("here"))).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => memory.roots.set("here", 64))).toBe("ERR_MORPH_DESTROYED");
  });

  it("can be looked at in a growth listener, and are not changed there", () => {
    for (const shared of [false, true]) {
      const memory = new LinearMemory({ initialPages: 2, maxPages: 100, shared });
      memory.roots.set("here", 64);
      const seen: unknown[] = [];
      memory.onGrow(() => {
        seen.push(
          memory.roots.get("here"),
          codeOf(() => memory.roots.set("here", 8)),
          codeOf(() => memory.roots.delete("here")),
        );
      });
      memory.reserve(20);
      expect(seen).toEqual([64, "ERR_MORPH_BUSY", "ERR_MORPH_BUSY"]);
    }
  });

  it("are found by whoever attaches, and by a program that opens a copy of the bytes", () => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 50 });
    const run = memory.acquire(1, memory.register(quiet));
    memory.f64[run / 8] = 2.5;
    memory.roots.set("numbers", run);
    const snapshot = memory.u8.slice();
    const wasm = new WebAssembly.Memory({ initial: snapshot.length / PAGE_BYTES });
    new Uint8Array(wasm.buffer).set(snapshot);
    const opened = new LinearMemory({ wasm, firstPage: 0, attach: true });
    expect(opened.f64[opened.roots.get("numbers") / 8]).toBe(2.5);
    opened.roots.set("more", 8);
    expect([memory.roots.get("more"), [...opened.roots].length]).toEqual([0, 2]);
  });

  it("are every thread's", async () => {
    const memory = new LinearMemory({ initialPages: 2, maxPages: 2000, shared: true });
    const file = await bundle(FOLDER, "esm");
    const workers = [0, 1, 2].map(
      (number) =>
        new Worker(
          `const { workerData: { file, wasm, number } } = require("node:worker_threads");
           import(file).then(({ LinearMemory }) => {
             const memory = new LinearMemory({ wasm, firstPage: 0, attach: true });
             const owner = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
             for (let i = 1; i <= 300; i++) {
               for (let name = 0; name < 20; name++) memory.roots.set(number + ":" + name, i * 100 + name);
               if (i % 50 === 0) memory.acquire(10, owner);
               if (memory.roots.get(number + ":7") !== i * 100 + 7) throw new Error("lost");
               memory.roots.delete(number + ":" + (i % 10));
             }
           });`,
          { eval: true, workerData: { file, wasm: memory.wasm, number } },
        ),
    );
    await Promise.all(
      workers.map((worker) => new Promise((done, fail) => worker.once("exit", done).once("error", fail))),
    );
    const expected = new Map<string, number>();
    for (const number of [0, 1, 2]) {
      for (let name = 1; name < 20; name++) expected.set(`${number}:${name}`, 30_000 + name);
    }
    expect(new Map(memory.roots)).toEqual(expected);
  });

  it("are whole after a stack overflow, wherever it comes", async () => {
    const { LinearMemory } = (await import(await bundle(FOLDER, "esm"))) as typeof import("../src/index.ts");
    for (const shared of [false, true]) {
      const memory = new LinearMemory({ initialPages: 2, maxPages: 9, shared });
      let turn = 0;
      const tried = nearTheStackLimit(() => {
        const name = `name ${turn++ % 50}`;
        if (turn % 3 === 0) memory.roots.delete(name);
        else memory.roots.set(name, (turn % 1000) + 1);
        memory.roots.get(name);
      });
      expect([tried.overflows > 0, tried.done > 0]).toEqual([true, true]);
      memory.roots.set("after", 5);
      for (const [name, pointer] of memory.roots)
        expect([/^name \d+$|^after$/.test(name), pointer > 0]).toEqual([true, true]);
      expect(new Map(memory.roots).size).toBe([...memory.roots].length);
    }
  });
});
