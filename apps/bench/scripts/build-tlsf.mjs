// Compiles assembly/tlsf.ts into dist/tlsf.wasm, with the settings that give AssemblyScript's plain TLSF its best.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { error, stderr } = await asc.main([
  "assembly/tlsf.ts",
  "--baseDir",
  root,
  "--outFile",
  "dist/tlsf.wasm",
  "-O3",
  "--noAssert",
  "--runtime",
  "minimal",
]);
if (error) {
  process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
  process.exitCode = 1;
}
