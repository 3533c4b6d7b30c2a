import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readTrace } from "../trace.js";
import { type Scenario, scenarios } from "./scenarios.js";
import { replayOf } from "./traces.js";

const WORKSPACE = fileURLToPath(new URL("../../../../", import.meta.url));

/** The file, from where the user is or, since `pnpm bench` starts this elsewhere, from the workspace's root. */
const findFile = (name: string): string | undefined =>
  [process.cwd(), WORKSPACE].map((folder) => resolve(folder, name)).find((path) => existsSync(path));

/**
 * The scenarios of that name, and a replay for each name that is a trace file's; none named means all scenarios.
 * @throws Error when there is neither, or the file is not a trace
 */
export const chosenScenarios = (names: readonly string[]): readonly Scenario[] => {
  if (names.length === 0) return scenarios;
  const ids = scenarios.map(({ id }) => id);
  const replays: Scenario[] = [];
  for (const name of names.filter((name) => !ids.includes(name))) {
    const path = findFile(name);
    if (path === undefined) throw new Error(`no scenario and no file "${name}"; scenarios: ${ids.join(", ")}`);
    readTrace(path);
    replays.push(replayOf(path, [...ids, ...replays.map(({ id }) => id)]));
  }
  return [...scenarios.filter(({ id }) => names.includes(id)), ...replays];
};
