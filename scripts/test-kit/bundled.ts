import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * Bundles a package and the memory into one module, as a program has them, or into a script that puts it into a variable `morph`. What Vitest
 * makes of an import is a call that gives `undefined` when the stack is full, so that no overflow can be tested through it.
 * @param folder the package's, as a file URL
 * @returns the file
 */
export async function bundle(folder: URL, format: "esm" | "iife"): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), "bundled-")), "package.mjs");
  const resolveDir = fileURLToPath(folder);
  const contents = `export * from ${JSON.stringify(join(resolveDir, "src/index.ts"))}; export * from "@morph/memory";`;
  const stdin = { contents, resolveDir };
  await build({ stdin, outfile, bundle: true, format, globalName: "morph", conditions: ["@morph/source"] });
  return outfile;
}
