import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import * as WORD from "../src/head-words.ts";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

/** A memory as a thread of Chrome 149 sees it: it learns of another's growth only when it calls `grow` itself. */
function seenLate(wasm: WebAssembly.Memory): WebAssembly.Memory {
  let { buffer } = wasm;
  return {
    get buffer() {
      return buffer;
    },
    grow(pages: number) {
      const first = wasm.grow(pages);
      buffer = wasm.buffer;
      return first;
    },
  } as unknown as WebAssembly.Memory;
}

describe("another thread's growth", () => {
  it("is seen through every view, also where the engine shows it late", () => {
    const here = new LinearMemory({ initialPages: 2, maxPages: 500, shared: true });
    const id = here.register(quiet);
    const there = new LinearMemory({ wasm: seenLate(here.wasm), firstPage: here.firstPage, attach: true });
    expect(there.shared).toBe(true);
    for (let i = 0; i < 6; i++) {
      const pointer = here.acquire(30, id);
      const last = pointer + 30 * PAGE_BYTES - 8;
      here.i32[last / 4] = 77 + i;
      expect(there.i32[last / 4]).toBe(77 + i);
      expect(there.u8[last]).toBe(77 + i);
      expect(there.ownerOf(last)).toBe(id);
      expect(there.pageCount).toBe(here.pageCount);
      expect(there.footprint).toBe(here.footprint);
    }
  });

  it("that moves the page map is told to the allocators of every thread", () => {
    const here = new LinearMemory({ initialPages: 2, maxPages: 20_000, shared: true });
    const id = here.register(quiet);
    const there = new LinearMemory({ wasm: here.wasm, firstPage: 0, attach: true });
    let seen = there.pageMap;
    there.register({
      ...quiet,
      viewsChanged: () => {
        seen = there.pageMap;
      },
    });
    here.acquire(1100, id);
    there.refresh();
    expect(seen).toBe(here.pageMap);
    const before = here.pageMap;
    here.acquire(9000, id);
    expect(here.pageMap).not.toBe(before);
    there.refresh();
    expect(seen).toBe(here.pageMap);
  });
});

describe("the lock around a shared memory's records", () => {
  it("keeps threads that take and return pages and tables at the same time apart", async () => {
    const { Worker } = await import("node:worker_threads");
    const memory = new LinearMemory({ initialPages: 2, maxPages: 2000, shared: true });
    const ids = [memory.register(quiet), memory.register(quiet)];
    const { footprint } = memory;
    const code = `
      import { workerData, parentPort } from "node:worker_threads";
      const { LinearMemory } = await import(workerData.source);
      const memory = new LinearMemory({ wasm: workerData.wasm, firstPage: 0, attach: true });
      const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }, workerData.id);
      const runs = [], tables = [];
      let wrong = 0, seed = workerData.id;
      const next = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 1) % n;
      for (let i = 0; i < 4000; i++) {
        const kind = next(4);
        if (kind === 0 && runs.length < 40) {
          const pages = 1 + next(5), pointer = memory.acquire(pages, id);
          memory.i32[pointer / 4] = id; memory.i32[pointer / 4 + pages * 16384 - 1] = id;
          runs.push([pointer, pages]);
        } else if (kind === 1 && runs.length > 0) {
          const [[pointer, pages]] = runs.splice(next(runs.length), 1);
          if (memory.i32[pointer / 4] !== id || memory.i32[pointer / 4 + pages * 16384 - 1] !== id) wrong++;
          memory.release(pointer, pages);
        } else if (kind === 2 && tables.length < 40) {
          const bytes = 1 + next(40000), pointer = memory.acquireTable(bytes);
          if (memory.u8[pointer] !== 0 || memory.u8[pointer + bytes - 1] !== 0) wrong++;
          memory.u8[pointer] = id; memory.u8[pointer + bytes - 1] = id;
          tables.push([pointer, bytes]);
        } else if (kind === 3 && tables.length > 0) {
          const [[pointer, bytes]] = tables.splice(next(tables.length), 1);
          if (memory.u8[pointer + bytes - 1] !== id) wrong++;
          memory.u8[pointer] = memory.u8[pointer + bytes - 1] = 0;
          memory.releaseTable(pointer, bytes);
        }
      }
      for (const [pointer, pages] of runs) memory.release(pointer, pages);
      for (const [pointer, bytes] of tables) memory.releaseTable(pointer, bytes);
      parentPort.postMessage(wrong);
    `;
    const { build } = await import("esbuild");
    const { outputFiles } = await build({
      entryPoints: [new URL("../src/index.ts", import.meta.url).pathname],
      bundle: true,
      format: "esm",
      write: false,
    });
    const source = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString("base64")}`;
    const wrong = await Promise.all(
      ids.map(
        (id) =>
          new Promise((resolve, reject) => {
            const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
            const worker = new Worker(url, { workerData: { wasm: memory.wasm, id, source } });
            worker.on("message", resolve);
            worker.on("error", reject);
          }),
      ),
    );
    expect(wrong).toEqual([0, 0]);
    expect(memory.footprint).toBe(footprint);
  });

  it("is waited for five seconds at most, and the error names who has it", () => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 8, shared: true });
    const id = memory.register(quiet);
    const other = new LinearMemory({ wasm: memory.wasm, firstPage: 0, attach: true });
    other.register(quiet, id);
    // As a thread leaves it that is terminated inside: a word of the header holds its number.
    memory.i32[WORD.lock] = 7;
    const act = (): number => other.acquire(1, id);
    expect(act).toThrow(/thread 7 /);
    memory.i32[WORD.lock] = 0;
    expect(other.acquire(1, id)).toBeGreaterThan(0);
  }, 20_000);
});

describe("an allocator that is continued in another thread", () => {
  it("is one that is there, and of the same kind", () => {
    const here = new LinearMemory({ initialPages: 4, maxPages: 40, shared: true });
    const there = new LinearMemory({ wasm: here.wasm, firstPage: 0, attach: true });
    const ids = Array.from({ length: 40 }, (_, i) => here.register({ ...quiet, name: `kind ${i % 3}` }));
    const [first, second] = ids as [number, number];
    for (const wrong of [first - 1, ids.at(-1)! + 1, first + 0.5, Number.NaN, "2" as unknown as number]) {
      expect(codeOf(() => there.register({ ...quiet, name: "kind 0" }, wrong))).toBe("ERR_MORPH_NOT_OWNER");
    }
    expect(codeOf(() => there.register({ ...quiet, name: "kind 1" }, first))).toBe("ERR_MORPH_NOT_OWNER");
    expect(there.register({ ...quiet, name: "kind 0" }, first)).toBe(first);
    expect(there.register({ ...quiet, name: "kind 1" }, second)).toBe(second);
    here.unregister(first);
    for (const memory of [here, there]) {
      expect(codeOf(() => memory.acquire(1, first))).toBe("ERR_MORPH_NOT_OWNER");
    }
    const third = new LinearMemory({ wasm: here.wasm, firstPage: 0, attach: true });
    expect(codeOf(() => third.register({ ...quiet, name: "kind 0" }, first))).toBe("ERR_MORPH_NOT_OWNER");
    expect(third.register({ ...quiet, name: "kind 1" }, second)).toBe(second);
    for (const id of ids.slice(2)) here.unregister(id);
    // Ids are never given twice, in whichever thread.
    expect(third.register(quiet)).toBeGreaterThan(ids.at(-1)!);
    expect(here.ownerOf(there.acquire(1, second))).toBe(second);
  });
});

describe("a sealed memory", () => {
  it("lets in only those that were given an id before, in every thread, until it is unsealed", () => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 8, shared: true });
    const id = memory.register(quiet);
    const stranger = memory.register(quiet);
    expect(codeOf(() => memory.seal([id]))).toBe("ERR_MORPH_INVALID_CONFIG");
    memory.unregister(stranger);
    memory.seal([id]);
    const there = new LinearMemory({ wasm: memory.wasm, firstPage: 0, attach: true });
    for (const each of [memory, there]) {
      expect(codeOf(() => each.register(quiet))).toBe("ERR_MORPH_INVALID_CONFIG");
      expect(codeOf(() => each.seal([id]))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => memory.register(quiet, id))).toBe("ERR_MORPH_NOT_OWNER");
    expect(there.register(quiet, id)).toBe(id);
    memory.unseal();
    expect(there.register(quiet)).toBeGreaterThan(id);
  });
});

describe("a lock that a terminated thread has kept", () => {
  /** A memory, and a word that is its lock: 0, or the holder's number. */
  function locked(): { memory: LinearMemory; id: number; setHolder(holder: number): void } {
    const memory = new LinearMemory({ initialPages: 20, maxPages: 40, shared: true });
    const id = memory.register(quiet);
    const word = (memory.firstPage * PAGE_BYTES) / 4 + WORD.lock;
    return { memory, id, setHolder: (holder) => Atomics.store(memory.i32, word, holder) };
  }

  it("ends a call with the holder's number, soon where that was waited for before, and others go on when it is free", () => {
    const { memory, id, setHolder } = locked();
    const kept = memory.acquire(1, id);
    setHolder(77);
    expect(() => memory.acquire(1, id)).toThrow(expect.objectContaining({ message: expect.stringContaining("77") }));
    // So many waits of five seconds would be too long for this test.
    for (let i = 0; i < 20; i++) {
      for (const call of [
        () => memory.release(kept, 1),
        () => memory.roots.set("name", kept),
        () => memory.roots.get("name"),
        () => memory.register(quiet),
      ]) {
        expect(codeOf(call)).toBe("ERR_MORPH_TIMEOUT");
      }
    }
    setHolder(0);
    memory.roots.set("name", kept);
    memory.release(kept, 1);
    expect(memory.roots.get("name")).toBe(kept);
  }, 30_000);

  it("does not keep the memory from ending, and another from having its pages", () => {
    const { memory, id, setHolder } = locked();
    const { wasm, firstPage } = memory;
    setHolder(77);
    memory.destroy();
    expect(codeOf(() => memory.acquire(1, id))).toBe("ERR_MORPH_DESTROYED");
    const next = new LinearMemory({ wasm, firstPage });
    next.release(next.acquire(10, next.register(quiet)), 10);
  }, 30_000);
});
