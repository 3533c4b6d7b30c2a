import { defineConfig, type Options } from "tsup";

export default defineConfig({
  entry: ["src/cli.ts"],
  format: "esm",
  target: "es2022",
  platform: "node",
  clean: true,
} satisfies Options);
