// Bundles the page and serves it: `pnpm --filter examples start`. The headers isolate the page, as shared memory needs it, and forbid `eval`.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HEADERS = {
  "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The page's program, from the packages' sources. */
export async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    conditions: ["@morph/source"],
    write: false,
  });
  return outputFiles[0].text;
}

/** @returns the server, listening on a port of 127.0.0.1; 0 is any that is free */
export async function serve(port) {
  const files = {
    "/": ["text/html", readFileSync(new URL("index.html", import.meta.url))],
    "/page.js": ["text/javascript", await bundlePage()],
  };
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url] ?? ["text/plain", undefined];
    response.writeHead(body === undefined ? 404 : 200, { ...HEADERS, "Content-Type": type });
    response.end(body ?? "not here");
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(8080);
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
