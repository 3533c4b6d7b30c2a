import { describe, expect, test } from "vitest";
import { disk } from "../src/disk.ts";
import { compileFrontEnd } from "../src/front-end.ts";
import { corpus } from "./corpus.ts";
import { verify } from "./verify.ts";

const diagnostics = (file: string, bytes: Uint8Array): string => {
  const result = compileFrontEnd({ file, bytes, reader: disk });
  if (result.ok) return "";
  return result.diagnostics.map(({ line, column, message }) => `[${line}:${column}] ${message}\n`).join("");
};

describe("every program is accepted", () => {
  test.each(corpus("programs").map((entry) => [entry.name, entry] as const))("%s", (_, { file, bytes }) => {
    expect(diagnostics(file, bytes)).toBe("");
    const result = compileFrontEnd({ file, bytes, reader: disk });
    if (result.ok) verify(result.program);
  });
});

describe("every rejected program has exactly its diagnostics", () => {
  test.each(corpus("rejected").map((entry) => [entry.name, entry] as const))("%s", (_, { file, bytes, expected }) => {
    expect(expected).not.toBe("");
    expect(diagnostics(file, bytes)).toBe(expected);
  });
});
