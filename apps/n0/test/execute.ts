/** Compiles and runs programs in this process, with a small stack. */
import { type AllocatorName, type GcOptions, MemoryWriter, type V1Options } from "n0-runtime";
import type { Program } from "../src/ast.ts";
import type { Sites } from "../src/codegen/gc/sites.ts";
import { type CodegenOptions, generateModule } from "../src/codegen/generate.ts";
import type { TargetName } from "../src/codegen/target.ts";
import { rewriteForThreads } from "../src/codegen/unwinding.ts";
import { type RunOptions, type RunResult, runModule } from "../src/run.ts";
import { program } from "./support.ts";

/** What of a run a test may choose. */
export interface ExecuteOptions {
  readonly allocator?: AllocatorName;
  readonly v1?: V1Options;
  readonly gc?: GcOptions;
  readonly maxMemory?: number;
  readonly args?: readonly string[];
  readonly again?: NonNullable<RunOptions["again"]>;
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
  ["gc", { allocator: "gc" }],
  [
    "gc, collecting at every allocation",
    { allocator: "gc", gc: { nurseryBytes: 262144, collectEvery: 1, verifyAlways: true } },
  ],
];

/** The ways of V1 and V2, whose modules are the same, and those of the collector. */
export const FIXED_WAYS: typeof WAYS = WAYS.filter(([, { allocator }]) => allocator !== "gc");
export const GC_WAYS: typeof WAYS = WAYS.filter(([, { allocator }]) => allocator === "gc");

/** A collection at every allocation that moves every object. */
export const MOVING: ExecuteOptions = {
  allocator: "gc",
  gc: { nurseryBytes: 524_288, collectEvery: 1, verifyAlways: true, moveAlways: true },
};

/** One run of a program on each allocator. */
export const PLAIN_WAYS: typeof WAYS = WAYS.filter(([name]) => !name.includes("every"));

/** The module of a checked program, as `buildProgram` makes it. */
export function moduleOf(checked: Program, options: CodegenOptions = {}, sites?: Sites): Uint8Array<ArrayBuffer> {
  const module = generateModule(checked, options, sites);
  return checked.usesThreads ? rewriteForThreads(module) : module;
}

/** The generator's target for a way. */
export function targetOf({ allocator }: ExecuteOptions): TargetName {
  return allocator === "gc" ? "gc" : "fixed";
}

const modules: Record<TargetName, WeakMap<Program, Uint8Array<ArrayBuffer>>> = {
  fixed: new WeakMap(),
  gc: new WeakMap(),
};

/** Runs a checked program, which is compiled once for the ways that have the same module. */
export function execute(checked: Program, options: ExecuteOptions = {}): Executed {
  const target = targetOf(options);
  const module = modules[target].get(checked) ?? moduleOf(checked, { target });
  modules[target].set(checked, module);
  return executeModule(module, options);
}

/** As {@link execute}, with string literals that are made each time. */
export function executeLiteralsEachTime(checked: Program, options: ExecuteOptions): Executed {
  return executeModule(moduleOf(checked, { literalsEachTime: true, target: targetOf(options) }), options);
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
  const checked = program(source);
  const printed = WAYS.map(([name, options]) => {
    const { stdout, failure } = execute(checked, options);
    if (failure !== null) throw new Error(`${name}: ${failure}`);
    return stdout;
  });
  for (const other of printed) {
    if (other !== printed[0]) throw new Error(`not the same on every allocator:\n${printed.join("\n")}`);
  }
  return printed[0]!.split("\n").slice(0, -1);
}
