// AssemblyScript: a write to each cache line, as in native/bench.c. Built by scripts/build-assembly.mjs into dist/touch.wasm, which
// imports the memory that it writes to.

export function touch(start: usize, bytes: usize): void {
  const end = start + bytes;
  for (let at = start; at < end; at += 64) store<u8>(at, 1);
}
