import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import binaryen from "binaryen";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Heap } from "../src/index.ts";
import { build, INITIAL_PAGES } from "./c/build.ts";

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

/** The module of a program: from the repository, and built anew where there is a compiler. */
const stored = (source: string): Uint8Array => readFileSync(new URL(`c/${source.split(".")[0]}.wasm`, import.meta.url));

const built = (source: string): Uint8Array | undefined => {
  const folder = mkdtempSync(join(tmpdir(), "morph-heap-"));
  try {
    build(source, join(folder, "program.wasm"));
    return readFileSync(join(folder, "program.wasm"));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT" || /fatal error: '|unable to find library/.test(`${error}`))
      return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const PROGRAMS = ["program.c", "containers.cpp", "names.c"];
const modules = PROGRAMS.flatMap((source): [string, Uint8Array | undefined][] => [
  [source, stored(source)],
  [`${source}, built anew`, built(source)],
]);

describe("C and C++ programs linked with c/malloc.c", () => {
  const run = (code: Uint8Array, args: string[]): { text: string; heap: Heap } => {
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
    heap.requireModule(module, program.exports);
    (program.exports as { _start(): void })._start();
    return { text, heap };
  };

  it.each(modules)("%s prints what it prints as a native program", (name, code) => {
    if (code === undefined) {
      console.warn(
        `${name}: no clang for wasm32-wasi (Debian: clang lld wasi-libc libclang-rt-14-dev-wasm32 libc++-14-dev-wasm32)`,
      );
      return;
    }
    const { text, heap } = run(code, ["program"]);
    expect(text).toBe({ p: "checksum 04ca12c7\n", c: "checksum b8a31b50\nend\n", n: "right\n" }[name[0]!]);
    heap.verify();
    // What remains is the C library's: the buffer of its arguments.
    expect([...heap.liveObjects()].length).toBeLessThan(4);
    if (name.startsWith("program")) {
      const grown = run(code, ["program", "grow"]);
      expect(grown.text).toBe(text);
      grown.heap.verify();
    }
  });

  it("have no second allocator in them", () => {
    for (const source of PROGRAMS) {
      const module = new WebAssembly.Module(stored(source) as BufferSource);
      const names = WebAssembly.Module.imports(module).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(["memory", "malloc", "free"]));
      const binary = binaryen.readBinary(stored(source));
      // Only an allocator of its own would grow the memory; the test program does so once, on purpose.
      const grows = binary.emitText().match(/\(memory\.grow/g)?.length ?? 0;
      binary.dispose();
      expect(grows).toBe(source === "program.c" ? 1 : 0);
    }
  });
});

describe("a module that would not leave the heap's pages alone", () => {
  const heapOver = (wasm: WebAssembly.Memory, firstPage: number): Heap =>
    new Heap({ memory: new LinearMemory({ wasm, firstPage }) });
  const moduleOf = (text: string): WebAssembly.Module => {
    const module = binaryen.parseText(text);
    const code = new Uint8Array(module.emitBinary());
    module.dispose();
    return new WebAssembly.Module(code);
  };
  const MALLOC = '(import "env" "malloc" (func $malloc (param i32) (result i32)))';
  const MEMORY = '(import "env" "memory" (memory 1))';
  const BASE = '(global (export "__heap_base") i32 (i32.const 70000))';

  it("is refused: with an allocator or a memory of its own, or with data in the memory's pages", () => {
    const wasm = new WebAssembly.Memory({ initial: 4 });
    const heap = heapOver(wasm, 1);
    const env = { memory: wasm, ...heap.wasmImports() };
    const check = (text: string): string => {
      const module = moduleOf(`(module ${text})`);
      return codeOf(() => heap.requireModule(module, new WebAssembly.Instance(module, { env }).exports));
    };
    expect(check(`${MEMORY} ${BASE}`)).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(check(`${MALLOC} (memory 1) ${BASE}`)).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(check(`${MEMORY} ${MALLOC}`)).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(check(`${MEMORY} ${MALLOC} ${BASE}`)).toBe("ERR_MORPH_INVALID_CONFIG");
    const fitting = moduleOf(`(module ${MEMORY} ${MALLOC} ${BASE})`);
    const other = heapOver(new WebAssembly.Memory({ initial: 4 }), 2);
    other.requireModule(fitting);
    other.requireModule(fitting, new WebAssembly.Instance(fitting, { env }).exports);
  });
});

describe("errno", () => {
  it("is set by a function that fails where the module says it lies", () => {
    const memory = new LinearMemory({ wasm: new WebAssembly.Memory({ initial: 4, maximum: 8 }), firstPage: 1 });
    const heap = new Heap({ memory });
    const c = heap.wasmImports({ errno: () => 256 });
    const errnoOf = (call: () => number): number[] => {
      memory.i32[64] = 0;
      return [call(), memory.i32[64]!];
    };
    expect(errnoOf(() => c.malloc(100_000_000))).toEqual([0, 48]);
    expect(errnoOf(() => c.malloc(2 ** 31))).toEqual([0, 48]);
    expect(errnoOf(() => c.calloc(2 ** 31, 4))).toEqual([0, 48]);
    expect(errnoOf(() => c.realloc(0, -1))).toEqual([0, 48]);
    expect(errnoOf(() => c.reallocarray(0, 65_536, 65_537))).toEqual([0, 48]);
    expect(errnoOf(() => c.aligned_alloc(24, 100))).toEqual([0, 28]);
    expect(errnoOf(() => c.memalign(16, 2 ** 31))).toEqual([0, 48]);
    const [pointer, unchanged] = errnoOf(() => c.malloc(100));
    expect(unchanged).toBe(0);
    c.free_sized(pointer!, 100);
    expect(codeOf(() => c.free_aligned_sized(pointer!, 16, 100))).toBe("ERR_MORPH_DOUBLE_FREE");
    for (const errno of [256, null, "256"]) {
      expect(codeOf(() => heap.wasmImports({ errno: errno as unknown as () => number }))).toBe(
        "ERR_MORPH_INVALID_CONFIG",
      );
    }
    expect(codeOf(() => heap.wasmImports({ errNo: () => 256 } as object))).toBe("ERR_MORPH_INVALID_CONFIG");
  });

  it("is written also when the module grows the memory to say where it lies, and nowhere else than there", () => {
    const wasm = new WebAssembly.Memory({ initial: 4, maximum: 20 });
    const heap = new Heap({ memory: new LinearMemory({ wasm, firstPage: 1 }) });
    const growing = heap.wasmImports({
      errno: () => {
        wasm.grow(1);
        return 256;
      },
    });
    expect(growing.malloc(-1)).toBe(0);
    expect(new Int32Array(wasm.buffer)[64]).toBe(48);
    const before = new Uint8Array(wasm.buffer).slice(0, PAGE_BYTES);
    for (const none of [0, 2, 257, -4, Number.NaN, 1.5e10, undefined]) {
      const { malloc } = heap.wasmImports({ errno: () => none as number });
      expect([none, codeOf(() => malloc(-1))]).toEqual([none, "ERR_MORPH_INVALID_CONFIG"]);
    }
    expect(new Uint8Array(wasm.buffer).slice(0, PAGE_BYTES)).toEqual(before);
    heap.verify();
  });
});
