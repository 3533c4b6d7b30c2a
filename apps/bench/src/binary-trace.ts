import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Trace } from "./trace.js";

// The form in which contenders get a trace, see native/trace.h: 32-bit words, `ids operations peakLive` (low and high word), then
// `operation id size` each. Written and read in pieces, so that there is never a second copy of a large one.

const PREFIX = 4;
const FIELDS = 3;
const PIECE = 2 ** 16;
const HIGH_WORD = 2 ** 32;

/** Writes it. O(operations). */
export const writeBinaryTrace = (path: string, { idCount, peakLive, operations, ids, sizes }: Trace): void => {
  const count = operations.length;
  const file = openSync(path, "w");
  try {
    writeSync(file, Uint32Array.of(idCount, count, peakLive % HIGH_WORD, peakLive / HIGH_WORD));
    const words = new Uint32Array(PIECE * FIELDS);
    for (let start = 0; start < count; start += PIECE) {
      const end = Math.min(start + PIECE, count);
      let at = 0;
      for (let i = start; i < end; i++) {
        words[at++] = operations[i]!;
        words[at++] = ids[i]!;
        words[at++] = sizes[i]!;
      }
      writeSync(file, words.subarray(0, at));
    }
  } finally {
    closeSync(file);
  }
};

/** Reads it. O(operations). */
export const readBinaryTrace = (path: string): Trace => {
  const file = openSync(path, "r");
  try {
    const prefix = new Uint32Array(PREFIX);
    readSync(file, prefix);
    const [idCount, count, low, high] = prefix as unknown as [number, number, number, number];
    const operations = new Uint8Array(count);
    const ids = new Uint32Array(count);
    const sizes = new Uint32Array(count);
    const words = new Uint32Array(PIECE * FIELDS);
    for (let start = 0; start < count; start += PIECE) {
      const end = Math.min(start + PIECE, count);
      readSync(file, words.subarray(0, (end - start) * FIELDS));
      let at = 0;
      for (let i = start; i < end; i++) {
        operations[i] = words[at++]!;
        ids[i] = words[at++]!;
        sizes[i] = words[at++]!;
      }
    }
    return { idCount, peakLive: high * HIGH_WORD + low, operations, ids, sizes };
  } finally {
    closeSync(file);
  }
};
