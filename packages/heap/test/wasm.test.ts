import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import binaryen from "binaryen";
import { describe, expect, it } from "vitest";
import { Heap } from "../src/index.ts";
import { codeOf } from "./code.ts";

/** A linked list of squares in memory from malloc, summed and freed; and the functions by themselves. */
const TEXT = `(module
  (import "env" "memory" (memory 2))
  (import "env" "malloc" (func $malloc (param i32) (result i32)))
  (import "env" "calloc" (func $calloc (param i32 i32) (result i32)))
  (import "env" "realloc" (func $realloc (param i32 i32) (result i32)))
  (import "env" "free" (func $free (param i32)))
  (import "env" "malloc_usable_size" (func $usable (param i32) (result i32)))
  (import "env" "aligned_alloc" (func $aligned (param i32 i32) (result i32)))
  (import "env" "posix_memalign" (func $memalign (param i32 i32 i32) (result i32)))
  (data (i32.const 16) "the module's own data")
  (func (export "squares") (param $count i32) (result i32)
    (local $head i32) (local $node i32) (local $sum i32)
    (loop $make
      (local.set $node (call $malloc (i32.const 8)))
      (i32.store (local.get $node) (local.get $head))
      (i32.store offset=4 (local.get $node) (i32.mul (local.get $count) (local.get $count)))
      (local.set $head (local.get $node))
      (br_if $make (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (loop $take
      (local.set $node (local.get $head))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $node))))
      (local.set $head (i32.load (local.get $node)))
      (call $free (local.get $node))
      (br_if $take (local.get $head)))
    (local.get $sum))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "malloc") (param i32) (result i32) (call $malloc (local.get 0)))
  (func (export "calloc") (param i32 i32) (result i32) (call $calloc (local.get 0) (local.get 1)))
  (func (export "realloc") (param i32 i32) (result i32) (call $realloc (local.get 0) (local.get 1)))
  (func (export "free") (param i32) (call $free (local.get 0)))
  (func (export "aligned") (param i32 i32) (result i32) (call $aligned (local.get 0) (local.get 1)))
  ;; What posix_memalign wrote, or its error, negative.
  (func (export "memalign") (param i32 i32) (result i32) (local $error i32)
    (local.set $error (call $memalign (i32.const 64) (local.get 0) (local.get 1)))
    (if (result i32) (local.get $error)
      (then (i32.sub (i32.const 0) (local.get $error)))
      (else (i32.load (i32.const 64)))))
  (func (export "usable") (param i32) (result i32) (call $usable (local.get 0))))`;

type Functions = Record<
  "squares" | "grow" | "malloc" | "calloc" | "realloc" | "free" | "usable" | "aligned" | "memalign",
  (...values: number[]) => number
>;

const instantiate = (memory: LinearMemory, heap: Heap): Functions => {
  const module = binaryen.parseText(TEXT);
  const code = new Uint8Array(module.emitBinary());
  module.dispose();
  const env = { memory: memory.wasm, ...heap.wasmImports() };
  return new WebAssembly.Instance(new WebAssembly.Module(code), { env }).exports as Functions;
};

describe("a module in text format that imports its memory and its allocator", () => {
  it("allocates and frees above its own data", () => {
    const memory = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 2 }), firstPage: 1 });
    const heap = new Heap({ memory });
    const { squares } = instantiate(memory, heap);
    expect(squares(1000)).toBe(333_833_500);
    expect(heap.stats()).toMatchObject({ currentLive: 0 });
    expect(heap.stats().peakLive).toBe(16_000);
    expect(new TextDecoder().decode(memory.u8.subarray(16, 37))).toBe("the module's own data");
    heap.verify();
  });

  it("may grow the memory itself", () => {
    const memory = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 2 }), firstPage: 1 });
    const heap = new Heap({ memory });
    const { squares, grow, malloc, free } = instantiate(memory, heap);
    const kept = malloc(100);
    const page = grow(3);
    memory.u8.fill(7, page * PAGE_BYTES, (page + 3) * PAGE_BYTES);
    expect(squares(50_000)).toBe(Number(BigInt.asIntN(32, 41_667_916_675_000n)));
    grow(1);
    free(kept);
    grow(1);
    expect(memory.u8.subarray(page * PAGE_BYTES, (page + 3) * PAGE_BYTES).every((byte) => byte === 7)).toBe(true);
    heap.verify();
  });

  it("gets aligned memory, and the errors of C", () => {
    const memory = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 4, maximum: 40 }), firstPage: 1 });
    const heap = new Heap({ memory });
    const { aligned, memalign, usable, free, grow } = instantiate(memory, heap);
    for (const alignment of [4, 64, 4096, 65_536, 131_072]) {
      grow(1);
      for (const pointer of [aligned(alignment, 100), memalign(alignment, 100)]) {
        expect(pointer).toBeGreaterThan(0);
        expect(pointer % alignment).toBe(0);
        expect(usable(pointer)).toBeGreaterThanOrEqual(100);
        free(pointer);
      }
    }
    expect([aligned(24, 100), aligned(16, -1), memalign(24, 100), memalign(2, 100), memalign(16, -1)]).toEqual([
      0, 0, -28, -28, -48,
    ]);
    heap.verify();
  });

  it("gets pointers above 2 GiB, which are negative to it", () => {
    const memory = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 2 }), firstPage: 1 });
    memory.acquire(33_000, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const heap = new Heap({ memory });
    const { squares, malloc, realloc, free, usable } = instantiate(memory, heap);
    const pointer = malloc(100);
    expect(pointer).toBeLessThan(0);
    expect(usable(pointer)).toBeGreaterThanOrEqual(100);
    free(realloc(pointer, 5000));
    expect(squares(100)).toBe(338_350);
    expect(heap.stats()).toMatchObject({ currentLive: 0 });
  });

  it("gets null where there is no room, and an error for a wrong pointer", () => {
    const memory = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 4, maximum: 8 }), firstPage: 1 });
    const heap = new Heap({ memory });
    const { malloc, calloc, realloc, free } = instantiate(memory, heap);
    expect(malloc(10_000_000)).toBe(0);
    expect(calloc(0x10000, 0x10001)).toBe(0);
    const pointer = malloc(10);
    expect(realloc(pointer, -5)).toBe(0);
    free(0);
    free(pointer);
    expect(codeOf(() => free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(codeOf(() => free(12_345))).toBe("ERR_MORPH_INVALID_POINTER");
    heap.verify();
  });
});

const source = (name: string): string => fileURLToPath(new URL(`c/${name}`, import.meta.url));
const INITIAL_PAGES = 24;

/** The C program for wasm32, when Debian's clang, lld and wasi-libc are there. */
const compile = (): Uint8Array | undefined => {
  const folder = mkdtempSync(join(tmpdir(), "morph-heap-"));
  const output = join(folder, "program.wasm");
  const link = ["--import-memory", "--export=__heap_base", `--initial-memory=${INITIAL_PAGES * PAGE_BYTES}`];
  try {
    execFileSync(
      "clang",
      [
        "--target=wasm32-wasi",
        "-O2",
        ...link.map((flag) => `-Wl,${flag}`),
        source("program.c"),
        source("allocator.c"),
        "-o",
        output,
      ],
      { stdio: "pipe" },
    );
    return new Uint8Array(readFileSync(output));
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** As much of WASI as printf needs. */
const wasi = (memory: LinearMemory, args: string[], print: (text: string) => void): WebAssembly.ModuleImports => ({
  args_sizes_get: (count: number, size: number) => {
    memory.u32[count / 4] = args.length;
    memory.u32[size / 4] = args.join("").length + args.length;
    return 0;
  },
  args_get: (list: number, text: number) => {
    let at = text;
    args.forEach((arg, i) => {
      memory.u32[list / 4 + i] = at;
      memory.u8.set(new TextEncoder().encode(`${arg}\0`), at);
      at += arg.length + 1;
    });
    return 0;
  },
  fd_write: (_: number, list: number, count: number, written: number) => {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const [start, length] = memory.u32.subarray(list / 4 + i * 2) as unknown as [number, number];
      print(new TextDecoder().decode(memory.u8.slice(start, start + length)));
      bytes += length;
    }
    memory.u32[written / 4] = bytes;
    return 0;
  },
  fd_fdstat_get: () => 8,
  fd_close: () => 0,
  fd_seek: () => 8,
  proc_exit: (status: number) => {
    throw new Error(`exit ${status}`);
  },
});

const code = compile();

describe("a C program built with clang, lld and wasi-libc", () => {
  const run = (args: string[]): { text: string; heap: Heap } => {
    const module = new WebAssembly.Module(code as BufferSource);
    const wasm = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: 2000 });
    // The heap starts above the module's data and stack: `__heap_base` says where they end.
    const imports = (
      memory: LinearMemory | undefined,
      heap: Heap | undefined,
      print = (_: string): void => {},
    ): WebAssembly.Imports => ({
      env: { memory: wasm, ...(heap ?? new Heap()).wasmImports() },
      wasi_snapshot_preview1: wasi(memory as LinearMemory, args, print),
    });
    const { __heap_base } = new WebAssembly.Instance(module, imports(undefined, undefined)).exports as {
      __heap_base: { value: number };
    };
    const memory = new LinearMemory({ wasm, firstPage: Math.ceil(__heap_base.value / PAGE_BYTES) });
    const heap = new Heap({ memory });
    let text = "";
    const program = new WebAssembly.Instance(
      module,
      imports(memory, heap, (part) => (text += part)),
    );
    (program.exports as { _start(): void })._start();
    return { text, heap };
  };

  it.skipIf(code === undefined)("prints the checksum that it prints as a native program", () => {
    const { text, heap } = run(["program"]);
    expect(text).toBe("checksum 04ca12c7\n");
    heap.verify();
    // What remains is the C library's: the buffer of its arguments.
    expect([...heap.liveObjects()].length).toBeLessThan(4);
  });

  it.skipIf(code === undefined)("does so too when it grows the memory itself", () => {
    const { text, heap } = run(["program", "grow"]);
    expect(text).toBe("checksum 04ca12c7\n");
    heap.verify();
  });

  it.skipIf(code !== undefined)(
    "SKIPPED: clang for wasm32-wasi was not found (Debian: clang lld wasi-libc libclang-rt-14-dev-wasm32)",
    () => {
      console.warn("clang for wasm32-wasi was not found: the C program was not tried");
    },
  );
});
