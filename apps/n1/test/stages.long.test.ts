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
