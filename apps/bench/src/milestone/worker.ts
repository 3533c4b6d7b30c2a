import { readFileSync } from "node:fs";
import { runModule } from "n0";
import { type AllocatorName, type AllocatorStats, decodeRecording, MemoryWriter, Recorder, replay } from "n0-runtime";
import { type HeapFigures, watchHeap } from "./heap-watch.js";
import type { PlainProgram } from "./plain/program.js";

/** What a process of its own is asked to do. */
export type Task =
  | {
      readonly do: "run" | "again";
      readonly module: string;
      readonly args: readonly string[];
      readonly allocator: AllocatorName;
    }
  | { readonly do: "record"; readonly module: string; readonly args: readonly string[]; readonly path: string }
  | { readonly do: "replay"; readonly path: string; readonly allocator: AllocatorName }
  | { readonly do: "plain" | "watch"; readonly program: string; readonly source: string };

/** How a run went. */
export interface RunAnswer {
  readonly milliseconds: number;
  readonly firstMs: number;
  readonly failure: string | null;
  readonly output: string;
  readonly stats: AllocatorStats;
}

/** How a replay went. */
export interface ReplayAnswer {
  readonly allocatorMs: number;
  readonly collectionMs: number;
}

/** How runs in one memory went. */
export interface AgainAnswer {
  readonly milliseconds: number;
}

/** How a run on plain objects went. */
export interface PlainAnswer {
  readonly milliseconds: number;
  readonly firstMs: number;
  readonly output: string;
}

/** What is answered to each task. */
export interface Answers {
  readonly run: RunAnswer;
  readonly again: AgainAnswer;
  readonly record: Record<string, never>;
  readonly replay: ReplayAnswer;
  readonly plain: PlainAnswer;
  readonly watch: HeapFigures;
}

/** Runs and replays of one process: the first compile the code, the best counts. Once this much time is gone, no more are made. */
const REPETITIONS = 30;
const ENOUGH_MS = 800;

/** Says whether one more is made. */
const untilEnough = (): (() => boolean) => {
  const start = performance.now();
  let made = 0;
  return () => ++made < REPETITIONS && performance.now() - start < ENOUGH_MS;
};

/** The best of several, and the time of the first, for which nothing is warm. */
const best = <T>(make: () => T, millisecondsOf: (made: T) => number): T & { firstMs: number } => {
  const isOneMore = untilEnough();
  let found = make();
  const firstMs = millisecondsOf(found);
  while (isOneMore()) {
    const next = make();
    if (millisecondsOf(next) < millisecondsOf(found)) found = next;
  }
  return { ...found, firstMs };
};

const run = (module: string, args: readonly string[], allocator: AllocatorName): RunAnswer => {
  const bytes = new Uint8Array(readFileSync(module));
  return best(
    () => {
      const stdout = new MemoryWriter();
      const { milliseconds, failure, stats } = runModule(bytes, { allocator, args, stdout });
      if (stats === null) throw new Error(failure ?? "no memory to start with");
      return { milliseconds, failure, output: stdout.text(), stats };
    },
    ({ milliseconds }) => milliseconds,
  );
};

/** The best of several runs in one memory, whose pages the runs before have touched. */
const runAgain = (module: string, args: readonly string[], allocator: AllocatorName): AgainAnswer => {
  const bytes = new Uint8Array(readFileSync(module));
  const isOneMore = untilEnough();
  let milliseconds = Number.POSITIVE_INFINITY;
  const { failure } = runModule(bytes, {
    allocator,
    args,
    stdout: new MemoryWriter(),
    again: (each, runtime) => {
      milliseconds = Math.min(milliseconds, each);
      // So that a run does not pay for what the run before left there.
      runtime.emptyNursery();
      return isOneMore();
    },
  });
  if (failure !== null) throw new Error(failure);
  return { milliseconds };
};

const record = (module: string, args: readonly string[], path: string): Record<string, never> => {
  const recorder = new Recorder();
  const bytes = new Uint8Array(readFileSync(module));
  const { failure } = runModule(bytes, { allocator: "v2", args, stdout: new MemoryWriter(), recorder });
  if (failure !== null) throw new Error(failure);
  recorder.save(path);
  return {};
};

const replayed = (path: string, allocator: AllocatorName): ReplayAnswer => {
  const recording = decodeRecording(readFileSync(path));
  const { allocatorMs, collectionMs } = best(
    () => replay(recording, allocator, { clock: false }),
    (result) => result.allocatorMs,
  );
  return { allocatorMs, collectionMs };
};

const plainRun = (program: PlainProgram, source: string): Omit<PlainAnswer, "firstMs"> => {
  let text = "";
  const from = performance.now();
  program((line) => {
    text += `${line}\n`;
  }, source);
  return { milliseconds: performance.now() - from, output: text };
};

const plainRuns = (program: PlainProgram, source: string): PlainAnswer =>
  best(
    () => {
      // As above.
      globalThis.gc?.({ type: "minor" });
      return plainRun(program, source);
    },
    ({ milliseconds }) => milliseconds,
  );

const perform = async (task: Task): Promise<Answers[Task["do"]]> => {
  switch (task.do) {
    case "run":
      return run(task.module, task.args, task.allocator);
    case "again":
      return runAgain(task.module, task.args, task.allocator);
    case "record":
      return record(task.module, task.args, task.path);
    case "replay":
      return replayed(task.path, task.allocator);
    default: {
      const { run: program } = (await import(`./plain/${task.program}.js`)) as { run: PlainProgram };
      return task.do === "plain" ? plainRuns(program, task.source) : watchHeap(() => plainRun(program, task.source));
    }
  }
};

process.stdout.write(JSON.stringify(await perform(JSON.parse(process.argv[2] as string) as Task)));
