import { defineConfig, type Options } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/cli.ts", "src/run-worker.ts", "src/build-worker.ts"],
  format: "esm",
  target: "es2022",
  platform: "node",
  splitting: true,
  clean: true,
  dts: {
    entry: ["src/index.ts"],
    banner: '/// <reference lib="esnext.disposable" />',
    compilerOptions: { ignoreDeprecations: "6.0" },
  },
} satisfies Options);
