import type { Options } from "tsup";

/** The script of the report's page: one file, since the page loads nothing. */
const build: Options = {
  entry: { client: "src/report/html/client/main.ts" },
  outDir: "dist/report/html",
  format: "iife",
  outExtension: () => ({ js: ".js" }),
  target: "es2022",
  platform: "browser",
  minify: true,
};

export default build;
