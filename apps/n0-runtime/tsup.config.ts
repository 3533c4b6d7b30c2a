import { defineConfig, type Options } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/bench.ts", "src/cost-table-cli.ts"],
  format: "esm",
  target: "es2022",
  platform: "node",
  clean: true,
  dts: {
    entry: ["src/index.ts"],
    banner: '/// <reference lib="esnext.disposable" />',
    compilerOptions: { ignoreDeprecations: "6.0" },
  },
} satisfies Options);
