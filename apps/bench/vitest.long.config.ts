import type { ViteUserConfig } from "vitest/config";
import { packageTests } from "../../vitest.base.ts";

const tests: ViteUserConfig = packageTests("test/**/*.long.test.ts");

export default tests;
