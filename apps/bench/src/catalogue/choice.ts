import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readTrace } from "../rep-reader.js";
import type { Trace } from "../trace.js";
import { contendersOf } from "./contenders.js";
import type { Scenario } from "./scenario.js";
import { scenarios } from "./scenarios.js";
import { replayOf } from "./traces.js";

const WORKSPACE = fileURLToPath(new URL("../../../../", import.meta.url));

/** The file, from where the user is or, since `pnpm bench` starts this elsewhere, from the workspace's root. */
const findFile = (name: string): string | undefined =>
  [process.cwd(), WORKSPACE].map((folder) => resolve(folder, name)).find((path) => existsSync(path));

/** What one process needs to replay a trace, about: the trace, pointers and sizes by id, and the objects. */
const replayBytes = ({ operations, idCount, peakLive }: Trace): number =>
  operations.length * 9 + idCount * 12 + peakLive;

/**
 * Contenders take turns, so all of their processes hold the trace at once.
 * @throws Error when this machine has not the memory for it
 */
export const refuseTooLarge = (trace: Trace, scenario: Scenario, memoryBytes: number): void => {
  const processes = contendersOf(scenario).length;
  const needed = processes * replayBytes(trace);
  if (needed <= memoryBytes) return;
  const [need, have] = [needed, memoryBytes].map((bytes) => Math.ceil(bytes / 2 ** 30));
  throw new Error(
    `${scenario.trace}: ${trace.operations.length} operations in ${processes} processes need about ${need} GiB of this machine's ${have}; record fewer (record --limit)`,
  );
};

/**
 * The scenarios of that name, and a replay for each name that is a trace file's; none named means all scenarios.
 * @throws Error when there is neither, the file is not a trace, or it is too large for this machine
 */
export const chosenScenarios = (names: readonly string[]): readonly Scenario[] => {
  if (names.length === 0) return scenarios;
  const ids = scenarios.map(({ id }) => id);
  const replays: Scenario[] = [];
  for (const name of names.filter((name) => !ids.includes(name))) {
    const path = findFile(name);
    if (path === undefined) throw new Error(`no scenario and no file "${name}"; scenarios: ${ids.join(", ")}`);
    const replay = replayOf(path, [...ids, ...replays.map(({ id }) => id)]);
    refuseTooLarge(readTrace(path), replay, totalmem());
    replays.push(replay);
  }
  return [...scenarios.filter(({ id }) => names.includes(id)), ...replays];
};
