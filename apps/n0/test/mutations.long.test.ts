import { expect, test } from "vitest";
import { formatDiagnostics } from "../src/diagnostics.ts";
import { exchanges, mutations } from "./mutations.ts";
import { frontEnd } from "./support.ts";
import { verify } from "./verify.ts";

test.each([2, 3, 4, 5])("10,000 programs with words exchanged, seed %i", (seed) => {
  for (const bytes of exchanges(10_000, seed)) {
    const result = frontEnd(bytes);
    if (result.ok) verify(result.program);
    else expect(formatDiagnostics(result.diagnostics, result.sources)).toMatch(/:\d+:\d+: error: /);
  }
});

test.each([2, 3, 4, 5])("5,000 damaged programs, seed %i", (seed) => {
  for (const bytes of mutations(5000, seed)) {
    const result = frontEnd(bytes);
    if (result.ok) verify(result.program);
    else expect(formatDiagnostics(result.diagnostics, result.sources)).toMatch(/:\d+:\d+: error: /);
  }
});
