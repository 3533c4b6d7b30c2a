import { Pool } from "@morph/pool";
import type { Scenario } from "../../catalogue/scenario.js";
import { repeated } from "../loops.js";
import { memoryFor } from "../memory.js";
import { BRIEF, type Task } from "../subject.js";

// The build puts all that this file imports into one file, as a program's bundler does; see tsup.bundled.config.ts. There a module's `const`
// becomes `var`. So what READMEs advise is measured: the pool is a `const` in a function, and the loops with it.

/** The work of any scenario with one size. */
export const prepare = (scenario: Scenario): Task => {
  const { size, batch, times, resident, kind } = scenario;
  const pool = new Pool({ slotSize: size, memory: memoryFor(scenario) });
  const store = new Uint32Array(batch);

  const allocateAndFree = (count: number): void => {
    for (let i = 0; i < count; i++) store[i] = pool.alloc();
    for (let i = 0; i < count; i++) pool.free(store[i]!);
  };

  const pairs = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const pointer = pool.alloc();
      store[0] = pointer;
      pool.free(pointer);
    }
  };

  for (let i = 0; i < resident; i++) pool.alloc();
  const operations = batch * times;
  if (kind === "lifo") return { operations, run: () => pairs(times), brief: () => pairs(BRIEF) };
  return {
    operations,
    run: repeated(times, () => allocateAndFree(batch)),
    brief: () => allocateAndFree(Math.min(batch, BRIEF)),
  };
};
