import type { Options } from "tsup";

/** Over what the main build wrote of it: the contender that is bundled, with all that it imports. */
const build: Options = {
  entry: { "worker/subjects/pool-bundled": "src/worker/subjects/pool-bundled.ts" },
  format: "esm",
  target: "es2022",
  platform: "node",
  noExternal: [/./],
};

export default build;
