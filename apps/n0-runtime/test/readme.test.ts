import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as n0runtime from "../src/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] as string);

test.each(examples)("example %#: runs and prints what its comments say", (source) => {
  const printed: string[] = [];
  const body = source.replace(/import \{([^}]*)\} from "n0-runtime";/, "const {$1} = n0runtime;");
  new Function("n0runtime", "console", body)(n0runtime, { log: (value: unknown) => printed.push(String(value)) });
  const expected = [...source.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]);
  expect(expected.length).toBeGreaterThan(0);
  expect(printed).toEqual(expected);
});
