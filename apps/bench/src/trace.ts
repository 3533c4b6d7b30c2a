import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** Operation codes, in the trace and in the binary form that the C program reads. */
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

const HEADER_LINES = 4;

/**
 * Parses the `.rep` text: four header lines, then `a ID SIZE`, `r ID SIZE` or `f ID`.
 *
 * A reallocation of something that is not live becomes an allocation, as realloc(NULL) is; a free of nothing is left
 * out; a request for 0 bytes becomes one of 1.
 */
export const parseTrace = (text: string): Trace => {
  const lines = text.split("\n");
  const declaredIds = Number(lines[1]);
  if (!Number.isInteger(declaredIds)) throw new Error("not a trace: the second line should be the number of ids");
  const operations: number[] = [];
  const ids: number[] = [];
  const sizes: number[] = [];
  const live = new Map<number, number>();
  let liveBytes = 0;
  let peakLive = 0;
  let idCount = declaredIds;
  for (let number = HEADER_LINES; number < lines.length; number++) {
    const line = lines[number]!.trim();
    if (line === "") continue;
    const [letter, idText, sizeText] = line.split(" ");
    const id = Number(idText);
    const size = letter === "f" ? 0 : Math.max(1, Number(sizeText));
    if (!"arf".includes(letter!) || !Number.isInteger(id) || !Number.isInteger(size)) {
      throw new Error(`line ${number + 1} of the trace is no operation: "${line}"`);
    }
    const before = live.get(id);
    if (letter === "f") {
      if (before === undefined) continue;
      live.delete(id);
    } else {
      live.set(id, size);
    }
    operations.push(letter === "f" ? FREE : letter === "r" && before !== undefined ? REALLOCATE : ALLOCATE);
    ids.push(id);
    sizes.push(size);
    idCount = Math.max(idCount, id + 1);
    liveBytes += size - (before ?? 0);
    peakLive = Math.max(peakLive, liveBytes);
  }
  return {
    idCount,
    peakLive,
    operations: Uint8Array.from(operations),
    ids: Uint32Array.from(ids),
    sizes: Uint32Array.from(sizes),
  };
};

/** Reads one of the traces in this folder. */
export const loadTrace = (name: string): Trace =>
  parseTrace(gunzipSync(readFileSync(fileURLToPath(new URL(`../traces/${name}`, import.meta.url)))).toString("latin1"));

/** The same for the C program: 32-bit words, `ids operations peakLive`, then `operation id size` each. */
export const encodeTrace = (trace: Trace): Uint32Array => {
  const count = trace.operations.length;
  const words = new Uint32Array(3 + count * 3);
  words.set([trace.idCount, count, trace.peakLive]);
  for (let i = 0; i < count; i++) words.set([trace.operations[i]!, trace.ids[i]!, trace.sizes[i]!], 3 + i * 3);
  return words;
};
