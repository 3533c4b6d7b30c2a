import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Preload, Program } from "../catalogue/contenders.js";

/** The C programs and the allocators they can run with. */
export interface NativeTools {
  /** Paths of the built programs. */
  readonly programs?: Readonly<Record<Program, string>>;
  /** Why there are none. */
  readonly problem?: string;
  /** First line of what the compiler says of itself. */
  readonly compiler?: string;
  readonly preloads: Readonly<Partial<Record<Preload, string>>>;
}

const SOURCES: Record<Program, readonly string[]> = {
  bench: ["bench.c", "../c/program.c"],
  context: ["context-bench.c", "context.c"],
};

const NATIVE = fileURLToPath(new URL("../../native/", import.meta.url));
/** Where what is made for a run goes. */
export const BUILD: string = fileURLToPath(new URL("../../native/build", import.meta.url));

const FLAGS = ["-O2", "-fno-builtin-malloc", "-fno-builtin-free", "-fno-builtin-realloc"];

const LIBRARY_FILES: Record<Preload, RegExp> = {
  mimalloc: /^libmimalloc\.so(\.\d+)*$/,
  jemalloc: /^libjemalloc\.so(\.\d+)*$/,
  tcmalloc: /^libtcmalloc_minimal\.so(\.\d+)*$/,
};

const LIBRARY_FOLDERS = ["/usr/local/lib", "/usr/lib", "/usr/lib64", "/lib", "/lib64"];

const run = (file: string, args: readonly string[]): string =>
  execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const firstWorking = (compilers: readonly string[]): { name: string; version: string } | undefined => {
  for (const name of compilers) {
    try {
      return { name, version: run(name, ["--version"]).split("\n")[0]! };
    } catch {
      // Not there; the next one.
    }
  }
  return undefined;
};

/** Debian and its kin keep libraries in a folder named after the machine, such as `x86_64-linux-gnu`. */
const libraryFolders = (): string[] =>
  LIBRARY_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => [
    folder,
    ...readdirSync(folder)
      .filter((name) => /-linux-/.test(name))
      .map((name) => `${folder}/${name}`)
      .filter((path) => statSync(path).isDirectory()),
  ]);

const findPreloads = (): Partial<Record<Preload, string>> => {
  if (process.platform !== "linux") return {};
  const files = libraryFolders().flatMap((folder) => readdirSync(folder).map((name) => ({ folder, name })));
  const found: Partial<Record<Preload, string>> = {};
  for (const preload of Object.keys(LIBRARY_FILES) as Preload[]) {
    const file = files.find(({ name }) => LIBRARY_FILES[preload].test(name));
    if (file !== undefined) found[preload] = `${file.folder}/${file.name}`;
  }
  return found;
};

const build = (compiler: string, program: Program): string => {
  const path = `${BUILD}/${program}`;
  const sources = SOURCES[program].map((name) => NATIVE + name);
  run(compiler, [...FLAGS, ...sources, "-o", path, "-ldl", "-pthread"]);
  return path;
};

/** Builds the C programs with the compiler of this machine, and looks for the allocators. */
export const prepareNative = (): NativeTools => {
  const preloads = findPreloads();
  const chosen = process.env.CC;
  const compiler = firstWorking(chosen === undefined || chosen === "" ? ["cc", "gcc", "clang"] : [chosen]);
  if (compiler === undefined) return { preloads, problem: "no C compiler found" };
  mkdirSync(BUILD, { recursive: true });
  try {
    const programs = { bench: build(compiler.name, "bench"), context: build(compiler.name, "context") };
    return { preloads, compiler: compiler.version, programs };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n").slice(0, 4).join(" ") : String(error);
    return { preloads, compiler: compiler.version, problem: `does not build: ${reason}` };
  }
};
