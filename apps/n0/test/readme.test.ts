import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lines } from "./execute.ts";

test("the example in the README prints what the README says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, source, output] = /```morph\n(.*?)```.*?```text\n(.*?)```/s.exec(readme)!;
  expect(`${lines(source!).join("\n")}\n`).toBe(output);
});
