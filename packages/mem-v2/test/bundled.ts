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
  return await import(/* @vite-ignore */ pathToFileURL(await bundle("esm")).href);
}

/** Makes that module, or a script that puts it into a variable `morph`. @returns the file */
export async function bundle(format: "esm" | "iife"): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "bundled-"));
  const outfile = join(folder, "package.mjs");
  const source = new URL("../src/index.ts", import.meta.url).pathname;
  const contents = `export * from ${JSON.stringify(source)}; export * from "@morph/memory";`;
  const stdin = { contents, resolveDir: new URL("..", import.meta.url).pathname };
  await build({ stdin, outfile, bundle: true, format, globalName: "morph", conditions: ["@morph/source"] });
  return outfile;
}
