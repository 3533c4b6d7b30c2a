import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { readBinaryTrace, writeBinaryTrace } from "../src/binary-trace.js";
import { parseTrace } from "../src/rep-reader.js";
import { ALLOCATE, FREE, liveSamples, SAMPLES, type Trace } from "../src/trace.js";

const traceOf = (...operations: string[]): Trace =>
  parseTrace(Buffer.from(["999", "3", "9", "1", ...operations, ""].join("\n")));

test("live bytes are looked at as often in a short trace as in a long one", () => {
  expect(liveSamples(traceOf("a 0 48", "r 0 8"))).toEqual([
    ...Array.from({ length: SAMPLES / 2 }, () => 48),
    ...Array.from({ length: SAMPLES / 2 }, () => 8),
  ]);
  const long = Array.from({ length: 1_000 }, (_, i) => `a ${i} 1`);
  const samples = liveSamples(traceOf(...long));
  expect([samples.length, samples[0], samples.at(-1)]).toEqual([SAMPLES, 1_000 / SAMPLES, 1_000]);
});

test("the binary form holds the counts, then three words an operation, and all of the trace", () => {
  const folder = mkdtempSync(`${tmpdir()}/trace-`);
  try {
    const path = `${folder}/binary`;
    const trace = traceOf("a 0 48", "a 1 4294967295", "f 0");
    writeBinaryTrace(path, trace);
    const words = new Uint32Array(new Uint8Array(readFileSync(path)).buffer);
    expect([...words]).toEqual([2, 3, 47, 1, ALLOCATE, 0, 48, ALLOCATE, 1, 4294967295, FREE, 0, 0]);
    expect(readBinaryTrace(path)).toEqual(trace);
    // Longer than one piece.
    const long = traceOf(...Array.from({ length: 70_000 }, (_, i) => `a ${i} ${i + 1}`));
    writeBinaryTrace(path, long);
    expect(readBinaryTrace(path)).toEqual(long);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
