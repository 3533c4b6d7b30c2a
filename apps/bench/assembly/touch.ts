// AssemblyScript: a write to each cache line, as in native/bench.c. Built by scripts/build-assembly.mjs into dist/touch.wasm, which
// imports the memory that it writes to. Eight at a time, there too: the engine looks for interrupts in each round of a loop.

export function touch(start: usize, bytes: usize): void {
  const end = start + bytes;
  let at = start;
  for (; at + 512 <= end; at += 512) {
    store<u8>(at, 1);
    store<u8>(at, 1, 64);
    store<u8>(at, 1, 128);
    store<u8>(at, 1, 192);
    store<u8>(at, 1, 256);
    store<u8>(at, 1, 320);
    store<u8>(at, 1, 384);
    store<u8>(at, 1, 448);
  }
  for (; at < end; at += 64) store<u8>(at, 1);
}
