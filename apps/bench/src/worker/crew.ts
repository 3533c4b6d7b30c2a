import { Worker } from "node:worker_threads";
import type { ContextHandle } from "@morph/mem-v2";
import type { Scenario } from "../catalogue/scenario.js";

/** What a worker of a crew is given. */
export interface Orders {
  readonly handle: ContextHandle;
  /** Counts rounds: each worker does one each time it changes. */
  readonly start: Int32Array;
  /** Workers that have finished the round. */
  readonly finished: Int32Array;
  readonly index: number;
  readonly times: number;
  /** Largest size. */
  readonly size: number;
}

/** The longest that a round may take, so that a lock that hangs is a failure and not a long wait. */
const LIMIT_MS = 60_000;

/** Threads over one context, which all work at once and whose time is that of the last; native/harness.h has the same. */
export class Crew {
  private readonly start = new Int32Array(new SharedArrayBuffer(4));
  private readonly finished = new Int32Array(new SharedArrayBuffer(4));
  private readonly count: number;

  private constructor(count: number) {
    this.count = count;
  }

  /** Starts the workers and waits until all of them wait. */
  static async start({ workers, times, size }: Scenario, handle: ContextHandle): Promise<Crew> {
    const crew = new Crew(workers);
    const { start, finished } = crew;
    const ready = Array.from({ length: workers }, (_, index) => {
      const workerData: Orders = { handle, start, finished, index, times, size };
      const worker = new Worker(new URL("./locked-worker.js", import.meta.url), { workerData });
      return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    });
    await Promise.all(ready);
    return crew;
  }

  /** One round of all. Blocks: the thread that times has nothing else to do. */
  work(): void {
    const { start, finished, count } = this;
    Atomics.store(finished, 0, 0);
    Atomics.add(start, 0, 1);
    Atomics.notify(start, 0);
    for (let done = 0; done < count; done = Atomics.load(finished, 0)) {
      if (Atomics.wait(finished, 0, done, LIMIT_MS) === "timed-out") throw new Error("a worker hangs or has ended");
    }
  }
}
