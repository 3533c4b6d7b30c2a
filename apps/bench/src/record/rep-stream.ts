import { LiveObjects } from "./live-objects.js";

const WORDS = 8;
const HIGH_WORD = 2 ** 32;

// As in native/record.c.
const END = 0;
const ALLOCATE = 1;
const REALLOCATE = 2;
const FREE = 3;
const LIMIT = 4;

/** Digits of each number in the header: enough for every number that is exact. */
const DIGITS = 16;

/**
 * Makes a trace of what native/record.c writes, piece by piece: every allocation gets an id, which it keeps when it is reallocated.
 * Frees of what was not recorded are left out. Holds one entry for each object that is live, and nothing of the rest.
 */
export class RepStream {
  readonly #live: LiveObjects = new LiveObjects();
  #ids = 0;
  #operations = 0;
  #liveBytes = 0;
  #peakLive = 0;
  #limited = false;

  /** Operations so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Bytes live now, as asked for. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** Whether the recording ended because it reached its limit. */
  get limited(): boolean {
    return this.#limited;
  }

  /** The four lines of numbers at the top, as of now: of the same length at any time, so that they can be written over. */
  get header(): string {
    return [this.#peakLive, this.#ids, this.#operations, 1]
      .map((number) => `${String(number).padStart(DIGITS)}\n`)
      .join("");
  }

  /** The lines of some more requests. O(requests). */
  lines(requests: Uint32Array): string {
    let text = "";
    for (let at = 0; at + WORDS <= requests.length && requests[at] !== END && !this.#limited; at += WORDS) {
      text += this.#line(requests[at]!, wordAt(requests, at + 2), wordAt(requests, at + 4), wordAt(requests, at + 6));
    }
    return text;
  }

  #line(code: number, size: number, old: number, pointer: number): string {
    if (code === LIMIT) {
      this.#limited = true;
      return "";
    }
    const before = code === ALLOCATE ? undefined : this.#live.take(old);
    if (before === undefined && code === FREE) return "";
    const id = before?.id ?? this.#ids++;
    this.#operations++;
    this.#liveBytes += size - (before?.size ?? 0);
    this.#peakLive = Math.max(this.#peakLive, this.#liveBytes);
    if (code === FREE) return `f ${id}\n`;
    this.#live.set(pointer, id, size);
    return `${code === REALLOCATE && before !== undefined ? "r" : "a"} ${id} ${size}\n`;
  }
}

const wordAt = (requests: Uint32Array, at: number): number => requests[at]! + requests[at + 1]! * HIGH_WORD;
