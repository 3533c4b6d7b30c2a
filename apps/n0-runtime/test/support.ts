import { createRuntime, MemoryWriter, RUNTIME_IMPORTS, type Runtime, type RuntimeOptions } from "../src/index.ts";

/** Both allocators, and V1 collecting at every allocation. */
export const SETUPS: readonly [string, Omit<RuntimeOptions, "stdout">][] = [
  ["V1", { allocator: "v1" }],
  ["V1, collecting at every allocation", { allocator: "v1", v1: { threshold: 0 } }],
  ["V2", { allocator: "v2" }],
];

/** The collector: as it is, and with a collection and all checks at every allocation. */
export const GC_SETUPS: readonly [string, Omit<RuntimeOptions, "stdout">][] = [
  ["gc", { allocator: "gc", gc: { nurseryBytes: 262_144 } }],
  [
    "gc, collecting at every allocation",
    { allocator: "gc", gc: { nurseryBytes: 262_144, collectEvery: 1, verifyAlways: true } },
  ],
];

/** A runtime with its output, and a frame of rooted variables. */
export class Program {
  readonly out: MemoryWriter = new MemoryWriter();
  readonly runtime: Runtime;
  /** Bytes of a reference in an array, and before the elements of a data block. */
  readonly referenceBytes: number;
  readonly dataStart: number;
  private readonly frame: number;
  private used = 0;

  constructor(options: Omit<RuntimeOptions, "stdout">, slots = 64) {
    this.runtime = createRuntime({ ...options, stdout: this.out });
    this.frame = this.runtime.acquireRegion(slots * 8);
    const moves = options.allocator === "gc";
    this.referenceBytes = moves ? 4 : 8;
    this.dataStart = moves ? 8 : 0;
  }

  /** Keeps a pointer in a rooted variable from now on. */
  root(pointer: number): number {
    this.variable(pointer);
    return pointer;
  }

  /** A rooted variable that holds a pointer: what it holds now, and its address. */
  variable(pointer: number): (() => number) & { readonly address: number } {
    const slot = this.frame + this.used++ * 8;
    this.i32[slot >>> 2] = pointer;
    this.runtime.mph_record_store(slot, pointer);
    this.runtime.mph_gc_push_root(slot);
    return Object.assign(() => this.word(slot) >>> 0, { address: slot });
  }

  /** Stores a pointer in an object, as a module does. */
  storeField(object: number, offset: number, pointer: number): void {
    this.runtime.mph_gc_barrier(object, offset, pointer);
    this.i32[(object + offset) >>> 2] = pointer;
    this.runtime.mph_record_store(object + offset, pointer);
  }

  /** The same for an array's element. */
  storeElement(array: number, index: number, pointer: number): void {
    const data = this.word(array) >>> 0;
    this.storeField(data, (this.runtime.mph_array_at(array, index, 0) >>> 0) - data, pointer);
  }

  /** The first word of an array's element. */
  element(array: number, index: number): number {
    return this.word(this.runtime.mph_array_at(array, index, 0));
  }

  /** A rooted string. */
  string(content: string | Uint8Array): number {
    return this.root(this.runtime.newString(content));
  }

  /** For how many elements an array has room. */
  capacity(array: number): number {
    return this.word(this.dataStart === 0 ? array + 16 : this.word(array));
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
    return Array.from({ length }, (_, i) => this.text(this.element(array, i)));
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
