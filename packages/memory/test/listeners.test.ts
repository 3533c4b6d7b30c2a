import { describe, expect, it, vi } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";

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

  it.each([0, 1])("that always grows the memory by %i behind its back is told of that once", (pages) => {
    const memory = new LinearMemory({ initialPages: 2 });
    let seen = memory.i32;
    const viewsChanged = () => {
      seen = memory.i32;
    };
    const id = memory.register({ ...quiet, viewsChanged });
    let calls = 0;
    memory.onGrow(() => {
      calls++;
      memory.wasm.grow(pages);
    });
    const run = memory.acquire(5, id);
    expect(calls).toBe(1 + pages);
    expect(memory.ownerOf(run)).toBe(id);
    expect(seen.byteLength).toBe(memory.wasm.buffer.byteLength);
  });

  it("may not change anything, either, once it has grown the memory behind its back", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    let open = true;
    const id = memory.register({
      ...quiet,
      viewsChanged() {
        open = true;
      },
      suspend: (on) => {
        open = !on;
      },
    });
    const seen: boolean[] = [];
    memory.onGrow(() => {
      seen.push(open);
      memory.wasm.grow(1);
      expect(memory.u8.length).toBe(memory.wasm.buffer.byteLength);
      seen.push(open);
    });
    memory.acquire(5, id);
    expect(seen).toEqual([false, false, false, false]);
    expect(open).toBe(true);
  });

  it("that throws takes no pointer away, in whichever realm", async () => {
    const thrown = vi.fn();
    vi.stubGlobal("queueMicrotask", undefined);
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", thrown);
    const memory = new LinearMemory({ initialPages: 2 });
    memory.onGrow(() => {
      throw new Error("a listener's");
    });
    const id = memory.register(quiet);
    expect(memory.ownerOf(memory.acquire(5, id))).toBe(id);
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
    vi.unstubAllGlobals();
    expect(`${thrown.mock.calls[0]?.[0]}`).toContain("a listener's");
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

  it("tells those who asked for it, once, when it is of no use any more", async () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const told: string[] = [];
    const uncaught: unknown[] = [];
    vi.stubGlobal("queueMicrotask", (task: () => void) => {
      uncaught.push(codeOf(task));
    });
    const unsubscribe = memory.onDestroy?.(() => told.push("unsubscribed"));
    memory.onDestroy?.(() => memory.reserve(1));
    memory.onDestroy?.(() => told.push(codeOf(() => memory.u8)));
    unsubscribe?.();
    memory.destroy();
    memory.destroy();
    vi.unstubAllGlobals();
    expect(told).toEqual(["ERR_MORPH_DESTROYED"]);
    expect(uncaught).toEqual(["ERR_MORPH_DESTROYED"]);
    expect(codeOf(() => memory.onDestroy?.(() => {}))).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => new LinearMemory().onDestroy?.(1 as never))).toBe("ERR_MORPH_INVALID_CONFIG");
  });

  it.each([
    ["has grown", {}, 10],
    ["has debugViews", { debugViews: true }, 1],
  ])("ends the views that were read before, when it %s", (_, options, pages) => {
    const memory = new LinearMemory({ initialPages: 4, ...options });
    memory.acquire(pages, memory.register(quiet));
    const views = memory.u8;
    memory.destroy();
    expect(views.length).toBe(0);
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

describe("an allocator that joins", () => {
  it("must be one, and not another's", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const id = memory.register(quiet);
    for (const allocator of [undefined, null, {}, { ...quiet, viewsChanged: 1 }, { ...quiet, suspend: 1 }]) {
      expect(codeOf(() => memory.register(allocator as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => memory.register(quiet, id))).toBe("ERR_MORPH_NOT_OWNER");
  });

  it("and throws when it is told of growth loses no page", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    let throws = true;
    const viewsChanged = () => {
      if (throws) throw new Error("an allocator's");
    };
    const id = memory.register({ ...quiet, viewsChanged });
    for (let i = 0; i < 3; i++) expect(() => memory.acquire(5, id)).toThrow("an allocator's");
    throws = false;
    const { pageCount } = memory;
    expect(pageCount).toBeLessThan(20);
    const run = memory.acquire(5, id);
    expect(memory.ownerOf(run + 4 * PAGE_BYTES)).toBe(id);
    for (let page = 0; page < pageCount; page++) expect(memory.ownerOf(page * PAGE_BYTES)).not.toBe(-1);
  });
});

describe("writes through null", () => {
  it("and past what a module has below break no record", () => {
    for (const firstPage of [0, 3]) {
      const wasm = new WebAssembly.Memory({ initial: 40 });
      const memory = new LinearMemory({ wasm, firstPage });
      const id = memory.register(quiet);
      const first = memory.acquire(1, id);
      const { footprint } = memory;
      memory.u8.fill(0xff, firstPage * PAGE_BYTES, firstPage * PAGE_BYTES + 1024);
      expect([memory.footprint, memory.ownerOf(first)]).toEqual([footprint, id]);
      expect(memory.acquire(1, id)).not.toBe(first);
      memory.release(first, 1);
      expect(memory.footprint).toBe(footprint);
    }
  });
});

describe("memories over the same bytes", () => {
  it("are refused where their pages would be the same, and welcome behind each other", () => {
    const wasm = new WebAssembly.Memory({ initial: 20 });
    const memory = new LinearMemory({ wasm, firstPage: 10 });
    for (const firstPage of [0, 5, 10, 15, 19]) {
      expect(codeOf(() => new LinearMemory({ wasm, firstPage }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    const behind = new LinearMemory({ wasm });
    const [a, b] = [memory.register(quiet), behind.register(quiet)];
    const owned = new Map<number, string>();
    for (let i = 0; i < 40; i++) {
      for (const [name, each, id] of [
        ["memory", memory, a],
        ["behind", behind, b],
      ] as const) {
        const run = each.acquire(3, id);
        for (let p = run; p < run + 3 * PAGE_BYTES; p += PAGE_BYTES) {
          expect(owned.get(p)).toBe(undefined);
          owned.set(p, name);
        }
      }
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
