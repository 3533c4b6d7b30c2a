import { describe, expect, it } from "vitest";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";
import { atEveryDepth } from "./at-every-depth.ts";
import { codeOf } from "./code.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

describe("a growth listener", () => {
  it("may look at everything, and change nothing", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const suspended: boolean[] = [];
    const id = memory.register({ ...quiet, suspend: (on) => suspended.push(on) });
    const run = memory.acquire(1, id);
    const table = memory.acquireTable(64);
    const codes: string[] = [];
    memory.onGrow((pages) => {
      expect(suspended).toEqual([true]);
      expect([memory.pageCount, memory.u8.length]).toEqual([pages, pages * PAGE_BYTES]);
      expect(memory.ownerOf(run)).toBe(id);
      const { footprint } = memory;
      for (const act of [
        () => memory.acquire(1, id),
        () => memory.tryAcquire(1, id),
        () => memory.tryExtend(run, 1, 1),
        () => memory.release(run, 1),
        () => memory.acquireTable(64),
        () => memory.releaseTable(table, 64),
        () => memory.register(quiet),
        () => memory.unregister(id),
        () => memory.reserve(1),
        () => memory.seal([id]),
        () => memory.refresh(),
        () => memory.destroy(),
      ]) {
        codes.push(codeOf(act));
      }
      expect(memory.footprint).toBe(footprint);
    });
    const large = memory.acquire(10, id);
    expect(codes).toEqual(Array(12).fill("ERR_MORPH_BUSY"));
    expect(suspended).toEqual([true, false]);
    memory.release(large, 10);
    memory.release(run, 1);
    memory.releaseTable(table, 64);
  });

  it("that always grows the memory behind its back is called until the engine refuses", () => {
    const wasm = new WebAssembly.Memory({ initial: 2, maximum: 60 });
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    const id = memory.register(quiet);
    memory.onGrow(() => {
      try {
        wasm.grow(1);
      } catch {
        // It is full.
      }
    });
    const run = memory.acquire(1, id);
    expect(memory.ownerOf(run)).toBe(id);
    expect(memory.pageCount).toBe(60);
  });
});

describe("a refusal", () => {
  it("is the same again and again, and ends when something is released, extended or grown", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 30 });
    const id = memory.register(quiet);
    const run = memory.acquire(20, id);
    for (let i = 0; i < 3; i++) {
      expect(memory.tryAcquire(10, id)).toBe(0);
      expect(codeOf(() => memory.acquire(10, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(codeOf(() => memory.acquire(2 ** 40, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
      expect(codeOf(() => memory.reserve(11))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    }
    expect(memory.tryAcquire(9, id)).toBeGreaterThan(0);
    memory.release(run, 10);
    expect(memory.tryAcquire(10, id)).toBe(run);
    expect(memory.tryAcquire(1, id)).toBe(0);
  });
});

describe("a stack overflow", () => {
  it("at any depth leaves the memory in order", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 3000 });
    const id = memory.register(quiet);
    let overflows = 0;
    const runs: number[] = [];
    const tables: number[] = [];
    for (let i = 0; i < 300; i++) {
      overflows += atEveryDepth(() => {
        if (i % 6 === 0 && runs.length > 3) memory.release(runs.shift()!, 2);
        else if (i % 6 === 1 && tables.length > 3) memory.releaseTable(tables.shift()!, 20_000);
        else if (i % 6 === 2) tables.push(memory.acquireTable(20_000));
        else if (i % 6 === 3) memory.tryExtend(runs.at(-1)!, 2, 1);
        else runs.push(memory.acquire(2, id));
      });
      let used = 0;
      for (let page = 0; page < memory.pageCount; page++) if (memory.ownerOf(page * PAGE_BYTES) > 0) used++;
      expect(memory.footprint).toBe(used * PAGE_BYTES);
    }
    expect(overflows).toBeGreaterThan(300);
  });
});

describe("a memory that is destroyed", () => {
  it("refuses every use, and its pages can be a new memory's", () => {
    const wasm = new WebAssembly.Memory({ initial: 4, maximum: 50 });
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    let views = memory.i32;
    const id = memory.register({
      ...quiet,
      viewsChanged: () => {
        views = memory.i32;
      },
    });
    memory.acquire(20, id);
    expect(codeOf(() => new LinearMemory({ wasm, firstPage: 1 }))).toBe("ERR_MORPH_INVALID_CONFIG");
    memory.destroy();
    memory.destroy();
    expect(views.length).toBe(0);
    for (const act of [() => memory.acquire(1, id), () => memory.register(quiet), () => memory.refresh()]) {
      expect(codeOf(act)).toBe("ERR_MORPH_DESTROYED");
    }
    const again = new LinearMemory({ wasm, firstPage: 1 });
    expect(again.footprint).toBe(PAGE_BYTES);
    again.acquire(30, again.register(quiet));
  });
});

describe("a memory of its own", () => {
  it("starts elsewhere than the ones made before, so that a pointer of theirs is none here", () => {
    const memories = Array.from({ length: 12 }, () => new LinearMemory());
    const runs = memories.map((memory) => memory.acquire(10, memory.register(quiet)));
    expect(new Set(runs).size).toBe(12);
    memories.forEach((memory, i) => {
      for (const [j, run] of runs.entries()) {
        if (i !== j) expect(codeOf(() => memory.release(run, 1))).toBe("ERR_MORPH_DOUBLE_FREE");
      }
      // What lies before is used in the end.
      const id = memory.register(quiet);
      let pages = 0;
      while (memory.pageCount === 256) {
        memory.acquire(1, id);
        pages++;
      }
      expect(pages).toBe(256 - 1 - 10 + 1);
    });
  });

  it("grows by what is needed only, when it is told to", () => {
    const memory = new LinearMemory({ initialPages: 100, exactGrowth: true });
    const id = memory.register(quiet);
    memory.acquire(99, id);
    expect(memory.pageCount).toBe(100);
    memory.acquire(3, id);
    expect(memory.pageCount).toBe(103);
    const wasm = new WebAssembly.Memory({ initial: 40 });
    const module = new LinearMemory({ wasm, exactGrowth: true });
    module.acquire(2, module.register(quiet));
    expect(module.pageCount).toBe(43);
  });

  it("can be grown beforehand, so that no view detaches until the pages are used", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const id = memory.register(quiet);
    memory.reserve(500);
    const { u8 } = memory;
    for (let i = 0; i < 500; i++) memory.acquire(1, id);
    expect(memory.u8).toBe(u8);
    expect(u8.length).toBeGreaterThan(0);
    for (const pages of [0, -1, 1.5, Number.NaN]) {
      expect(codeOf(() => memory.reserve(pages))).toBe("ERR_MORPH_INVALID_SIZE");
    }
  });
});

describe("options", () => {
  it("that are unknown, or do not go together, are refused with what was meant", () => {
    const wasm = new WebAssembly.Memory({ initial: 1 });
    for (const options of [
      { initial: 4 },
      { maxpages: 4 },
      { wasm, maxPages: 10 },
      { wasm, shared: true },
      { wasm, initialPages: 1 },
      { firstPage: 3 },
      { attach: true },
      { wasm, attach: "yes" },
      { exactGrowth: 1 },
    ]) {
      expect(codeOf(() => new LinearMemory(options as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(() => new LinearMemory({ initial: 4 } as never)).toThrow(/did you mean "initialPages"/);
    expect(() => new LinearMemory({ wasm, maxPages: 10 } as never)).toThrow(/maxPages: not possible here/);
  });
});
