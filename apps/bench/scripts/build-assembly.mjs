// Compiles assembly/*.ts into dist/*.wasm, with the settings that give AssemblyScript's plain TLSF its best.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const build = async (name, ...options) => {
  const files = [`assembly/${name}.ts`, "--baseDir", root, "--outFile", `dist/${name}.wasm`];
  const { error, stderr } = await asc.main([...files, "-O3", "--noAssert", ...options]);
  if (!error) return;
  process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
  process.exitCode = 1;
};

await build("tlsf", "--runtime", "minimal");
await build("touch", "--runtime", "stub", "--importMemory");
await build("allocate", "--runtime", "stub", "--importMemory");
