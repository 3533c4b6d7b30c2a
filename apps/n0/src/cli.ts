/** The command `n0`. */
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { type AllocatorName, formatStats } from "n0-runtime";
import pc from "picocolors";
import self from "../package.json" with { type: "json" };
import { buildProgram, isModule, modulePath, readBytes, whyRefused } from "./build.ts";
import { buildInWorker } from "./build-in-worker.ts";
import { parseByteSize } from "./byte-size.ts";
import type { CodegenOptions } from "./codegen/context.ts";
import type { TargetName } from "./codegen/target.ts";
import { type Diagnostic, formatDiagnostics } from "./diagnostics.ts";
import { disk } from "./disk.ts";
import { compileFrontEnd, type FrontEndResult } from "./front-end.ts";
import { LimitError } from "./limits.ts";
import type { RunResult } from "./run.ts";
import { runInWorker } from "./run-in-worker.ts";
import { isStackOverflow } from "./stack-overflow.ts";
import { unwindable } from "./unwinding.ts";

const FILE_HELP =
  "the main file, or - for stdin; imports are looked for in its folder, then in stdlib and n1 of the present one";

/** The argument that means stdin, and what a program that was read from it is called in messages. */
const STDIN = "-";
const STDIN_NAME = "<stdin>";

const EXIT_CODES = `
Exit codes:
  0  the program ran to its end, or there is nothing to say
  1  the program is wrong, or it failed while it ran
  2  the command line is wrong

Examples:
  n0 hello.fox
  n0 run hello.fox one two          the program sees "one" and "two" as os.Args
  echo 'native_print("halo")' | n0 -
  n0 run --allocator v1 --stats hello.fox
  n0 build hello.fox && n0 run hello.wasm`;

const V2_KEEPS =
  "v2 frees nothing before the program ends: live objects are all that were ever made. --allocator gc collects.";

const ALLOCATORS: readonly AllocatorName[] = ["v1", "v2", "gc"];

/** Does what the arguments say, and sets `process.exitCode`. A file in place of a subcommand, or behind options, is run. */
export async function main(args: readonly string[]): Promise<void> {
  const [first = ""] = args;
  const isFile = (arg: string): boolean => arg === STDIN || /\.(fox|wasm)$/.test(arg);
  const runs = isFile(first) || (first.startsWith("-") && args.some(isFile));
  await createCommand().parseAsync(runs ? ["run", ...args] : args, { from: "user" });
}

/** The command with all its subcommands. */
function createCommand(): Command {
  const command = new Command("n0")
    .description("Compiles and runs Morph programs.")
    .version(`n0 ${self.version}`, "-V, --version", "say which version this is")
    .enablePositionalOptions()
    .addHelpText("after", EXIT_CODES)
    .showHelpAfterError()
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  command
    .command("run")
    .description("run a program, or a module that was built: n0 run FILE and n0 FILE are the same")
    .argument("<file>", `${FILE_HELP}; or a .wasm file`)
    .argument("[args...]", "all that stands behind the file is the program's: os.Args")
    .passThroughOptions()
    .addOption(allocatorOption("who allocates (default: v2; what a .wasm file was built for)"))
    .option("--max-memory <size>", "bytes the program's memory never grows past, such as 64MiB or 2GiB", byteSize)
    .option("--stats", "say on stderr what was allocated")
    .option("--stats-json <path>", "write the same to a file, as JSON")
    .option("--record <path>", "write every call of the runtime to a file, to be replayed on any allocator")
    .action(run);
  command
    .command("build")
    .description("make a WebAssembly module of a program; it says how to run it")
    .argument("<file>", FILE_HELP)
    .addOption(allocatorOption("for whom the module is: v1 and v2 run the same (default: v2)"))
    .option("-o, --output <path>", "where the module goes (default: the file with .wasm instead of .fox)")
    .action(build);
  command
    .command("check")
    .description("say what is wrong with a program, without running it")
    .argument("<file>", FILE_HELP)
    .action((file: string) => {
      const source = sourceOf(file);
      if (source !== null) checkedProgram(file, source, true);
    });
  return command;
}

function allocatorOption(description: string): Option {
  return new Option("-a, --allocator <name>", description).choices(ALLOCATORS);
}

/** The generator's target for an allocator. */
function targetOf(allocator: AllocatorName | undefined): TargetName {
  return allocator === "gc" ? "gc" : "fixed";
}

interface RunFlags {
  readonly allocator?: AllocatorName;
  readonly maxMemory?: number;
  readonly stats?: true;
  readonly statsJson?: string;
  readonly record?: string;
}

async function run(file: string, args: string[], flags: RunFlags): Promise<void> {
  const { allocator, maxMemory, record } = flags;
  const source = bytesOf(file);
  if (source === null) return;
  const from = performance.now();
  const module = isModule(source)
    ? await unwindable(source)
    : await builtModule(file, source, { recorded: record !== undefined, target: targetOf(allocator) });
  if (module === null) return;
  const compileMs = performance.now() - from;
  let result: RunResult;
  try {
    result = await runInWorker(module, {
      args,
      ...(allocator === undefined ? {} : { allocator }),
      interactive: process.stdout.isTTY === true,
      ...(maxMemory === undefined ? {} : { maxMemory }),
      ...(record === undefined ? {} : { recordPath: record }),
    });
  } catch (error) {
    return complain(`cannot run ${file}: ${(error as Error).message}`);
  }
  const { exitCode, failure, stats, milliseconds } = result;
  process.exitCode = exitCode;
  if (failure !== null) {
    const { red, dim } = colours();
    process.stderr.write(`${failure.replace(/^Runtime error/, red("Runtime error"))}\n`);
    for (const line of result.trace) process.stderr.write(`${dim(line)}\n`);
    if (result.help !== null) process.stderr.write(`  help: ${result.help}\n`);
  }
  if (flags.stats && stats !== null) {
    process.stderr.write(`${formatStats(stats)}\n`);
    if (stats.allocator === "v2") process.stderr.write(`${V2_KEEPS}\n`);
  }
  if (flags.statsJson === undefined) return;
  const report = { file, exitCode, failure, compileMs, runMs: milliseconds, ...stats };
  writeOutput(flags.statsJson, `${JSON.stringify(report, null, 2)}\n`);
}

async function build(file: string, flags: { output?: string; allocator?: AllocatorName }): Promise<void> {
  const { output = modulePath(file === STDIN ? "stdin.fox" : file) } = flags;
  const source = sourceOf(file);
  if (source === null) return;
  const module = await builtModule(file, source, { warns: true, target: targetOf(flags.allocator) });
  if (module === null) return;
  const refusal = whyRefused(module);
  if (refusal !== null) return complain(`cannot build ${file}: ${refusal}`);
  if (!writeOutput(output, module)) return;
  process.stdout.write(`${output}: ${module.length} bytes; run it with: n0 run ${output}\n`);
}

/** The module of a source file; null when it is wrong, which was said. */
async function builtModule(
  file: string,
  source: Uint8Array<ArrayBuffer>,
  { warns = false, ...options }: CodegenOptions & { readonly warns?: boolean },
): Promise<Uint8Array<ArrayBuffer> | null> {
  const checked = checkedProgram(file, source, warns);
  if (checked === null) return null;
  const { program, sources } = checked;
  try {
    try {
      return await buildProgram(program, options);
    } catch (error) {
      // Nested too deeply for this thread's stack.
      if (!isStackOverflow(error)) throw error;
      return await buildInWorker({ file, source, options });
    }
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    say([error.diagnostic], sources);
    process.exitCode = 1;
    return null;
  }
}

/** The checked program of a file. What is odd goes to stderr when it is asked for; what is wrong goes to stderr, the exit code becomes 1, and the result is null. */
function checkedProgram(
  file: string,
  bytes: Uint8Array,
  warns: boolean,
): (FrontEndResult & { readonly ok: true }) | null {
  const result = compileFrontEnd({ file: file === STDIN ? STDIN_NAME : file, bytes, reader: disk });
  if (result.ok) {
    if (warns) say(result.warnings, result.sources);
    return result;
  }
  say(result.diagnostics, result.sources);
  process.exitCode = 1;
  return null;
}

/** Messages of the compiler, on stderr. */
function say(diagnostics: readonly Diagnostic[], sources: FrontEndResult["sources"]): void {
  const { bold, red, yellow, dim } = colours();
  const palette = { heading: bold, error: red, warning: yellow, dim };
  process.stderr.write(formatDiagnostics(diagnostics, sources, palette));
}

function bytesOf(file: string): Uint8Array<ArrayBuffer> | null {
  try {
    return readBytes(file === STDIN ? 0 : file);
  } catch (error) {
    complain(`cannot read ${file}: ${(error as Error).message}`);
    return null;
  }
}

/** As {@link bytesOf}, of a file that has to be a program's text. */
function sourceOf(file: string): Uint8Array<ArrayBuffer> | null {
  const bytes = bytesOf(file);
  if (bytes === null || !isModule(bytes)) return bytes;
  complain(`${file} is a module that was built, not a program's text`);
  return null;
}

/** Whether the file could be written; else that was said, and what was there before still is. */
function writeOutput(path: string, content: string | Uint8Array): boolean {
  // What is no file, as /dev/stdout, cannot be replaced by one.
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  const target = isFile ? `${path}.${process.pid}.part` : path;
  try {
    writeFileSync(target, content);
    if (isFile) renameSync(target, path);
    return true;
  } catch (error) {
    if (isFile) rmSync(target, { force: true });
    complain(`cannot write ${path}: ${(error as Error).message}`);
    return false;
  }
}

function complain(message: string): void {
  process.stderr.write(`${colours().red("error")}: ${message}\n`);
  process.exitCode = 1;
}

/** Colours when stderr is a terminal. */
function colours(): ReturnType<typeof pc.createColors> {
  return pc.createColors(process.stderr.isTTY === true && !process.env.NO_COLOR);
}

function byteSize(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === null || bytes < 1024 ** 2 || bytes > 2 ** 32) {
    throw new InvalidArgumentError("Expected a size from 1MiB to 4GiB.");
  }
  return bytes;
}
