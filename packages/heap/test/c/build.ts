import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Pages of the modules' memories at the start. */
export const INITIAL_PAGES = 24;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Without builtins no allocation is left out because nobody uses it. */
const TARGET = ["--target=wasm32-wasi", "-O2", "-fno-builtin"];
const LINK = ["--import-memory", "--export=__heap_base", "--strip-all", `--initial-memory=${INITIAL_PAGES * 65_536}`];

/**
 * Builds `source`, a program beside this file, for wasm32 with the allocation functions of `c/malloc.c`, by Debian's clang, lld and
 * wasi-libc.
 * @throws where one of them is missing
 */
export const build = (source: string, output: string): void => {
  const shim = `${output}.o`;
  execFileSync("clang", [...TARGET, "-c", path("../../c/malloc.c"), "-o", shim], { stdio: "pipe" });
  const [compiler, ...flags] = source.endsWith(".cpp") ? ["clang++", "-std=c++17", "-fno-exceptions"] : ["clang"];
  const link = LINK.map((flag) => `-Wl,${flag}`);
  execFileSync(compiler as string, [...TARGET, ...flags, path(source), shim, ...link, "-o", output], { stdio: "pipe" });
};
