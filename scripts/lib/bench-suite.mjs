/* What the packages' own benchmarks share: timing by the task itself, and a table. Beside others: apps/bench. */
import { Bench } from "tinybench";

/**
 * A suite of tasks of `count` operations each. Every task has its own loop, because a shared one goes polymorphic, and returns `since(start)`.
 * Quick with `--quick` among the arguments.
 */
export function benchSuite(count) {
  const quick = process.argv.includes("--quick");
  const bench = new Bench({ time: quick ? 100 : 500, warmupTime: quick ? 50 : 200 });
  return {
    add: (name, task) => bench.add(name, task),
    /** Time of one operation, and of the whole task for tinybench's own clock; both in milliseconds. */
    since: (start, operations = count) => {
      const elapsed = performance.now() - start;
      return { overriddenDuration: elapsed / operations, overriddenIterationCost: elapsed };
    },
    run: (title) => {
      bench.runSync();
      console.log(title);
      console.table(
        bench.table(({ name, result }) => ({
          task: name,
          "median ns": (result.latency.p50 * 1e6).toFixed(2),
          "best ns": (result.latency.min * 1e6).toFixed(2),
          "±": `${result.latency.rme.toFixed(1)} %`,
        })),
      );
    },
  };
}
