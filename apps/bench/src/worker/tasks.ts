import type { Scenario } from "../catalogue/scenario.js";
import { xorshift } from "../xorshift.js";
import { batchIn, fillIn, growIn, pairsIn, repeated, replaceIn } from "./loops.js";
import { randomPlan } from "./random-plan.js";
import { bytesOf, copyingReplayTask, givenTrace } from "./replay.js";
import { BRIEF, type Subject, type Task } from "./subject.js";

/** Makes neighbouring seeds different. */
const SEED_STEP = 0x9e37_79b1;

/** Makes a contender from nothing, on memory of its own. */
export type Create<P> = (scenario: Scenario) => Subject<P>;

const withResidents = <P>(scenario: Scenario, subject: Subject<P>, run: () => void, brief: () => void): Task => {
  const keep = subject.store(scenario.resident);
  for (let i = 0; i < scenario.resident; i++) keep[i] = subject.allocator.alloc(scenario.size);
  return { operations: scenario.batch * scenario.times, run, brief, keep };
};

const batchTask = <P>(scenario: Scenario, subject: Subject<P>): Task => {
  const { allocator } = subject;
  const { size, times, batch } = scenario;
  const loop = batchIn(subject.store(batch));
  return withResidents(
    scenario,
    subject,
    repeated(times, () => loop(allocator, size, batch)),
    () => loop(allocator, size, Math.min(batch, BRIEF)),
  );
};

const lifoTask = <P>(scenario: Scenario, subject: Subject<P>): Task => {
  const { allocator } = subject;
  const { size, times } = scenario;
  const pairs = pairsIn(subject.store(1));
  return withResidents(
    scenario,
    subject,
    () => pairs(allocator, size, times),
    () => pairs(allocator, size, BRIEF),
  );
};

const freshTask = <P>(scenario: Scenario, create: Create<P>): Task => {
  const subject = create(scenario);
  let { allocator } = subject;
  const store = subject.store(scenario.batch);
  touch(store);
  const batch = batchIn(store);
  return {
    operations: scenario.batch,
    before: () => {
      // Memories of earlier rounds keep their address space until collected; the worker runs with --expose-gc here.
      globalThis.gc?.();
      allocator = create(scenario).allocator;
    },
    run: () => batch(allocator, scenario.size, scenario.batch),
  };
};

/** The array of pointers is not what is measured: its own pages are touched before. */
const touch = (store: unknown): void => {
  if (store instanceof Uint32Array) store.fill(1);
};

const randomTask = <P>(scenario: Scenario, subject: Subject<P>): Task => {
  const { allocator } = subject;
  const plan = randomPlan(scenario);
  const store = subject.store(scenario.live);
  for (let i = 0; i < scenario.live; i++) store[i] = allocator.alloc(plan.first[i]!);
  // As many replacements as there are objects come first, so that no contender is measured on a heap still in the order of its filling.
  const replace = replaceIn(store, plan);
  let at = replace(allocator, 0, scenario.live);
  return {
    operations: scenario.times,
    run: () => {
      at = replace(allocator, at, scenario.times);
    },
    brief: () => {
      at = replace(allocator, at, BRIEF);
    },
  };
};

const arenaTask = <P>(scenario: Scenario, subject: Subject<P>): Task => {
  const { allocator } = subject;
  const store = subject.store(scenario.batch);
  const fill = fillIn(store);
  let filled = 0;
  const empty = (): void => {
    for (let i = 0; i < filled; i++) allocator.free(store[i]!);
  };
  const run = (count: number): void => {
    fill(allocator, scenario.size, count);
    filled = count;
  };
  return {
    operations: scenario.batch,
    before: subject.reset ?? empty,
    run: () => run(scenario.batch),
    brief: () => run(Math.min(scenario.batch, BRIEF)),
  };
};

const growTask = <P>({ sizes: [first, last] = [] }: Scenario, subject: Subject<P>): Task => {
  if (first === undefined || last === undefined) throw new Error("what grows needs two sizes");
  const grow = growIn(bytesOf(subject), first, last);
  return { operations: Math.log2(last / first) + 1, run: () => grow(subject.allocator) };
};

const slotsTask = <P>(scenario: Scenario, subject: Subject<P>): Task => {
  const store = subject.store(scenario.batch);
  fillIn(store)(subject.allocator, scenario.size, scenario.batch);
  const footprint = subject.footprint?.().peak;
  return {
    operations: scenario.batch,
    peakLive: scenario.batch * scenario.size,
    ...(footprint !== undefined && { footprint }),
    // Only memory is counted.
    run: () => undefined,
    keep: store,
  };
};

/** Programs in which two objects come for one that goes, until one is refused, which is an offset below 0. */
const refusalTask = (scenario: Scenario, create: Create<number>): Task => {
  const { sizes: [smallest, largest] = [], batch, times } = scenario;
  if (smallest === undefined || largest === undefined) throw new Error("what is filled needs two sizes");
  let filled = 0;
  for (let seed = 1; seed <= times; seed++) {
    const { allocator } = create(scenario);
    const next = xorshift(Math.imul(seed, SEED_STEP));
    const live: [pointer: number, size: number][] = [];
    let used = 0;
    for (let turn = 1; ; turn++) {
      const size = smallest + (next() % (largest - smallest + 1));
      const pointer = allocator.alloc(size);
      if (pointer < 0) break;
      live.push([pointer, size]);
      used += size;
      if (turn % 2 !== 0) continue;
      const [gone] = live.splice(next() % live.length, 1) as [[number, number]];
      allocator.free(gone[0]);
      used -= gone[1];
    }
    filled += used / batch / times;
  }
  return { operations: times, filled, run: () => undefined };
};

/** The work of ranges, whose pointers are offsets. */
export const rangesTask = (scenario: Scenario, create: Create<number>): Task =>
  scenario.kind === "fill" ? refusalTask(scenario, create) : taskFor(scenario, create);

/** The work of a scenario for an allocator that is passed as a parameter; traces for one without a realloc. */
export const taskFor = <P>(scenario: Scenario, create: Create<P>): Task => {
  switch (scenario.kind) {
    case "batch":
      return batchTask(scenario, create(scenario));
    case "fresh":
      return freshTask(scenario, create);
    case "lifo":
      return lifoTask(scenario, create(scenario));
    case "random":
    case "random-large":
    case "ranges":
      return randomTask(scenario, create(scenario));
    case "grow":
      return growTask(scenario, create(scenario));
    case "arena":
      return arenaTask(scenario, create(scenario));
    case "replay":
      return copyingReplayTask(create(scenario), givenTrace(scenario));
    case "slots":
      return slotsTask(scenario, create(scenario));
    default:
      throw new Error(`${scenario.kind} is of objects with a type: see typed-tasks.ts`);
  }
};
