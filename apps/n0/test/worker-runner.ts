import { Worker } from "node:worker_threads";

/** Gives tasks one after the other to a thread, which is replaced when it does not answer in time. */
export class WorkerRunner<Task, Outcome> {
  private worker: Worker | null = null;
  private readonly script: string;
  private readonly limitMs: number;

  /** @param script what answers each message of a task with an outcome; @param limitMs how long it may take for one */
  constructor(script: string, limitMs: number) {
    this.script = script;
    this.limitMs = limitMs;
  }

  run(task: Task): Promise<Outcome | "stopped"> {
    this.worker ??= new Worker(this.script, { resourceLimits: { stackSizeMb: 16 } });
    const { worker } = this;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.worker = null;
        worker.removeAllListeners();
        worker.terminate().then(() => resolve("stopped"), reject);
      }, this.limitMs);
      worker.removeAllListeners();
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
      worker.once("message", (outcome: Outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    this.worker?.removeAllListeners();
    await this.worker?.terminate();
  }
}
