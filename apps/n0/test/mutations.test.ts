import { expect, test } from "vitest";
import { formatDiagnostics } from "../src/diagnostics.ts";
import { exchanges, mutations } from "./mutations.ts";
import { frontEnd } from "./support.ts";
import { verify } from "./verify.ts";

test("200 programs with words exchanged: what the checker lets pass, it has checked completely", () => {
  let accepted = 0;
  for (const bytes of exchanges(200, 1)) {
    const result = frontEnd(bytes);
    if (!result.ok) continue;
    accepted++;
    verify(result.program);
  }
  expect(accepted).toBeGreaterThan(10);
});

test("200 damaged programs: a checked program or diagnostics, never an exception", () => {
  let rejected = 0;
  for (const bytes of mutations(200, 1)) {
    const result = frontEnd(bytes);
    if (result.ok) verify(result.program);
    if (result.ok) continue;
    rejected++;
    expect(result.diagnostics.length).toBeGreaterThan(0);
    expect(formatDiagnostics(result.diagnostics, result.sources)).toMatch(/:\d+:\d+: error: /);
  }
  // The damage is real: most of them are wrong now.
  expect(rejected).toBeGreaterThan(100);
});
