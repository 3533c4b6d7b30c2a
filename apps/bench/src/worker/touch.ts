import { readFileSync } from "node:fs";

// A write to each cache line of some bytes, as in native/bench.c: by the processor's own loop where the bytes lie in a WebAssembly
// memory, so that what is compared with C is the allocator and not V8's loop; else from JavaScript.

/** Writes to each cache line of `bytes` bytes from `start` on. */
export type Touch = (start: number, bytes: number) => void;

let compiled: WebAssembly.Module | undefined;

/** In a memory of WebAssembly's. Made when first called: most scenarios write to nothing. */
export const compiledTouch = (memory: WebAssembly.Memory): Touch => {
  let touch: Touch | undefined;
  return (start, bytes) => {
    touch ??= instantiate(memory);
    touch(start, bytes);
  };
};

const instantiate = (memory: WebAssembly.Memory): Touch => {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../touch.wasm", import.meta.url)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports.touch as Touch;
};

/** Eight at a time: with one at a time V8's checks between the writes are a quarter of the time. */
export const touchLines = (view: Uint8Array, start: number, bytes: number): void => {
  const end = start + bytes;
  let at = start;
  for (; at + 512 <= end; at += 512) {
    view[at] = 1;
    view[at + 64] = 1;
    view[at + 128] = 1;
    view[at + 192] = 1;
    view[at + 256] = 1;
    view[at + 320] = 1;
    view[at + 384] = 1;
    view[at + 448] = 1;
  }
  for (; at < end; at += 64) view[at] = 1;
};
