import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { joinMemory, LinearMemory, PAGE_BYTES } from "../src/index.ts";

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

describe("a memory of another realm", () => {
  it("is unshared when it is, grows, and keeps its bytes", () => {
    const realm = createContext({});
    const wasm = runInContext("new WebAssembly.Memory({ initial: 3, maximum: 400 })", realm) as WebAssembly.Memory;
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    expect(memory.shared).toBe(false);
    const id = memory.register(quiet);
    const first = memory.acquire(1, id);
    memory.u32[first / 4] = 99;
    memory.acquire(300, id);
    expect(memory.u32[first / 4]).toBe(99);
    const shared = runInContext("new WebAssembly.Memory({ initial: 3, maximum: 9, shared: true })", realm);
    expect(new LinearMemory({ wasm: shared as WebAssembly.Memory, firstPage: 0 }).shared).toBe(true);
  });
});

describe("a realm whose builtins are frozen", () => {
  it("gets the same errors", async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("../src/index.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "morph",
    });
    const realm = createContext({});
    runInContext("for (const each of [Error, Object, Array, Function]) Object.freeze(each.prototype);", realm);
    const program = `
      (() => {
        try {
          new morph.LinearMemory({ maxPage: 1 });
        } catch (error) {
          return [error.code, error.name, error instanceof Error, String(error).slice(0, 20)].join();
        }
      })()`;
    const said: unknown = runInContext(`${outputFiles[0]!.text}${program}`, realm);
    expect(said).toBe("ERR_MORPH_INVALID_CONFIG,MorphError,true,MorphError: options:");
  });
});

describe("what is no memory", () => {
  it("is refused with what was expected, and does not run for ever", () => {
    const fixed = new ArrayBuffer(2 * PAGE_BYTES);
    const mocks: unknown[] = [
      { buffer: fixed },
      { buffer: fixed, grow: () => {} },
      { buffer: fixed, grow: () => 1 },
      { buffer: new ArrayBuffer(100), grow: () => 0 },
      { buffer: { byteLength: 2 * PAGE_BYTES }, grow: () => 2 },
      {
        get buffer() {
          return new ArrayBuffer(2 * PAGE_BYTES);
        },
        grow: () => 2,
      },
      new ArrayBuffer(PAGE_BYTES),
      "memory",
    ];
    for (const wasm of mocks) {
      expect(codeOf(() => new LinearMemory({ wasm: wasm as WebAssembly.Memory }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    const halves: unknown[] = [{ contractVersion: 1 }, { contractVersion: 1, register() {} }, { register() {} }];
    for (const half of halves) {
      expect(codeOf(() => joinMemory(half as LinearMemory, quiet))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });

  it("is told from one that behaves like a memory", () => {
    let buffer = new ArrayBuffer(2 * PAGE_BYTES);
    const standIn = {
      get buffer() {
        return buffer;
      },
      grow(pages: number) {
        const before = buffer.byteLength / PAGE_BYTES;
        if (pages > 0) {
          const grown = new ArrayBuffer((before + pages) * PAGE_BYTES);
          new Uint8Array(grown).set(new Uint8Array(buffer));
          structuredClone(buffer, { transfer: [buffer] });
          buffer = grown;
        }
        return before;
      },
    } as unknown as WebAssembly.Memory;
    const memory = new LinearMemory({ wasm: standIn, firstPage: 0 });
    const run = memory.acquire(20, memory.register(quiet));
    memory.u8[run] = 5;
    memory.reserve(100);
    expect(memory.u8[run]).toBe(5);
  });
});
