/** A thread that compiles a program with a place of the generator left out, looks at the code or runs it: see `removals.check.ts`. */
import { parentPort } from "node:worker_threads";
import { Sites } from "../src/codegen/gc/sites.ts";
import { makeModule } from "../src/codegen/generate.ts";
import { rewriteForThreads } from "../src/codegen/unwinding.ts";
import { disk } from "../src/disk.ts";
import { compileFrontEnd, type FrontEndResult } from "../src/front-end.ts";
import { executeModule, GC_WAYS, MOVING } from "./execute.ts";
import { wrongMoves } from "./verify-moves.ts";

/** A program, the places to leave out (all of a kind, or one by its number; `null` for none), and what to do with it. */
export interface RemovalTask {
  readonly file: string;
  readonly source: Uint8Array;
  readonly omitted: string | number | null;
  /** To look at the code, or to run it with a collection at each n-th allocation; whether all objects move then, or become old. */
  readonly way: "look" | { readonly collectEvery: number; readonly moving: boolean };
}

/** What the places of the module are for, and what was seen. */
export interface RemovalOutcome {
  readonly kinds: readonly string[];
  /** Complaints, or what the program printed and how it failed. */
  readonly seen: string;
  readonly exitCode: number;
  readonly allocations: number;
}

const checked = new Map<string, FrontEndResult>();
const [, aging] = GC_WAYS.at(-1)!;
const MAX_MEMORY = 256 * 1024 * 1024;

parentPort!.on("message", (task: RemovalTask) => {
  parentPort!.postMessage(outcomeOf(task));
});

function outcomeOf({ file, source, omitted, way }: RemovalTask): RemovalOutcome {
  const result = checked.get(file) ?? compileFrontEnd({ file, bytes: source, reader: disk });
  checked.set(file, result);
  if (!result.ok) throw new Error(`${file} is rejected`);
  const sites = new Sites((kind, number) => kind === omitted || number === omitted);
  const { kinds } = sites;
  try {
    const module = makeModule(result.program, { target: "gc" }, sites);
    if (way === "look") return { kinds, seen: wrongMoves(module).join("\n"), exitCode: 0, allocations: 0 };
    const bytes = result.program.usesThreads ? rewriteForThreads(module.emit()) : module.emit();
    const options = way.moving ? MOVING : aging;
    const gc = { ...options.gc, collectEvery: way.collectEvery };
    const { stdout, failure, exitCode, stats } = executeModule(bytes, { ...options, maxMemory: MAX_MEMORY, gc });
    return { kinds, seen: `${stdout}\n${failure}`, exitCode, allocations: stats?.allocations ?? 0 };
  } catch (error) {
    // No module that engines take.
    return { kinds, seen: String(error), exitCode: -1, allocations: 0 };
  }
}
