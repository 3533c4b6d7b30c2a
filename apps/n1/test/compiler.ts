/** The stages of the compiler, what they say and write, and what the programs do that they compile. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildProgram, type CodegenOptions, compileFrontEnd, disk, unwindable } from "n0";
import { MARK, type Outcome, type Task } from "./batch-task.ts";

/** The compiler's main file; the stages are all built from it under this name. */
export const MAIN: string = fileURLToPath(new URL("../src/main.fox", import.meta.url));

/** The bytes of a module. */
export type Module = Uint8Array<ArrayBuffer>;

/** One run of a program. */
export interface Run extends Outcome {
  readonly stderr: string;
}

/** One run of the compiler. */
export interface Compilation extends Run {
  /** The module it wrote; null for none. */
  readonly module: Module | null;
}

/** Stage A: the compiler, compiled by n0. @param options for which allocators, for instance */
export async function stageA(main: string = MAIN, options: CodegenOptions = {}): Promise<Module> {
  const result = compileFrontEnd({ file: main, bytes: readFileSync(main), reader: disk });
  if (!result.ok) throw new Error(`n0 rejects the compiler: ${JSON.stringify(result.diagnostics)}`);
  return buildProgram(result.program, options);
}

/** Runs a compiler with each of these lists of arguments. */
export function runCompiler(
  compiler: Module,
  argumentLists: readonly (readonly string[])[],
  options: Task["options"] = {},
): Promise<Run[]> {
  return inFolder((folder) =>
    runAll(
      folder,
      argumentLists.map((args) => ({ module: compiler, args, options })),
    ),
  );
}

/** Compiles files, all with the same compiler. */
export async function buildAll(
  compiler: Module,
  files: readonly string[],
  options: Task["options"] = {},
): Promise<Compilation[]> {
  return inFolder(async (folder) => {
    const outputs = files.map((_, i) => join(folder, `out${i}.wasm`));
    const argumentLists = files.map((file, i) => ["build", file, "-o", outputs[i]!]);
    const runs = await runAll(
      folder,
      argumentLists.map((args) => ({ module: compiler, args, options })),
    );
    return runs.map((run, i) => {
      const output = outputs[i]!;
      return { ...run, module: existsSync(output) ? new Uint8Array(readFileSync(output)) : null };
    });
  });
}

/** Checks programs given as bytes, all with the same compiler, which knows each under the name beside its run. */
export async function checkAll(
  compiler: Module,
  programs: readonly Uint8Array[],
): Promise<{ readonly file: string; readonly run: Run }[]> {
  return inFolder(async (folder) => {
    const files = programs.map((bytes, i) => {
      // A damaged program may import any name, so no file has one that it could be.
      const file = join(folder, `program-${i}.fox`);
      writeFileSync(file, bytes);
      return file;
    });
    const runs = await runAll(
      folder,
      files.map((file) => ({ module: compiler, args: ["check", file], options: {} })),
    );
    return runs.map((run, i) => ({ file: files[i]!, run }));
  });
}

/** Runs modules without arguments, each with each of these options. */
export async function runEach(modules: readonly Module[], ways: readonly Task["options"][]): Promise<Run[][]> {
  return inFolder(async (folder) => {
    const finished = await Promise.all(modules.map(unwindable));
    const tasks = finished.flatMap((module) => ways.map((options) => ({ module, args: [], options })));
    const runs = await runAll(folder, tasks);
    return modules.map((_, i) => runs.slice(i * ways.length, (i + 1) * ways.length));
  });
}

type ModuleTask = Omit<Task, "module"> & { readonly module: Module };

async function runAll(folder: string, tasks: readonly ModuleTask[]): Promise<Run[]> {
  const files = new Map<Module, string>();
  for (const { module } of tasks) {
    if (files.has(module)) continue;
    const file = join(folder, `module${files.size}.wasm`);
    writeFileSync(file, module);
    files.set(module, file);
  }
  const described: Task[] = tasks.map((task) => ({ ...task, module: files.get(task.module)! }));
  writeFileSync(join(folder, "tasks.json"), JSON.stringify(described));
  const { status, stderr } = spawnSync(process.execPath, [await bundledBatch(), folder], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`the batch ended with ${status}: ${stderr}`);
  const messages = stderr.split(MARK);
  const outcomes = JSON.parse(readFileSync(join(folder, "outcomes.json"), "utf8")) as Outcome[];
  return outcomes.map((outcome, i) => ({ ...outcome, stderr: messages[i]! }));
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "n1-test-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
