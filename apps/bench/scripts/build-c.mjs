// Compiles c/*.c into c/*.wasm, which are kept beside their sources: the benchmark runs without the tools. Run this after one of the
// sources changed, with clang, lld and wasi-libc (Debian: clang lld wasi-libc libclang-rt-14-dev-wasm32).
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "c");
const WRAPPED = ["malloc", "free", "calloc", "realloc", "aligned_alloc", "posix_memalign"];

const build = (name, sources, link) => {
  const options = [
    "--initial-memory=131072",
    "--no-entry",
    "--export=run_program",
    "--export=run_calls",
    "--strip-all",
    ...link,
  ];
  const files = ["program.c", "calls.c", ...sources].map((source) => join(folder, source));
  const flags = ["--target=wasm32-wasi", "-O2", "-fno-builtin-malloc", "-fno-builtin-free", "-nostartfiles"];
  execFileSync(
    "clang",
    [...flags, ...files, ...options.map((option) => `-Wl,${option}`), "-o", join(folder, `${name}.wasm`)],
    {
      stdio: "inherit",
    },
  );
};

// The allocator is the host's, ...
build("imported", ["../../../packages/heap/c/malloc.c"], ["--import-memory", "--export=__heap_base"]);
// ... wasi-libc's own, which is dlmalloc, ...
build("own", [], []);
// ... and the same behind a border.
build(
  "border",
  ["border.c"],
  WRAPPED.map((name) => `--wrap=${name}`),
);
