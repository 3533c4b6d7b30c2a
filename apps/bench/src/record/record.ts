import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MOST_OPERATIONS } from "../trace.js";
import { RepFile } from "./rep-file.js";
import { hasEnded, programsIn, type RecordedProgram, takeWindow } from "./windows.js";

const SOURCE = fileURLToPath(new URL("../../native/record.c", import.meta.url));

const POLL_MS = 20;
/** A command that was asked to end is killed after this time. */
const GRACE_MS = 2_000;

/** How far a recording is. */
export interface RecordProgress {
  /** Operations of all traces. */
  readonly operations: number;
  /** Bytes live in the programs that still run, as asked for. */
  readonly liveBytes: number;
  /** Bytes of all files. */
  readonly fileBytes: number;
}

/** One trace that was written. */
export interface RecordedTrace {
  readonly path: string;
  readonly operations: number;
  readonly bytes: number;
  /** Whether it ends at the limit, and not where the program did. */
  readonly limited: boolean;
}

/** What came out of a recording. */
export interface Recording {
  /** The command's exit code; 1 where a signal ended it. */
  readonly exitCode: number;
  /** The traces that were written: one for each program that allocated, the longest first. */
  readonly traces: readonly RecordedTrace[];
}

/** How a recording is made. */
export interface RecordOptions {
  /** Default: COMMAND.rep here. */
  readonly out?: string | undefined;
  /** The most requests of one trace; the program runs on without being recorded. The default, and the most, is what can be replayed. */
  readonly limit?: number | undefined;
  /** Ends the command, as SIGINT would; what was recorded until then is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each look at the programs, some 50 times a second. */
  readonly onProgress?: ((progress: RecordProgress) => void) | undefined;
}

const pathOf = (out: string, number: number): string =>
  number === 0 ? out : out.replace(/(\.rep)?(\.gz)?$/, (ending) => `-${number + 1}${ending}`);

const buildRecorder = (folder: string): string => {
  const library = `${folder}/record.so`;
  execFileSync(process.env.CC || "cc", ["-O2", "-shared", "-fPIC", SOURCE, "-o", library, "-pthread"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return library;
};

/** Turns windows into traces as they come. */
class Traces {
  readonly #folder: string;
  readonly #out: string;
  /** Files of programs that run, by the name of the program. */
  readonly #open: Map<string, RepFile> = new Map();
  /** Names of programs that ended before the folder was looked at next. */
  readonly #ended: Set<string> = new Set();
  /** What was written of programs that have ended. */
  readonly #written: RecordedTrace[] = [];
  #started = 0;

  constructor(folder: string, out: string) {
    this.#folder = folder;
    this.#out = out;
  }

  get progress(): RecordProgress {
    const files = [...this.#open.values()];
    const sum = (of: readonly number[]): number => of.reduce((total, value) => total + value, 0);
    return {
      operations: sum([
        ...files.map(({ operations }) => operations),
        ...this.#written.map(({ operations }) => operations),
      ]),
      liveBytes: sum(files.map(({ stream }) => stream.liveBytes)),
      fileBytes: sum([...files, ...this.#written].map(({ bytes }) => bytes)),
    };
  }

  /** Reads what is there: all of it from programs that have ended, full windows from the others. */
  async take(allEnded: boolean): Promise<void> {
    for (const program of programsIn(this.#folder)) {
      const complete = allEnded || this.#ended.has(program.name);
      if (!complete && hasEnded(program)) this.#ended.add(program.name);
      const file = this.#fileOf(program);
      for (const window of complete ? program.windows : program.windows.slice(0, -1)) {
        file.add(takeWindow(this.#folder, program, window));
        // Signals, and the end of the command, are noticed here.
        await immediate();
      }
      if (complete) this.#close(program.name, file);
    }
  }

  /** Leaves all files as they are. */
  end(): void {
    for (const [name, file] of this.#open) this.#close(name, file);
  }

  /** Gives the traces their names, the longest first. */
  named(): RecordedTrace[] {
    return this.#written
      .toSorted((a, b) => b.operations - a.operations)
      .map((trace, number) => {
        const path = pathOf(this.#out, number);
        renameSync(trace.path, path);
        return { ...trace, path };
      });
  }

  #fileOf({ name }: RecordedProgram): RepFile {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const file = new RepFile(`${this.#out}.part${++this.#started}`, this.#out.endsWith(".gz"));
    this.#open.set(name, file);
    return file;
  }

  #close(name: string, { path, bytes, operations, stream: { limited } }: RepFile): void {
    this.#open.delete(name);
    this.#ended.delete(name);
    if (operations === 0) rmSync(path, { force: true });
    else this.#written.push({ path, bytes, operations, limited });
  }
}

/** Starts the command; resolves to its exit code when it has ended. */
const start = (command: readonly string[], env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { stdio: "inherit", env });
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill("SIGINT");
      timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    };
    signal?.addEventListener("abort", end, { once: true });
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve(code ?? 1);
    });
  });

/**
 * Runs a command on Linux with glibc and writes what it asks of malloc, as a trace for each program that it runs. A trace is written
 * and compressed while the program runs, which waits for that where it is faster; memory is needed for its live objects only.
 * @throws Error when the recorder cannot be built, the command not be started, or a trace not be written; what was written until then is kept
 */
export const record = async (
  command: readonly string[],
  { out = `${basename(command[0] ?? "")}.rep`, limit = MOST_OPERATIONS, signal, onProgress }: RecordOptions = {},
): Promise<Recording> => {
  if (process.platform !== "linux") throw new Error("recording works on Linux only");
  requirePlace(out);
  const folder = mkdtempSync(`${tmpdir()}/morph-record-`);
  try {
    const library = buildRecorder(folder);
    const where = `${process.pid} ${limit} ${folder}/requests`;
    const traces = new Traces(folder, out);
    let exitCode: number | undefined;
    const ended = start(command, { ...process.env, LD_PRELOAD: library, MORPH_RECORD: where }, signal).then((code) => {
      exitCode = code;
    });
    try {
      while (exitCode === undefined) {
        await Promise.race([ended, sleep(POLL_MS)]);
        await traces.take(false);
        onProgress?.(traces.progress);
      }
      await traces.take(true);
    } catch (error) {
      // The command runs on, unrecorded.
      remove(folder);
      await ended;
      traces.end();
      throw new Error(`${(error as Error).message}: the recording ended there. ${keptOf(traces.named())}`);
    }
    return { exitCode, traces: traces.named() };
  } finally {
    remove(folder);
  }
};

/** A program that still runs notices that its files are gone, and is not recorded any more. */
const remove = (folder: string): void => {
  if (!existsSync(folder)) return;
  // By its old name it cannot make another one meanwhile.
  const gone = `${folder}-gone`;
  renameSync(folder, gone);
  rmSync(gone, { recursive: true });
};

/** If the trace could not be written, there would be no use in running the command. */
const requirePlace = (out: string): void => {
  accessSync(dirname(resolve(out)), constants.W_OK);
  const isFolder = /^$|\/$/.test(out) || (statSync(out, { throwIfNoEntry: false })?.isDirectory() ?? false);
  if (isFolder) throw new Error(`expected the path of a file for the trace, got "${out}"`);
};

const keptOf = (traces: readonly RecordedTrace[]): string => {
  if (traces.length === 0) return "Nothing was written";
  return `What was written is kept: ${traces.map(({ path, operations }) => `${path}, ${operations} operations`).join("; ")}`;
};
