import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ALLOCATE, FREE, MOST_OPERATIONS, REALLOCATE, type Trace } from "./trace.js";

const HEADER_LINES = 4;
const LINE_FEED = 10;
const [LETTER_A, LETTER_F, LETTER_R] = [97, 102, 114];
const [DIGIT_0, DIGIT_9] = [48, 57];
const MOST_IDS = 2 ** 27;
const LONGEST_QUOTE = 60;
/** A trace of the most operations has about half of it. */
const MOST_TEXT_BYTES = 2 ** 31 - 1;
const FIRST_LENGTH = 2 ** 16;

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const isDigit = (byte: number): boolean => byte >= DIGIT_0 && byte <= DIGIT_9;

/** Reads lines as bytes: a string and a match for each of some ten million would take most of the time. */
class Lines {
  readonly #bytes: Buffer;
  #start = 0;
  #end = 0;
  #at = 0;
  #next = 0;
  /** Of the line that {@link next} went to, from 1 on. */
  number = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Goes to the next line; false when there is none. Spaces around it do not count. */
  next(): boolean {
    const bytes = this.#bytes;
    if (this.#next >= bytes.length) return false;
    const feed = bytes.indexOf(LINE_FEED, this.#next);
    this.#start = this.#next;
    this.#end = feed < 0 ? bytes.length : feed;
    this.#next = this.#end + 1;
    while (this.#end > this.#start && isSpace(bytes[this.#end - 1]!)) this.#end--;
    while (this.#start < this.#end && isSpace(bytes[this.#start]!)) this.#start++;
    this.#at = this.#start;
    this.number++;
    return true;
  }

  /** Whether nothing is left of the line. */
  get done(): boolean {
    return this.#at === this.#end;
  }

  /** The next byte of the line; 0 at its end. */
  byte(): number {
    return this.done ? 0 : this.#bytes[this.#at++]!;
  }

  /** Skips spaces; false when there are none. */
  spaces(): boolean {
    const start = this.#at;
    while (this.#at < this.#end && isSpace(this.#bytes[this.#at]!)) this.#at++;
    return this.#at > start;
  }

  /** The number whose digits come next; -1 when there are none. */
  digits(): number {
    if (this.done || !isDigit(this.#bytes[this.#at]!)) return -1;
    let value = 0;
    for (; this.#at < this.#end && isDigit(this.#bytes[this.#at]!); this.#at++) {
      value = value * 10 + this.#bytes[this.#at]! - DIGIT_0;
    }
    return value;
  }

  /** The line for a message. */
  quoted(): string {
    const line = this.#bytes.toString("latin1", this.#start, this.#end);
    const start = line.slice(0, LONGEST_QUOTE).replace(/[^ -~]/g, "?");
    return `"${start}${line.length > LONGEST_QUOTE ? "..." : ""}"`;
  }
}

/** Operations as they are read, in arrays that double. */
class Columns {
  operations: Uint8Array = new Uint8Array(FIRST_LENGTH);
  ids: Uint32Array = new Uint32Array(FIRST_LENGTH);
  sizes: Uint32Array = new Uint32Array(FIRST_LENGTH);
  /** Bytes of the object of each id; 0 where there is none. */
  live: Uint32Array = new Uint32Array(FIRST_LENGTH);
  length = 0;

  push(operation: number, id: number, size: number): void {
    if (this.length === this.operations.length) {
      const length = this.length * 2;
      this.operations = copyOf(this.operations, new Uint8Array(length));
      this.ids = copyOf(this.ids, new Uint32Array(length));
      this.sizes = copyOf(this.sizes, new Uint32Array(length));
    }
    this.operations[this.length] = operation;
    this.ids[this.length] = id;
    this.sizes[this.length] = size;
    this.length++;
  }

  /** Sees to it that there is a place for that id in `live`. */
  reach(id: number): void {
    if (id < this.live.length) return;
    this.live = copyOf(this.live, new Uint32Array(Math.min(MOST_IDS, Math.max(id + 1, this.live.length * 2))));
  }
}

const copyOf = <T extends Uint8Array | Uint32Array>(from: T, to: T): T => {
  to.set(from);
  return to;
};

/**
 * Parses `.rep`: four header lines, then `a ID SIZE`, `r ID SIZE` or `f ID`.
 *
 * A reallocation of something that is not live becomes an allocation, as realloc(NULL) is; a free of nothing is left
 * out; a request for 0 bytes becomes one of 1.
 * @throws Error that says which line is wrong, or the first that is too many
 */
export const parseTrace = (bytes: Buffer, mostOperations: number = MOST_OPERATIONS): Trace => {
  const lines = new Lines(bytes);
  const columns = new Columns();
  let liveBytes = 0;
  let peakLive = 0;
  let idCount = 0;
  while (lines.next()) {
    if (lines.number <= HEADER_LINES) {
      if (lines.digits() < 0 || !lines.done) {
        throw new Error(`not a trace: line ${lines.number} should be a number, not ${lines.quoted()}`);
      }
      continue;
    }
    if (lines.done) continue;
    const letter = lines.byte();
    const id = lines.spaces() ? lines.digits() : -1;
    const given = letter === LETTER_F ? 0 : lines.spaces() ? lines.digits() : -1;
    const known = letter === LETTER_A || letter === LETTER_R || letter === LETTER_F;
    if (!known || id < 0 || given < 0 || !lines.done) {
      throw new Error(`line ${lines.number} of the trace is no operation: ${lines.quoted()}`);
    }
    const size = letter === LETTER_F ? 0 : Math.max(1, given);
    if (id >= MOST_IDS) throw new Error(`line ${lines.number} of the trace: id ${id} is not below ${MOST_IDS}`);
    if (size >= 2 ** 32) throw new Error(`line ${lines.number} of the trace: size ${size} is not below 2^32`);
    columns.reach(id);
    const before = columns.live[id]!;
    if (letter === LETTER_A && before !== 0) {
      throw new Error(`line ${lines.number} of the trace allocates id ${id}, which is live`);
    }
    if (letter === LETTER_F && before === 0) continue;
    if (columns.length === mostOperations) {
      throw new Error(`line ${lines.number} of the trace: more than ${mostOperations} operations cannot be replayed`);
    }
    columns.push(letter === LETTER_F ? FREE : before === 0 ? ALLOCATE : REALLOCATE, id, size);
    columns.live[id] = size;
    idCount = Math.max(idCount, id + 1);
    liveBytes += size - before;
    peakLive = Math.max(peakLive, liveBytes);
  }
  const { length, operations, ids, sizes } = columns;
  if (length === 0) throw new Error("not a trace: it has no operations");
  return {
    idCount,
    peakLive,
    operations: operations.slice(0, length),
    ids: ids.slice(0, length),
    sizes: sizes.slice(0, length),
  };
};

const contentOf = (path: string): Buffer => {
  const content = readFileSync(path);
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  if (!isGzip) return content;
  try {
    return gunzipSync(content, { maxOutputLength: MOST_TEXT_BYTES });
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw new Error(`unpacked, it has more than the ${MOST_TEXT_BYTES} bytes that can be read`);
  }
};

/** Traces are asked for once by each contender. */
const known = new Map<string, Trace>();

/**
 * Reads a `.rep` file, gzipped or not.
 * @throws Error that names the file and says what is wrong with it
 */
export const readTrace = (path: string): Trace => {
  const before = known.get(path);
  if (before !== undefined) return before;
  try {
    const trace = parseTrace(contentOf(path));
    known.set(path, trace);
    return trace;
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
};
