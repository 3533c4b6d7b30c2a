import { afterEach, expect, test, vi } from "vitest";
import { main } from "../src/cli.ts";

const { isTTY } = process.stderr;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.stderr.isTTY = isTTY;
  process.exitCode = undefined;
});

async function complaint(terminal: boolean): Promise<string> {
  let stderr = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  process.stderr.isTTY = terminal;
  await main(["run", "no-such-file.fox"]);
  return stderr;
}

test("a terminal gets colours", async () => {
  vi.stubEnv("NO_COLOR", "");
  expect(await complaint(true)).toContain("\u001b[31merror");
});

test("nobody else does, and NO_COLOR switches them off", async () => {
  vi.stubEnv("NO_COLOR", "");
  expect(await complaint(false)).toMatch(/^error: /);
  vi.stubEnv("NO_COLOR", "1");
  expect(await complaint(true)).toMatch(/^error: /);
});
