/** The stages of the compiler, and what they say and write. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildProgram, compileFrontEnd, disk } from "n0";
import type { AllocatorName } from "n0-runtime";
import { type Batch, MARK } from "./batch-task.ts";

/** The folder of the compiler's sources. */
export const SOURCES: string = fileURLToPath(new URL("../src/", import.meta.url));

/** The compiler's main file; the stages are all built from it under this name. */
export const MAIN: string = `${SOURCES}main.fox`;

/** One run of the compiler. */
export interface Run {
  readonly exitCode: number;
  /** What it wrote to stderr. */
  readonly messages: string;
  /** Why it could not go on; null when it ended by itself. */
  readonly failure: string | null;
  /** The module it wrote; null for none. */
  readonly module: Uint8Array<ArrayBuffer> | null;
}

/** Stage A: the compiler, compiled by n0. */
export async function stageA(main: string = MAIN): Promise<Uint8Array<ArrayBuffer>> {
  const result = compileFrontEnd({ file: main, bytes: readFileSync(main), reader: disk });
  if (!result.ok) throw new Error(`n0 rejects the compiler: ${JSON.stringify(result.diagnostics)}`);
  return buildProgram(result.program);
}

/** Compiles files, all with the same compiler. */
export async function buildAll(
  compiler: Uint8Array,
  files: readonly string[],
  allocator: AllocatorName = "v2",
): Promise<Run[]> {
  const folder = mkdtempSync(join(tmpdir(), "n1-test-"));
  try {
    const outputs = files.map((_, i) => join(folder, `${i}.wasm`));
    const tasks = files.map((file, i) => ["build", file, "-o", outputs[i]!]);
    const runs = await runBatch(folder, compiler, { allocator, tasks });
    return runs.map((run, i) => {
      const output = outputs[i]!;
      return { ...run, module: existsSync(output) ? new Uint8Array(readFileSync(output)) : null };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Checks programs given as bytes, all with the same compiler. They are called `0.fox`, `1.fox` and so on here. */
export async function checkAll(
  compiler: Uint8Array,
  programs: readonly Uint8Array[],
  allocator: AllocatorName = "v2",
): Promise<{ readonly file: string; readonly run: Run }[]> {
  const folder = mkdtempSync(join(tmpdir(), "n1-test-"));
  try {
    const files = programs.map((bytes, i) => {
      const file = join(folder, `${i}.fox`);
      writeFileSync(file, bytes);
      return file;
    });
    const runs = await runBatch(folder, compiler, { allocator, tasks: files.map((file) => ["check", file]) });
    return runs.map((run, i) => ({ file: files[i]!, run: { ...run, module: null } }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runBatch(folder: string, compiler: Uint8Array, batch: Batch): Promise<Omit<Run, "module">[]> {
  writeFileSync(`${folder}/compiler.wasm`, compiler);
  writeFileSync(`${folder}/batch.json`, JSON.stringify(batch));
  const { status, stderr } = spawnSync(process.execPath, [await bundledBatch(), folder], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`the batch ended with ${status}: ${stderr}`);
  const messages = stderr.split(MARK);
  const outcomes = JSON.parse(readFileSync(`${folder}/outcomes.json`, "utf8")) as Pick<Run, "exitCode" | "failure">[];
  return outcomes.map((outcome, i) => ({ ...outcome, messages: messages[i]! }));
}

const BUNDLE = fileURLToPath(new URL("../node_modules/.n1-test/", import.meta.url));
let bundled: Promise<string> | null = null;

/** `batch.ts` as a file that Node runs. */
function bundledBatch(): Promise<string> {
  bundled ??= bundleBatch();
  return bundled;
}

async function bundleBatch(): Promise<string> {
  mkdirSync(BUNDLE, { recursive: true });
  // Each test file is a process of its own; they must not write over one another's.
  const outfile = `${BUNDLE}batch-${process.pid}.mjs`;
  await build({
    entryPoints: [fileURLToPath(new URL("./batch.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@morph/source"],
    external: ["binaryen"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  return outfile;
}
