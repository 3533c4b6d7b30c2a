import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import type { NativeTools } from "../native/tools.js";
import type { Entry } from "../run/entry.js";

/** Where the figures come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
}

/** What the figures are of. */
export interface Versions {
  readonly node: string;
  readonly v8: string;
  readonly libc: string | null;
  readonly compiler: string | null;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = [
  "@morph/memory",
  "@morph/arena",
  "@morph/pool",
  "@morph/heap",
  "@morph/mem-v2",
  "@thi.ng/malloc",
  "assemblyscript",
];

/** The machine. */
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryBytes: totalmem(),
  os: `${type()} ${release()} ${arch()}`,
});

const require = createRequire(import.meta.url);

/** Not every package exports its package.json, so it is looked for where Node looks for packages. */
const packageVersion = (name: string): string => {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(`${folder}/${name}/package.json`, "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not in this folder.
    }
  }
  return "not found";
};

/** The versions. */
export const versions = (tools: NativeTools, entries: readonly Entry[]): Versions => ({
  node: process.versions.node,
  v8: process.versions.v8,
  libc: entries.find(({ ready }) => ready.libc !== undefined)?.ready.libc ?? null,
  compiler: tools.compiler ?? null,
  packages: Object.fromEntries(PACKAGES.map((name) => [name, packageVersion(name)])),
});

/** This package's folder. */
export const packageFolder: string = fileURLToPath(new URL("../..", import.meta.url));
