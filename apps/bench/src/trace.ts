import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Operation codes, in the trace and in the binary form. */
export const ALLOCATE = 0;
export const REALLOCATE = 1;
export const FREE = 2;

/** A trace ready to run: one entry an operation in three columns, so that replaying it parses nothing. */
export interface Trace {
  readonly idCount: number;
  /** Largest sum of live bytes, computed from the operations, not taken from the header. */
  readonly peakLive: number;
  readonly operations: Uint8Array;
  readonly ids: Uint32Array;
  readonly sizes: Uint32Array;
}

/** Moments of a trace at which memory is looked at, equally far apart; native/trace.h has the same number. */
export const SAMPLES = 200;

const HEADER_LINES = 4;
const LINE_FEED = 10;
const MOST_IDS = 2 ** 27;
const LONGEST_QUOTE = 60;
const OPERATION = /^(?:([ar])\s+(\d+)\s+(\d+)|f\s+(\d+))$/;

function* linesOf(bytes: Buffer): Generator<string, void, undefined> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, at);
    const next = end < 0 ? bytes.length : end;
    yield bytes.toString("latin1", at, next).trim();
    at = next + 1;
  }
}

const quoted = (line: string): string => {
  const start = line.slice(0, LONGEST_QUOTE).replace(/[^ -~]/g, "?");
  return `"${start}${line.length > LONGEST_QUOTE ? "..." : ""}"`;
};

/**
 * Parses `.rep`: four header lines, then `a ID SIZE`, `r ID SIZE` or `f ID`.
 *
 * A reallocation of something that is not live becomes an allocation, as realloc(NULL) is; a free of nothing is left
 * out; a request for 0 bytes becomes one of 1.
 * @throws Error that says which line is wrong
 */
export const parseTrace = (bytes: Buffer): Trace => {
  const operations: number[] = [];
  const ids: number[] = [];
  const sizes: number[] = [];
  const live = new Map<number, number>();
  let liveBytes = 0;
  let peakLive = 0;
  let idCount = 0;
  let number = 0;
  for (const line of linesOf(bytes)) {
    number++;
    if (number <= HEADER_LINES) {
      if (!/^\d+$/.test(line)) throw new Error(`not a trace: line ${number} should be a number, not ${quoted(line)}`);
      continue;
    }
    if (line === "") continue;
    const found = OPERATION.exec(line);
    if (found === null) throw new Error(`line ${number} of the trace is no operation: ${quoted(line)}`);
    const [, letter = "f", allocated, sizeText, freed] = found;
    const id = Number(allocated ?? freed);
    const size = letter === "f" ? 0 : Math.max(1, Number(sizeText));
    if (id >= MOST_IDS) throw new Error(`line ${number} of the trace: id ${id} is not below ${MOST_IDS}`);
    if (size >= 2 ** 32) throw new Error(`line ${number} of the trace: size ${size} is not below 2^32`);
    const before = live.get(id);
    if (letter === "a" && before !== undefined) {
      throw new Error(`line ${number} of the trace allocates id ${id}, which is live`);
    }
    if (letter === "f") {
      if (before === undefined) continue;
      live.delete(id);
    } else {
      live.set(id, size);
    }
    operations.push(letter === "f" ? FREE : before === undefined ? ALLOCATE : REALLOCATE);
    ids.push(id);
    sizes.push(size);
    idCount = Math.max(idCount, id + 1);
    liveBytes += size - (before ?? 0);
    peakLive = Math.max(peakLive, liveBytes);
  }
  if (operations.length === 0) throw new Error("not a trace: it has no operations");
  return {
    idCount,
    peakLive,
    operations: Uint8Array.from(operations),
    ids: Uint32Array.from(ids),
    sizes: Uint32Array.from(sizes),
  };
};

const contentOf = (path: string): Buffer => {
  const content = readFileSync(path);
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  return isGzip ? gunzipSync(content) : content;
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

/**
 * Calls `sample` at the moments when memory is looked at.
 * @param step does operation `i`
 */
export const sampled = (count: number, step: (i: number) => void, sample: () => void): void => {
  let taken = 0;
  for (let i = 0; i < count; i++) {
    step(i);
    for (; (taken + 1) * count <= (i + 1) * SAMPLES; taken++) sample();
  }
};

/** Live bytes, as asked for, at those moments. */
export const liveSamples = ({ idCount, operations, ids, sizes }: Trace): number[] => {
  const samples: number[] = [];
  const live = new Uint32Array(idCount);
  let bytes = 0;
  sampled(
    operations.length,
    (i) => {
      const id = ids[i]!;
      bytes += sizes[i]! - live[id]!;
      live[id] = sizes[i]!;
    },
    () => samples.push(bytes),
  );
  return samples;
};

const PREFIX = 4;

/**
 * The form that contenders map or read: 32-bit words, `ids operations peakLive` (low and high word), then
 * `operation id size` each.
 */
export const encodeTrace = (trace: Trace): Uint32Array => {
  const count = trace.operations.length;
  const words = new Uint32Array(PREFIX + count * 3);
  words.set([trace.idCount, count, trace.peakLive % 2 ** 32, trace.peakLive / 2 ** 32]);
  for (let i = 0, at = PREFIX; i < count; i++) {
    words[at++] = trace.operations[i]!;
    words[at++] = trace.ids[i]!;
    words[at++] = trace.sizes[i]!;
  }
  return words;
};

/** The trace out of {@link encodeTrace}'s words. */
export const decodeTrace = (words: Uint32Array): Trace => {
  const [idCount, count, low, high] = words as unknown as [number, number, number, number];
  const operations = new Uint8Array(count);
  const ids = new Uint32Array(count);
  const sizes = new Uint32Array(count);
  for (let i = 0, at = PREFIX; i < count; i++) {
    operations[i] = words[at++]!;
    ids[i] = words[at++]!;
    sizes[i] = words[at++]!;
  }
  return { idCount, peakLive: high * 2 ** 32 + low, operations, ids, sizes };
};
