import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { joinMemory, LinearMemory, type LinearMemoryOptions, MorphError, PAGE_BYTES } from "../src/index.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

describe("constructing a memory", () => {
  it("refuses options that make no sense", () => {
    const bad: unknown[] = [
      null,
      7,
      { initialPages: 0 },
      { initialPages: -1 },
      { initialPages: 1.5 },
      { initialPages: Number.NaN },
      { initialPages: 5, maxPages: 4 },
      { maxPages: 65_537 },
      { maxPages: 0 },
      { shared: "yes" },
      { wasm: {} },
      { wasm: undefined },
      { wasm: new WebAssembly.Memory({ initial: 1 }), firstPage: -1 },
      { wasm: new WebAssembly.Memory({ initial: 1 }), firstPage: 0.5 },
    ];
    for (const options of bad) {
      expect(codeOf(() => new LinearMemory(options as LinearMemoryOptions))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });

  it("in an older version that lacks what an allocator calls is refused as such, and nothing is registered", () => {
    const memory = new LinearMemory();
    for (const lacking of ["tryAcquireAt", "refuses", "releases", "tryAcquireTable"]) {
      const older = new Proxy(memory, {
        get: (target, name) => {
          const value: unknown = name === lacking ? undefined : Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      expect(() => joinMemory(older, quiet)).toThrow(`the memory has no ${lacking}, which @morph/test needs`);
      expect(codeOf(() => joinMemory(older, quiet))).toBe("ERR_MORPH_VERSION");
    }
    // Owner ids count up: no other was given.
    expect(memory.register(quiet)).toBe(2);
  });

  it("refuses to seal for what is no list, and a table's pointer that is no number", () => {
    const memory = new LinearMemory();
    for (const wrong of [undefined, 2, "2", {}]) {
      expect(codeOf(() => memory.seal(wrong as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    for (const wrong of [Symbol.iterator, 16n, "64", {}]) {
      expect(codeOf(() => memory.releaseTable(wrong as never, 64))).toBe("ERR_MORPH_INVALID_POINTER");
    }
  });

  it("on a stand-in whose grow() promises pages that never come is refused, or has what there is", () => {
    const buffer = new ArrayBuffer(4 * PAGE_BYTES);
    const wasm = { buffer, grow: () => 4 } as unknown as WebAssembly.Memory;
    expect(codeOf(() => new LinearMemory({ wasm }))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    const memory = new LinearMemory({ wasm, firstPage: 0 });
    const id = memory.register(quiet);
    while (memory.tryAcquire(1, id) !== 0);
    expect(codeOf(() => memory.acquire(1, id))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => memory.acquireTable(100_000))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(memory.pageCount).toBe(4);
  });

  it("on a module's memory finds out its maximum", () => {
    const memories: [WebAssembly.MemoryDescriptor, number][] = [
      [{ initial: 3 }, 65_536],
      [{ initial: 3, maximum: 3 }, 3],
      [{ initial: 3, maximum: 129 }, 129],
      [{ initial: 3, maximum: 65_535 }, 65_535],
      [{ initial: 3, maximum: 65_536, shared: true }, 65_536],
      [{ initial: 3, maximum: 16_385, shared: true }, 16_385],
    ];
    for (const [descriptor, maximum] of memories) {
      const wasm = new WebAssembly.Memory(descriptor);
      expect(new LinearMemory({ wasm, firstPage: 1 }).maxPages).toBe(maximum);
      if (descriptor.shared) expect(new LinearMemory({ wasm, firstPage: 1, attach: true }).maxPages).toBe(maximum);
    }
  });

  it("on a module's memory takes it to be 4 GiB at most where no module may be compiled, or the memory is a stand-in", () => {
    const { Module } = WebAssembly;
    const wasm = new WebAssembly.Memory({ initial: 1, maximum: 4 });
    WebAssembly.Module = class {
      constructor() {
        throw new Error("refused by the content security policy");
      }
    } as never;
    try {
      expect(new LinearMemory({ wasm }).maxPages).toBe(65_536);
    } finally {
      WebAssembly.Module = Module;
    }
    const real = new WebAssembly.Memory({ initial: 1, maximum: 4 });
    const standIn = {
      get buffer() {
        return real.buffer;
      },
      grow: (pages: number) => real.grow(pages),
    };
    expect(new LinearMemory({ wasm: standIn as WebAssembly.Memory }).maxPages).toBe(65_536);
  });

  it("on a module's memory leaves the pages below firstPage alone", () => {
    const wasm = new WebAssembly.Memory({ initial: 2 });
    new Uint8Array(wasm.buffer).fill(9);
    const memory = new LinearMemory({ wasm });
    const id = memory.register(quiet);
    const pointer = memory.acquire(1, id);
    expect(pointer).toBeGreaterThanOrEqual(3 * PAGE_BYTES);
    expect(memory.u8.subarray(0, 2 * PAGE_BYTES).every((byte) => byte === 9)).toBe(true);
    expect(memory.footprint).toBe(2 * PAGE_BYTES);
  });

  it("takes pages that are not clean", () => {
    const wasm = new WebAssembly.Memory({ initial: 3 });
    new Uint8Array(wasm.buffer).fill(255);
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    expect(memory.acquire(1, memory.register(quiet))).toBe(2 * PAGE_BYTES);
  });

  it("takes a module's memory of more than 512 MiB", () => {
    const wasm = new WebAssembly.Memory({ initial: 9_000 });
    const memory = new LinearMemory({ wasm, firstPage: 8_999 });
    const pointer = memory.acquire(1, memory.register(quiet));
    expect(pointer).toBeGreaterThan(8_999 * PAGE_BYTES);
  });

  it("refuses pages that already hold a memory, and a memory with no room for its records", () => {
    const wasm = new WebAssembly.Memory({ initial: 2, maximum: 2 });
    new LinearMemory({ wasm, firstPage: 0 });
    expect(codeOf(() => new LinearMemory({ wasm, firstPage: 0 }))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => new LinearMemory({ wasm }))).toBe("ERR_MORPH_OUT_OF_MEMORY");
  });

  it("lays its records out behind a magic and a version word", () => {
    const memory = new LinearMemory();
    expect(new TextDecoder().decode(memory.u8.slice(0, 4))).toBe("MRPH");
    expect(memory.u32[1]).toBe(1);
  });
});

describe("joining a memory", () => {
  it("compares the contracts, and says which differ", () => {
    const memory = new LinearMemory();
    const older = { ...quiet, name: "pool", contractVersion: 0 };
    for (const join of [() => joinMemory(memory, older), () => memory.register(older)]) {
      expect(codeOf(join)).toBe("ERR_MORPH_VERSION");
      expect(join).toThrow(/@morph\/pool speaks memory contract 0, this memory speaks 1/);
    }
    const newer = { contractVersion: 2 } as LinearMemory;
    expect(codeOf(() => joinMemory(newer, quiet))).toBe("ERR_MORPH_VERSION");
  });

  it("refuses what is not a memory", () => {
    for (const thing of [undefined, null, {}, 7, new WebAssembly.Memory({ initial: 1 })]) {
      expect(codeOf(() => joinMemory(thing as unknown as LinearMemory, quiet))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });
});

describe("errors", () => {
  it("carry a stable code and are errors", () => {
    const error = new MorphError("ERR_MORPH_TIMEOUT", "waited 5 ms");
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe("ERR_MORPH_TIMEOUT");
    expect(`${error}`).toBe("MorphError: waited 5 ms");
  });
});

describe("side tables", () => {
  it("are aligned, zeroed, and recycled", () => {
    const memory = new LinearMemory();
    expect([1, 64, 65, 4096, 32_768, 32_769, 65_537].map((bytes) => memory.tableBytes(bytes))).toEqual([
      64, 64, 128, 4096, 32_768, 32_832, 65_600,
    ]);
    const small = memory.acquireTable(100);
    expect(small % 64).toBe(0);
    memory.u8.fill(1, small, small + 128);
    memory.releaseTable(small, 100);
    expect(memory.acquireTable(128)).toBe(small);
    expect(memory.u8.subarray(small, small + 128).every((byte) => byte === 0)).toBe(true);
    const { footprint } = memory;
    const large = memory.acquireTable(200_000);
    expect(memory.footprint).toBe(footprint + 4 * PAGE_BYTES);
    memory.releaseTable(large, 200_000);
    expect(memory.footprint).toBe(footprint);
    for (const pointer of [0, 64, 65_536 * 3, small + 1, -64, Number.NaN]) {
      expect(codeOf(() => memory.releaseTable(pointer, 64))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    for (const bytes of [0, -1, 2.5, Number.NaN]) {
      expect(codeOf(() => memory.acquireTable(bytes))).toBe("ERR_MORPH_INVALID_SIZE");
    }
  });
});
