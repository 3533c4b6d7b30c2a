// AssemblyScript, not TypeScript: its TLSF allocator as it is, and the loops of the benchmark beside it.
// Built by scripts/build-assembly.mjs into dist/tlsf.wasm.

let table: usize = 0;
/** Exported, so that it is not optimized away. */
export let sink: usize = 0;

let indices: usize = 0;
let sizes: usize = 0;
let mask: u32 = 0;
let at: u32 = 0;
let state: u32 = 0x9e3779b9;

/** As in src/xorshift.ts. */
function next(): u32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

export function alloc(size: usize): usize {
  return heap.alloc(size);
}

export function resize(pointer: usize, size: usize): usize {
  return heap.realloc(pointer, size);
}

export function release(pointer: usize): void {
  heap.free(pointer);
}

export function prepare(count: u32): void {
  table = heap.alloc(count << 2);
}

export function fill(count: u32, size: usize): void {
  for (let i: u32 = 0; i < count; i++) sink = heap.alloc(size);
}

export function batch(count: u32, times: u32, size: usize): void {
  for (let round: u32 = 0; round < times; round++) {
    for (let i: u32 = 0; i < count; i++) store<usize>(table + (i << 2), heap.alloc(size));
    for (let i: u32 = 0; i < count; i++) heap.free(load<usize>(table + (i << 2)));
  }
}

export function lifo(times: u32, size: usize): void {
  for (let i: u32 = 0; i < times; i++) {
    const pointer = heap.alloc(size);
    sink = pointer;
    heap.free(pointer);
  }
}

export function prepareRandom(live: u32, length: u32, smallest: u32, largest: u32): void {
  prepare(live);
  indices = heap.alloc(length << 2);
  sizes = heap.alloc(length << 1);
  mask = length - 1;
  const count = largest - smallest + 1;
  for (let i: u32 = 0; i < live; i++) store<usize>(table + (i << 2), heap.alloc(smallest + (next() % count)));
  for (let i: u32 = 0; i < length; i++) {
    store<u32>(indices + (i << 2), next() % live);
    store<u16>(sizes + (i << 1), <u16>(smallest + (next() % count)));
  }
}

export function replace(times: u32): void {
  for (let i: u32 = 0; i < times; i++) {
    const slot = table + (load<u32>(indices + (at << 2)) << 2);
    heap.free(load<usize>(slot));
    store<usize>(slot, heap.alloc(load<u16>(sizes + (at << 1))));
    at = (at + 1) & mask;
  }
}
