import type { MemoryContext } from "@morph/mem-v2";
import type { Scenario } from "../catalogue/scenario.js";
import { contextFor } from "./contexts.js";
import { BRIEF, type Task } from "./subject.js";
import { objectsIn, TYPE, type Typed, typedBatchIn, typedPairsIn } from "./typed-loops.js";

/** The work of `typed-batch` and `typed-lifo`, for a context. */
export const pairTask = (scenario: Scenario, allocator: Typed): Task => {
  const { kind, size, batch, times } = scenario;
  const store = new Uint32Array(batch);
  const loop = (kind === "typed-lifo" ? typedPairsIn : typedBatchIn)(store, size, TYPE);
  const count = kind === "typed-lifo" ? times : batch;
  return { operations: count, run: () => loop(allocator, count), brief: () => loop(allocator, Math.min(count, BRIEF)) };
};

/** How many objects a scenario of several sizes makes. */
export const objectCount = ({ sizes = [], batch }: Scenario): number => sizes.length * batch;

/** What a context says after its objects were made. */
export const bytesOf = (context: MemoryContext): Partial<Task> => {
  const { poolBytes, arenaBytes, peakFootprint, peakLive } = context.stats();
  return { poolBytes, arenaBytes, footprint: peakFootprint, peakLive };
};

const objectsTask = (scenario: Scenario, context: MemoryContext): Task => {
  const store = new Uint32Array(objectCount(scenario)).fill(1);
  const loop = objectsIn(store, scenario.sizes!);
  loop(context, scenario.batch);
  return {
    ...bytesOf(context),
    operations: store.length,
    before: () => context.reset(),
    run: () => loop(context, scenario.batch),
    brief: () => loop(context, Math.min(scenario.batch, BRIEF)),
  };
};

const freshObjectsTask = (scenario: Scenario): Task => {
  let context = contextFor(scenario);
  const store = new Uint32Array(objectCount(scenario)).fill(1);
  const loop = objectsIn(store, scenario.sizes!);
  return {
    operations: store.length,
    before: () => {
      // As in tasks.ts: memories of earlier rounds keep their address space until collected.
      globalThis.gc?.();
      context = contextFor(scenario);
    },
    run: () => loop(context, scenario.batch),
  };
};

const statisticsTask = ({ size, live, times }: Scenario, context: MemoryContext): Task => {
  for (let type = 1; type <= live; type++) context.alloc(size, type);
  let keep: unknown;
  return {
    operations: times,
    run: () => {
      for (let i = 0; i < times; i++) keep = context.stats();
    },
    get keep() {
      return keep;
    },
  };
};

/** The original's chess test; the share of slots that are handed out again in the same place. */
const reuseTask = ({ size, batch }: Scenario, context: MemoryContext): Task => {
  const moves = Array.from({ length: batch }, () => context.alloc(size, TYPE));
  for (const move of moves.toReversed()) context.free(move);
  const again = moves.filter((move) => context.alloc(size, TYPE) === move);
  return { operations: batch, reused: again.length / batch, run: () => undefined };
};

/** The work of a scenario of objects with a type, for a context that is passed as a parameter. */
export const typedTaskFor = (scenario: Scenario): Task => {
  switch (scenario.kind) {
    case "objects":
      return objectsTask(scenario, contextFor(scenario));
    case "objects-fresh":
      return freshObjectsTask(scenario);
    case "statistics":
      return statisticsTask(scenario, contextFor(scenario));
    case "reuse":
      return reuseTask(scenario, contextFor(scenario));
    default:
      return pairTask(scenario, contextFor(scenario));
  }
};
