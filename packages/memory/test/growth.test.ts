import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { LinearMemory, PAGE_BYTES } from "../src/index.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

type View = { readonly length: number; readonly byteLength: number; readonly buffer: ArrayBufferLike };
const VIEWS: readonly ((memory: LinearMemory) => View)[] = [
  (memory) => memory.u8,
  (memory) => memory.i8,
  (memory) => memory.u16,
  (memory) => memory.i16,
  (memory) => memory.u32,
  (memory) => memory.i32,
  (memory) => memory.f32,
  (memory) => memory.f64,
  (memory) => memory.u64,
  (memory) => memory.i64,
];

describe("growth", () => {
  it("is geometric and stops at maxPages", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 200 });
    const id = memory.register(quiet);
    let growths = 0;
    memory.onGrow(() => growths++);
    for (let i = 0; i < 199; i++) memory.acquire(1, id);
    expect(growths).toBeLessThan(30);
    expect(memory.pageCount).toBe(200);
    expect(codeOf(() => memory.acquire(1, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(memory.wasm.buffer.byteLength).toBe(200 * PAGE_BYTES);
  });

  it("keeps every byte and every view current", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const id = memory.register(quiet);
    const pointer = memory.acquire(1, id);
    memory.u32[pointer / 4] = 0xdeadbeef;
    memory.acquire(300, id);
    expect(memory.u32[pointer / 4]).toBe(0xdeadbeef);
    expect(memory.i32[pointer / 4]).toBe(0xdeadbeef | 0);
    expect(memory.u16[pointer / 2]).toBe(0xbeef);
    expect(memory.i16[pointer / 2]).toBe((0xbeef << 16) >> 16);
    expect(memory.u8[pointer]).toBe(0xef);
    expect(memory.i8[pointer]).toBe(-17);
    expect(memory.u64[pointer / 8]).toBe(0xdeadbeefn);
    expect(memory.i64[pointer / 8]).toBe(0xdeadbeefn);
    memory.f64[pointer / 8] = 1.5;
    expect(memory.f64[pointer / 8]).toBe(1.5);
    memory.f32[pointer / 4] = 2.5;
    expect(memory.f32[pointer / 4]).toBe(2.5);
  });

  it("tells allocators first and then listeners, until they unsubscribe", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const heard: string[] = [];
    const id = memory.register({ ...quiet, viewsChanged: () => heard.push("allocator") });
    const listener = (pages: number) => heard.push(`listener ${pages}`);
    const stop = memory.onGrow(listener);
    const stopAgain = memory.onGrow(listener);
    memory.acquire(4, id);
    stop();
    memory.acquire(4, id);
    stopAgain();
    memory.acquire(4, id);
    expect(heard).toEqual(["allocator", "listener 5", "listener 5", "allocator", "listener 9", "allocator"]);
  });

  it("by someone else brings foreign pages: never handed out, not in the footprint", () => {
    const wasm = new WebAssembly.Memory({ initial: 4, maximum: 100 });
    const memory = new LinearMemory({ wasm, firstPage: 2 });
    const id = memory.register(quiet);
    const { footprint } = memory;
    wasm.grow(3);
    expect(memory.u8.length).toBe(7 * PAGE_BYTES);
    const pages = [1, 1, 1, 1].map(() => memory.acquire(1, id) / PAGE_BYTES);
    expect(pages).toEqual([3, 7, 8, 9]);
    expect(memory.ownerOf(5 * PAGE_BYTES)).toBe(-1);
    expect(memory.ownerOf(1 * PAGE_BYTES)).toBe(-1);
    expect(memory.footprint).toBe(footprint + 4 * PAGE_BYTES);
    expect(memory.tryExtend(3 * PAGE_BYTES, 1, 1)).toBe(false);
  });

  it("by someone else on a shared memory is noticed too: at once when the memory is another's, else by the next operation", () => {
    const wasm = new WebAssembly.Memory({ initial: 2, maximum: 20, shared: true });
    for (const memory of [
      new LinearMemory({ wasm, firstPage: 0 }),
      new LinearMemory({ wasm, firstPage: 0, attach: true }),
      new LinearMemory({ initialPages: 2, maxPages: 20, shared: true }),
    ]) {
      expect(memory.shared).toBe(true);
      const { pageCount } = memory;
      memory.wasm.grow(2);
      if (memory.wasm !== wasm) expect(memory.refresh()).toBe(true);
      expect(memory.u8.length).toBe((pageCount + 2) * PAGE_BYTES);
      expect(memory.f64.length).toBe(((pageCount + 2) * PAGE_BYTES) / 8);
      const id = memory.register(quiet);
      memory.wasm.grow(1);
      expect(memory.ownerOf(memory.acquire(5, id))).toBe(id);
    }
  });

  it("by someone else is seen through every view of an unshared memory, whoever made it", () => {
    for (const memory of [
      new LinearMemory({ initialPages: 2 }),
      new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 2 }), firstPage: 1 }),
    ]) {
      const { wasm } = memory;
      for (const read of VIEWS) {
        const before = read(memory);
        wasm.grow(1);
        expect(before.length).toBe(0);
        expect(read(memory).byteLength).toBe(wasm.buffer.byteLength);
        expect(read(memory).buffer).toBe(wasm.buffer);
      }
    }
  });

  it("moves the page map once, when the memory grows past 512 MiB, and goes on to 4 GiB", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const id = memory.register(quiet);
    const low = memory.acquire(1, id);
    const map = memory.pageMap;
    const big = memory.acquire(40_000, id);
    expect(memory.pageMap).not.toBe(map);
    expect(memory.ownerOf(low)).toBe(id);
    expect(memory.ownerOf(big + 39_999 * PAGE_BYTES)).toBe(id);
    const rest = 65_536 - memory.footprint / PAGE_BYTES;
    const last = memory.acquire(rest - 300, id);
    expect(memory.ownerOf(last)).toBe(id);
    for (let page = memory.footprint / PAGE_BYTES; page < 65_536; page++) memory.acquire(1, id);
    expect(memory.footprint).toBe(2 ** 32);
    expect(memory.u8[2 ** 32 - 1]).toBe(0);
    expect(codeOf(() => memory.acquire(1, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    memory.release(big, 40_000);
    expect(memory.acquire(40_000, id)).toBe(big);
  });

  it("leaves the page map aside, so that what is free is one run again when all is released", () => {
    for (const initialPages of [1, 2, 5, 20, 256]) {
      for (const filled of [0, 900]) {
        const memory = new LinearMemory({ initialPages });
        const id = memory.register(quiet);
        if (filled > 0) memory.release(memory.acquire(filled, id), filled);
        for (const pages of [1100, 9000, 32_768, 32_769, 50_000]) {
          memory.release(memory.acquire(pages, id), pages);
        }
      }
    }
  });

  it("past the page map by someone else does no harm", () => {
    const wasm = new WebAssembly.Memory({ initial: 2, maximum: 20_000 });
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    const id = memory.register(quiet);
    wasm.grow(9_000);
    const pointer = memory.acquire(1, id);
    expect(pointer / PAGE_BYTES).toBeGreaterThanOrEqual(9_002);
    expect(memory.ownerOf(8_500 * PAGE_BYTES)).toBe(-1);
    expect(memory.ownerOf(pointer)).toBe(id);
  });

  it("that the engine refuses is an error, and what is free is still handed out", () => {
    const wasm = new WebAssembly.Memory({ initial: 3, maximum: 3 });
    const memory = new LinearMemory({ wasm, firstPage: 0 });
    const id = memory.register(quiet);
    expect(codeOf(() => memory.acquire(3, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(memory.acquire(2, id)).toBe(PAGE_BYTES);
    expect(codeOf(() => memory.acquire(1, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
  });
});

describe("a refusal that repeats another", () => {
  it("asks neither the engine nor for a stack trace, also in a module's memory with a maximum", () => {
    const wasm = new WebAssembly.Memory({ initial: 3, maximum: 20 });
    const memory = new LinearMemory({ wasm });
    const id = memory.register(quiet);
    while (memory.tryAcquire(1, id) !== 0);
    let grown = 0;
    wasm.grow = () => {
      grown++;
      return -1;
    };
    const refusals = [() => memory.acquire(2, id), () => memory.reserve(2), () => memory.acquireTable(1 << 20)];
    for (const refusal of refusals) {
      expect(codeOf(refusal)).toBe("ERR_MORPH_OUT_OF_MEMORY");
      try {
        refusal();
      } catch (error) {
        expect((error as Error).stack).not.toContain("growth.test");
      }
    }
    expect(grown).toBe(0);
  });
});

describe("growth and others", () => {
  it("by someone else at the same moment as ours brings foreign pages before and after ours", () => {
    for (const before of [true, false]) {
      const memory = new LinearMemory({ initialPages: 2, maxPages: 100, shared: true });
      const id = memory.register(quiet);
      const grow = memory.wasm.grow.bind(memory.wasm);
      memory.wasm.grow = (pages: number) => {
        if (before) grow(2);
        const first = grow(pages);
        if (!before) grow(2);
        return first;
      };
      memory.acquire(1, id);
      memory.acquire(1, id);
      memory.wasm.grow = grow;
      const foreign = Array.from({ length: memory.pageCount }, (_, page) => page).filter(
        (page) => memory.ownerOf(page * PAGE_BYTES) === -1,
      );
      expect(foreign.length).toBe(2);
      for (let i = 0; i < 6; i++) expect(foreign).not.toContain(memory.acquire(1, id) / PAGE_BYTES);
    }
  });

  it("in a listener is noticed, and nothing is lost", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const id = memory.register(quiet);
    let times = 0;
    memory.onGrow(() => {
      if (times++ < 3) memory.wasm.grow(1);
    });
    const run = memory.acquire(2, id);
    expect(memory.u8.length).toBe(memory.wasm.buffer.byteLength);
    memory.wasm.grow(1);
    memory.unregister(id);
    expect(memory.ownerOf(run)).toBe(0);
    expect(memory.footprint).toBe(PAGE_BYTES);
  });

  it("in a listener leaves no allocator with old views when the call that grew returns", () => {
    for (const foreign of [false, true]) {
      const memory = new LinearMemory({ initialPages: 1 });
      let seen = memory.i32;
      const id = memory.register({
        ...quiet,
        viewsChanged: () => {
          seen = memory.i32;
        },
      });
      let times = 0;
      memory.onGrow(() => {
        if (times++ < 3) memory.wasm.grow(1);
      });
      if (foreign) memory.wasm.grow(1);
      const run = memory.acquire(2, id);
      expect(seen.byteLength).toBe(memory.wasm.buffer.byteLength);
      expect(memory.ownerOf(run)).toBe(id);
    }
  });

  it("extends a run across the first page map's end", () => {
    const memory = new LinearMemory({ initialPages: 8_192 });
    const id = memory.register(quiet);
    const run = memory.acquire(8_191, id);
    expect(memory.tryExtend(run, 8_191, 100)).toBe(true);
    expect(memory.ownerOf(run + 8_290 * PAGE_BYTES)).toBe(id);
  });

  it("calls no listener that has unsubscribed meanwhile, and keeps the pointer when one throws", async () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const id = memory.register(quiet);
    const heard: string[] = [];
    const uncaught = new Promise((resolve) => {
      const others = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const other of others) process.on("uncaughtException", other);
        resolve(error);
      });
    });
    memory.onGrow(() => {
      stop();
      throw new Error("a listener's");
    });
    const stop = memory.onGrow(() => heard.push("second"));
    const pointer = memory.acquire(2, id);
    expect(memory.ownerOf(pointer)).toBe(id);
    expect(heard).toEqual([]);
    expect(`${await uncaught}`).toContain("a listener's");
    expect(codeOf(() => memory.onGrow(7 as unknown as () => void))).toBe("ERR_MORPH_INVALID_CONFIG");
  });
});

describe("attaching", () => {
  it("continues a memory from its bytes alone", () => {
    const memory = new LinearMemory({ initialPages: 2, maxPages: 50, shared: true });
    const id = memory.register(quiet);
    const run = memory.acquire(3, id);
    const other = new LinearMemory({ wasm: memory.wasm, firstPage: memory.firstPage, attach: true });
    expect(other.ownerOf(run)).toBe(id);
    expect(other.footprint).toBe(memory.footprint);
    expect(other.maxPages).toBe(50);
    expect(codeOf(() => other.acquire(1, id))).toBe("ERR_MORPH_NOT_OWNER");
    expect(other.register(quiet, id)).toBe(id);
    const second = other.acquire(20, id);
    memory.refresh();
    expect(memory.ownerOf(second)).toBe(id);
    memory.release(second, 20);
    expect(other.acquire(1, id)).toBe(second);
    expect(codeOf(() => other.register(quiet, 99))).toBe("ERR_MORPH_NOT_OWNER");
  });

  it("refuses pages without a memory, and one of another version", () => {
    const wasm = new WebAssembly.Memory({ initial: 2, maximum: 10, shared: true });
    const attach = (firstPage: number) => () => new LinearMemory({ wasm, firstPage, attach: true });
    expect(codeOf(attach(0))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(attach(5))).toBe("ERR_MORPH_INVALID_CONFIG");
    const memory = new LinearMemory({ wasm, firstPage: 0 });
    attach(0)();
    memory.u32[1] = 2;
    expect(codeOf(attach(0))).toBe("ERR_MORPH_VERSION");
  });
});
