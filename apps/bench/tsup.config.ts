import type { Options } from "tsup";

/**
 * One output file for one source file, nothing bundled: a bundler turns a module's `const` into `var`, which V8 no
 * longer treats as a constant, and "pool as a constant of the module" is one of the things measured. That is also why
 * the sources import each other as `.js`: nothing rewrites the paths.
 */
const build: Options = {
  entry: ["src/**/*.ts", "!src/report/html/client/**"],
  format: "esm",
  target: "es2022",
  platform: "node",
  bundle: false,
  clean: true,
};

export default build;
