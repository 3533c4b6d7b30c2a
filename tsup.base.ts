import { defineConfig, type Options } from "tsup";

/**
 * How every published package is built: one readable ES module with its types, and the same for `require`, which programs meet where their tests
 * run in Jest, or on a Node that cannot require ES modules.
 */
export const packageBuild = (entry: string[] = ["src/index.ts"]): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry,
    format: ["esm", "cjs"],
    target: "es2022",
    platform: "neutral",
    // Names of layouts become numbers: bundlers turn a module's `const` into `var`, which V8 loads and checks.
    minifySyntax: true,
    clean: true,
    // tsup's declaration build sets an option that TypeScript 6 calls deprecated.
    // `Symbol.dispose` is not in the libraries that a user's project has by default.
    dts: {
      banner: '/// <reference lib="esnext.disposable" />',
      compilerOptions: { ignoreDeprecations: "6.0" },
    },
  } satisfies Options);
