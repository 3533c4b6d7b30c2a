import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { expect, it } from "vitest";
import { instantiate, type Program } from "../assemblyscript/host.ts";

const baseDir = fileURLToPath(new URL("../assemblyscript/assembly", import.meta.url));

async function compile(...options: string[]): Promise<WebAssembly.Module> {
  let code: Uint8Array<ArrayBuffer> | undefined;
  const writeFile = (_: string, contents: string | Uint8Array): void => {
    code = new Uint8Array(contents as Uint8Array);
  };
  const { error, stderr } = await asc.main(
    ["program.ts", "--baseDir", baseDir, "--outFile", "program.wasm", ...options],
    { writeFile },
  );
  if (error !== null || code === undefined) throw new Error(`${error?.message}\n${stderr.toString()}`);
  return new WebAssembly.Module(code);
}

it("AssemblyScript's collector runs over a heap: the same results as over its own, and nothing lives in the end", async () => {
  const own = new WebAssembly.Instance(await compile("--runtime", "incremental"), {
    env: {
      abort: () => {
        throw new Error("the program was aborted");
      },
    },
  }).exports as unknown as Program;
  const { program, heap } = instantiate(
    await compile("--runtime", "./morph-runtime", "--importMemory", "--stackSize", "32768"),
  );
  for (const rounds of [1, 100, 1000]) {
    expect(program.run(rounds)).toBe(own.run(rounds));
    heap.verify();
  }
  expect(heap.stats().peakLive).toBeGreaterThan(100_000);
  program.collect();
  heap.verify();
  // The collector keeps nothing but what it has of its own.
  expect(heap.stats().currentLive).toBe(0);
});
