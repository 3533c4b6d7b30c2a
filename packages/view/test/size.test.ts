import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const resolveDir = fileURLToPath(new URL("..", import.meta.url));

/** Bytes, minified and compressed, of a program that has these exports of ours and a memory. */
async function sizeOf(exports: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { LinearMemory } from "@morph/memory"; ${exports}`, resolveDir },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["@morph/source"],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

test.each([
  ["array", 1500],
  ["array, blockAt, blockOf", 1740],
  ["LeakGuard", 390],
  ["struct", 4000],
  ["struct, f32, i32, pointer, vec", 4600],
  ["readUtf8, writeUtf8, readCString, writeCString", 1500],
] as const)("{ %s } takes at most so many bytes over the memory package: %i", async (names, most) => {
  const added = (await sizeOf(`export { ${names} } from "./src/index.ts";`)) - (await sizeOf(""));
  expect(added).toBeGreaterThan(100);
  expect(added).toBeLessThanOrEqual(most);
});
