/** From a checked program to a module, and modules as files. */
import { readFileSync } from "node:fs";
import type { Program } from "./ast.ts";
import type { CodegenOptions } from "./codegen/context.ts";

/** The module of a program. The generator is loaded when it is first needed: who runs a module needs none. */
export async function buildProgram(program: Program, options: CodegenOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { generateModule } = await import("./codegen/generate.ts");
  const module = generateModule(program, options);
  if (!program.usesThreads) return module;
  // Binaryen is large, too.
  const { rewriteForThreads } = await import("./codegen/unwinding.ts");
  return rewriteForThreads(module);
}

/** Whether a file starts as a WebAssembly module does. @throws what the file system throws */
export function isModule(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** Where a program's module goes: beside it. */
export function modulePath(file: string): string {
  return `${file.replace(/\.fox$/, "")}.wasm`;
}

/** The bytes of a file, or of a file descriptor to its end. @throws what the file system throws */
export function readBytes(file: string | number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(file));
}

/** Why this engine would not run a module, such as a function of more code than it takes; null when it does. */
export function whyRefused(module: Uint8Array<ArrayBuffer>): string | null {
  if (WebAssembly.validate(module)) return null;
  try {
    new WebAssembly.Module(module);
    return null;
  } catch (error) {
    return `the module is one that engines do not run: ${(error as Error).message}`;
  }
}
