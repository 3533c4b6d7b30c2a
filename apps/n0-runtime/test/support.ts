import { createRuntime, MemoryWriter, RUNTIME_IMPORTS, type Runtime, type RuntimeOptions } from "../src/index.ts";

/** Both allocators, and V1 collecting at every allocation. */
export const SETUPS: readonly [string, Omit<RuntimeOptions, "stdout">][] = [
  ["V1", { allocator: "v1" }],
  ["V1, collecting at every allocation", { allocator: "v1", v1: { threshold: 0 } }],
  ["V2", { allocator: "v2" }],
];

/** A runtime with its output, and a frame of rooted variables. */
export class Program {
  readonly out: MemoryWriter = new MemoryWriter();
  readonly runtime: Runtime;
  private readonly frame: number;
  private used = 0;

  constructor(options: Omit<RuntimeOptions, "stdout">, slots = 64) {
    this.runtime = createRuntime({ ...options, stdout: this.out });
    this.frame = this.runtime.acquireRegion(slots * 8);
  }

  /** Keeps a pointer in a rooted variable from now on. */
  root(pointer: number): number {
    const slot = this.frame + this.used++ * 8;
    this.i32[slot >>> 2] = pointer;
    this.runtime.mph_record_store(slot, pointer);
    this.runtime.mph_gc_push_root(slot);
    return pointer;
  }

  /** A rooted string. */
  string(content: string | Uint8Array): number {
    return this.root(this.runtime.newString(content));
  }

  text(pointer: number): string {
    return this.runtime.textOf(pointer);
  }

  get i32(): Int32Array {
    return this.runtime.memory.i32;
  }

  word(address: number): number {
    return this.i32[address >>> 2] as number;
  }

  /** The 64-bit result. */
  get result(): bigint {
    return this.runtime.memory.i64[this.runtime.resultCell / 8] as bigint;
  }

  /** The strings of an array. */
  texts(array: number): string[] {
    const length = this.word(array + 8);
    return Array.from({ length }, (_, i) => this.text(this.word(this.word(array) + i * 8)));
  }
}

/** Low and high word of a 64-bit int. */
export function words(value: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}

/** What an action throws. */
export function thrown(action: () => unknown): { code?: string; reason?: string; exitCode?: number; message: string } {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected it to throw");
}

/** A module that imports every runtime function and exports it again: calls then go through WebAssembly's i32. */
export function moduleOfAll(): WebAssembly.Module {
  const text = (name: string): number[] => [name.length, ...new TextEncoder().encode(name)];
  const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
  const section = (id: number, items: number[][]): number[] => {
    const body = [...leb(items.length), ...items.flat()];
    return [id, ...leb(body.length), ...body];
  };
  const types = RUNTIME_IMPORTS.map(({ params, result }) => {
    return [0x60, params.length, ...params.map(() => 0x7f), ...(result === undefined ? [0] : [1, 0x7f])];
  });
  const memory = [...text("env"), ...text("memory"), 2, 0, 1];
  const imports = RUNTIME_IMPORTS.map(({ name }, i) => [...text("env"), ...text(name), 0, ...leb(i)]);
  const exports = RUNTIME_IMPORTS.map(({ name }, i) => [...text(name), 0, ...leb(i)]);
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return new WebAssembly.Module(
    new Uint8Array([...bytes, ...section(1, types), ...section(2, [memory, ...imports]), ...section(7, exports)]),
  );
}
