import { readFileSync } from "node:fs";

/** What assembly/tlsf.ts exports. */
export interface TlsfExports {
  readonly memory: WebAssembly.Memory;
  alloc(size: number): number;
  resize(pointer: number, size: number): number;
  release(pointer: number): void;
  prepare(count: number): void;
  fill(count: number, size: number): void;
  batch(count: number, times: number, size: number): void;
  lifo(times: number, size: number): void;
  prepareRandom(live: number, length: number, smallest: number, largest: number): void;
  replace(times: number): void;
}

let compiled: WebAssembly.Module | undefined;

/** A new instance with an empty heap; the code is compiled once. */
export const instantiateTlsf = (): TlsfExports => {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../tlsf.wasm", import.meta.url)));
  const abort = (): never => {
    throw new Error("AssemblyScript aborted");
  };
  return new WebAssembly.Instance(compiled, { env: { abort } }).exports as unknown as TlsfExports;
};
