import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests run on the sources: the private export condition `@morph/source` points at them. */
export const packageTests = (include = "test/**/*.test.ts"): ViteUserConfig =>
  defineConfig({
    ssr: { resolve: { conditions: ["@morph/source", "module", "node", "import", "default"] } },
    test: {
      include: [include],
      exclude: ["**/node_modules/**", ...(include.includes("long") ? [] : ["**/*.long.test.ts"])],
      setupFiles: [fileURLToPath(new URL("scripts/test-kit/long-programs.ts", import.meta.url))],
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  });
