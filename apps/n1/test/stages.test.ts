import { expect, test } from "vitest";
import { buildAll, MAIN, stageA } from "./compiler.ts";

test("the compiler compiled by itself compiles itself to the same bytes", async () => {
  const a = await stageA();
  const [b] = await buildAll(a, [MAIN]);
  expect(b).toMatchObject({ exitCode: 0, stderr: "", failure: null });
  const [c] = await buildAll(b!.module!, [MAIN]);
  expect(c).toMatchObject({ exitCode: 0, stderr: "", failure: null });
  expect(Buffer.compare(b!.module!, c!.module!)).toBe(0);
});
