/** The command `n1`: runs the compiler, which is a Morph program, under n0's host. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { runInWorker, unwindable, whyRefused } from "n0";
import type { AllocatorName } from "n0-runtime";

const FILE_HELP = "the main file; imports are looked for in its folder, then in stdlib and n1 of the present one";

/** Does what the arguments say, and sets `process.exitCode`. */
export async function main(args: readonly string[]): Promise<void> {
  await createCommand().parseAsync(args, { from: "user" });
}

interface Flags {
  readonly allocator: AllocatorName;
}

function createCommand(): Command {
  const allocator = (): Option =>
    new Option("-a, --allocator <name>", "who allocates, for the compiler and the program")
      .choices(["v1", "v2"])
      .default("v2");
  const command = new Command("n1")
    .description("Compiles Morph programs with the compiler that is written in Morph.")
    .enablePositionalOptions()
    .showHelpAfterError()
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  command
    .command("build")
    .description("make a WebAssembly module of a program")
    .argument("<file>", FILE_HELP)
    .option("-o, --output <path>", "where the module goes (default: the file with .wasm instead of .fox)")
    .addOption(allocator())
    .action(async (file: string, { output = moduleBeside(file), allocator }: Flags & { output?: string }) => {
      await build(file, output, allocator, false);
    });
  command
    .command("check")
    .description("say what is wrong with a program, without running it")
    .argument("<file>", FILE_HELP)
    .addOption(allocator())
    .action(async (file: string, { allocator }: Flags) => {
      await compile(["check", file], allocator);
    });
  command
    .command("run")
    .description("compile a program and run it")
    .argument("<file>", FILE_HELP)
    .argument("[args...]", "all that stands behind the file is the program's: os.Args")
    .passThroughOptions()
    .addOption(allocator())
    .action(run);
  return command;
}

/** Where a program's module goes: beside it. */
function moduleBeside(file: string): string {
  return `${file.replace(/\.fox$/, "")}.wasm`;
}

async function run(file: string, args: string[], { allocator }: Flags): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "n1-"));
  let module: Uint8Array<ArrayBuffer>;
  try {
    const output = join(folder, "program.wasm");
    if (!(await build(file, output, allocator, true))) return;
    module = new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
  await execute(module, args, allocator);
}

/** Compiles a file into a module that can be run. Whether that went well. */
async function build(file: string, output: string, allocator: AllocatorName, quiet: boolean): Promise<boolean> {
  if (!(await compile(["build", file, "-o", output, ...(quiet ? ["-q"] : [])], allocator))) return false;
  // The one step that is not Morph: a program with threads is rewritten, as n0 rewrites its own.
  const module = new Uint8Array(readFileSync(output));
  const finished = await unwindable(module);
  const refusal = whyRefused(finished);
  if (refusal !== null) {
    rmSync(output);
    process.stderr.write(`error: cannot build ${file}: ${refusal}\n`);
    process.exitCode = 1;
    return false;
  }
  if (finished !== module) writeFileSync(output, finished);
  return true;
}

/** Runs the compiler. Whether it had nothing to complain of. */
function compile(args: readonly string[], allocator: AllocatorName): Promise<boolean> {
  return execute(new Uint8Array(readFileSync(new URL("./n1.wasm", import.meta.url))), args, allocator);
}

/** Runs a module. Whether its exit code, which becomes this process's, is 0. */
async function execute(
  module: Uint8Array<ArrayBuffer>,
  args: readonly string[],
  allocator: AllocatorName,
): Promise<boolean> {
  const interactive = process.stdout.isTTY === true;
  const { exitCode, failure, trace, help } = await runInWorker(module, { allocator, args, interactive });
  const lines = failure === null ? [] : [failure, ...trace, ...(help === null ? [] : [`  help: ${help}`])];
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exitCode = exitCode;
  return exitCode === 0;
}
