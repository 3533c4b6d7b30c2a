import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answers, Task } from "./worker.js";

const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));
const MOST_OUTPUT = 64 * 2 ** 20;

/** What a process answers, or what stopped it. */
export type Answer<T> = { readonly value: T } | { readonly problem: string };

/** Does a task in a process of its own, which is stopped when it needs longer than the limit. */
export const inWorkerProcess = <T extends Task>(task: T, limitMs: number): Promise<Answer<Answers[T["do"]]>> =>
  new Promise((resolve) => {
    const options = { timeout: limitMs, killSignal: "SIGKILL", maxBuffer: MOST_OUTPUT } as const;
    execFile(process.execPath, ["--expose-gc", WORKER, JSON.stringify(task)], options, (error, stdout, stderr) => {
      if (error === null) resolve({ value: JSON.parse(stdout) as Answers[T["do"]] });
      else if (error.killed === true) resolve({ problem: `stopped after ${limitMs / 1_000} s` });
      else
        resolve({ problem: /^\w*Error.*$/m.exec(stderr)?.[0] ?? `ended by ${error.signal ?? `code ${error.code}`}` });
    });
  });
