interface Rehearsed {
  malloc(size: number): number;
  realloc(pointer: number, size: number): number;
  free(pointer: number): void;
}

/** How often each function has to run: V8 makes machine code of one after a dozen times, of some later, because it does so with several together. */
const ROUNDS = 16;

/**
 * Runs the slow paths that are called often, on a heap that nobody else has, until V8 has machine code for all that they may call, which it keeps. From then on no
 * function has to be compiled in the middle of an operation, which would take 40 KiB of stack: see `stack.ts` of `@morph/memory`. What is not run here asks for
 * that much by itself.
 */
export function rehearse(heap: Rehearsed): void {
  for (let round = 0; round < ROUNDS; round++) {
    // A slab has four slots of 1,024 bytes: one becomes full, has free slots again, is sparse, and empty.
    const slots = SLOTS.map((size) => heap.malloc(size));
    for (const slot of slots) heap.free(slot);
    // Chunks, some of which wait for their size; they are cut, made longer and shorter, and moved, also at the end of the pages.
    const chunks = CHUNKS.map((size) => heap.malloc(size));
    const moved = chunks.map((chunk, i) => heap.realloc(chunk, CHUNKS[(i + round) % CHUNKS.length] as number));
    for (const chunk of moved) heap.free(chunk);
  }
}

const SLOTS: readonly number[] = [1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 300];
const CHUNKS: readonly number[] = [1100, 1100, 1100, 2000, 5000, 7000, 9000, 900];
