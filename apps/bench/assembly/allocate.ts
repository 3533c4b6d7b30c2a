// AssemblyScript: allocation of small objects as generated code does it, in line. Built by scripts/build-assembly.mjs into dist/allocate.wasm, which
// imports the memory, and what is called where a cursor stands at its limit.

declare function allocSlow(): u32;

export function allocate(cursor: usize, slotBytes: u32, count: u32): u32 {
  let object: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    object = load<u32>(cursor);
    if (load<u32>(cursor, 4) - object) store<u32>(cursor, object + slotBytes);
    else object = allocSlow();
    store<u32>(object, i, 8);
  }
  return object;
}
