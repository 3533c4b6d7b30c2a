// AssemblyScript's incremental collector over a heap of @morph/heap: `asc --runtime ./morph-runtime --importMemory --stackSize 32768`.
// In place of: its own memory manager, TLSF. Without `--stackSize` a runtime of one's own gets no shadow stack, and the collector frees live objects.
import "rt/itcms";

@external("env", "malloc") declare function malloc(size: usize): usize;
@external("env", "realloc") declare function realloc(pointer: usize, size: usize): usize;
@external("env", "free") declare function free(pointer: usize): void;

// The collector reads a block's size in the four bytes before it. The heap's pointers are multiples of 16, and so must ours be.
const HEAD: usize = 16;

function block(pointer: usize, size: usize): usize {
  if (!pointer) unreachable();
  store<usize>(pointer, size, HEAD - sizeof<usize>());
  return pointer + HEAD;
}

@global @unsafe
function __alloc(size: usize): usize {
  return block(malloc(size + HEAD), size);
}

@global @unsafe
function __realloc(pointer: usize, size: usize): usize {
  if (pointer >= __heap_base) return block(realloc(pointer - HEAD, size + HEAD), size);
  // Static data has no block of the heap's.
  const moved = __alloc(size);
  memory.copy(moved, pointer, min(size, load<usize>(pointer - sizeof<usize>()) & ~3));
  return moved;
}

@global @unsafe
function __free(pointer: usize): void {
  if (pointer >= __heap_base) free(pointer - HEAD);
}
