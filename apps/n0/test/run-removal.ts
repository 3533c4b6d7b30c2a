/** A thread that compiles a program with a place of the generator left out, and runs it: see `removals.check.ts`. */
import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { Sites } from "../src/codegen/gc/sites.ts";
import { disk } from "../src/disk.ts";
import { compileFrontEnd, type FrontEndResult } from "../src/front-end.ts";
import { executeModule, GC_WAYS, moduleOf } from "./execute.ts";

/** A program, and the places to leave out: all of a kind, or one by its number; `null` for none. */
export interface RemovalTask {
  readonly file: string;
  readonly omitted: string | number | null;
  readonly collectEvery: number;
}

/** What the places of the module are for, and how the program ended. */
export interface RemovalOutcome {
  readonly kinds: readonly string[];
  readonly stdout: string;
  readonly exitCode: number;
  readonly allocations: number;
}

const checked = new Map<string, FrontEndResult>();
const [, stress] = GC_WAYS.at(-1)!;

parentPort!.on("message", (task: RemovalTask) => {
  parentPort!.postMessage(outcomeOf(task));
});

function outcomeOf({ file, omitted, collectEvery }: RemovalTask): RemovalOutcome {
  const result = checked.get(file) ?? compileFrontEnd({ file, bytes: readFileSync(file), reader: disk });
  checked.set(file, result);
  if (!result.ok) throw new Error(`${file} is rejected`);
  const sites = new Sites((kind, number) => kind === omitted || number === omitted);
  const options = { ...stress, maxMemory: 256 * 1024 * 1024, gc: { ...stress.gc, collectEvery } };
  try {
    const { stdout, exitCode, stats } = executeModule(moduleOf(result.program, { target: "gc" }, sites), options);
    return { kinds: sites.kinds, stdout, exitCode, allocations: stats?.allocations ?? 0 };
  } catch (error) {
    // No module that engines take.
    return { kinds: sites.kinds, stdout: String(error), exitCode: -1, allocations: 0 };
  }
}
