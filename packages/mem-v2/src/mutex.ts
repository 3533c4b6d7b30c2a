import { describe, MorphError } from "@morph/memory";

/** Bytes that a mutex takes in the memory. */
export const MUTEX_BYTES = 12;

const UNLOCKED = 0;
const LOCKED = 1;
/** Locked, and somebody may be waiting: unlocking has to wake one. */
const CONTENDED = 2;

const SPINS = 100;

/**
 * A lock in shared memory, on `Atomics`: spins for a moment, then waits. Three states, after Drepper, "Futexes Are
 * Tricky" (mutex 2): an unlock without contention wakes nobody. It is not recursive.
 *
 * Words: state, owner's token, the last token given.
 */
export class Mutex {
  private readonly i32: Int32Array;
  private readonly state: number;
  private readonly owner: number;
  /** Tells this object from those of the other threads. */
  private readonly token: number;

  /**
   * @param i32 a view of shared memory; the mutex keeps it (growth does not detach shared memory)
   * @param pointer {@link MUTEX_BYTES} bytes of it, a multiple of 4, zero before the first thread makes its mutex there
   * @throws ERR_MORPH_INVALID_CONFIG
   */
  constructor(i32: Int32Array, pointer: number) {
    if (!(i32 instanceof Int32Array) || i32.buffer instanceof ArrayBuffer) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "a mutex needs an Int32Array of shared memory");
    }
    if (!Number.isInteger(pointer) || pointer < 0 || pointer % 4 !== 0 || pointer + MUTEX_BYTES > i32.byteLength) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `pointer: expected a multiple of 4 with ${MUTEX_BYTES} bytes of the memory behind it, got ${describe(pointer)}`,
      );
    }
    this.i32 = i32;
    this.state = pointer / 4;
    this.owner = this.state + 1;
    this.token = Atomics.add(i32, this.state + 2, 1) + 1;
  }

  /** Whether this object holds the lock. */
  get held(): boolean {
    // Read and written as any word is: only this thread writes its token there, so that no other's write can be taken for it.
    return this.i32[this.owner] === this.token;
  }

  /**
   * Takes the lock, waiting for it if need be. Where waiting is forbidden (a browser's main thread) it spins.
   * @param timeoutMs how long to wait at most, in milliseconds; for ever by default
   * @throws ERR_MORPH_TIMEOUT when the time is over; ERR_MORPH_NOT_OWNER when this object holds it already, which would
   *   wait for ever
   */
  lock(timeoutMs: number = Number.POSITIVE_INFINITY): void {
    requireTimeout(timeoutMs);
    if (!this.tryLock()) this.lockSlow(timeoutMs);
  }

  /** Takes the lock if nobody holds it; returns whether it did. Never waits. */
  tryLock(): boolean {
    if (Atomics.compareExchange(this.i32, this.state, UNLOCKED, LOCKED) !== UNLOCKED) return false;
    this.i32[this.owner] = this.token;
    return true;
  }

  /** Gives the lock back. @throws ERR_MORPH_NOT_OWNER when this object does not hold it */
  unlock(): void {
    if (!this.held) throw new MorphError("ERR_MORPH_NOT_OWNER", "the lock is not held by this thread's mutex");
    this.i32[this.owner] = 0;
    if (Atomics.exchange(this.i32, this.state, UNLOCKED) === CONTENDED) Atomics.notify(this.i32, this.state, 1);
  }

  /** Runs `action` with the lock held, and gives it back also when `action` throws. */
  withLock<T>(action: () => T, timeoutMs?: number): T {
    this.lock(timeoutMs);
    try {
      return action();
    } finally {
      this.unlock();
    }
  }

  private lockSlow(timeoutMs: number): void {
    if (this.held) throw new MorphError("ERR_MORPH_NOT_OWNER", "this thread's mutex holds the lock already");
    for (let i = 0; i < SPINS; i++) if (this.tryLock()) return;
    const deadline = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : performance.now() + timeoutMs;
    // Taken here as contended, even if nobody else waits any more: the next unlock then wakes once too often at worst.
    while (Atomics.exchange(this.i32, this.state, CONTENDED) !== UNLOCKED) {
      const left = deadline - performance.now();
      if (left <= 0) throw new MorphError("ERR_MORPH_TIMEOUT", `the lock was not free within ${timeoutMs} ms`);
      this.wait(left);
    }
    this.i32[this.owner] = this.token;
  }

  private wait(ms: number): void {
    try {
      Atomics.wait(this.i32, this.state, CONTENDED, ms);
    } catch {
      // Not allowed to wait here: the caller's loop spins.
    }
  }
}

function requireTimeout(ms: number): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `timeoutMs: expected a number from 0, got ${describe(ms)}`);
}
