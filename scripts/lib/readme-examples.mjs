/* The ```js blocks of a README: found, bundled, run, and their output compared with the comments beside it. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";

/** The examples of a README, in order: `{ name, code, output }`, where `output` is what the comments promise. */
export function readExamples(file) {
  const text = readFileSync(file, "utf8").replaceAll("\r", "");
  const examples = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code], index) => {
    const promised = [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line.trim());
    return { name: `${basename(file)}, example ${index + 1}`, code, output: promised };
  });
  if (examples.length === 0) throw new Error(`${file}: no js example`);
  return examples;
}

/** Compares what an example printed with its comments. */
export function requireOutput({ name, output }, printed) {
  const lines = printed.map((line) => line.trim()).filter((line) => line !== "");
  if (lines.join("\n") !== output.join("\n")) {
    throw new Error(`${name} printed\n  ${lines.join("\n  ")}\nits comments say\n  ${output.join("\n  ")}`);
  }
}

/**
 * Bundles an example for the browser as if it lay in `folder`, and runs it where there is nothing but ECMAScript,
 * WebAssembly, text encoding and console.log, which every browser has too: what only Node has is missing there.
 * @param conditions export conditions, such as `@morph/source`
 */
export async function runExample(example, folder, conditions = []) {
  const { outputFiles } = await build({
    stdin: { contents: example.code, resolveDir: folder, sourcefile: example.name },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
    conditions,
    logLevel: "silent",
  });
  const printed = [];
  const console = { log: (...values) => printed.push(...values.map(String).join(" ").split("\n")) };
  runInContext(outputFiles[0].text, createContext({ console, TextEncoder, TextDecoder }), { filename: example.name });
  requireOutput(example, printed);
}
