import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lines } from "./execute.ts";
import { messages } from "./support.ts";

test("the example in the README prints what the README says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, source, output] = /```morph\n(.*?)```.*?```text\n(.*?)```/s.exec(readme)!;
  expect(`${lines(source!).join("\n")}\n`).toBe(output);
});

test("every other example is accepted", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const examples = [...readme.matchAll(/```morph\n(.*?)```/gs)].map(([, source]) => source!);
  expect(examples.length).toBeGreaterThan(1);
  for (const source of examples) expect(messages(source)).toEqual([]);
});
