/** Compiles and runs programs in this process, with a small stack. */
import { MemoryWriter, type V1Options } from "n0-runtime";
import type { Program } from "../src/ast.ts";
import { type CodegenOptions, generateModule } from "../src/codegen/generate.ts";
import { rewriteForThreads } from "../src/codegen/unwinding.ts";
import { type RunResult, runModule } from "../src/run.ts";
import { program } from "./support.ts";

/** What of a run a test may choose. */
export interface ExecuteOptions {
  readonly allocator?: "v1" | "v2";
  readonly v1?: V1Options;
  readonly maxMemory?: number;
  readonly args?: readonly string[];
}

/** A run with what it printed. */
export interface Executed extends RunResult {
  readonly bytes: Uint8Array;
  readonly stdout: string;
}

/** Every way a program can be run; all have to look the same from outside. */
export const WAYS: readonly (readonly [string, ExecuteOptions])[] = [
  ["v2", { allocator: "v2" }],
  ["v1", { allocator: "v1" }],
  ["v1, collecting at every allocation", { allocator: "v1", v1: { threshold: 0 } }],
];

/** The module of a checked program, as `buildProgram` makes it. */
export function moduleOf(checked: Program, options: CodegenOptions = {}): Uint8Array<ArrayBuffer> {
  const module = generateModule(checked, options);
  return checked.usesThreads ? rewriteForThreads(module) : module;
}

/** Runs a checked program. */
export function execute(checked: Program, options: ExecuteOptions = {}): Executed {
  return executeModule(moduleOf(checked), options);
}

/** Runs a module. */
export function executeModule(module: Uint8Array<ArrayBuffer>, options: ExecuteOptions = {}): Executed {
  const stdout = new MemoryWriter();
  const result = runModule(module, { ...options, stdout });
  return { ...result, bytes: stdout.bytes(), stdout: stdout.text() };
}

/** Runs a program given as text. */
export function executeSource(source: string, options?: ExecuteOptions): Executed {
  return execute(program(source), options);
}

/** What a program given as text prints, a line each, however it is run; it must not fail. */
export function lines(source: string): string[] {
  const module = moduleOf(program(source));
  const printed = WAYS.map(([name, options]) => {
    const { stdout, failure } = executeModule(module, options);
    if (failure !== null) throw new Error(`${name}: ${failure}`);
    return stdout;
  });
  for (const other of printed) {
    if (other !== printed[0]) throw new Error(`not the same on every allocator:\n${printed.join("\n")}`);
  }
  return printed[0]!.split("\n").slice(0, -1);
}
