/** The compiler of Morph, and what runs its modules. */
export type * from "./ast.ts";
export { buildProgram, whyRefused } from "./build.ts";
export type { BuiltinName } from "./builtins.ts";
export type { CodegenOptions } from "./codegen/context.ts";
export { type Diagnostic, formatDiagnostics, type Palette, type Stage } from "./diagnostics.ts";
export { disk } from "./disk.ts";
export { compileFrontEnd, type FrontEndInput, type FrontEndResult } from "./front-end.ts";
export type { SourceReader } from "./modules.ts";
export { type RunOptions, type RunResult, runModule } from "./run.ts";
export { runInWorker, type WorkerRunOptions } from "./run-in-worker.ts";
export type * from "./symbols.ts";
export type * from "./types.ts";
export { unwindable } from "./unwinding.ts";
