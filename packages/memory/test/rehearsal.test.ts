/** After some runs of the operations that allocators call often, V8 has machine code of what these call in the middle. */
import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";

/** Called by `tryAcquire`, `tryExtend` and `release` once they change something. */
const NEEDED = ["claim", "free", "set", "get", "setOwners", "forgetRefusals", "noteKept", "zeroedFrom"];

it("what is called while pages change is machine code after some changes", async () => {
  const file = pathToFileURL(await bundle(new URL("..", import.meta.url), "esm"));
  const script = `
    import { LinearMemory } from ${JSON.stringify(file.href)};
    const memory = new LinearMemory();
    const owner = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    for (let i = 0; i < 24; i++) memory.acquire(1, owner);
    const isInterpreted = (method) => %ActiveTierIsIgnition(method) || (%GetOptimizationStatus(method) & (1 << 18)) !== 0;
    const records = Object.getPrototypeOf(memory.records);
    const methods = [...${JSON.stringify(NEEDED)}.map((name) => records[name]), Object.getPrototypeOf(memory).claim];
    console.log(JSON.stringify(methods.filter(isInterpreted).map((method) => method.name)));`;
  const args = ["--allow-natives-syntax", "--input-type=module", "--eval", script];
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }))).toEqual([]);
});
