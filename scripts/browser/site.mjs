/* Bundles the pages of the browser check from the built packages, and serves them. */
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { root } from "../lib/workspace.mjs";

/** The pages, and what they load besides. Each bundle's exports are the global variable `page`. */
export const PAGES = ["allocators", "growth", "threads", "kept-locks", "web"];
const PARTS = ["worker", "processor", "frame"];

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "pages");
const ISOLATED = {
  "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** @returns where it listens, `{ url, close }` */
export async function serve() {
  const files = await bundle();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    const [type, body] = files.get(pathname) ?? ["text/plain", undefined];
    response.writeHead(body === undefined ? 404 : 200, { ...ISOLATED, "Content-Type": type });
    response.end(body ?? "not here");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** The files by their paths, `[type, contents]`. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [...PAGES, ...PARTS].map((name) => join(FOLDER, `${name}.mjs`)),
    outdir: "/",
    write: false,
    bundle: true,
    format: "iife",
    globalName: "page",
    target: "es2024",
    // The packages as they are published, also where a test's model says `../src/index.ts`.
    plugins: [{ name: "built", setup: useBuilt }],
    logLevel: "silent",
  });
  const files = new Map(
    outputFiles.map(({ path, contents }) => [path.replaceAll("\\", "/"), ["text/javascript", contents]]),
  );
  for (const name of [...PAGES, "frame"]) {
    files.set(`/${name}.html`, [
      "text/html",
      `<!doctype html><meta charset="utf-8"><script src="${name}.js"></script>`,
    ]);
  }
  return files;
}

function useBuilt(esbuild) {
  esbuild.onResolve({ filter: /^@morph\// }, ({ path }) => ({ path: built(path.slice("@morph/".length)) }));
  esbuild.onResolve({ filter: /^\.\.\/src\/index\.ts$/ }, ({ resolveDir }) => ({
    path: built(resolveDir.split(/[\\/]/).at(-2)),
  }));
}

function built(short) {
  return join(root, "packages", short, "dist", "index.js");
}
