import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * The package and the memory in one module, as a program's bundle has them. What Vitest makes of an import is a call that gives `undefined`
 * when the stack is full, so that no overflow can be tested through it.
 */
export async function bundled(): Promise<typeof import("../src/index.ts") & typeof import("@morph/memory")> {
  const folder = mkdtempSync(join(tmpdir(), "bundled-"));
  const outfile = join(folder, "package.mjs");
  const source = new URL("../src/index.ts", import.meta.url).pathname;
  const contents = `export * from ${JSON.stringify(source)}; export * from "@morph/memory";`;
  const stdin = { contents, resolveDir: new URL("..", import.meta.url).pathname };
  await build({ stdin, outfile, bundle: true, format: "esm", conditions: ["@morph/source"] });
  return await import(/* @vite-ignore */ pathToFileURL(outfile).href);
}
