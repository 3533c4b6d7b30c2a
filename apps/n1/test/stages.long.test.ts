import { expect, test } from "vitest";
import { buildAll, MAIN, stageA } from "./compiler.ts";

test("the stages have the same bytes on V1 as on V2", { timeout: 600_000 }, async () => {
  const a = await stageA();
  const [b] = await buildAll(a, [MAIN], { allocator: "v2" });
  const module = b!.module!;
  const [onV1] = await buildAll(a, [MAIN], { allocator: "v1" });
  const [c] = await buildAll(module, [MAIN], { allocator: "v1" });
  for (const stage of [onV1, c]) {
    expect(stage).toMatchObject({ exitCode: 0, stderr: "", failure: null });
    expect(Buffer.compare(stage!.module!, module)).toBe(0);
  }
});

test.each([
  ["as it comes", {}],
  ["with a small nursery, which is verified", { nurseryBytes: 262_144, verifyAlways: true }],
  ["with a collection at every 1,000th allocation, verified", { collectEvery: 1000, verifyAlways: true }],
])("so they have on gc: %s", { timeout: 3_600_000 }, async (_, gc) => {
  const [b] = await buildAll(await stageA(), [MAIN], { allocator: "v2" });
  const onGc = await stageA(MAIN, { target: "gc" });
  const [c] = await buildAll(onGc, [MAIN], { allocator: "gc", gc });
  expect(c).toMatchObject({ exitCode: 0, stderr: "", failure: null });
  expect(Buffer.compare(c!.module!, b!.module!)).toBe(0);
});
