import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { traces } from "../src/catalogue/traces.js";
import { parseTrace, readTrace } from "../src/rep-reader.js";
import { ALLOCATE, FREE, REALLOCATE } from "../src/trace.js";

const text = (...operations: string[]): Buffer => Buffer.from(["999", "3", "9", "1", ...operations, ""].join("\n"));

describe("parsing a trace", () => {
  test("each operation becomes a code, an id and a size", () => {
    const trace = parseTrace(text("a 0 48", "a 1 16", "r 0 100", "f 1"));
    expect([...trace.operations]).toEqual([ALLOCATE, ALLOCATE, REALLOCATE, FREE]);
    expect([...trace.ids]).toEqual([0, 1, 0, 1]);
    expect([...trace.sizes]).toEqual([48, 16, 100, 0]);
    expect(trace.idCount).toBe(2);
  });

  test("peak live is counted from the operations", () => {
    expect(parseTrace(text("a 0 48", "f 0", "a 1 16", "r 1 60", "r 1 20", "a 2 30")).peakLive).toBe(60);
  });

  test("reallocating nothing is an allocation, freeing nothing is left out, 0 bytes become 1", () => {
    const trace = parseTrace(text("r 0 8", "f 2", "a 1 0"));
    expect([...trace.operations]).toEqual([ALLOCATE, ALLOCATE]);
    expect([...trace.sizes]).toEqual([8, 1]);
  });

  test("spaces do not matter, nor do empty lines, nor the end of the last line", () => {
    const plain = parseTrace(text("a 0 48", "f 0"));
    expect(parseTrace(Buffer.from("  999 \r\n3\n9\n1\n\n a\t 0  48 \r\n\nf 0"))).toEqual(plain);
  });

  test("a line that is no operation is named", () => {
    for (const line of ["aa 0 48", "a0 48", "a 0 48 1", "a 0 4x", "f 0 1", "f", "r 0", "a 0 -1"]) {
      expect(() => parseTrace(text(line)), line).toThrow(`line 5 of the trace is no operation: "${line}"`);
    }
    expect(() => parseTrace(text("a 0 48", "x 1 2"))).toThrow('line 6 of the trace is no operation: "x 1 2"');
    expect(() => parseTrace(text("a 0"))).toThrow("line 5");
    expect(() => parseTrace(text("a -1 8"))).toThrow("line 5");
    expect(() => parseTrace(text(`a 0 ${"9".repeat(200)} x`))).toThrow(/^.{90,130}$/);
  });

  test("what no contender could do is refused", () => {
    expect(() => parseTrace(text("a 0 8", "a 0 9"))).toThrow("line 6 of the trace allocates id 0, which is live");
    expect(() => parseTrace(text("a 0 4294967296"))).toThrow("size 4294967296 is not below 2^32");
    expect(() => parseTrace(text("a 134217728 8"))).toThrow("id 134217728 is not below");
  });

  test("more operations than can be replayed are refused", () => {
    const three = text("a 0 8", "f 1", "a 1 8", "f 1");
    expect(parseTrace(three, 3).operations).toHaveLength(3);
    expect(() => parseTrace(three, 2)).toThrow("line 8 of the trace: more than 2 operations cannot be replayed");
  });

  test("what is no trace is said to be none", () => {
    expect(() => parseTrace(Buffer.from("hello"))).toThrow('not a trace: line 1 should be a number, not "hello"');
    expect(() => parseTrace(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1]))).toThrow('"?ELF?"');
    expect(() => parseTrace(text())).toThrow("not a trace: it has no operations");
  });
});

describe("reading a trace", () => {
  const folder = mkdtempSync(`${tmpdir()}/traces-`);
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: Buffer): string => {
    writeFileSync(`${folder}/${name}`, content);
    return `${folder}/${name}`;
  };

  test("a file may be gzipped, whatever its name is", () => {
    const plain = readTrace(file("plain.rep", text("a 0 48")));
    expect(plain.peakLive).toBe(48);
    expect(readTrace(file("packed", gzipSync(text("a 0 48"))))).toEqual(plain);
  });

  test("what is wrong with a file is said with its name", () => {
    expect(() => readTrace(file("bad.rep", text("oops")))).toThrow(/bad\.rep: line 5 of the trace/);
    expect(() => readTrace(file("cut.rep.gz", gzipSync(text("a 0 48")).subarray(0, 20)))).toThrow(
      /cut\.rep\.gz: .*end of/,
    );
    expect(() => readTrace(`${folder}/missing.rep`)).toThrow(/missing\.rep: .*no such file/);
    expect(() => readTrace(folder)).toThrow(/illegal operation on a directory/);
  });

  test("the recorded traces have the peaks that their README says", () => {
    expect(traces.map(({ trace }) => readTrace(trace!).peakLive)).toEqual([
      3_194_948, 3_306_831, 11_106_734, 19_368_341,
    ]);
    expect(readTrace(traces[0]!.trace!).operations.length).toBe(244_059);
  });
});
