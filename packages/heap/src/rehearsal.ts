/** Slow paths of a heap. They are called by themselves: if the fast ones were called as well, V8 would think that these mostly end in slow ones. */
interface SlowPaths {
  /** A slot for so many bytes. @returns its pointer */
  takeSlot(size: number): number;
  /** A chunk of so many granules. @returns its pointer */
  takeChunk(granules: number): number;
  /** @returns its pointer now */
  resize(chunk: number, size: number): number;
  free(pointer: number): void;
}

/** V8 makes machine code of a function that ran a dozen times, of a short one later, and of several together. Each round runs most of them several times. */
const ROUNDS = 10;

/** Bytes. A slab has four slots of 1,024 bytes: one becomes full, has free slots again, is sparse, and empty. */
const SLOTS: readonly number[] = [1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 300];
/** Granules of 128 bytes. Some wait for their size when they are freed; they are cut, made longer and shorter, and moved. */
const CHUNKS: readonly number[] = [9, 9, 9, 16, 40, 55, 71, 8];

/**
 * Runs slow paths that are called often, on a heap that nobody else has, until V8 has machine code for all that they may call, which it keeps. From then on no
 * function has to be compiled in the middle of an operation, which would take 40 KiB of stack: see `stack.ts` of `@morph/memory`. Until then each of these paths asks for
 * that much, and what is not run here always does.
 *
 * It takes milliseconds where nothing of it has run before, so that it does not happen when a heap is made: a program that allocates little never gets here.
 */
export function rehearse(paths: SlowPaths): void {
  for (let round = 0; round < ROUNDS; round++) {
    const slots = SLOTS.map((size) => paths.takeSlot(size));
    for (const slot of slots) paths.free(slot);
    const chunks = CHUNKS.map((granules) => paths.takeChunk(granules));
    const moved = chunks.map((chunk, i) => paths.resize(chunk, 128 * (CHUNKS[(i + round) % CHUNKS.length] as number)));
    for (const chunk of moved) paths.free(chunk);
  }
}
