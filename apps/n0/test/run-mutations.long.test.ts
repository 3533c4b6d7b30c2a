import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "./command.ts";
import { exchanges, mutations } from "./mutations.ts";
import type { MutationTask, Outcome } from "./run-mutation.ts";
import { WorkerRunner } from "./worker-runner.ts";

/** A damaged program may run for ever; then it is stopped, and that is fine. */
const LIMIT_MS = 3000;

const EXPECTED =
  /^Runtime error: (null dereference|division by zero|array index|string index|stack overflow|out of memory|deadlock)/;

let script: string;
let folder: string;
const home = process.cwd();

beforeAll(async () => {
  script = await bundle("run-mutation");
  // Damaged programs may create files.
  folder = mkdtempSync(join(tmpdir(), "n0-mutations-"));
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test.each([
  ["bytes changed, deleted, doubled", mutations, 8000],
  ["words exchanged", exchanges, 3000],
] as const)(
  "%s: diagnostics or a run, the same on both allocators, and never a crash",
  async (_, damaged, count) => {
    const runner = new WorkerRunner<MutationTask, Outcome>(script, LIMIT_MS);
    let ran = 0;
    for (const bytes of damaged(count, 20)) {
      const source = new TextDecoder().decode(bytes);
      const v2 = await runner.run({ bytes, allocator: "v2" });
      if (v2 === "stopped") continue;
      if (v2.kind === "crashed") throw new Error(`${v2.text}\n${source}`);
      if (v2.kind === "rejected") {
        expect(v2.text).toMatch(/:\d+:\d+: error: /);
        continue;
      }
      ran++;
      if (v2.failure !== null) expect(v2.failure, source).toMatch(EXPECTED);
      const v1 = await runner.run({ bytes, allocator: "v1" });
      // What depends on time or on how much memory there is may differ.
      if (v1 === "stopped" || /time|out of memory/.test(source + v2.failure)) continue;
      expect(v1, source).toEqual(v2);
    }
    await runner.close();
    expect(ran).toBeGreaterThan(100);
  },
  1_200_000,
);
