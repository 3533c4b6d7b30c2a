import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { Scenario } from "./scenario.js";

const replay = (id: string, name: string, title: string, trace: string): Scenario => ({
  ...{ id, name, title, trace },
  what: "ns for one operation of the trace: allocate, reallocate or free",
  group: id,
  kind: "replay",
  size: 0,
  batch: 1,
  times: 1,
  resident: 0,
  live: 0,
  workers: 1,
});

const recorded = (id: string, program: string): Scenario =>
  replay(
    id,
    `a real ${program} (${id})`,
    `replay of what a real ${program} allocates (${id})`,
    fileURLToPath(new URL(`../../traces/${id}.rep.gz`, import.meta.url)),
  );

/** The replays of the traces in this folder's package, of which there are floors. */
export const traces: readonly Scenario[] = [
  recorded("cc1", "compiler"),
  recorded("sqlite", "database"),
  recorded("python", "interpreter"),
  recorded("perl", "interpreter"),
];

/** The replay of a trace that the user names. `taken` are ids that it must not have. */
export const replayOf = (path: string, taken: readonly string[]): Scenario => {
  const file = basename(path);
  const plain = file.replace(/[^\w.-]/g, "-");
  let id = plain;
  for (let number = 2; taken.includes(id); number++) id = `${plain}-${number}`;
  return replay(id, file, `replay of ${file}`, path);
};
