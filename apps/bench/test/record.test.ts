import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { record } from "../src/record/record.js";
import { repOf } from "../src/record/rep.js";
import { FREE, parseTrace, REALLOCATE, readTrace } from "../src/trace.js";

const [ALLOCATED, REALLOCATED, FREED] = [1, 2, 3];
const request = (code: number, size: number, old: number, pointer: number): number[] =>
  [code, size, old, pointer].flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]);

const HIGH = 0x7fff_0000_0010;

test("a recording becomes a trace in which an allocation keeps its id", () => {
  const requests = [
    request(ALLOCATED!, 40, 0, HIGH),
    request(ALLOCATED!, 10, 0, 32),
    request(REALLOCATED!, 100, HIGH, 64),
    request(FREED!, 0, 12_345, 0),
    request(FREED!, 0, 64, 0),
    request(ALLOCATED!, 7, 0, 64),
    request(REALLOCATED!, 9, 999, 128),
  ];
  const { text, operations } = repOf(Uint32Array.from([...requests.flat(), ...request(0, 0, 0, 0)]));
  expect(text).toBe(["110", "4", "6", "1", "a 0 40", "a 1 10", "r 0 100", "f 0", "a 2 7", "a 3 9", ""].join("\n"));
  expect(operations).toBe(6);
  expect(parseTrace(Buffer.from(text)).peakLive).toBe(110);
});

const canRecord = (): boolean => {
  try {
    return process.platform === "linux" && /GNU|GLIBC/.test(execFileSync("ldd", ["--version"], { encoding: "utf8" }));
  } catch {
    return false;
  }
};

test.runIf(canRecord())("a real program is recorded, and its exit code passed on", () => {
  const folder = mkdtempSync(`${tmpdir()}/recorded-`);
  try {
    const { exitCode, traces } = record(["sh", "-c", "ls -la / > /dev/null; exit 3"], `${folder}/a.rep.gz`);
    expect(exitCode).toBe(3);
    // The shell and ls.
    expect(traces.map(({ path }) => path)).toEqual([`${folder}/a.rep.gz`, `${folder}/a-2.rep.gz`]);
    const trace = readTrace(traces[0]!.path);
    expect(trace.operations.length).toBe(traces[0]!.operations);
    expect(trace.operations.includes(FREE)).toBe(true);
    expect(trace.operations.includes(REALLOCATE)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
