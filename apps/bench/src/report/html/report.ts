import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Results } from "../results.js";
import { reportPage } from "./page.js";

/** The charting library's file for browsers, out of node_modules. */
export const chartLibrary = (): string => {
  const main = createRequire(import.meta.url).resolve("chart.js");
  return readFileSync(`${dirname(main)}/chart.umd.min.js`, "utf8");
};

/** Writes the report: one file that opens from disk. */
export const writeReport = (path: string, results: Results): void => {
  const client = readFileSync(fileURLToPath(new URL("./client.js", import.meta.url)), "utf8");
  writeFileSync(path, reportPage(results, { library: chartLibrary(), client }));
};
