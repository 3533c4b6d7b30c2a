import { describe, expect, test } from "vitest";
import { ALLOCATE, encodeTrace, FREE, loadTrace, parseTrace, REALLOCATE } from "../src/trace.js";

const text = (...operations: string[]): string => ["999", "3", "9", "1", ...operations, ""].join("\n");

describe("parsing a trace", () => {
  test("each operation becomes a code, an id and a size", () => {
    const trace = parseTrace(text("a 0 48", "a 1 16", "r 0 100", "f 1"));
    expect([...trace.operations]).toEqual([ALLOCATE, ALLOCATE, REALLOCATE, FREE]);
    expect([...trace.ids]).toEqual([0, 1, 0, 1]);
    expect([...trace.sizes]).toEqual([48, 16, 100, 0]);
    expect(trace.idCount).toBe(3);
  });

  test("peak live is counted from the operations", () => {
    expect(parseTrace(text("a 0 48", "f 0", "a 1 16", "r 1 60", "r 1 20", "a 2 30")).peakLive).toBe(60);
  });

  test("reallocating nothing is an allocation, freeing nothing is left out, 0 bytes become 1", () => {
    const trace = parseTrace(text("r 0 8", "f 2", "a 1 0"));
    expect([...trace.operations]).toEqual([ALLOCATE, ALLOCATE]);
    expect([...trace.sizes]).toEqual([8, 1]);
  });

  test("a line that is no operation is named", () => {
    expect(() => parseTrace(text("a 0 48", "x 1 2"))).toThrow('line 6 of the trace is no operation: "x 1 2"');
    expect(() => parseTrace(text("a 0"))).toThrow("line 5");
    expect(() => parseTrace("hello")).toThrow("not a trace");
  });

  test("the recorded traces agree with their own headers", () => {
    const cc1 = loadTrace("cc1.rep.gz");
    expect(cc1.operations.length).toBe(244_059);
    expect(cc1.peakLive).toBe(3_194_948);
  });
});

test("the binary form holds the counts, then three words an operation", () => {
  const words = encodeTrace(parseTrace(text("a 0 48", "f 0")));
  expect([...words]).toEqual([3, 2, 48, ALLOCATE, 0, 48, FREE, 0, 0]);
});
