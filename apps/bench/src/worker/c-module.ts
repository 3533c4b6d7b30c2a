import { readFileSync } from "node:fs";
import { Heap } from "@morph/heap";
import { LinearMemory, PAGE_BYTES } from "@morph/memory";

/** The modules that scripts/build-c.mjs builds, named for whose malloc the C code calls; see c/README.md. */
export type CModule = "imported" | "own" | "border";

/** What they export. */
export interface CExports {
  /** Runs the heap package's C test program and returns its checksum. An instance can run it once. */
  run_program(): number;
  /** Calls malloc and free, so many times. */
  run_calls(size: number, pairs: number): void;
  /** Exported by modules that make their memory themselves. */
  readonly memory: WebAssembly.Memory;
  /** Exported by modules that import their memory: where their data ends. */
  readonly __heap_base: WebAssembly.Global;
}

/** Pages of a module's memory at its start, as scripts/build-c.mjs links them. */
const INITIAL_PAGES = 2;

/** The program's checksum, also as a native program. */
const CHECKSUM = 0x04ca12c7;

const compiled = new Map<CModule, WebAssembly.Module>();

const moduleOf = (name: CModule): WebAssembly.Module => {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(readFileSync(new URL(`../../c/${name}.wasm`, import.meta.url)));
  compiled.set(name, module);
  return module;
};

const unexpected = (): never => {
  throw new Error("the C program wants to do input or output");
};

/** A new instance, which has run nothing; the code is compiled once. */
export const instantiateC = (name: CModule, env: WebAssembly.ModuleImports = {}): CExports => {
  const wasi = { fd_close: unexpected, fd_seek: unexpected, fd_write: unexpected };
  const instance = new WebAssembly.Instance(moduleOf(name), { env, wasi_snapshot_preview1: wasi });
  return instance.exports as unknown as CExports;
};

/** Functions that do nothing: the border between a module and JavaScript alone. */
export const emptyImports = (): WebAssembly.ModuleImports => ({
  memory: new WebAssembly.Memory({ initial: INITIAL_PAGES }),
  malloc: (_size: number) => 16,
  free: (_pointer: number) => undefined,
  calloc: (_count: number, _size: number) => 16,
  realloc: (_pointer: number, _size: number) => 16,
  aligned_alloc: (_alignment: number, _size: number) => 16,
  posix_memalign: (_result: number, _alignment: number, _size: number) => 0,
});

/** A new instance on a new heap, as the heap's README says: its pages begin where the module's data ends. */
export const instantiateOnHeap = (
  wrap: (functions: WebAssembly.ModuleImports) => WebAssembly.ModuleImports = (functions) => functions,
): CExports => {
  const { __heap_base } = instantiateC("imported", emptyImports());
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
  const firstPage = Math.ceil((__heap_base.value as number) / PAGE_BYTES);
  const heap = new Heap({ memory: new LinearMemory({ wasm: memory, firstPage, exactGrowth: true }) });
  return { ...instantiateC("imported", { memory, ...wrap({ ...heap.wasmImports() }) }), memory };
};

/** Runs the program. @throws Error when it comes to another checksum than the native one */
export const runProgram = ({ run_program }: CExports): void => {
  const checksum = run_program() >>> 0;
  if (checksum !== CHECKSUM) throw new Error(`the C program has checksum ${checksum.toString(16)}`);
};

/** What the program asks of its allocator. */
export interface ProgramCalls {
  readonly calls: number;
  /** The most bytes that were live, as asked for. */
  readonly peakLive: number;
}

type Functions = Record<string, (...values: number[]) => number>;

/** Counts the program's calls, by running it on a heap. */
export const countProgram = (): ProgramCalls => {
  let calls = 0;
  let live = 0;
  let peakLive = 0;
  const sizes = new Map<number, number>();
  const forget = (pointer: number): void => {
    live -= sizes.get(pointer) ?? 0;
    sizes.delete(pointer);
  };
  const remember = (pointer: number, size: number): number => {
    sizes.set(pointer, size);
    live += size;
    peakLive = Math.max(peakLive, live);
    return pointer;
  };
  const counting = (given: WebAssembly.ModuleImports): WebAssembly.ModuleImports => {
    const real = given as Functions;
    const counted = (name: string, act: (...values: [number, number, number]) => number | undefined): Functions => ({
      [name]: (...values) => {
        calls++;
        return act(...(values as [number, number, number])) as number;
      },
    });
    return {
      ...counted("malloc", (size) => remember(real.malloc!(size), size)),
      ...counted("calloc", (count, size) => remember(real.calloc!(count, size), count * size)),
      ...counted("aligned_alloc", (alignment, size) => remember(real.aligned_alloc!(alignment, size), size)),
      // The program frees what this hands out at once. The pointer is in the module's memory, so its size is not counted.
      ...counted("posix_memalign", (result, alignment, size) => real.posix_memalign!(result, alignment, size)),
      ...counted("realloc", (pointer, size) => {
        forget(pointer);
        return remember(real.realloc!(pointer, size), size);
      }),
      ...counted("free", (pointer) => {
        forget(pointer);
        return real.free!(pointer);
      }),
    };
  };
  runProgram(instantiateOnHeap(counting));
  return { calls, peakLive };
};
