import { defineConfig, type Options } from "tsup";

export default defineConfig({
  entry: { index: "src/index.ts", bench: "src/tools/bench.ts", "cost-table-cli": "src/tools/cost-table-cli.ts" },
  format: "esm",
  target: "es2022",
  platform: "node",
  // Names of layouts become numbers, as in the packages.
  minifySyntax: true,
  clean: true,
  dts: {
    entry: { index: "src/index.ts" },
    banner: '/// <reference lib="esnext.disposable" />',
    compilerOptions: { ignoreDeprecations: "6.0" },
  },
} satisfies Options);
