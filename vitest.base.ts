import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests run on the sources: the private export condition `@morph/source` points at them. */
export const packageTests = (include = "test/**/*.test.ts"): ViteUserConfig => {
  const isLong = include.includes("long");
  return defineConfig({
    ssr: { resolve: { conditions: ["@morph/source", "module", "node", "import", "default"] } },
    test: {
      include: [include],
      exclude: ["**/node_modules/**", ...(isLong ? [] : ["**/*.long.test.ts"])],
      setupFiles: [fileURLToPath(new URL("scripts/test-kit/long-programs.ts", import.meta.url))],
      // By itself Vitest leaves one processor alone: of two, the last package's tests would use one. Long tests have time limits that need one each.
      ...(isLong ? {} : { maxWorkers: Math.max(2, availableParallelism() - 1) }),
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  });
};
