import { MorphError } from "./errors.ts";

/** How often the word is looked at before the thread sleeps. */
const SPINS = 1000;
/** Milliseconds of one sleep, and of all together. A holder needs microseconds. */
const SLICE_MS = 1;
const TIMEOUT_MS = 5000;
/** The same for a holder for whom this thread waited in vain before. */
const AGAIN_MS = 50;

/**
 * The lock that threads take around a shared memory's records: a word that is 0, or the number of the thread that holds it. A
 * call gives up after a while: the holder may have been terminated.
 */
export class PageLock {
  /** The memory, replaced whenever it grows. */
  i32: Int32Array;
  private readonly word: number;
  private readonly thread: number;
  /** The holder for whom this thread waited in vain; 0 when it got the lock since. */
  private stuck = 0;

  constructor(i32: Int32Array, word: number, thread: number) {
    this.i32 = i32;
    this.word = word;
    this.thread = thread;
  }

  /** @throws ERR_MORPH_TIMEOUT after five seconds, naming the holder; at once where that one was waited for in vain before */
  lock(): void {
    if (Atomics.compareExchange(this.i32, this.word, 0, this.thread) !== 0) this.wait();
  }

  unlock(): void {
    Atomics.store(this.i32, this.word, 0);
    Atomics.notify(this.i32, this.word, 1);
  }

  private wait(): void {
    const start = Date.now();
    for (let spins = 1; ; spins++) {
      const holder = Atomics.compareExchange(this.i32, this.word, 0, this.thread);
      if (holder === 0) {
        this.stuck = 0;
        return;
      }
      if (spins % SPINS !== 0) continue;
      sleep(this.i32, this.word, holder);
      if (Date.now() - start > (holder === this.stuck ? AGAIN_MS : TIMEOUT_MS)) {
        this.stuck = holder;
        throw new MorphError(
          "ERR_MORPH_TIMEOUT",
          `thread ${holder} of the memory has held its lock for more than ${TIMEOUT_MS} ms: it was probably terminated inside`,
        );
      }
    }
  }
}

/** Waits a little for the word to change. A browser's main thread may not, and goes on looking. */
function sleep(i32: Int32Array, word: number, holder: number): void {
  try {
    Atomics.wait(i32, word, holder, SLICE_MS);
  } catch {
    // Not allowed in this thread.
  }
}
