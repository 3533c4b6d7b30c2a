import { describe, MorphError, requireStack } from "@morph/memory";

/** Bytes that a mutex takes in the memory. */
export const MUTEX_BYTES = 16;

/** How long a thread waits for a lock if nobody says otherwise, in milliseconds. */
export const LOCK_TIMEOUT_MS = 5000;

const UNLOCKED = 0;
const LOCKED = 1;
/** Locked, and somebody may be waiting: unlocking has to wake one. */
const CONTENDED = 2;

const SPINS = 100;

/**
 * A lock in shared memory, on `Atomics`: spins for a moment, then waits. Three states, after Drepper, "Futexes Are
 * Tricky" (mutex 2): an unlock without contention wakes nobody. It is not recursive.
 *
 * Words: state, holder's token, the last token given, how often the lock was taken.
 */
export class Mutex {
  private readonly i32: Int32Array;
  private readonly state: number;
  private readonly holder: number;
  private readonly turns: number;
  /** This object's number among those of the same lock, from 1 in the order in which they were made. */
  readonly token: number;
  /** The turn of the holder for whom this thread waited in vain, where it can only wait by spinning. */
  private stuckTurn = -1;

  /**
   * @param i32 a view of shared memory; the mutex keeps it (growth does not detach shared memory)
   * @param pointer {@link MUTEX_BYTES} bytes of it, a multiple of 4, zero before the first thread makes its mutex there
   * @throws ERR_MORPH_INVALID_CONFIG
   */
  constructor(i32: Int32Array, pointer: number) {
    if (kindOf(i32) !== "Int32Array" || kindOf(i32.buffer) !== "SharedArrayBuffer") {
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
    this.holder = this.state + 1;
    this.turns = this.state + 3;
    this.token = Atomics.add(i32, this.state + 2, 1) + 1;
  }

  /** Whether this object holds the lock. */
  get held(): boolean {
    // Read and written as any word is: only this thread writes its token there, so that no other's write can be taken for it.
    return this.i32[this.holder] === this.token;
  }

  /**
   * Takes the lock, waiting for it if need be. Where waiting is forbidden (a browser's main thread) it spins, and once that was in vain it
   * waits no more for the same turn of the same holder.
   * @param timeoutMs how long to wait at most, in milliseconds; 5,000 by default
   * @throws ERR_MORPH_TIMEOUT, which names the holder by its {@link token}, when the time is over; ERR_MORPH_NOT_OWNER when this object
   *   holds it already, which would wait for ever
   */
  lock(timeoutMs: number = LOCK_TIMEOUT_MS): void {
    requireTimeout("timeoutMs", timeoutMs);
    if (!this.tryLock()) this.lockSlow(timeoutMs);
  }

  /** Takes the lock if nobody holds it; returns whether it did. Never waits. */
  tryLock(): boolean {
    if (Atomics.compareExchange(this.i32, this.state, UNLOCKED, LOCKED) !== UNLOCKED) return false;
    this.i32[this.holder] = this.token;
    this.i32[this.turns]! += 1;
    return true;
  }

  /** Gives the lock back. @throws ERR_MORPH_NOT_OWNER when this object does not hold it */
  unlock(): void {
    if (!this.held) throw new MorphError("ERR_MORPH_NOT_OWNER", "the lock is not held by this thread's mutex");
    this.i32[this.holder] = 0;
    if (Atomics.exchange(this.i32, this.state, UNLOCKED) === CONTENDED) Atomics.notify(this.i32, this.state, 1);
  }

  /**
   * Runs `action` with the lock held, and gives it back also when `action` throws.
   * @throws as {@link lock}; ERR_MORPH_INVALID_CONFIG when `action` is no function
   */
  withLock<T>(action: () => T, timeoutMs?: number): T {
    if (typeof action !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `action: expected a function, got ${describe(action)}`);
    }
    // To give it back takes stack, too.
    requireStack();
    this.lock(timeoutMs);
    try {
      return action();
    } finally {
      this.unlock();
    }
  }

  private lockSlow(timeoutMs: number): void {
    if (this.held) throw new MorphError("ERR_MORPH_NOT_OWNER", "this thread's mutex holds the lock already");
    requireStack();
    for (let i = 0; i < SPINS; i++) if (this.tryLock()) return;
    const deadline = now() + timeoutMs;
    // Taken here as contended, even if nobody else waits any more: the next unlock then wakes once too often at worst.
    while (Atomics.exchange(this.i32, this.state, CONTENDED) !== UNLOCKED) {
      const left = deadline - now();
      if (left <= 0 || !this.wait(left)) throw this.timeout(timeoutMs);
    }
    this.i32[this.holder] = this.token;
    this.i32[this.turns]! += 1;
  }

  /** Waits for a change, at most so long. @returns false when there is no use in that any more */
  private wait(ms: number): boolean {
    try {
      Atomics.wait(this.i32, this.state, CONTENDED, ms);
      return true;
    } catch {
      // Not allowed to wait here: the caller's loop spins.
      return this.i32[this.turns] !== this.stuckTurn;
    }
  }

  private timeout(timeoutMs: number): MorphError {
    this.stuckTurn = this.i32[this.turns] as number;
    const holder = this.i32[this.holder] as number;
    const who = holder === 0 ? "a thread that was just taking it or giving it back" : `thread ${holder}`;
    return new MorphError(
      "ERR_MORPH_TIMEOUT",
      `the lock was not free within ${timeoutMs} ms: ${who} holds it, this is thread ${this.token}; a worker that was terminated inside never gives it back`,
    );
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG unless it is a number of milliseconds */
export function requireTimeout(name: string, ms: number): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected a number from 0, got ${describe(ms)}`);
}

/** Milliseconds from some moment on. An AudioWorklet has no `performance`, and a test's stand-in may have no clock. */
function now(): number {
  const hasClock = typeof performance === "object" && typeof performance?.now === "function";
  return hasClock ? performance.now() : Date.now();
}

/** What kind of platform object something is, from whichever realm: `instanceof` knows only this one's. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
