/** What every reader should know; README.md has more. */
export const CAVEATS: readonly string[] = [
  "Ratios are computed round by round in the same run; times alone say little about another machine.",
  "Pool knows its size and malloc has to find it: PoolManager is malloc's fair opponent.",
  "“A constant of the module” needs the constant to reach V8; a bundler that turns const into var takes that away.",
  "A context is set against our own C context of the original's design: header, statistics and a mutex around every call. Ours has no lock on unshared memory; the row “on shared memory, locked” pays for one.",
  "Malloc in the context's scenarios writes no header and counts nothing.",
  "The objects are not used: a program that writes to them pays for cache misses that narrow every ratio.",
  "An arena drops what it is given back: in the traces it flatters the time and not the footprint. Read both.",
  "A replay calls the contender's own realloc where it has one; the others allocate, copy and free.",
  "Cold figures are of a process that has done nothing yet: V8 interprets and compiles ours meanwhile, the loop of a replay too; starting Node and making the allocator are not in them.",
  "What a heap takes of a C module's call is its time less that of the empty import: the border is the engine's.",
  "Fresh memory is mostly the system's work: C's rounds run in forked children, ours in a new WebAssembly memory.",
];
