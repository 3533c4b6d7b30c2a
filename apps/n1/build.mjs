// Compiles the compiler with n0: dist/n1.wasm.
import { readFileSync, writeFileSync } from "node:fs";
import { buildProgram, compileFrontEnd, disk, formatDiagnostics } from "n0";

// The module names its files as they are named here.
process.chdir(new URL("src/", import.meta.url).pathname);
const file = "main.fox";
const result = compileFrontEnd({ file, bytes: readFileSync(file), reader: disk });
if (!result.ok) {
  process.stderr.write(formatDiagnostics(result.diagnostics, result.sources));
  process.exit(1);
}
writeFileSync(new URL("dist/n1.wasm", import.meta.url), await buildProgram(result.program));
