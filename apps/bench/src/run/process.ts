import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How to start a contender. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What a contender says once it is warm. */
export interface Ready {
  /** Bytes taken from the system at the worst moment of the first repetition. */
  readonly footprint?: number;
  /** Peak bytes asked for, where there is a footprint to set against. */
  readonly peakLive?: number;
  /** Bytes taken at each of the trace's samples. */
  readonly footprints?: readonly number[];
  /** About how long a round will take; peers tell, whose time is limited. */
  readonly roundMs?: number;
  readonly libc?: string;
  /** Bytes that a context says it gave out through its pool and its arena. */
  readonly poolBytes?: number;
  readonly arenaBytes?: number;
  /** Share of freed slots that were handed out again. */
  readonly reused?: number;
  /** Share of a space that was in use when a range was refused. */
  readonly filled?: number;
}

/** The contender used up its time. */
export class Stopped extends Error {}

const alive = new Set<ChildProcessWithoutNullStreams>();

let watching = false;

/** A process that is held would outlive this one. */
const endWithThisProcess = (): void => {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const child of alive) child.kill("SIGKILL");
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
};

/**
 * A contender's process: one line in, one line of JSON out.
 *
 * Between its rounds it is held (SIGSTOP): what it has to do in the background, such as garbage collection on other
 * threads, then happens on its own time and not on that of the next contender.
 */
export class ContenderProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  /** Once it has ended and all it said has been read. */
  readonly #closed: Promise<unknown>;
  #complaint = "";

  constructor(command: Command) {
    endWithThisProcess();
    this.#child = spawn(command.file, command.args, { env: command.env });
    alive.add(this.#child);
    this.#child.once("exit", () => alive.delete(this.#child));
    this.#closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on("data", (text: Buffer) => {
      this.#complaint = (this.#complaint + text.toString()).slice(-2_000);
    });
    this.#child.on("error", (error) => {
      this.#complaint += error.message;
    });
    // A contender that died is noticed by its missing answer.
    this.#child.stdin.on("error", () => undefined);
  }

  /** Waits until it is warm. */
  async ready(budgetMs: number): Promise<Ready> {
    const ready = (await this.#answer(budgetMs)) as Ready;
    this.#signal("SIGSTOP");
    return ready;
  }

  /** One timed round; nanoseconds an operation. */
  async round(budgetMs: number): Promise<number> {
    this.#signal("SIGCONT");
    this.#child.stdin.write("round\n");
    const { ns } = (await this.#answer(budgetMs)) as { ns: number };
    this.#signal("SIGSTOP");
    return ns;
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }

  #signal(name: "SIGSTOP" | "SIGCONT"): void {
    if (process.platform !== "win32") this.#child.kill(name);
  }

  async #answer(budgetMs: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Stopped()), Math.max(1, budgetMs));
    });
    try {
      const { value, done } = await Promise.race([this.#lines.next(), timeout]);
      if (done === true) {
        await Promise.race([this.#closed, timeout]);
        throw new Error(this.#reason());
      }
      return JSON.parse(value);
    } finally {
      clearTimeout(timer);
    }
  }

  #reason(): string {
    const lines = this.#complaint.split("\n").map((line) => line.trim());
    // Node shows the line of code that threw before it says what it threw.
    const reason =
      lines.find((line) => /^\w*Error(?: \[\w+\])?: /.test(line)) ?? lines.find((line) => /error/i.test(line));
    const signal = this.#child.signalCode === null ? undefined : `crashed: ${this.#child.signalCode}`;
    return reason ?? signal ?? lines.find((line) => line !== "") ?? "ended without an answer";
  }
}
