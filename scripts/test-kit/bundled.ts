import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * Bundles a package and the memory into one module, as a program has them, or into a script that puts it into a variable `morph`. What Vitest
 * makes of an import is a call that gives `undefined` when the stack is full, so that no overflow can be tested through it.
 * @param folder the package's, as a file URL
 * @param also further packages that its tests use
 * @returns the file
 */
export async function bundle(folder: URL, format: "esm" | "iife", also: readonly string[] = []): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), "bundled-")), "package.mjs");
  const resolveDir = fileURLToPath(folder);
  const modules = [join(resolveDir, "src/index.ts"), "@morph/memory", ...also];
  const contents = modules.map((module) => `export * from ${JSON.stringify(module)};`).join(" ");
  const stdin = { contents, resolveDir };
  await build({ stdin, outfile, bundle: true, format, globalName: "morph", conditions: ["@morph/source"] });
  return outfile;
}

/** The names of a package and of the memory, imported by the engine itself from what {@link bundle} made. */
export async function importBundled<Package>(folder: URL): Promise<Package> {
  return (await import(/* @vite-ignore */ pathToFileURL(await bundle(folder, "esm")).href)) as Package;
}
