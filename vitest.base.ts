import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests run on the sources: the private export condition `@morph/source` points at them. */
export const packageTests = (include = "test/**/*.test.ts"): ViteUserConfig =>
  defineConfig({
    ssr: { resolve: { conditions: ["@morph/source", "module", "node", "import", "default"] } },
    test: {
      include: [include],
      exclude: ["**/node_modules/**", ...(include.includes("long") ? [] : ["**/*.long.test.ts"])],
      testTimeout: 60_000,
    },
  });
