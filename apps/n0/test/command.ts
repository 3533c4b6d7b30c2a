/** The real command, bundled from the sources, for the few tests that need a process. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const FOLDER = fileURLToPath(new URL("../node_modules/.n0-test/", import.meta.url));
const ENTRY = `${FOLDER}n0.mjs`;

/** Bundles the command. Call it once, before the tests. */
export async function bundleCommand(): Promise<void> {
  const source = (name: string): string => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  const names = ["cli", "run-worker", "build-worker"];
  await bundleFiles(Object.fromEntries(names.map((name) => [name, source(name)])));
  writeFileSync(ENTRY, 'import { main } from "./cli.js";\nawait main(process.argv.slice(2));\n');
}

/** Bundles a file of the tests. @returns the path of what can be run */
export async function bundle(name: string): Promise<string> {
  await bundleFiles({ [name]: fileURLToPath(new URL(`${name}.ts`, import.meta.url)) });
  return `${FOLDER}${name}.js`;
}

async function bundleFiles(entryPoints: Record<string, string>): Promise<void> {
  await build({
    entryPoints,
    outdir: FOLDER,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    conditions: ["@morph/source"],
    external: ["binaryen"],
    // Some libraries are CommonJS and call `require`.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
}

/** What a process left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Starts `n0` with these arguments. */
export function startCommand(args: readonly string[], cwd: string): ChildProcess {
  return spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: undefined },
  });
}

/** Runs `n0` with these arguments to its end. */
export function runCommand(args: readonly string[], cwd: string, input = ""): Promise<Finished> {
  const child = startCommand(args, cwd);
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout!.on("data", (data: Buffer) => stdout.push(data));
  child.stderr!.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  child.stdin!.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout: Buffer.concat(stdout), stderr }));
  });
}
