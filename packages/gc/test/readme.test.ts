import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { readExamples, runExample } from "../../../scripts/lib/readme-examples.mjs";

const folder = fileURLToPath(new URL("..", import.meta.url));

// Bundled from the sources, and run without anything that only Node has.
test.each(readExamples(`${folder}README.md`))("$name: runs and prints what its comments say", async (example) => {
  await runExample(example, folder, ["@morph/source"]);
});
